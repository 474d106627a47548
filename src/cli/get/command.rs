//! The `get` command.

use std::path::PathBuf;

use clap::Args;
use kube::core::DynamicObject;
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use super::read::{Scope, Source};
use crate::cli::captured;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::cli::output::{self, Format, list_of};
use crate::cli::restore::selector;
use crate::cli::session::Session;
use crate::plan::runs::Run;
use crate::render::text::harmless;
use crate::render::{Mark, get as tables};
use crate::{api, velero};

/// How many runs are shown when no noun is given.
const LAST_RUNS: usize = 5;

/// List schedules, restores, backups or runs
///
/// Without a noun: schedules, restores and the last five runs. JSON and YAML hold the server's objects as they are;
/// a run is a group of backups, so its JSON names them.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup get
  kubectl acmbackup get runs
  kubectl acmbackup get backups -o wide
  kubectl acmbackup get restores restore-acm-passive -o yaml")]
pub struct GetArgs {
    /// schedules, restores, backups or runs; then names
    #[arg(value_name = "TYPE [NAME]")]
    words: Vec<String>,
    /// In all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only objects with these labels; runs of backups with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR", default_value = "", hide_default_value = true)]
    selector: String,
    /// List what a captured state holds; - reads standard input
    #[arg(long, value_name = "SNAPSHOT", conflicts_with_all = ["all_namespaces", "selector"])]
    from: Option<PathBuf>,
    /// Go on with whatever is new or changed
    #[arg(short, long, conflicts_with = "from")]
    watch: bool,
    /// Leave the line of titles out
    #[arg(long)]
    pub(super) no_headers: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub(super) output: Option<Format>,
}

/// Prints the list.
///
/// # Errors
///
/// An unknown noun, a name that does not exist, or a server that refuses.
pub async fn run(args: GetArgs, session: &Session) -> Result<Exit> {
    let (noun, names) = subject(&args.words)?;
    refuse_early(&args, noun)?;
    let mut captured_at = None;
    let (source, namespace) = if let Some(file) = &args.from {
        let capture = captured::read(file).await?;
        captured_at = capture.captured_at;
        let namespace = capture.hub.subject.namespace.clone();
        (Source::Captured(Box::new(capture.hub)), Some(namespace))
    } else if args.all_namespaces {
        (Source::Live(session.connect().await?.client), None)
    } else {
        let hub = session.hub_or_default().await?;
        (Source::Live(hub.client().clone()), Some(hub.namespace().to_owned()))
    };
    let session = &session.at(captured_at);
    let scope = Scope { session, source, namespace, selector: args.selector.clone(), names: &names };
    let get = Get { args: &args, scope };
    match noun {
        Some(noun) if args.watch => get.watch(noun).await?,
        Some(noun) => get.one(noun).await?,
        None => get.overview().await?,
    }
    Ok(Exit::Done)
}

/// What needs no hub to be found wrong.
fn refuse_early(args: &GetArgs, noun: Option<Noun>) -> Result<()> {
    if args.watch && noun.is_none() {
        return Err(CliError::new(Exit::Usage, "--watch needs to know what to watch")
            .try_("kubectl acmbackup get runs -w")
            .try_("kubectl acmbackup status -w"));
    }
    if args.selector.is_empty() { Ok(()) } else { selector(&args.selector).map(drop) }
}

impl GetArgs {
    /// What is listed; `None` without or with an unknown noun.
    pub(in crate::cli) fn noun(&self) -> Option<Noun> {
        subject(&self.words).ok()?.0
    }
}

/// The noun and the names: `restores a b`, or `restore/a`; `None` without any word.
fn subject(words: &[String]) -> Result<(Option<Noun>, Vec<String>)> {
    let Some((first, names)) = words.split_first() else { return Ok((None, Vec::new())) };
    let (word, name) =
        first.split_once('/').map_or((first.as_str(), None), |(word, name)| (word, Some(name)));
    let noun = Noun::parse(word).ok_or_else(|| {
        CliError::new(Exit::Usage, format!("there is nothing called {word:?} to get"))
            .try_("schedules, restores, backups or runs")
    })?;
    Ok((Some(noun), name.map(str::to_owned).into_iter().chain(names.iter().cloned()).collect()))
}

pub(super) struct Get<'a> {
    pub(super) args: &'a GetArgs,
    pub(super) scope: Scope<'a>,
}

impl Get<'_> {
    async fn one(&self, noun: Noun) -> Result<()> {
        let objects = self.scope.objects(noun).await?;
        let runs = if noun == Noun::Run { self.runs(&objects)? } else { Vec::new() };
        let headless = self.args.no_headers;
        match (self.args.output, self.args.output.and_then(Format::data)) {
            (_, Some(format)) => output::print_data(&self.data(noun, &objects, &runs), format),
            (Some(Format::Name), _) if noun == Noun::Run => output::print(
                &runs.iter().map(|(_, run)| format!("run/{}\n", harmless(&run.id))).collect::<String>(),
            ),
            (Some(Format::Name), _) => output::print(&names(&objects)),
            _ => {
                if objects.is_empty() {
                    return self.say_none(noun);
                }
                output::print(&self.table(noun, (&objects, &runs), headless).await?)
            }
        }
    }

    /// The runs asked for. Exit 4 if one is not there.
    pub(super) fn runs(&self, objects: &[DynamicObject]) -> Result<Vec<(String, Run)>> {
        let mut runs = tables::all_runs(&self.scope.decode::<velero::Backup>(objects));
        self.scope.all_found(Noun::Run, |name| runs.iter().any(|(_, run)| run.id == name))?;
        runs.retain(|(_, run)| self.scope.names.is_empty() || self.scope.names.contains(&run.id));
        Ok(runs)
    }

    async fn overview(&self) -> Result<()> {
        let mut objects: Vec<(Noun, Vec<DynamicObject>)> = Vec::new();
        for noun in [Noun::Schedule, Noun::Restore, Noun::Run] {
            match self.scope.objects(noun).await {
                Ok(found) => objects.push((noun, found)),
                Err(error)
                    if matches!(error.exit, Exit::NotReady | Exit::Unreachable)
                        && error.problem != Some("unreachable") =>
                {
                    self.scope
                        .session
                        .note(Mark::Attention, &format!("{}s: {}", noun.singular(), error.message));
                }
                Err(error) => return Err(error),
            }
        }
        let mut runs = Vec::new();
        if let Some((_, backups)) = objects.iter_mut().find(|(noun, _)| *noun == Noun::Run) {
            runs = self.runs(backups)?;
            runs.truncate(LAST_RUNS);
            let used = |name: &str| runs.iter().any(|(_, run)| run.parts.values().any(|part| part == name));
            backups.retain(|backup| used(&backup.name_any()));
        }
        let all = || objects.iter().flat_map(|(_, found)| found);
        match (self.args.output, self.args.output.and_then(Format::data)) {
            (_, Some(format)) => output::print_data(&list_of(all().map(|o| json!(o)).collect()), format),
            (Some(Format::Name), _) => {
                output::print(&all().map(|object| names(std::slice::from_ref(object))).collect::<String>())
            }
            _ => self.headings(&objects, &runs).await,
        }
    }

    async fn headings(&self, objects: &[(Noun, Vec<DynamicObject>)], runs: &[(String, Run)]) -> Result<()> {
        let style = self.scope.session.out();
        let mut blocks = Vec::new();
        for (noun, found) in objects {
            let title = match noun {
                Noun::Schedule => "Schedules",
                Noun::Restore => "Restores",
                _ => "Runs",
            };
            let body = if found.is_empty() {
                "<none>\n".to_owned()
            } else {
                self.table(*noun, (found, runs), self.args.no_headers).await?
            };
            blocks.push(format!("{}\n{body}", style.bold(title)));
        }
        output::print(&blocks.join("\n"))
    }

    pub(super) async fn table(
        &self,
        noun: Noun,
        (objects, runs): (&[DynamicObject], &[(String, Run)]),
        headless: bool,
    ) -> Result<String> {
        let style = self.scope.session.out();
        let look = tables::Look {
            wide: self.args.output == Some(Format::Wide),
            namespaces: self.args.all_namespaces,
            headless,
        };
        Ok(match noun {
            Noun::Schedule => {
                let schedules: Vec<api::BackupSchedule> = self.scope.decode(objects);
                let beside = (self.scope.beside().await?, self.scope.beside().await?);
                tables::schedules(&schedules, (&beside.0, &beside.1), &style, look)
            }
            Noun::Restore => tables::restores(&self.scope.decode::<api::Restore>(objects), &style, look),
            Noun::Backup => {
                let shown = self.scope.decode(objects);
                // A run is known by all its backups, not only by those asked for.
                let all = if look.wide { Some(self.scope.beside().await?) } else { None };
                tables::backups(&shown, all.as_ref().unwrap_or(&shown), &style, look)
            }
            Noun::Run => tables::runs(runs, &self.scope.decode::<velero::Backup>(objects), &style, look),
        })
    }

    /// Objects as they are; a List unless exactly one was asked for by name.
    fn data(&self, noun: Noun, objects: &[DynamicObject], runs: &[(String, Run)]) -> Value {
        let mut items: Vec<Value> = match noun {
            Noun::Run => runs.iter().map(|(namespace, run)| run_data(namespace, run)).collect(),
            _ => objects.iter().map(|object| json!(object)).collect(),
        };
        match (items.pop(), items.is_empty() && self.scope.names.len() == 1) {
            (Some(only), true) => only,
            (last, _) => list_of(items.into_iter().chain(last).collect()),
        }
    }

    pub(super) fn say_none(&self, noun: Noun) -> Result<()> {
        let place =
            self.scope.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        self.scope.session.tell(&format!("No {}s found{place}.\n", noun.singular()));
        Ok(())
    }
}

/// A run is no object of the server, so it comes in our own form.
pub(super) fn run_data(namespace: &str, run: &Run) -> Value {
    let mut value = json!({"apiVersion": "acmbackup/v1", "kind": "Run", "namespace": namespace});
    if let (Some(fields), Value::Object(body)) = (value.as_object_mut(), json!(run)) {
        fields.extend(body);
    }
    value
}

/// Full names, one a line.
pub(super) fn names(objects: &[DynamicObject]) -> String {
    let name = |object: &DynamicObject| {
        let types = object.types.clone().unwrap_or_default();
        let group = types.api_version.split('/').next().unwrap_or_default().to_owned();
        let name = object.meta().name.clone().unwrap_or_default();
        format!("{}\n", harmless(&format!("{}.{group}/{name}", types.kind.to_lowercase())))
    };
    objects.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(Option<Noun>, Vec<String>)> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        subject(&words)
    }

    #[test]
    fn nouns_and_names_are_read_as_kubectl_does() {
        assert_eq!(read("").unwrap(), (None, vec![]));
        assert_eq!(read("bsch").unwrap(), (Some(Noun::Schedule), vec![]));
        assert_eq!(read("restore/a").unwrap(), (Some(Noun::Restore), vec!["a".to_owned()]));
        assert_eq!(read("crst a b").unwrap(), (Some(Noun::Restore), vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read("pods").unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn names_carry_the_group_because_velero_has_restores_too() {
        let object = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore", "metadata": {"name": "r"},
        });
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        assert_eq!(names(std::slice::from_ref(&object)), "restore.cluster.open-cluster-management.io/r\n");
        let mut evil = object;
        evil.metadata.name = Some("r\u{1b}[2J\nx".to_owned());
        assert_eq!(names(&[evil]), "restore.cluster.open-cluster-management.io/r?[2J x\n");
    }
}

//! The `get` command.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use kube::Resource;
use kube::core::{DynamicObject, ObjectMeta};
use serde_json::{Value, json};

use super::read::{Scope, Source};
use super::rows::Rows;
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
use crate::velero;

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
    pub(super) all_namespaces: bool,
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
    let (selector, missing) = (args.selector.clone(), RefCell::default());
    let scope = Scope { session, source, namespace, selector, names: &names, missing };
    let get = Get { args: &args, scope };
    match noun {
        Some(noun) if args.watch => get.watch(noun).await?,
        Some(noun) => get.one(noun).await?,
        None => get.overview().await?,
    }
    get.scope.all_found().map(|()| Exit::Done)
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
        CliError::new(Exit::Usage, format!("there is nothing called '{word}' to get"))
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
        match self.args.output {
            None | Some(Format::Wide) => self.show(noun).await,
            Some(format) if noun == Noun::Run => {
                let runs = self.runs(&self.scope.typed(None).await?)?;
                let data = || runs.iter().map(|(namespace, run)| run_data(namespace, run)).collect();
                self.print(format, || run_names(&runs), data)
            }
            Some(format) => {
                let objects = self.scope.objects(noun).await?;
                let data = || objects.iter().map(|object| json!(object)).collect();
                self.print(format, || names(&objects), data)
            }
        }
    }

    async fn show(&self, noun: Noun) -> Result<()> {
        let rows = self.rows(noun).await?;
        if rows.is_empty() {
            return self.say_none(noun);
        }
        output::print(&self.table(&rows, self.args.no_headers).await?)
    }

    /// A List unless exactly one was asked for by name.
    fn print(
        &self,
        format: Format,
        names: impl FnOnce() -> String,
        data: impl FnOnce() -> Vec<Value>,
    ) -> Result<()> {
        let Some(form) = format.data() else { return output::print(&names()) };
        let mut items = data();
        let whole = match (items.pop(), items.is_empty() && self.scope.names.len() == 1) {
            (Some(only), true) => only,
            (last, _) => list_of(items.into_iter().chain(last).collect()),
        };
        output::print_data(&whole, form)
    }

    /// The runs asked for. Exit 4 if none is there.
    pub(super) fn runs(&self, backups: &[velero::Backup]) -> Result<Vec<(String, Run)>> {
        let mut runs = tables::all_runs(backups);
        self.scope.look_for(Noun::Run, |name| runs.iter().any(|(_, run)| run.id == name))?;
        runs.retain(|(_, run)| self.scope.names.is_empty() || self.scope.names.contains(&run.id));
        Ok(runs)
    }

    async fn overview(&self) -> Result<()> {
        let Some(format) = self.args.output.filter(|format| *format != Format::Wide) else {
            return self.headings(self.of_each(async |noun| self.rows(noun).await).await?).await;
        };
        let mut objects = self.of_each(async |noun| self.scope.objects(noun).await).await?;
        if let Some((_, backups)) = objects.iter_mut().find(|(noun, _)| *noun == Noun::Run) {
            let Rows::Runs(_, used) = self.rows_of(Noun::Run, backups)?.newest(LAST_RUNS) else {
                return Ok(());
            };
            backups.retain(|backup| {
                used.iter().any(|one| place_of(&one.metadata) == place_of(&backup.metadata))
            });
        }
        let all: Vec<DynamicObject> = objects.into_iter().flat_map(|(_, found)| found).collect();
        let data = || all.iter().map(|object| json!(object)).collect();
        self.print(format, || names(&all), data)
    }

    /// Reads each noun; one that is not there or may not be read is told and left out.
    async fn of_each<T>(&self, read: impl AsyncFn(Noun) -> Result<T>) -> Result<Vec<(Noun, T)>> {
        let mut found = Vec::new();
        for noun in [Noun::Schedule, Noun::Restore, Noun::Run] {
            match read(noun).await {
                Ok(one) => found.push((noun, one)),
                Err(error)
                    if matches!(error.exit, Exit::NotReady | Exit::Unreachable)
                        && error.problem != Some("unreachable") =>
                {
                    let text = format!("{}s: {}", noun.singular(), error.message);
                    self.scope.session.note(Mark::Attention, &text);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn headings(&self, found: Vec<(Noun, Rows)>) -> Result<()> {
        let style = self.scope.session.out();
        let mut blocks = Vec::new();
        for (noun, rows) in found {
            let title = match noun {
                Noun::Schedule => "Schedules",
                Noun::Restore => "Restores",
                _ => "Runs",
            };
            let body = match rows.newest(LAST_RUNS) {
                rows if rows.is_empty() => "<none>\n".to_owned(),
                rows => self.table(&rows, self.args.no_headers).await?,
            };
            blocks.push(format!("{}\n{body}", style.bold(title)));
        }
        output::print(&blocks.join("\n"))
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

/// A captured object need not have a uid.
fn place_of(metadata: &ObjectMeta) -> (Option<&str>, Option<&str>) {
    (metadata.namespace.as_deref(), metadata.name.as_deref())
}

/// Names of runs, one a line.
pub(super) fn run_names(runs: &[(String, Run)]) -> String {
    runs.iter().map(|(_, run)| format!("run/{}\n", harmless(&run.id))).collect()
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

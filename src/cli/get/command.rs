//! The `get` command.

use clap::Args;
use kube::api::{ApiResource, ListParams};
use kube::core::DynamicObject;
use kube::{Api, Resource, ResourceExt};
use serde_json::{Value, json};

use super::rows::{self, View};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::cli::output::{self, DataFormat, Format};
use crate::cli::session::Session;
use crate::plan::latest::Candidates;
use crate::plan::runs::{Run, Runs};
use crate::render::text::harmless;
use crate::{api, cluster, velero};

/// How many runs are shown beside schedules and restores.
const RUNS_IN_OVERVIEW: usize = 5;

/// List schedules, restores, backups or runs
///
/// Without a noun: schedules, restores and the last five runs.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup get
  kubectl acmbackup get runs
  kubectl acmbackup get backups -o wide
  kubectl acmbackup get restore restore-acm-passive -o yaml")]
pub struct GetArgs {
    /// schedules, restores, backups or runs
    #[arg(value_name = "TYPE", value_parser = parse_noun)]
    noun: Option<Noun>,
    /// Only these
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only objects with these labels
    #[arg(short = 'l', long, value_name = "SEL")]
    selector: Option<String>,
    /// Leave the line of titles out
    #[arg(long)]
    no_headers: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<Format>,
}

fn parse_noun(word: &str) -> std::result::Result<Noun, String> {
    Noun::parse(word).ok_or_else(|| "expected schedules, restores, backups or runs".to_owned())
}

/// Lists.
///
/// # Errors
///
/// The server cannot be reached or refuses, or a named object is not there.
pub async fn run(args: GetArgs, session: &Session) -> Result<Exit> {
    let reading = Reading::begin(&args, session).await?;
    match args.noun {
        Some(Noun::Run) => reading.runs(usize::MAX).await?,
        Some(noun) => reading.objects(noun).await?,
        None => reading.overview().await?,
    }
    Ok(Exit::Done)
}

struct Reading<'a> {
    args: &'a GetArgs,
    session: &'a Session,
    client: kube::Client,
    namespace: Option<String>,
}

impl<'a> Reading<'a> {
    async fn begin(args: &'a GetArgs, session: &'a Session) -> Result<Self> {
        if args.all_namespaces {
            let connection = session.connect().await?;
            return Ok(Self { args, session, client: connection.client, namespace: None });
        }
        let hub = session.hub().await?;
        Ok(Self { args, session, client: hub.connection.client, namespace: Some(hub.found.namespace) })
    }

    fn view(&self) -> View {
        View {
            namespaces: self.args.all_namespaces,
            wide: self.args.output == Some(Format::Wide),
            headless: self.args.no_headers,
        }
    }

    /// Objects as the server has them; the kind is filled in, which lists leave out.
    async fn read(&self, resource: &ApiResource) -> Result<Vec<DynamicObject>> {
        let api: Api<DynamicObject> = match &self.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, resource),
            None => Api::all_with(self.client.clone(), resource),
        };
        let name = format!("{}.{}", resource.plural, resource.group);
        let params =
            self.args.selector.as_deref().map(|text| ListParams::default().labels(text)).unwrap_or_default();
        let listed = api.list(&params).await.map_err(|error| listing_error(name, error))?;
        let mut items = listed.items;
        for item in &mut items {
            item.types.get_or_insert_with(|| kube::core::TypeMeta {
                api_version: resource.api_version.clone(),
                kind: resource.kind.clone(),
            });
        }
        items.sort_by_key(|object| (object.namespace(), object.name_any()));
        Ok(items)
    }

    async fn objects(&self, noun: Noun) -> Result<()> {
        let resource = resource_of(noun);
        let mut items = self.read(&resource).await?;
        self.keep_named(noun, &mut items)?;
        match self.args.output {
            Some(Format::Json) => output::print_data(&self.untouched(&items), DataFormat::Json),
            Some(Format::Yaml) => output::print_data(&self.untouched(&items), DataFormat::Yaml),
            Some(Format::Name) => {
                let full = format!("{}.{}", resource.kind.to_lowercase(), resource.group);
                output::print(
                    &items
                        .iter()
                        .map(|object| format!("{full}/{}\n", harmless(&object.name_any())))
                        .collect::<String>(),
                )
            }
            None | Some(Format::Wide) => self.table(noun, items).await,
        }
    }

    fn keep_named(&self, noun: Noun, items: &mut Vec<DynamicObject>) -> Result<()> {
        if self.args.names.is_empty() {
            return Ok(());
        }
        if let Some(missing) =
            self.args.names.iter().find(|name| !items.iter().any(|item| item.name_any() == **name))
        {
            return Err(CliError::new(Exit::NotFound, format!("{} {missing} not found", noun.singular())));
        }
        items.retain(|item| self.args.names.contains(&item.name_any()));
        Ok(())
    }

    /// One object by name is that object; anything else is a List.
    fn untouched(&self, items: &[DynamicObject]) -> Value {
        match (items, self.args.names.len()) {
            ([only], 1) => json!(only),
            _ => output::list_of(&items.iter().map(|item| json!(item)).collect::<Vec<_>>()),
        }
    }

    async fn table(&self, noun: Noun, items: Vec<DynamicObject>) -> Result<()> {
        let (style, view) = (self.session.out(), self.view());
        let table = match noun {
            Noun::Schedule => {
                let runs = self.last_runs().await;
                rows::schedules(&parsed::<api::BackupSchedule>(items), &runs, view, style.now)
            }
            Noun::Restore => rows::restores(&parsed::<api::Restore>(items), view, style.now),
            Noun::Backup | Noun::Run => rows::backups(&parsed::<velero::Backup>(items), view, style.now),
        };
        if table.is_empty() {
            return self.nothing(noun);
        }
        output::print(&table.render(&style))
    }

    /// Under its own heading nothing is `<none>`; alone it is said beside the answer.
    fn nothing(&self, noun: Noun) -> Result<()> {
        if self.args.noun.is_none() {
            return output::print("<none>\n");
        }
        let place = self.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        self.session.tell(&format!("No {}s found{place}.\n", noun.singular()));
        Ok(())
    }

    /// The newest runs; none where backups cannot be read, since they only decorate.
    async fn last_runs(&self) -> Runs {
        let items = self.read(&resource_of(Noun::Backup)).await.unwrap_or_default();
        let backups = parsed::<velero::Backup>(items);
        Runs::of(&Candidates::in_namespace(&backups, self.namespace.as_deref().unwrap_or_default()))
    }

    async fn runs(&self, limit: usize) -> Result<()> {
        let backups = parsed::<velero::Backup>(self.read(&resource_of(Noun::Backup)).await?);
        let mut all: Vec<(String, Run)> = Vec::new();
        let namespaces: std::collections::BTreeSet<String> =
            backups.iter().filter_map(ResourceExt::namespace).collect();
        for namespace in namespaces {
            let runs = Runs::of(&Candidates::in_namespace(&backups, &namespace));
            all.extend(runs.iter().map(|run| (namespace.clone(), run.clone())));
        }
        if let Some(missing) = self.args.names.iter().find(|id| !all.iter().any(|(_, run)| run.id == **id)) {
            return Err(CliError::new(Exit::NotFound, format!("run {missing} not found")));
        }
        all.retain(|(_, run)| self.args.names.is_empty() || self.args.names.contains(&run.id));
        all.truncate(limit);
        match self.args.output {
            Some(Format::Json) => output::print_data(
                &json!({"apiVersion": "acmbackup/v1", "kind": "Runs", "runs": run_values(&all)}),
                DataFormat::Json,
            ),
            Some(Format::Yaml) => output::print_data(
                &json!({"apiVersion": "acmbackup/v1", "kind": "Runs", "runs": run_values(&all)}),
                DataFormat::Yaml,
            ),
            Some(Format::Name) => {
                output::print(&all.iter().map(|(_, run)| format!("run/{}\n", run.id)).collect::<String>())
            }
            None | Some(Format::Wide) => {
                let style = self.session.out();
                let table = rows::runs(&all, &backups, self.view(), style.now);
                if table.is_empty() {
                    return self.nothing(Noun::Run);
                }
                output::print(&table.render(&style))
            }
        }
    }

    async fn overview(&self) -> Result<()> {
        if matches!(self.args.output, Some(Format::Json | Format::Yaml | Format::Name)) {
            return Err(CliError::new(Exit::Usage, "-o json, yaml and name need a type")
                .try_("kubectl acmbackup get restores -o json"));
        }
        let style = self.session.out();
        for (noun, title) in [(Noun::Schedule, "Schedules"), (Noun::Restore, "Restores")] {
            output::print(&format!("{}\n", style.bold(title)))?;
            self.objects(noun).await?;
            output::print("\n")?;
        }
        output::print(&format!("{}\n", style.bold("Runs")))?;
        self.runs(RUNS_IN_OVERVIEW).await
    }
}

fn run_values(runs: &[(String, Run)]) -> Vec<Value> {
    let value = |(namespace, run): &(String, Run)| {
        let mut value = json!(run);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("namespace".to_owned(), json!(namespace));
        }
        value
    };
    runs.iter().map(value).collect()
}

/// A kind that is not served is told as such, not as an object that is missing.
fn listing_error(name: String, error: kube::Error) -> Box<CliError> {
    let error = cluster::Error::new("list", name.clone(), error);
    match error.class() {
        cluster::Class::NotFound | cluster::Class::KindMissing => cluster::Error::kind_missing(name).into(),
        _ => error.into(),
    }
}

fn resource_of(noun: Noun) -> ApiResource {
    match noun {
        Noun::Schedule => ApiResource::erase::<api::BackupSchedule>(&()),
        Noun::Restore => ApiResource::erase::<api::Restore>(&()),
        Noun::Backup | Noun::Run => ApiResource::erase::<velero::Backup>(&()),
    }
}

/// Objects that do not decode are named in the log; json and yaml show them.
fn parsed<K: Resource + serde::de::DeserializeOwned>(items: Vec<DynamicObject>) -> Vec<K> {
    let read = |item: DynamicObject| {
        let name = item.name_any();
        item.try_parse::<K>()
            .map_err(|error| tracing::error!("left out, because it cannot be read: {name}: {error}"))
            .ok()
    };
    items.into_iter().filter_map(read).collect()
}

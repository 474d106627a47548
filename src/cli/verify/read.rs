//! What `verify` reads, of the hub and of the storage location.

use std::collections::BTreeSet;

use futures::try_join;
use kube::api::{Api, ListParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};

use super::command::VerifyArgs;
use super::{archive, operators};
use crate::api;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::cli::session::{Hub, Session};
use crate::cli::stored::Stored;
use crate::cluster::Error;
use crate::cluster::discovery::served;
use crate::cluster::facts::hub_facts;
use crate::cluster::list::items;
use crate::plan::latest::Candidates;
use crate::plan::runs::{Run, Runs};
use crate::plan::writers::{Rhythm, Writer};
use crate::render::contents::{Contents, KEPT_KINDS};
use crate::render::verify::{Deep, Facts, limited_kinds};
use crate::velero::object_list::split;
use crate::velero::{Backup, BackupStorageLocation, BackupType, StoredFile};
use crate::wire::GoDuration;

/// Reads everything; what concerns the storage location may be missing, and says why.
///
/// # Errors
///
/// The hub cannot be read, or there is no such run.
pub(super) async fn facts(args: &VerifyArgs, (session, hub): (&Session, &Hub)) -> Result<Facts> {
    let (client, namespace) = (hub.client(), hub.namespace());
    let (backups, schedules, restores, locations) = try_join!(
        items::<Backup>(client, Some(namespace)),
        items::<api::BackupSchedule>(client, Some(namespace)),
        items::<api::Restore>(client, Some(namespace)),
        items::<BackupStorageLocation>(client, Some(namespace)),
    )?;
    let now = session.now();
    let candidates = Candidates::in_namespace(&backups, namespace);
    let runs = Runs::of(&candidates);
    let run = chosen(&runs, args, session)?.clone();
    let hub_facts = readable(hub_facts(client, None).await);
    let is_ours = hub_facts.as_ref().is_some_and(|hub| run.hub.as_ref() == Some(&hub.hub_id));
    let cron = schedules.first().map(|schedule| schedule.spec.velero_schedule.as_str()).filter(|_| is_ours);
    let rhythm = Rhythm::of_run(&run, cron, (&candidates, &runs), now);
    let writers = Writer::all(&candidates, &runs);
    let operators = if args.check_here { readable(operators::read(client).await) } else { None };
    let limited = limited_kinds(operators.as_deref().unwrap_or_default());
    let stored = Stored { hub, backups: &backups, locations: &locations };
    let contents = contents(stored, &run, limited).await;
    let deep = match args.deep {
        true => Some(deep(stored, &run).await),
        false => None,
    };
    Ok(Facts {
        now,
        run: run.clone(),
        rhythm,
        writers,
        max_age: args.max_age.map(GoDuration::as_secs),
        hub: hub_facts,
        served: if args.check_here { Some(served(client, |_| true).await?) } else { None },
        operators,
        clusters_here: readable(clusters_here(client).await),
        contents: contents.map_err(|error| error.cause()),
        deep: deep.map(|deep| deep.map_err(|error| error.cause())),
        runs,
        schedules,
        restores,
        backups,
    })
}

/// What may not be read is not known; that keeps nobody from verifying the rest.
fn readable<T>(read: Result<T, Error>) -> Option<T> {
    read.inspect_err(|error| tracing::info!("left out: {error}")).ok()
}

fn chosen<'a>(runs: &'a Runs, args: &VerifyArgs, session: &Session) -> Result<&'a Run> {
    let as_of = args.as_of.map(|moment| moment.before(session.now()));
    let found = match &args.run {
        Some(id) => runs.find(id),
        None => runs.iter().find(|run| as_of.is_none_or(|as_of| run.started <= as_of)),
    };
    found.ok_or_else(|| {
        let what = match &args.run {
            Some(id) => format!("run {id} not found"),
            None => match as_of.filter(|_| runs.iter().next().is_some()) {
                Some(as_of) => format!("no run of backups is as old as {as_of:.0}"),
                None => "there is no run of backups".to_owned(),
            },
        };
        CliError::named(problem::NO_BACKUP, Exit::NotFound, what)
            .try_("kubectl acmbackup get runs")
            .try_("kubectl acmbackup status")
    })
}

/// Managed clusters of this hub, without itself.
async fn clusters_here(client: &kube::Client) -> Result<usize, Error> {
    let kind = GroupVersionKind::gvk("cluster.open-cluster-management.io", "v1", "ManagedCluster");
    let clusters: Api<PartialObjectMeta<DynamicObject>> =
        Api::all_with(client.clone(), &ApiResource::from_gvk(&kind));
    let params = ListParams::default().labels(&format!("{}!=true", api::keys::LOCAL_CLUSTER));
    let listed = clusters.list_metadata(&params).await;
    Ok(listed.map_err(Error::on("list", "managedclusters.cluster.open-cluster-management.io"))?.items.len())
}

/// The object lists of all parts of a run; `limited`: kinds of which it matters in which namespaces their objects are.
async fn contents(
    stored: Stored<'_>,
    run: &Run,
    limited: BTreeSet<(String, String)>,
) -> Result<Contents, Error> {
    let is_kept = move |key: &str, name: &str| is_of_clusters(key, name) || is_one_of(&limited, key);
    stored.contents(&run.parts, is_kept).await
}

async fn deep(stored: Stored<'_>, run: &Run) -> Result<Deep, Error> {
    let mut all = Deep::default();
    for part in [BackupType::Credentials, BackupType::ManagedClusters] {
        let Some(name) = run.parts.get(&part) else { continue };
        let storage = stored.storage_of(name).await?;
        let deep = storage.read(StoredFile::BackupContents, name, |file| archive::read(file)).await?;
        all.tokens.extend(deep.tokens);
        all.without_url.extend(deep.without_url);
        all.kubeconfigs.extend(deep.kubeconfigs);
    }
    Ok(all)
}

/// Names of managed clusters, Hive's clusters and tokens; thousands of other names need not stay in memory.
fn is_of_clusters(key: &str, name: &str) -> bool {
    let (group, _, kind) = split(key);
    let is_secret = group.is_empty() && kind == "Secret";
    KEPT_KINDS.contains(&(group, kind)) && (!is_secret || is_of_cluster(name))
}

fn is_one_of(kinds: &BTreeSet<(String, String)>, key: &str) -> bool {
    let (group, _, kind) = split(key);
    kinds.iter().any(|(wanted_group, wanted_kind)| wanted_group == group && wanted_kind == kind)
}

/// Tokens, and what may be the kubeconfig of a cluster that Hive made.
fn is_of_cluster(name: &str) -> bool {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    name.starts_with("auto-import-account") || name.contains("kubeconfig")
}

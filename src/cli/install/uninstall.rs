//! `uninstall`: removes what `install` installed, and the CRDs only when told.

use std::time::Duration;

use clap::Args;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, RoleBinding};
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::runtime::wait::{await_condition, conditions::is_deleted};
use kube::{Api, Resource, ResourceExt};
use serde_json::Value;

use super::command::{existing, is_ours};
use super::objects::{self, MANAGED_BY, NAME, Planned};
use crate::api::{BackupSchedule, Restore};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::question::Severity;
use crate::cli::session::Session;
use crate::cli::writing::{ConfirmArgs, Matter, WriteArgs, full_name, identity};
use crate::cluster::write::{self, Deletion, Place};
use crate::cluster::{self, Connection};
use crate::render::Mark;
use crate::render::text::count;

/// How long the objects of a CRD may take to go; the loop still runs and answers their finalizers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Remove what install installed
///
/// Backups stay, and so do the CRDs with every BackupSchedule and Restore, unless --crds is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup uninstall
  kubectl acmbackup uninstall --dry-run=client
  kubectl acmbackup uninstall --crds --yes --confirm hub-west")]
pub struct UninstallArgs {
    /// Remove the CRDs too, and with them every BackupSchedule and Restore
    #[arg(long)]
    crds: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    write: WriteArgs,
}

/// An object that goes, as it was found.
struct Found {
    place: Place,
    uid: Option<String>,
}

/// Removes.
///
/// # Errors
///
/// The server cannot be reached or refuses, or nobody confirmed it.
pub async fn run(args: UninstallArgs, session: &Session) -> Result<Exit> {
    let connection = session.connect().await?;
    // The loop ends first, so that nothing misses its rights.
    let mut all = Vec::new();
    for kind in kinds() {
        all.extend(ours(&connection, &kind).await?);
    }
    let crds = if args.crds { definitions(&connection, session).await? } else { Vec::new() };
    if all.is_empty() && crds.is_empty() {
        session.note(Mark::Neutral, &format!("nothing here carries the label {MANAGED_BY}={NAME}"));
    } else {
        confirm(&args, (&connection, session), (all.len(), crds.len())).await?;
    }
    for found in &crds {
        remove(&connection, found, (&args.write, session)).await?;
    }
    if args.write.dry_run.is_none() {
        until_gone(&connection, &crds).await?;
    }
    for found in &all {
        remove(&connection, found, (&args.write, session)).await?;
    }
    if let Some(format) = args.write.format() {
        let removed = crds.iter().chain(&all).map(|found| identity(&found.place));
        output::print_data(&output::list_of(removed.collect()), format)?;
    }
    Ok(Exit::Done)
}

fn kinds() -> [ApiResource; 6] {
    [
        ApiResource::erase::<Deployment>(&()),
        ApiResource::erase::<PodDisruptionBudget>(&()),
        ApiResource::erase::<RoleBinding>(&()),
        ApiResource::erase::<ClusterRoleBinding>(&()),
        ApiResource::erase::<ClusterRole>(&()),
        ApiResource::erase::<ServiceAccount>(&()),
    ]
}

/// The CRDs that go; that others stay is said.
async fn definitions(connection: &Connection, session: &Session) -> Result<Vec<Found>> {
    let (mut goes, mut stay) = (Vec::new(), 0);
    for Planned { place, .. } in objects::crds()? {
        match existing(connection, &place).await? {
            Some(object) if is_ours(&object) => goes.push(Found { place, uid: object.uid() }),
            Some(_) => stay += 1,
            None => {}
        }
    }
    match stay {
        0 => {}
        1 => session.note(Mark::Attention, "1 CRD stays: not installed by this program"),
        n => session.note(Mark::Attention, &format!("{n} CRDs stay: not installed by this program")),
    }
    Ok(goes)
}

async fn ours(connection: &Connection, kind: &ApiResource) -> Result<Vec<Found>> {
    let labelled = ListParams::default().labels(&format!("{MANAGED_BY}={NAME}"));
    let api: Api<DynamicObject> = Api::all_with(connection.client.clone(), kind);
    let listed = api.list(&labelled).await;
    let listed = listed.map_err(cluster::Error::on("list", format!("{}.{}", kind.plural, kind.group)))?;
    let found = listed.items.into_iter().map(|object| Found {
        place: Place {
            resource: kind.clone(),
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
        },
        uid: object.uid(),
    });
    Ok(found.collect())
}

async fn confirm(
    args: &UninstallArgs,
    (connection, session): (&Connection, &Session),
    (others, crds): (usize, usize),
) -> Result<()> {
    let (severity, consequence) = match crds {
        0 => (Severity::Ordinary, format!("remove the loop: {others} objects")),
        _ => {
            let crds = count(crds, "CRD");
            let (schedules, restores) =
                tokio::join!(all_of::<BackupSchedule>(connection), all_of::<Restore>(connection));
            let with = format!("{schedules} and {restores}");
            (Severity::Severe, format!("remove {crds} with {with}, and {others} objects of the loop"))
        }
    };
    let summary = format!("This will {consequence}. Backups stay.\n");
    args.confirm.ask((session, connection), &args.write, Matter { severity, consequence, summary }).await
}

/// How many there are in all namespaces; what cannot be counted is no less gone.
async fn all_of<K: Resource<DynamicType = ()> + Clone>(connection: &Connection) -> String {
    let api: Api<DynamicObject> = Api::all_with(connection.client.clone(), &ApiResource::erase::<K>(&()));
    match api.list_metadata(&ListParams::default()).await {
        Ok(found) => count(found.items.len(), &K::kind(&())),
        Err(_) => format!("every {}", K::kind(&())),
    }
}

async fn remove(
    connection: &Connection,
    found: &Found,
    (write, session): (&WriteArgs, &Session),
) -> Result<()> {
    if !write.is_client_dry_run() {
        let deletion = Deletion { uid: found.uid.as_deref(), ..Deletion::default() };
        write::delete(&connection.client, &found.place, deletion, write.mode()).await?;
    }
    match write.format() {
        Some(_) => Ok(()),
        None => write.report((&found.place, &Value::Null), "deleted", &session.out()),
    }
}

/// Restores are held by a finalizer that the loop answers, so it must not go before them.
async fn until_gone(connection: &Connection, crds: &[Found]) -> Result<()> {
    for found in crds {
        let uid = found.uid.clone().unwrap_or_default();
        let gone = await_condition(found.place.api(&connection.client), &found.place.name, is_deleted(&uid));
        if tokio::time::timeout(PATIENCE, gone).await.is_err() {
            let name = full_name(&found.place);
            return Err(CliError::new(Exit::TimedOut, format!("{name} is still being deleted"))
                .why("objects of this kind are held by finalizers; the loop was left in place to answer them")
                .try_("run the command again"));
        }
    }
    Ok(())
}

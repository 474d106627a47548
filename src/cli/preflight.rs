//! What has to be in place before something is written; the loop would refuse it otherwise.

use kube::ResourceExt;

use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::session::{Hub, Session};
use crate::api::RestorePhase;
use crate::api::managed_by::manager_of;
use crate::cluster::facts::makes_tokens;
use crate::cluster::inventory::velero_servers;
use crate::cluster::list::{Scope, items, items_everywhere, list};
use crate::plan::validate::{self, StorageProblem};
use crate::render::Mark;
use crate::velero::BackupStorageLocation;
use crate::velero::server::Trouble;
use crate::{api, cluster};

/// The storage location of the namespace can be used. Spec: S-033, S-034, R-130
///
/// A Velero that cannot use it now is told, and keeps nobody from writing.
///
/// # Errors
///
/// Exit 6 if it cannot, naming the reason Velero gives.
pub async fn storage(hub: &Hub, session: &Session) -> Result<()> {
    let namespace = hub.namespace();
    let locations = items_everywhere::<BackupStorageLocation>(hub.client(), namespace).await?;
    let Err(problem) = validate::storage(&locations, namespace, false) else {
        note_velero(hub, &locations, session).await;
        return Ok(());
    };
    Err(storage_error(&problem, &locations, namespace)
        .try_for(session.command("status"), "shows the storage; --skip-preflight goes on regardless"))
}

/// Says so where Velero is down or there twice, as far as its Deployments may be read.
pub async fn note_velero(hub: &Hub, locations: &[BackupStorageLocation], session: &Session) {
    let checked =
        |location: &BackupStorageLocation| Some(location.status.as_ref()?.last_validation_time.as_ref()?.0);
    let here = locations.iter().filter(|one| one.namespace().as_deref() == Some(hub.namespace()));
    match velero_servers(hub.client(), hub.namespace()).await {
        Ok(servers) => {
            if let Some(trouble) = Trouble::of(&servers, here.filter_map(checked).max(), session.now()) {
                session.note(Mark::Attention, &format!("{trouble}   [{}]", trouble.name()));
            }
        }
        Err(error) => tracing::info!("whether Velero runs is not known: {error}"),
    }
}

/// The hub can make tokens for its clusters. Spec: S-036
///
/// # Errors
///
/// Exit 6 if it cannot.
pub async fn tokens(hub: &Hub, session: &Session) -> Result<()> {
    match makes_tokens(hub.client()).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(CliError::named(
            problem::NO_IMPORT_TOKEN,
            Exit::NotReady,
            "this hub makes no tokens: managed-service-account is not enabled",
        )
        .why("the schedule would end as FailedValidation")
        .try_("enable component managedserviceaccount on the MultiClusterEngine")
        .try_for(
            session.command("schedule --managed-service-account=false"),
            "imported clusters then do not reconnect by themselves",
        )),
        Err(error) if error.class() == cluster::Class::Forbidden => {
            session.note(Mark::Attention, &format!("whether this hub makes tokens is not known: {error}"));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn storage_error(
    problem: &StorageProblem,
    locations: &[BackupStorageLocation],
    namespace: &str,
) -> Box<CliError> {
    let here = locations.iter().find(|location| location.namespace().as_deref() == Some(namespace));
    let status = here.and_then(|location| location.status.as_ref());
    let base = |name, message: String| CliError::named(name, Exit::NotReady, message);
    match (problem, here) {
        (StorageProblem::NotOwned { name, .. }, _) => base(
            problem::STORAGE_NOT_OWNED,
            format!("storage location {namespace}/{name} is Available but has no owner"),
        )
        .why("the loop only accepts locations made by OADP, or all with run --accept-unowned-storage")
        .try_("create it through a DataProtectionApplication"),
        (StorageProblem::Unavailable { .. }, Some(location)) => {
            let phase = status.map(|status| status.phase.to_string()).filter(|phase| !phase.is_empty());
            let phase = phase.unwrap_or_else(|| "not checked by Velero yet".to_owned());
            let error = base(
                problem::STORAGE_UNAVAILABLE,
                format!("storage location {namespace}/{} is {phase}", location.name_any()),
            );
            match status.and_then(|status| status.message.as_deref()) {
                Some(message) => error.why(format!("Velero says: {message}")),
                None => error,
            }
            .try_("check its credentials secret and the bucket's policy")
        }
        _ => base(problem::STORAGE_MISSING, format!("there is no storage location in {namespace}"))
            .try_("create one through a DataProtectionApplication"),
    }
}

/// No Restore is unfinished, whether it can be read or not. Spec: S-032, R-812
///
/// # Errors
///
/// Exit 5 if one is.
pub async fn no_restore_in_the_way(hub: &Hub, session: &Session, what_for: &str) -> Result<()> {
    let namespace = hub.namespace();
    let listed = list(hub.client(), &Scope::<api::Restore>::of(Some(namespace))).await?;
    let readable = listed.items.iter().map(|restore| (restore.name_any(), restore.phase()));
    let unreadable = listed.unreadable.iter().map(|one| (one.name().to_owned(), one.phase()));
    let unfinished = readable.chain(unreadable).filter(|(_, phase): &(_, RestorePhase)| !phase.is_terminal());
    let Some((name, phase)) = unfinished.min_by(|a, b| a.0.cmp(&b.0)) else { return Ok(()) };
    let told = if phase.is_default() { "not started".to_owned() } else { phase.to_string() };
    let error = CliError::named(
        problem::RESTORE_IN_THE_WAY,
        Exit::Refused,
        format!("another restore is not finished: {name} ({told})"),
    )
    .why(what_for);
    let error = match phase.is_enabled() {
        true => error
            .try_for(session.command(&format!("activate {name}")), "take over the managed clusters with it"),
        false => error.try_for(session.command(&format!("wait restore/{name}")), "until it is finished"),
    };
    Err(error.try_for(session.command(&format!("delete restore/{name}")), "if it is no longer needed"))
}

/// Says so where another tool holds an object to what a repository says, and will undo a change.
pub fn note_manager(metadata: &kube::core::ObjectMeta, session: &Session) {
    if let Some(tool) = manager_of(metadata) {
        let name = metadata.name.as_deref().unwrap_or_default();
        let text =
            format!("{name} is managed by {tool}, which will probably set it back: change it there, too");
        session.note(Mark::Attention, &text);
    }
}

/// No BackupSchedule is active. Spec: R-811
///
/// # Errors
///
/// Exit 5 if one is.
pub async fn no_schedule_in_the_way(hub: &Hub, session: &Session) -> Result<()> {
    let schedules: Vec<api::BackupSchedule> = items(hub.client(), Some(hub.namespace())).await?;
    let active = schedules.iter().find(|schedule| is_active(schedule));
    let Some(schedule) = active else { return Ok(()) };
    let phase = schedule.phase();
    let phase = if phase.is_default() { "not processed yet".to_owned() } else { phase.to_string() };
    Err(CliError::named(
        problem::SCHEDULE_IN_THE_WAY,
        Exit::Refused,
        format!("a backup schedule is active: {} ({phase})", schedule.name_any()),
    )
    .why("a hub that makes backups is not restored: the restore would end as FinishedWithErrors and stay so")
    .try_for(session.command("pause"), "stop making backups first"))
}

/// Makes backups, or will.
pub fn is_active(schedule: &api::BackupSchedule) -> bool {
    use api::BackupSchedulePhase::{BackupCollision, Paused};
    !matches!(schedule.phase(), Paused | BackupCollision)
}

/// Turns a missing kind into the answer that nothing is there.
///
/// # Errors
///
/// Any other failure.
pub fn if_served<T>(listed: std::result::Result<Vec<T>, cluster::Error>) -> Result<Option<Vec<T>>> {
    match listed {
        Ok(items) => Ok(Some(items)),
        Err(error) if error.class() == cluster::Class::KindMissing => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;
    use crate::cluster::namespace::{Found, Reason};
    use crate::cluster::{Connection, fake};

    fn hub(answer: fake::Answer) -> Hub {
        let (context, server) = ("west".to_owned(), String::new());
        let client = fake::server(move |_| answer.clone());
        let found = Found { namespace: "acm".to_owned(), reason: Reason::InUse };
        Hub { connection: Connection { client, context, server, context_namespace: None }, found }
    }

    /// Spec: S-036
    #[tokio::test]
    async fn tokens_are_asked_for_only_where_they_can_be_made() {
        let session =
            Session::new(crate::cli::Cli::parse_from(["kubectl-acmbackup", "resume", "-q"]).globals);
        let installed = json!({"metadata": {}, "items": [{"metadata": {"name": "managed-serviceaccount"}}]});
        assert!(tokens(&hub((200, installed.to_string())), &session).await.is_ok());
        for missing in [fake::nothing(), fake::refusal(404)] {
            let error = tokens(&hub(missing), &session).await.unwrap_err();
            assert_eq!((error.problem, error.exit), (Some("no-import-token"), Exit::NotReady));
        }
        assert!(tokens(&hub(fake::refusal(403)), &session).await.is_ok(), "not to know is no refusal");
        assert!(tokens(&hub(fake::refusal(500)), &session).await.is_err());
    }

    /// Spec: S-032, R-812
    #[tokio::test]
    async fn a_restore_that_cannot_be_read_is_in_the_way_until_its_phase_is_final() {
        let session =
            Session::new(crate::cli::Cli::parse_from(["kubectl-acmbackup", "resume", "-q"]).globals);
        for (phase, in_the_way) in [("Started", true), ("Finished", false)] {
            let broken = json!({"metadata": {"name": "r1", "namespace": "acm"},
                "spec": {"syncRestoreWithNewBackups": "yes"}, "status": {"phase": phase}});
            let list = json!({"metadata": {}, "items": [broken]});
            let answer = no_restore_in_the_way(&hub((200, list.to_string())), &session, "why").await;
            let told = answer.err().map(|error| error.message.clone());
            let wanted = in_the_way.then(|| "another restore is not finished: r1 (Started)".to_owned());
            assert_eq!(told, wanted);
        }
    }
}

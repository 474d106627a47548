//! The Velero objects behind a backup, run or restore, in the order they were worked on.

use futures::try_join;
use jiff::Timestamp;
use kube::ResourceExt;

use crate::api::BackupChoice;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, Subject, only_one, the_one};
use crate::cli::session::Hub;
use crate::cluster::list::items;
use crate::plan::latest::Candidates;
use crate::plan::restore::owned_restores;
use crate::plan::runs::{Run, RunStatus, Runs};
use crate::velero::{Backup, BackupType, Restore, StoredFile};
use crate::{api, velero};

/// Within this time of a run's begin more backups of it may come: Velero looks at each schedule about once a minute.
const TICK_SECONDS: i64 = 120;

/// A Velero object with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What it is a part of, such as `credentials`; the name where it is none.
    pub(super) title: String,
    /// Its name.
    pub(super) name: String,
    /// Which file holds its log.
    pub(super) file: StoredFile,
    /// Name of the storage location of its log.
    pub(super) location: String,
    /// The log is complete and in the storage location.
    pub(super) has_ended: bool,
}

/// A schedule makes backups, and those have the logs.
///
/// # Errors
///
/// Exit 2 for a schedule.
pub(super) fn refuse_schedule(subject: &Subject) -> Result<()> {
    match subject.noun {
        Noun::Schedule => Err(CliError::new(Exit::Usage, "a schedule has no log of its own")
            .try_("kubectl acmbackup get runs")
            .try_("kubectl acmbackup logs run/RUN")),
        _ => Ok(()),
    }
}

/// The Velero objects there are at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What they are behind, by its name.
    pub(super) subject: Subject,
    pub(super) parts: Vec<Part>,
    /// No more will come.
    pub(super) is_over: bool,
}

/// Finds them; none for a schedule.
///
/// # Errors
///
/// The hub cannot be read, or what is named is not there.
pub(super) async fn find(hub: &Hub, subject: &Subject, now: Timestamp) -> Result<Found> {
    let (client, namespace) = (hub.client(), hub.namespace());
    let backups = items::<Backup>(client, Some(namespace)).await?;
    let found = |name: String, parts: Vec<Part>, is_over: bool| {
        Ok(Found { subject: Subject { noun: subject.noun, name: Some(name) }, parts, is_over })
    };
    match subject.noun {
        Noun::Backup => {
            let backup = the_one(Noun::Backup, subject.name.as_deref(), &backups, namespace)?;
            found(backup.name_any(), vec![of_backup(backup)], true)
        }
        Noun::Run => {
            let run = the_run(&backups, subject.name.as_deref(), namespace)?;
            found(run.id.clone(), of_run(&run, &backups), is_run_over(&run, now))
        }
        Noun::Restore => {
            let (ours, velero) = try_join!(
                items::<api::Restore>(client, Some(namespace)),
                items::<velero::Restore>(client, Some(namespace)),
            )?;
            let ours = the_one(Noun::Restore, subject.name.as_deref(), &ours, namespace)?;
            let behind = owned_restores(ours, &velero).into_iter();
            let parts = behind.map(|restore| of_restore(restore, &backups)).collect();
            found(ours.name_any(), parts, is_restore_over(ours))
        }
        Noun::Schedule => found(String::new(), Vec::new(), true),
    }
}

/// It has settled, until somebody asks for more or the other hub writes again.
fn is_restore_over(restore: &api::Restore) -> bool {
    let is_passive = restore.spec.managed_clusters_choice() == BackupChoice::Skip;
    match restore.phase() {
        api::RestorePhase::Error => true,
        phase => phase.is_terminal() || (phase.is_enabled() && is_passive),
    }
}

/// All its backups have ended, and those of its tick are all there.
fn is_run_over(run: &Run, now: Timestamp) -> bool {
    let is_young = now.as_second() - run.started.as_second() < TICK_SECONDS;
    match run.status {
        RunStatus::InProgress => false,
        RunStatus::Partial => !is_young || run.parts.len() == BackupType::DATA.len(),
        RunStatus::Complete | RunStatus::Failed => true,
    }
}

fn the_run(backups: &[Backup], id: Option<&str>, namespace: &str) -> Result<Run> {
    let candidates = Candidates::in_namespace(backups, namespace);
    let runs = Runs::of(&candidates);
    let names: Vec<String> = runs.iter().map(|run| run.id.clone()).collect();
    let found = only_one(Noun::Run, id, &names, namespace).map(|id| runs.find(&id).cloned());
    let missing = || CliError::new(Exit::NotFound, format!("there is no run in {namespace}"));
    found.and_then(|run| run.ok_or_else(missing)).map_err(|error| error.try_("kubectl acmbackup get runs"))
}

fn of_run(run: &Run, backups: &[Backup]) -> Vec<Part> {
    let member = |name: &String| backups.iter().find(|backup| backup.name_any() == *name);
    run.parts.values().filter_map(member).map(of_backup).collect()
}

fn of_backup(backup: &Backup) -> Part {
    let name = backup.name_any();
    let title = BackupType::of_backup_name(&name).map_or_else(|| name.clone(), |part| part.part().to_owned());
    let phase = backup.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default();
    Part {
        title,
        file: StoredFile::BackupLog,
        location: backup.spec.storage_location.clone().unwrap_or_default(),
        has_ended: phase.has_ended(),
        name,
    }
}

fn of_restore(restore: &Restore, backups: &[Backup]) -> Part {
    let backup = backups.iter().find(|backup| backup.name_any() == restore.spec.backup_name);
    let phase = restore.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default();
    Part {
        title: backup.map_or_else(|| restore.name_any(), |backup| of_backup(backup).title),
        name: restore.name_any(),
        file: StoredFile::RestoreLog,
        location: backup.and_then(|backup| backup.spec.storage_location.clone()).unwrap_or_default(),
        has_ended: phase.has_ended(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_restore_is_over_once_it_has_settled() {
        let is_over = |phase: &str, clusters: &str| {
            let spec = json!({"veleroManagedClustersBackupName": clusters});
            let restore = json!({"metadata": {"name": "r"}, "spec": spec, "status": {"phase": phase, "lastMessage": ""}});
            is_restore_over(&serde_json::from_value(restore).unwrap())
        };
        for phase in ["Finished", "FinishedWithErrors", "Error", "Enabled", "EnabledWithErrors"] {
            assert!(is_over(phase, "skip"), "{phase}");
        }
        for phase in ["", "Started", "Running"] {
            assert!(!is_over(phase, "skip"), "{phase}");
        }
        assert!(!is_over("Enabled", "latest"), "the managed clusters are yet to come");
    }

    #[test]
    fn of_several_runs_one_has_to_be_named() {
        let backup = |stamp: &str, start: &str| -> Backup {
            let name = format!("acm-credentials-schedule-{stamp}");
            let status = json!({"phase": "Completed", "startTimestamp": start});
            let backup = json!({"metadata": {"name": name, "namespace": "acm"}, "status": status});
            serde_json::from_value(backup).unwrap()
        };
        let two = [
            backup("20261122100000", "2026-11-22T10:00:00Z"),
            backup("20261122120000", "2026-11-22T12:00:00Z"),
        ];
        assert_eq!(the_run(&two, None, "acm").unwrap_err().exit, Exit::Refused);
        assert_eq!(the_run(&two, Some("20261122100000"), "acm").unwrap().id, "20261122100000");
        assert_eq!(the_run(&two, Some("20200101000000"), "acm").unwrap_err().exit, Exit::NotFound);
        assert_eq!(the_run(&[], None, "acm").unwrap_err().exit, Exit::NotFound);
    }

    #[test]
    fn a_young_run_that_lacks_backups_may_get_them_yet() {
        let backup: Backup = serde_json::from_value(json!({
            "metadata": {"name": "acm-credentials-schedule-20261122100000", "namespace": "acm"},
            "status": {"phase": "Completed", "startTimestamp": "2026-11-22T10:00:00Z"},
        }))
        .unwrap();
        let run = the_run(&[backup], None, "acm").unwrap();
        assert!(!is_run_over(&run, "2026-11-22T10:00:30Z".parse().unwrap()));
        assert!(is_run_over(&run, "2026-11-22T10:05:00Z".parse().unwrap()));
    }
}

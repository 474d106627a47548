//! The Velero objects behind a backup, run or restore, in the order they were worked on.

use futures::try_join;
use kube::ResourceExt;

use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, Subject, the_one};
use crate::cli::session::Hub;
use crate::cluster::list::items;
use crate::plan::latest::Candidates;
use crate::plan::restore::owned_restores;
use crate::plan::runs::Runs;
use crate::velero::{Backup, BackupType, Restore, StoredFile};
use crate::{api, velero};

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

/// Finds them; none for a schedule.
///
/// # Errors
///
/// The hub cannot be read, or what is named is not there.
pub(super) async fn find(hub: &Hub, subject: &Subject) -> Result<Vec<Part>> {
    let (client, namespace) = (hub.client(), hub.namespace());
    let backups = items::<Backup>(client, Some(namespace)).await?;
    match subject.noun {
        Noun::Backup => {
            Ok(vec![of_backup(the_one(Noun::Backup, subject.name.as_deref(), &backups, namespace)?)])
        }
        Noun::Run => of_run(&backups, subject.name.as_deref(), namespace),
        Noun::Restore => {
            let (ours, velero) = try_join!(
                items::<api::Restore>(client, Some(namespace)),
                items::<velero::Restore>(client, Some(namespace)),
            )?;
            let ours = the_one(Noun::Restore, subject.name.as_deref(), &ours, namespace)?;
            let behind = owned_restores(ours, &velero).into_iter();
            Ok(behind.map(|restore| of_restore(restore, &backups)).collect())
        }
        Noun::Schedule => Ok(Vec::new()),
    }
}

fn of_run(backups: &[Backup], id: Option<&str>, namespace: &str) -> Result<Vec<Part>> {
    let candidates = Candidates::in_namespace(backups, namespace);
    let runs = Runs::of(&candidates);
    let found = match id {
        Some(id) => runs.find(id),
        None => runs.iter().next(),
    };
    let Some(run) = found else {
        let what = id.map_or_else(|| "there is no run".to_owned(), |id| format!("run {id} not found"));
        return Err(CliError::new(Exit::NotFound, format!("{what} in {namespace}"))
            .try_("kubectl acmbackup get runs"));
    };
    let member = |name: &String| backups.iter().find(|backup| backup.name_any() == *name);
    Ok(run.parts.values().filter_map(member).map(of_backup).collect())
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

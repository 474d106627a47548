//! How far a following Restore has come with the backups of the other hub.

use kube::ResourceExt;

use crate::api::Restore;
use crate::plan::latest::{Candidates, latest_of_all};
use crate::plan::runs::Runs;
use crate::velero::{Backup, BackupType, RestoreType};

/// What a passive hub follows.
const FOLLOWED: [RestoreType; 3] =
    [RestoreType::Credentials, RestoreType::Resources, RestoreType::ResourcesGeneric];

/// The newest run of which something is restored; `None` where nothing is, or nothing is followed.
pub(super) fn run_of(restore: &Restore, backups: &[Backup], runs: &Runs) -> Option<String> {
    let restored: Vec<String> =
        FOLLOWED.iter().filter_map(|part| restored(restore, *part, backups)).collect();
    let is_of = |run: &&crate::plan::runs::Run| run.parts.values().any(|backup| restored.contains(backup));
    runs.iter().find(is_of).filter(|_| follows(restore)).map(|run| run.id.clone())
}

/// It takes newer backups; one in a final phase no longer does.
pub(super) fn follows(restore: &Restore) -> bool {
    restore.spec.sync_restore_with_new_backups && !restore.phase().is_terminal()
}

/// Whether the newest backups are restored; `None` where nothing is followed.
pub(super) fn is_in_step(restore: &Restore, backups: &[Backup], candidates: &Candidates<'_>) -> Option<bool> {
    let newest = latest_of_all(candidates);
    let wanted =
        |part: RestoreType| newest.get(&part.backup_type())?.as_ref().ok().map(|chosen| &chosen.backup);
    let is_restored = |part: &RestoreType| {
        let restored = restored(restore, *part, backups);
        // There need not be generic resources.
        let may_lack = part.backup_type() == BackupType::ResourcesGeneric;
        restored.as_ref() == wanted(*part) && (restored.is_some() || may_lack)
    };
    follows(restore).then(|| FOLLOWED.iter().all(is_restored))
}

/// The backup a part was restored from last, found by the name its Velero Restore has.
fn restored(restore: &Restore, part: RestoreType, backups: &[Backup]) -> Option<String> {
    let status = restore.status.as_ref()?;
    let made = match part.backup_type() {
        BackupType::Credentials => &status.velero_credentials_restore_name,
        BackupType::Resources => &status.velero_resources_restore_name,
        _ => &status.velero_generic_resources_restore_name,
    };
    let made = made.as_ref()?;
    let is_made = |backup: &String| part.velero_restore_name(&restore.name_any(), backup) == *made;
    backups.iter().map(ResourceExt::name_any).find(is_made)
}

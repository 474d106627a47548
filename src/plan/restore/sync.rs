//! Which backups the present cycle restores: decided once, kept until it ends. Spec: R-300…R-315
//!
//! Nothing but the status and the owned Velero Restores remembers the decision. What has a Velero Restore keeps its
//! backup; what has none yet gets the backup that was the right one when the youngest Velero Restore was made.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::facts::{Facts, tracked_name, tracked_names, velero_name};
use super::reason::Picked;
use crate::api::BackupChoice;
use crate::plan::latest::{self, Candidates, Unresolved, backup_name};
use crate::velero::{self, Backup, BackupType, RestoreType};

/// The backup chosen for a type in this cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) backup: String,
    pub(super) why: Picked,
}

/// The backups of this cycle; generic resources may be missing. Spec: R-180
pub(super) type Picks = BTreeMap<BackupType, Pick>;

/// The backups of this cycle.
///
/// # Errors
/// When a part that was asked for has no backup. Spec: R-181
pub(super) fn picks(facts: &Facts<'_>) -> Result<Picks, Unresolved> {
    let candidates = match begun_at(facts).filter(|_| !begins_anew(facts)) {
        Some(begin) => facts.candidates().known_by(begin),
        None => facts.candidates(),
    };
    let mut picks = Picks::new();
    for backup_type in BackupType::DATA {
        if facts.choice(backup_type) == BackupChoice::Skip {
            continue;
        }
        match pick(facts, &candidates, backup_type) {
            Ok(pick) => drop(picks.insert(backup_type, pick)),
            Err(_) if backup_type == BackupType::ResourcesGeneric => {}
            Err(unresolved) => return Err(unresolved),
        }
    }
    Ok(picks)
}

fn pick(facts: &Facts<'_>, candidates: &Candidates<'_>, backup_type: BackupType) -> Result<Pick, Unresolved> {
    let kept = kept_backup(facts, backup_type);
    if let Some(backup) = kept.clone().filter(|_| !facts.is_following()) {
        return Ok(Pick { backup, why: Picked::Before });
    }
    // An explicit name means the same at any time.
    let choice = facts.choice(backup_type);
    let whole = facts.candidates();
    let is_latest = choice == BackupChoice::Latest || backup_type == BackupType::ResourcesGeneric;
    let resolved = match latest::resolve(if is_latest { candidates } else { &whole }, backup_type, &choice) {
        // A part left out when the cycle began stays out; any other has to be restored from something.
        Err(_) if backup_type != BackupType::ResourcesGeneric => {
            latest::resolve(&whole, backup_type, &choice)
        }
        resolved => resolved,
    };
    match (kept, resolved) {
        (Some(kept), Ok((backup, _))) if !is_newer(&whole, &kept, backup) => {
            Ok(Pick { backup: kept, why: Picked::Before })
        }
        (Some(backup), Err(_)) => Ok(Pick { backup, why: Picked::Before }),
        (_, resolved) => {
            let (backup, why) = resolved?;
            Ok(Pick { backup: backup_name(backup).to_owned(), why: Picked::Now(why) })
        }
    }
}

/// A following Restore has a reason to take the newest backups. Spec: R-300
fn begins_anew(facts: &Facts<'_>) -> bool {
    facts.is_following() && (has_new_backup(facts) || is_activation_due(facts) || has_vanished(facts))
}

/// Generic resources count too: those of a run may come here after a cycle has begun with its other parts, which stays
/// with what was there then. Spec
fn has_new_backup(facts: &Facts<'_>) -> bool {
    let candidates = facts.candidates();
    let types = [BackupType::Resources, BackupType::Credentials, BackupType::ResourcesGeneric];
    types.into_iter().any(|backup_type| {
        let Ok((newest, _)) = latest::resolve(&candidates, backup_type, &BackupChoice::Latest) else {
            return false;
        };
        let Some(tracked) = tracked_name(&facts.status, backup_type) else {
            // The first one there is.
            return backup_type == BackupType::ResourcesGeneric;
        };
        match facts.owned_named(tracked) {
            Some(restore) => is_newer(&candidates, &restore.spec.backup_name, newest),
            None => passive(backup_type).velero_restore_name(facts.name, backup_name(newest)) != tracked,
        }
    })
}

/// `newest` takes the place of the backup named `kept`. Spec: R-310
fn is_newer(candidates: &Candidates<'_>, kept: &str, newest: &Backup) -> bool {
    if backup_name(newest) == kept {
        return false;
    }
    let started = |backup: &Backup| backup.status.as_ref()?.start_timestamp.as_ref().map(|time| time.0);
    match candidates.named(kept) {
        Some(kept) => matches!((started(kept), started(newest)), (Some(old), Some(new)) if old < new),
        None => true,
    }
}

/// Managed clusters were asked for and never restored. Spec
fn is_activation_due(facts: &Facts<'_>) -> bool {
    facts.is_activating() && tracked_name(&facts.status, BackupType::ManagedClusters).is_none()
}

/// A Velero Restore the status names is gone. Spec: R-300
fn has_vanished(facts: &Facts<'_>) -> bool {
    tracked_names(&facts.status).iter().any(|name| facts.owned_named(name).is_none())
}

/// The backup a type was last restored from, in this cycle unless the Restore follows new backups.
fn kept_backup(facts: &Facts<'_>, backup_type: BackupType) -> Option<String> {
    let part = passive(backup_type);
    let backup_of = |restore: &velero::Restore| restore.spec.backup_name.clone();
    let Some(tracked) = tracked_name(&facts.status, backup_type) else {
        return facts
            .owned
            .iter()
            .rev()
            .find(|restore| is_of(facts, restore, part))
            .map(|restore| backup_of(restore));
    };
    facts.owned_named(tracked).map(backup_of).or_else(|| {
        // A vanished one is made again from the same backup. Spec: R-512
        let is_its_backup =
            |backup: &&Backup| part.velero_restore_name(facts.name, backup_name(backup)) == tracked;
        let found =
            facts.candidates().iter().find(is_its_backup).map(|backup| backup_name(backup).to_owned());
        found.filter(|_| !facts.is_following())
    })
}

/// True for a Velero Restore of this part that the status does not name, left by a crash. Spec: R-230
fn is_of(facts: &Facts<'_>, restore: &velero::Restore, part: RestoreType) -> bool {
    let backup = &restore.spec.backup_name;
    let is_chosen = match facts.choice(part.backup_type()) {
        BackupChoice::Name(name) if part != RestoreType::ResourcesGeneric => {
            name == *backup || latest::twin_name(part.backup_type(), &name).as_ref() == Some(backup)
        }
        _ => BackupType::of_backup_name(backup) == Some(part.backup_type()),
    };
    is_chosen && part.velero_restore_name(facts.name, backup) == velero_name(restore)
}

/// When the youngest Velero Restore of the present cycle was made; `None` before the first.
fn begun_at(facts: &Facts<'_>) -> Option<Timestamp> {
    let kept: Vec<String> = BackupType::DATA.into_iter().filter_map(|t| kept_backup(facts, t)).collect();
    facts
        .owned
        .iter()
        .filter(|restore| kept.contains(&restore.spec.backup_name))
        .filter_map(|restore| restore.metadata.creation_timestamp.as_ref())
        .map(|time| time.0)
        .max()
}

/// The pass that restores a type of backup without activation data.
pub(super) fn passive(backup_type: BackupType) -> RestoreType {
    match backup_type {
        BackupType::Credentials | BackupType::Validation => RestoreType::Credentials,
        BackupType::Resources => RestoreType::Resources,
        BackupType::ResourcesGeneric => RestoreType::ResourcesGeneric,
        BackupType::ManagedClusters => RestoreType::ManagedClusters,
    }
}

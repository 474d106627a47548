//! Which backups the present cycle restores: decided once, kept until it ends. Spec: R-300…R-315
//!
//! The names in the status are the decision. A cycle begins by writing all of them, before it makes the first Velero
//! Restore, so that neither a crash nor a refusal mixes two runs. Where the operator or an older loop left no name, the
//! owned Velero Restores tell.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::facts::{Facts, tracked_name, tracked_names, velero_name};
use super::phase::{have_ended, have_failed};
use super::reason::Picked;
use super::wanted::wanted;
use crate::api::{BackupChoice, RestorePhase};
use crate::plan::latest::{self, Candidates, Unresolved, backup_name, is_usable};
use crate::velero::{self, Backup, BackupType, RestoreType};
use crate::wire::Stamp;

/// The backup chosen for a type in this cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) backup: String,
    pub(super) why: Picked,
}

/// The backups of this cycle; generic resources may be missing. Spec: R-180
pub(super) type Picks = BTreeMap<BackupType, Pick>;

/// What is picked for one type; `None` leaves it out.
type Picking = Result<Option<Pick>, Unresolved>;

/// The backups of this cycle.
///
/// # Errors
/// When a part that was asked for has no backup. Spec: R-181
pub(super) fn picks(facts: &Facts<'_>) -> Result<Picks, Unresolved> {
    let kept = of_all(|backup_type| of_this_cycle(facts, backup_type))?;
    if begins_anew(facts, &kept) {
        of_all(|backup_type| of_a_new_cycle(facts, backup_type))
    } else {
        Ok(kept)
    }
}

/// A cycle begins with this pass, with the backups that are known now.
pub(super) fn is_to_begin(facts: &Facts<'_>) -> bool {
    let kept = of_all(|backup_type| of_this_cycle(facts, backup_type));
    !facts.is_at_work() || kept.is_ok_and(|kept| begins_anew(facts, &kept))
}

fn of_all(pick: impl Fn(BackupType) -> Picking) -> Result<Picks, Unresolved> {
    let mut picks = Picks::new();
    for backup_type in BackupType::DATA {
        picks.extend(pick(backup_type)?.map(|pick| (backup_type, pick)));
    }
    Ok(picks)
}

/// The choice of the cycle that has begun; without one, that of a new cycle.
fn of_this_cycle(facts: &Facts<'_>, backup_type: BackupType) -> Picking {
    if !is_asked_for(facts, backup_type) {
        return Ok(None);
    }
    match (chosen_before(facts, backup_type), tracked_name(&facts.status, backup_type)) {
        (Some(backup), _) => Ok(Some(Pick { backup, why: Picked::Before })),
        (None, Some(_)) => newest(facts, backup_type),
        (None, None) => match restored_last(facts, backup_type) {
            Some(backup) => Ok(Some(Pick { backup, why: Picked::Before })),
            None => as_the_cycle_began(facts, backup_type),
        },
    }
}

fn of_a_new_cycle(facts: &Facts<'_>, backup_type: BackupType) -> Picking {
    if facts.choice(backup_type) == BackupChoice::Skip { Ok(None) } else { newest(facts, backup_type) }
}

/// An edit does not take back managed clusters that are being restored: other hubs must hear of them. Spec: R-723
fn is_asked_for(facts: &Facts<'_>, backup_type: BackupType) -> bool {
    let is_made =
        || tracked_name(&facts.status, backup_type).and_then(|name| facts.owned_named(name)).is_some();
    facts.choice(backup_type) != BackupChoice::Skip || backup_type == BackupType::ManagedClusters && is_made()
}

/// The newest backup, if it takes the place of the one restored last. Spec
fn newest(facts: &Facts<'_>, backup_type: BackupType) -> Picking {
    let candidates = facts.candidates();
    let chosen = chosen_before(facts, backup_type);
    let is_gone = chosen.is_none() && tracked_name(&facts.status, backup_type).is_some();
    let kept = chosen.or_else(|| restored_last(facts, backup_type));
    let (backup, why) = match (kept, latest::resolve(&candidates, backup_type, &facts.choice(backup_type))) {
        (Some(kept), Ok((newest, _))) if !is_newer(&candidates, &kept, newest) => (kept, Picked::Before),
        (Some(kept), Err(_)) => (kept, Picked::Before),
        (_, Ok((newest, why))) => (backup_name(newest).to_owned(), Picked::Now(why)),
        (None, Err(_)) if backup_type == BackupType::ResourcesGeneric => return Ok(None),
        (None, Err(unresolved)) => return Err(unresolved),
    };
    Ok(Some(Pick { backup, why: if is_gone { Picked::Instead } else { why } }))
}

/// A part without name and Velero Restore: asked for in the middle of a cycle, or left by a crash of the operator. It
/// gets the backup that was the right one when the cycle made its last Velero Restore.
fn as_the_cycle_began(facts: &Facts<'_>, backup_type: BackupType) -> Picking {
    let is_generic = backup_type == BackupType::ResourcesGeneric;
    if is_generic && tracked_name(&facts.status, BackupType::Resources).is_some() {
        // Left out when the resources were chosen, so it stays out.
        return Ok(None);
    }
    let choice = facts.choice(backup_type);
    let whole = facts.candidates();
    // An explicit name means the same at any time.
    let begun = begun_at(facts).filter(|_| choice == BackupChoice::Latest || is_generic);
    let then = begun.map_or_else(|| whole.clone(), |begun| whole.clone().known_by(begun));
    let resolved = match latest::resolve(&then, backup_type, &choice) {
        Err(_) if is_generic => return Ok(None),
        Err(_) => latest::resolve(&whole, backup_type, &choice)?,
        Ok(resolved) => resolved,
    };
    Ok(Some(Pick { backup: backup_name(resolved.0).to_owned(), why: Picked::Now(resolved.1) }))
}

/// A following Restore has a reason to take the newest backups, and its cycle is over. Spec: R-300
fn begins_anew(facts: &Facts<'_>, kept: &Picks) -> bool {
    match facts.status.phase {
        _ if !facts.is_following() => false,
        RestorePhase::Enabled => has_new_backup(facts) || is_activation_due(facts) || has_vanished(facts),
        _ => begins_after_errors(facts, kept),
    }
}

/// An error in the middle of a cycle does not end it: it goes on with what it began with, the parts the status names.
/// What has ended well is Enabled before it takes newer backups. Spec
fn begins_after_errors(facts: &Facts<'_>, kept: &Picks) -> bool {
    let is_begun = |backup_type: &BackupType| tracked_name(&facts.status, *backup_type).is_some();
    let begun: Picks = kept.clone().into_iter().filter(|(backup_type, _)| is_begun(backup_type)).collect();
    let Ok(begun) = wanted(facts, &begun) else { return false };
    have_ended(facts, &begun)
        && (is_activation_due(facts) || have_failed(facts, &begun) && has_new_backup(facts))
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
        match tracked_name(&facts.status, backup_type).map(|tracked| facts.owned_named(tracked)) {
            Some(Some(restore)) => is_newer(&candidates, &restore.spec.backup_name, newest),
            // It has vanished.
            Some(None) => false,
            // The first one there is.
            None => backup_type == BackupType::ResourcesGeneric,
        }
    })
}

/// `newest` takes the place of the backup named `kept`. Spec: R-310
///
/// Of a backup that is gone the stamp in its name is known. Without that, whatever comes back first after all backups
/// vanished for a while would be restored, however old it is.
fn is_newer(candidates: &Candidates<'_>, kept: &str, newest: &Backup) -> bool {
    let started = |backup: &Backup| backup.status.as_ref()?.start_timestamp.as_ref().map(|time| time.0);
    let is_after =
        |old: Option<Timestamp>| matches!((old, started(newest)), (Some(old), Some(new)) if old < new);
    match (candidates.named(kept), Stamp::suffix_of(kept)) {
        _ if backup_name(newest) == kept => false,
        (Some(kept), _) => is_after(started(kept)),
        (None, Some(stamp)) => is_after(Some(stamp.timestamp())),
        (None, None) => true,
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

/// The backup behind the name in the status, whether its Velero Restore is there, was never made or has vanished.
/// Spec
fn chosen_before(facts: &Facts<'_>, backup_type: BackupType) -> Option<String> {
    let tracked = tracked_name(&facts.status, backup_type)?;
    if let Some(restore) = facts.owned_named(tracked) {
        return Some(restore.spec.backup_name.clone());
    }
    let part = passive(backup_type);
    let is_it = |backup: &&Backup| {
        is_usable(backup) && part.velero_restore_name(facts.name, backup_name(backup)) == tracked
    };
    facts.candidates().iter().find(is_it).map(|backup| backup_name(backup).to_owned())
}

/// The backup of the youngest Velero Restore of a type, whether the status names it or not.
fn restored_last(facts: &Facts<'_>, backup_type: BackupType) -> Option<String> {
    let youngest = facts.owned.iter().rfind(|restore| is_of(facts, restore, passive(backup_type)))?;
    Some(youngest.spec.backup_name.clone())
}

/// True for a Velero Restore of this part, by its backup and its name. Spec: R-230
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
    let backup = |backup_type| match tracked_name(&facts.status, backup_type) {
        Some(_) => chosen_before(facts, backup_type),
        None => restored_last(facts, backup_type),
    };
    let backups: Vec<String> = BackupType::DATA.into_iter().filter_map(backup).collect();
    let current = facts.owned.iter().filter(|restore| backups.contains(&restore.spec.backup_name));
    current.filter_map(|restore| restore.metadata.creation_timestamp.as_ref()).map(|time| time.0).max()
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

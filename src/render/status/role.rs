//! What a hub is for, and whether another one took that over.

use jiff::Timestamp;

use super::{Observed, Role, Unread};
use crate::api::{self, BackupChoice, BackupSchedulePhase};
use crate::plan::collision::Collision;
use crate::plan::{HubSnapshot, Note, Severity, VeleroState, schedule};
use crate::render::collision::sentence;

pub(super) fn of(
    (schedule, restore): (Option<&api::BackupSchedule>, Option<&api::Restore>),
    lost: Option<&Collision>,
    observed: &Observed,
) -> Role {
    let unfinished = restore.filter(|restore| !restore.phase().is_terminal());
    let clusters = unfinished.map(|restore| restore.spec.managed_clusters_choice());
    let took_over = restore.is_some_and(has_taken_over);
    match (schedule.map(api::BackupSchedule::phase), clusters) {
        (Some(BackupSchedulePhase::BackupCollision), _) => Role::Contested,
        (_, Some(BackupChoice::Skip)) => Role::Passive,
        (_, Some(_)) => Role::Activating,
        (Some(_), None) if lost.is_some() => Role::Idle,
        (Some(_), None) => Role::Active,
        // Forbidden is not empty.
        (None, None) if may_hide_one(observed) => Role::Unknown,
        (None, None) if took_over => Role::Active,
        (None, None) => Role::Idle,
    }
}

fn may_hide_one(observed: &Observed) -> bool {
    let (schedules, restores) = (observed.schedules.as_ref().err(), observed.restores.as_ref().err());
    [schedules, restores].contains(&Some(&Unread::Forbidden))
}

/// The managed clusters came here with this Restore.
fn has_taken_over(restore: &api::Restore) -> bool {
    let ended = restore.phase().is_terminal();
    let made =
        restore.status.as_ref().and_then(|status| status.velero_managed_clusters_restore_name.as_ref());
    ended && made.is_some_and(|name| !name.is_empty())
}

/// What another hub did since a schedule was paused, by which it would end in a collision if it were resumed; one that
/// is not paused is judged by the loop.
pub(super) fn lost_to(
    schedule: &api::BackupSchedule,
    observed: &Observed,
    (namespace, now): (&str, Timestamp),
) -> Option<Collision> {
    if !schedule.spec.paused {
        return None;
    }
    let velero = VeleroState {
        schedules: observed.velero_schedules.clone().ok()?,
        backups: observed.backups.clone().ok()?,
        ..VeleroState::default()
    };
    let snapshot = HubSnapshot::of_writers(namespace, Some(schedule), velero, observed.hub_id.clone().ok());
    schedule::collision(&snapshot, now).ok().flatten()
}

/// Good to know where the change was wanted, and news where it was not.
pub(super) fn lost_problem(collision: &Collision, observed: &Observed) -> Note {
    let ours = observed.hub_id.as_deref().unwrap_or_default();
    let message =
        format!("{}\nresumed, the schedule here would end in BackupCollision", sentence(collision, ours));
    Note { severity: Severity::Warning, ..Note::info("", message) }
}

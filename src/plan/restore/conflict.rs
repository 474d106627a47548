//! Who stands in the way of a Restore that has not begun. Spec: R-810…R-813

use super::facts::{self, Facts};
use crate::api::{self, BackupSchedulePhase};
use crate::plan::Unreadable;

/// What stands in the way, in words; `None` lets the Restore begin.
///
/// A Restore at work, also one whose set is only planned, is ended by nobody: those that come later yield. Spec: R-813
pub(super) fn conflict(facts: &Facts<'_>) -> Option<String> {
    if facts.is_at_work() {
        return None;
    }
    let (kind, name) = active_schedule(facts)
        .map(|name| ("BackupSchedule", name.to_owned()))
        .or_else(|| earlier_restore(facts).map(|name| ("Restore", name)))?;
    Some(format!("Restore {} is ignored because {kind} {name} is currently active", facts.name))
}

/// One that cannot be read may be backing up as well. Spec: R-811, S-109
fn active_schedule<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let readable = facts.hub.schedules.iter();
    let readable = readable.map(|one| (one.phase(), one.metadata.name.as_deref().unwrap_or_default()));
    let unreadable = facts.hub.unreadable_schedules.iter().map(|one| (one.phase(), one.name()));
    let is_active = |phase: &BackupSchedulePhase| {
        !matches!(phase, BackupSchedulePhase::Paused | BackupSchedulePhase::BackupCollision)
    };
    readable.chain(unreadable).filter(|(phase, _)| is_active(phase)).map(|(_, name)| name).min()
}

/// One that cannot be read may be restoring as well. Spec
fn earlier_restore(facts: &Facts<'_>) -> Option<String> {
    let unreadable: Vec<api::Restore> =
        facts.hub.unreadable_restores.iter().map(as_far_as_readable).collect();
    let ours = age(facts.restore);
    let goes_first = |other: &&api::Restore| {
        let is_other = other.metadata.name != facts.restore.metadata.name && !other.phase().is_terminal();
        is_other && (facts::is_at_work(other, &facts.hub.velero.restores) || age(other) < ours)
    };
    let all = facts.hub.restores.iter().chain(&unreadable);
    all.filter(goes_first).min_by_key(|other| age(other))?.metadata.name.clone()
}

fn as_far_as_readable(unreadable: &Unreadable) -> api::Restore {
    let status = api::RestoreStatus { phase: unreadable.phase(), ..api::RestoreStatus::default() };
    api::Restore { status: Some(status), ..unreadable.as_restore() }
}

/// The order of age; a Restore that does not exist yet is the youngest.
fn age(restore: &api::Restore) -> (bool, Option<jiff::Timestamp>, Option<&str>) {
    let created = restore.metadata.creation_timestamp.as_ref().map(|time| time.0);
    (created.is_none(), created, restore.metadata.name.as_deref())
}

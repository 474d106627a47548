//! Who stands in the way of a Restore that has not begun. Spec: R-810…R-813

use super::facts::{self, Facts};
use crate::api::{self, BackupSchedulePhase};

/// What stands in the way, in words; `None` lets the Restore begin.
///
/// A Restore at work, also one whose set is only planned, is ended by nobody: those that come later yield. Spec: R-813
pub(super) fn conflict(facts: &Facts<'_>) -> Option<String> {
    if facts.is_at_work() {
        return None;
    }
    let (kind, name) = active_schedule(facts)
        .map(|name| ("BackupSchedule", name))
        .or_else(|| earlier_restore(facts).map(|name| ("Restore", name)))?;
    Some(format!("Restore {} is ignored because {kind} {name} is currently active", facts.name))
}

/// Spec: R-811
fn active_schedule<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let is_active = |schedule: &&api::BackupSchedule| {
        !matches!(schedule.phase(), BackupSchedulePhase::Paused | BackupSchedulePhase::BackupCollision)
    };
    facts
        .hub
        .schedules
        .iter()
        .filter(is_active)
        .filter_map(|schedule| schedule.metadata.name.as_deref())
        .min()
}

/// Spec
fn earlier_restore<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let ours = age(facts.restore);
    let goes_first = |other: &&api::Restore| {
        let is_other = other.metadata.name != facts.restore.metadata.name && !other.phase().is_terminal();
        is_other && (facts::is_at_work(other, &facts.hub.velero.restores) || age(other) < ours)
    };
    facts.hub.restores.iter().filter(goes_first).min_by_key(|other| age(other))?.metadata.name.as_deref()
}

/// The order of age; a Restore that does not exist yet is the youngest.
fn age(restore: &api::Restore) -> (bool, Option<jiff::Timestamp>, Option<&str>) {
    let created = restore.metadata.creation_timestamp.as_ref().map(|time| time.0);
    (created.is_none(), created, restore.metadata.name.as_deref())
}

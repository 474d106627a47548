//! When Velero makes the next backups of a BackupSchedule.

use jiff::Timestamp;

use crate::api::{BackupSchedule, BackupSchedulePhase, keys};
use crate::velero::{BackupType, Schedule};
use crate::wire::Cron;

/// The Velero Schedules made for `schedule`, by their label.
pub fn schedules_of<'a>(
    schedule: &'a BackupSchedule,
    all: &'a [Schedule],
) -> impl Iterator<Item = &'a Schedule> {
    let name = schedule.metadata.name.as_deref();
    all.iter().filter(move |velero| {
        velero.metadata.namespace == schedule.metadata.namespace
            && label(velero, keys::BACKUP_SCHEDULE_NAME) == name
    })
}

/// Id of the hub in the labels of the Velero Schedules made for `schedule`; `None` before there are any.
pub fn hub_of<'a>(schedule: &'a BackupSchedule, all: &'a [Schedule]) -> Option<&'a str> {
    schedules_of(schedule, all)
        .find_map(|velero| label(velero, keys::BACKUP_CLUSTER))
        .filter(|id| !id.is_empty())
}

/// When the next run is due, in UTC; in the past if Velero is late, `None` if no run will come.
///
/// Velero counts from the last backup or skip, and before the first from the creation of its Schedule.
pub fn next_run(schedule: &BackupSchedule, all: &[Schedule], now: Timestamp) -> Option<Timestamp> {
    if schedule.spec.paused || schedule.phase() == BackupSchedulePhase::BackupCollision {
        return None;
    }
    let resources = schedules_of(schedule, all)
        .find(|velero| velero.metadata.name.as_deref() == Some(BackupType::Resources.schedule_name()));
    match resources {
        Some(velero) if velero.spec.paused => None,
        Some(velero) => Cron::parse(&velero.spec.schedule).ok()?.next(counted_from(velero).unwrap_or(now)),
        None => Cron::parse(&schedule.spec.velero_schedule).ok()?.next(now),
    }
}

fn counted_from(velero: &Schedule) -> Option<Timestamp> {
    let status = velero.status.as_ref();
    let backup = status.and_then(|status| status.last_backup.as_ref());
    let skipped = status.and_then(|status| status.last_skipped.as_ref());
    let last = [backup, skipped].into_iter().flatten().map(|time| time.0).max();
    last.or_else(|| velero.metadata.creation_timestamp.as_ref().map(|time| time.0))
}

fn label<'a>(velero: &'a Schedule, key: &str) -> Option<&'a str> {
    velero.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schedule(paused: bool) -> BackupSchedule {
        serde_json::from_value(json!({
            "metadata": {"name": "s", "namespace": "acm"}, "spec": {"veleroSchedule": "@every 2h", "paused": paused},
        }))
        .unwrap()
    }

    fn velero(status: &serde_json::Value) -> Vec<Schedule> {
        let object = json!({
            "metadata": {
                "name": "acm-resources-schedule", "namespace": "acm", "creationTimestamp": "2026-11-22T09:00:00Z",
                "labels": {keys::BACKUP_SCHEDULE_NAME: "s", keys::BACKUP_CLUSTER: "east"},
            },
            "spec": {"schedule": "@every 2h"}, "status": status,
        });
        vec![serde_json::from_value(object).unwrap()]
    }

    fn next(paused: bool, velero: &[Schedule]) -> Option<String> {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        next_run(&schedule(paused), velero, now).map(|at| at.to_string())
    }

    #[test]
    fn an_interval_counts_from_the_last_backup_and_before_that_from_creation() {
        assert_eq!(
            next(false, &velero(&json!({"lastBackup": "2026-11-22T11:30:00Z"}))).unwrap(),
            "2026-11-22T13:30:00Z"
        );
        assert_eq!(next(false, &velero(&json!({}))).unwrap(), "2026-11-22T11:00:00Z", "Velero is late");
        assert_eq!(next(false, &[]).unwrap(), "2026-11-22T14:00:00Z");
    }

    #[test]
    fn a_paused_schedule_has_no_next_run() {
        assert_eq!(next(true, &velero(&json!({}))), None);
    }

    #[test]
    fn the_hub_is_the_one_its_velero_schedules_name() {
        assert_eq!(hub_of(&schedule(false), &velero(&json!({}))), Some("east"));
        assert_eq!(hub_of(&schedule(false), &[]), None);
    }
}

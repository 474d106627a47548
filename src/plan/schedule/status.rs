//! The status of a BackupSchedule: phase over all Velero Schedules, and copies of three of them.

use super::owned::Owned;
use crate::api::{BackupSchedulePhase, BackupScheduleStatus};
use crate::velero::{BackupType, Schedule, SchedulePhase};

/// Phase and message over the whole set: the worst decides, whatever the order. Spec: S-060, S-061
pub(super) fn rolled_up(owned: &Owned<'_>) -> (BackupSchedulePhase, &'static str) {
    let has = |phase: SchedulePhase| owned.all().iter().any(|schedule| phase_of(schedule) == phase);
    if has(SchedulePhase::FailedValidation) {
        (BackupSchedulePhase::FailedValidation, "Velero refused a Schedule: initialisation failed")
    } else if has(SchedulePhase::Unset) {
        let message = "some Velero Schedules are not enabled: check that Velero is running and configured";
        (BackupSchedulePhase::Unknown, message)
    } else if has(SchedulePhase::New) {
        (BackupSchedulePhase::New, "Velero Schedules are initialised")
    } else {
        (BackupSchedulePhase::Enabled, "Velero Schedules are enabled")
    }
}

fn phase_of(schedule: &Schedule) -> SchedulePhase {
    schedule.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
}

/// Refreshes the copies of the given schedules; the others stay. Spec: S-014, S-063
pub(super) fn with_copies<'a>(
    mut status: BackupScheduleStatus,
    schedules: impl Iterator<Item = &'a Schedule>,
) -> BackupScheduleStatus {
    for schedule in schedules {
        let copy = Some(Schedule { metadata: Default::default(), ..schedule.clone() });
        match schedule.metadata.name.as_deref() {
            Some(name) if name == BackupType::Credentials.schedule_name() => {
                status.velero_schedule_credentials = copy;
            }
            Some(name) if name == BackupType::ManagedClusters.schedule_name() => {
                status.velero_schedule_managed_clusters = copy;
            }
            Some(name) if name == BackupType::Resources.schedule_name() => {
                status.velero_schedule_resources = copy;
            }
            _ => {}
        }
    }
    status
}

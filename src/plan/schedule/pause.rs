//! Pausing every owned Velero Schedule, for the user or because of a collision.

use serde_json::json;

use super::owned::Owned;
use super::pass::Pass;
use super::reason::ScheduleReason;
use super::status::with_copies;
use crate::api::BackupSchedulePhase;
use crate::plan::collision::Collision;
use crate::plan::{Action, NextStatus, OnError, Plan, Step};
use crate::velero::Schedule;

const PAUSED: &str = "the BackupSchedule is paused: no backups are made";

/// The user's pause. What is wrong otherwise shows in the status, but does not keep backups running.
///
/// Spec: S-038, S-105, S-106
pub(super) fn plan(pass: &Pass<'_>, problem: Option<String>) -> Plan {
    let steps = steps(&pass.owned, &ScheduleReason::Paused);
    match problem {
        Some(problem) => pass.plan(steps, BackupSchedulePhase::FailedValidation, &problem),
        None => finished(pass, steps, (BackupSchedulePhase::Paused, BackupSchedulePhase::Paused), PAUSED),
    }
}

/// The pause that protects the other hub's backups. Nothing is looked at any more once the phase says so, and a
/// schedule that could not be paused would write for ever: until all are, the phase stays. Spec: S-106, S-120, S-124
pub(super) fn for_collision(pass: &Pass<'_>, collision: &Collision) -> Plan {
    let steps = steps(&pass.owned, &ScheduleReason::Collision);
    let phases = (BackupSchedulePhase::BackupCollision, pass.schedule.phase());
    finished(pass, steps, phases, &collision.to_string())
}

/// `phases` are the one if all went well and the one if something did not, of which no copy is taken. Spec: S-063
fn finished(
    pass: &Pass<'_>,
    steps: Vec<Step>,
    (phase, on_failure): (BackupSchedulePhase, BackupSchedulePhase),
    message: &str,
) -> Plan {
    let after: Vec<Schedule> = pass.owned.all().iter().map(|schedule| paused(schedule)).collect();
    let status = with_copies(pass.status(phase, message), after.iter());
    let failed = format!("{message} (not all Velero Schedules could be paused)");
    Plan {
        status_on_failure: (!steps.is_empty()).then(|| pass.next_status(on_failure, &failed)),
        ..pass.plan_with(steps, NextStatus::BackupSchedule(Box::new(status)))
    }
}

/// One failure does not stop the rest. Spec: S-105, S-106, S-295
fn steps(owned: &Owned<'_>, reason: &ScheduleReason) -> Vec<Step> {
    owned
        .running()
        .map(|target| Step {
            on_error: OnError::FailLater,
            ..Step::required(Action::Patch(target, json!({"spec": {"paused": true}})), reason.clone())
        })
        .collect()
}

/// The schedule as it is after the pause. Spec: S-063
fn paused(schedule: &Schedule) -> Schedule {
    let mut schedule = schedule.clone();
    schedule.spec.paused = true;
    schedule
}

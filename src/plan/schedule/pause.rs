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
        None => finished(pass, steps, &BackupSchedulePhase::Paused, PAUSED),
    }
}

/// The pause that protects the other hub's backups. Spec: S-120
pub(super) fn for_collision(pass: &Pass<'_>, collision: &Collision) -> Plan {
    let steps = steps(&pass.owned, &ScheduleReason::Collision);
    finished(pass, steps, &BackupSchedulePhase::BackupCollision, &collision.to_string())
}

fn finished(pass: &Pass<'_>, steps: Vec<Step>, phase: &BackupSchedulePhase, message: &str) -> Plan {
    let after: Vec<Schedule> = pass.owned.all().iter().map(|schedule| paused(schedule)).collect();
    let status = |message: &str| {
        let status = pass.status(phase.clone(), message);
        NextStatus::BackupSchedule(Box::new(with_copies(status, after.iter())))
    };
    let failed = format!("{message} (not all Velero Schedules could be paused)");
    Plan {
        status_on_failure: (!steps.is_empty()).then(|| status(&failed)),
        ..pass.plan_with(steps, status(message))
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

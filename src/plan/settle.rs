//! From a plan and what really happened to the status to write.

use kube::core::DynamicObject;

use super::action::{NextStatus, OnError, Outcome, Plan, Record, Step};
use crate::api::{BackupScheduleStatus, RestoreStatus};
use crate::velero::{self, BackupType, RestoreType};

/// The status to write after the steps of `plan` ended in `outcomes`.
///
/// `None` means: write nothing, because the plan wants no change or an object changed under it.
pub fn settle(plan: &Plan, outcomes: &[Outcome]) -> Option<NextStatus> {
    let mut status = match end_of(plan, outcomes) {
        End::Good => plan.status.clone()?,
        End::Conflict => return None,
        End::Bad(cause) => with_cause(plan.status_on_failure.clone()?, &cause),
    };
    for (step, outcome) in plan.steps.iter().zip(outcomes) {
        if let (Some(record), Some(object)) = (step.record, object_of(outcome)) {
            remember(&mut status, record, object);
        }
    }
    Some(status)
}

/// True if a step that matters failed, so that the pass has to be repeated.
pub fn is_failure(plan: &Plan, outcomes: &[Outcome]) -> bool {
    !matches!(end_of(plan, outcomes), End::Good)
}

enum End {
    Good,
    Conflict,
    Bad(String),
}

fn end_of(plan: &Plan, outcomes: &[Outcome]) -> End {
    plan.steps
        .iter()
        .zip(outcomes)
        .filter(|(step, _)| step.on_error == OnError::Stop)
        .find_map(|(step, outcome)| bad_end(step, outcome))
        .unwrap_or(End::Good)
}

fn bad_end(step: &Step, outcome: &Outcome) -> Option<End> {
    match outcome {
        Outcome::Conflict => Some(End::Conflict),
        Outcome::Failed(failure) => Some(End::Bad(failure.message.clone())),
        // Ours is recognised when it is planned for; what is found here belongs to somebody else
        // unless the step records it, in which case a crash between create and status left it behind.
        Outcome::AlreadyThere(_) if step.record.is_none() => {
            Some(End::Bad(format!("{}: already exists", step.action)))
        }
        _ => None,
    }
}

fn object_of(outcome: &Outcome) -> Option<&DynamicObject> {
    match outcome {
        Outcome::Done(object) => object.as_deref(),
        Outcome::AlreadyThere(object) => Some(object),
        _ => None,
    }
}

fn with_cause(status: NextStatus, cause: &str) -> NextStatus {
    match status {
        NextStatus::BackupSchedule(mut status) => {
            status.last_message = format!("{}: {cause}", status.last_message);
            NextStatus::BackupSchedule(status)
        }
        NextStatus::Restore(mut status) => {
            status.last_message = format!("{}: {cause}", status.last_message);
            NextStatus::Restore(status)
        }
    }
}

fn remember(status: &mut NextStatus, record: Record, object: &DynamicObject) {
    match (status, record) {
        (NextStatus::BackupSchedule(status), Record::ScheduleCopy(backup_type)) => {
            remember_copy(status, backup_type, object);
        }
        (NextStatus::Restore(status), Record::RestoreName(restore_type)) => {
            remember_name(status, restore_type, object.metadata.name.clone());
        }
        _ => {}
    }
}

/// Keeps a copy without metadata, which the server would strip with a warning per field. Spec: S-014
fn remember_copy(status: &mut BackupScheduleStatus, backup_type: BackupType, object: &DynamicObject) {
    let Ok(mut copy) = object.clone().try_parse::<velero::Schedule>() else { return };
    copy.metadata = Default::default();
    match backup_type {
        BackupType::Credentials => status.velero_schedule_credentials = Some(copy),
        BackupType::ManagedClusters => status.velero_schedule_managed_clusters = Some(copy),
        BackupType::Resources => status.velero_schedule_resources = Some(copy),
        BackupType::ResourcesGeneric | BackupType::Validation => {}
    }
}

/// Remembers the four tracked names; active passes are found by their suffix. Spec: R-231
fn remember_name(status: &mut RestoreStatus, restore_type: RestoreType, name: Option<String>) {
    match restore_type {
        RestoreType::Credentials => status.velero_credentials_restore_name = name,
        RestoreType::Resources => status.velero_resources_restore_name = name,
        RestoreType::ResourcesGeneric => status.velero_generic_resources_restore_name = name,
        RestoreType::ManagedClusters => status.velero_managed_clusters_restore_name = name,
        RestoreType::CredentialsActive | RestoreType::ResourcesGenericActive => {}
    }
}

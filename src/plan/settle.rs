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

/// True if the steps after this one must not be done.
pub fn stops(step: &Step, outcome: &Outcome) -> bool {
    step.on_error == OnError::Stop && bad_end(step, outcome).is_some()
}

/// The first conflict or failure decides; the number of further failures is told with it.
fn end_of(plan: &Plan, outcomes: &[Outcome]) -> End {
    let counted = plan.steps.iter().zip(outcomes).filter(|(step, _)| step.on_error != OnError::Continue);
    let mut ends = counted.filter_map(|(step, outcome)| bad_end(step, outcome));
    match ends.next() {
        None => End::Good,
        Some(End::Bad(cause)) => match ends.count() {
            0 => End::Bad(cause),
            more => End::Bad(format!("{cause} (and {more} more failed)")),
        },
        Some(end) => end,
    }
}

fn bad_end(step: &Step, outcome: &Outcome) -> Option<End> {
    match outcome {
        Outcome::Conflict => Some(End::Conflict),
        Outcome::Failed(failure) => Some(End::Bad(failure.message.clone())),
        Outcome::AlreadyThere(_) => already_there(step),
        _ => None,
    }
}

/// A Velero Restore that is there was made by a pass that ended before its status was written. A Velero
/// Schedule that is there was not there when it was planned for: the next pass sees whose it is. Spec: S-096
fn already_there(step: &Step) -> Option<End> {
    match step.record {
        Some(Record::RestoreName(_)) => None,
        Some(Record::ScheduleCopy(_)) => Some(End::Conflict),
        None => Some(End::Bad(format!("{}: already exists", step.action))),
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

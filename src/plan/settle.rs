//! From a plan and what really happened to the status to write.

use kube::core::DynamicObject;

use super::action::{Action, NewObject, NextStatus, OnError, Outcome, Plan, Record, Step};
use super::cleanup::tally;
use super::message::cut;
use super::restore::{controller_of, shorten, tell, track};
use crate::api::BackupScheduleStatus;
use crate::velero::{self, BackupType};

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
        match (step.record, &mut status) {
            (Some(Record::ImportNews), NextStatus::Restore(status)) => tell(status, &step.action, outcome),
            (Some(record), status) if bad_end(step, outcome).is_none() => {
                object_of(outcome).into_iter().for_each(|object| remember(status, record, object));
            }
            _ => {}
        }
    }
    if let NextStatus::Restore(status) = &mut status {
        shorten(status);
        if let Some(told) = tally(plan, outcomes) {
            status.last_message = format!("{}; {told}", status.last_message);
        }
    }
    Some(status)
}

/// True if a step that matters failed or was put off, so that the pass has to be repeated.
pub fn is_failure(plan: &Plan, outcomes: &[Outcome]) -> bool {
    let mut steps = plan.steps.iter().zip(outcomes);
    steps.any(|(step, outcome)| {
        *outcome == Outcome::Skipped
            || (step.on_error != OnError::Continue && bad_end(step, outcome).is_some())
    })
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
    let is_told = |step: &Step| matches!(step.on_error, OnError::Stop | OnError::FailLater);
    let counted = plan.steps.iter().zip(outcomes).filter(|(step, _)| is_told(step));
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
        Outcome::AlreadyThere(object) => already_there(step, object),
        _ => None,
    }
}

/// A Velero Restore of the same owner and backup was made by a pass that ended before its status was written. A
/// Velero Schedule that is there was not there when it was planned for: the next pass sees whose it is.
/// Spec: S-096, R-230
fn already_there(step: &Step, found: &DynamicObject) -> Option<End> {
    match step.record {
        Some(Record::RestoreName(_)) if is_same_restore(&step.action, found) => None,
        Some(Record::ScheduleCopy(_)) => Some(End::Conflict),
        _ => Some(End::Bad(format!("{}: already exists", step.action))),
    }
}

/// Spec: R-230
fn is_same_restore(action: &Action, found: &DynamicObject) -> bool {
    let Action::Create(wanted) = action else { return false };
    let NewObject::VeleroRestore(wanted) = wanted.as_ref() else { return false };
    let Ok(found) = found.clone().try_parse::<velero::Restore>() else { return false };
    let uid_of = |restore: &velero::Restore| controller_of(&restore.metadata).map(|owner| owner.uid.clone());
    found.spec.backup_name == wanted.spec.backup_name && uid_of(&found) == uid_of(wanted)
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
            status.last_message = cut(&format!("{}: {cause}", status.last_message));
            NextStatus::BackupSchedule(status)
        }
        NextStatus::Restore(mut status) => {
            status.last_message = cut(&format!("{}: {cause}", status.last_message));
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
            track(status, restore_type, object.metadata.name.clone());
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

#[cfg(test)]
mod restore_tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::RestoreStatus;
    use crate::plan::restore::{Picked, RestoreReason};
    use crate::plan::{Failure, latest::Why};
    use crate::velero::RestoreType;

    fn velero_restore(uid: &str, backup: &str) -> Value {
        json!({
            "apiVersion": "velero.io/v1", "kind": "Restore",
            "metadata": {"name": "r-b", "namespace": "acm", "ownerReferences": [{
                "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
                "name": "r", "uid": uid, "controller": true, "blockOwnerDeletion": true,
            }]},
            "spec": {"backupName": backup},
        })
    }

    fn creation() -> Plan {
        let object: velero::Restore = serde_json::from_value(velero_restore("u1", "b")).unwrap();
        let part = RestoreType::Credentials;
        let reason = RestoreReason::Restores { part, why: Picked::Now(Why::Newest) };
        let step = Step::required(Action::Create(Box::new(NewObject::VeleroRestore(object))), reason)
            .recording(Record::RestoreName(part));
        let status = |message: &str| {
            Some(NextStatus::Restore(Box::new(RestoreStatus {
                last_message: message.to_owned(),
                ..Default::default()
            })))
        };
        Plan {
            steps: vec![step],
            status: status("good"),
            status_on_failure: status("bad"),
            ..Default::default()
        }
    }

    fn outcome_of(found: Value) -> (String, Option<String>) {
        let found = serde_json::from_value(found).unwrap();
        match settle(&creation(), &[Outcome::AlreadyThere(Box::new(found))]) {
            Some(NextStatus::Restore(status)) => {
                (status.last_message, status.velero_credentials_restore_name)
            }
            other => panic!("{other:?}"),
        }
    }

    /// R-230
    #[test]
    fn a_velero_restore_left_by_a_crash_is_recorded() {
        assert_eq!(outcome_of(velero_restore("u1", "b")), ("good".to_owned(), Some("r-b".to_owned())));
    }

    /// R-101, R-230
    #[test]
    fn a_velero_restore_of_another_owner_or_backup_is_a_failure() {
        for found in [velero_restore("u2", "b"), velero_restore("u1", "other")] {
            let (message, name) = outcome_of(found);
            assert!(message.contains("already exists"), "{message}");
            assert_eq!(name, None, "what is not ours is not recorded");
        }
    }

    /// R-129
    #[test]
    fn a_failed_creation_tells_its_cause() {
        let failure = Failure { message: "quota exceeded".to_owned() };
        let Some(NextStatus::Restore(status)) = settle(&creation(), &[Outcome::Failed(failure)]) else {
            panic!()
        };
        assert_eq!(status.last_message, "bad: quota exceeded");
    }
}

#[cfg(test)]
mod schedule_tests {
    use super::*;
    use crate::plan::schedule::ScheduleReason;
    use crate::plan::{Event, Failure};

    fn plan_of(steps: &[(OnError, Option<Record>)]) -> Plan {
        let status = |text: &str| {
            let status = BackupScheduleStatus { last_message: text.to_owned(), ..Default::default() };
            Some(NextStatus::BackupSchedule(Box::new(status)))
        };
        let event =
            Event { warning: false, reason: String::new(), action: String::new(), note: String::new() };
        let step = |(on_error, record): &(OnError, Option<Record>)| Step {
            on_error: *on_error,
            record: *record,
            ..Step::required(Action::Emit(event.clone()), ScheduleReason::Paused)
        };
        Plan {
            steps: steps.iter().map(step).collect(),
            status: status("good"),
            status_on_failure: status("bad"),
            ..Plan::default()
        }
    }

    fn message(plan: &Plan, outcomes: &[Outcome]) -> Option<String> {
        match settle(plan, outcomes) {
            Some(NextStatus::BackupSchedule(status)) => Some(status.last_message),
            _ => None,
        }
    }

    fn failed(why: &str) -> Outcome {
        Outcome::Failed(Failure { message: why.to_owned() })
    }

    fn schedule() -> Box<DynamicObject> {
        let object = serde_json::json!({
            "apiVersion": "velero.io/v1", "kind": "Schedule",
            "metadata": {"name": "acm-resources-schedule", "uid": "u"}, "spec": {"schedule": "@daily"},
        });
        Box::new(serde_json::from_value(object).unwrap())
    }

    /// S-106: the message tells the first failure and how many more there were
    #[test]
    fn failures_that_do_not_stop_are_counted() {
        let plan =
            plan_of(&[(OnError::FailLater, None), (OnError::FailLater, None), (OnError::FailLater, None)]);
        let outcomes = [failed("first"), Outcome::Done(None), failed("second")];
        assert_eq!(message(&plan, &outcomes).unwrap(), "bad: first (and 1 more failed)");
        assert!(is_failure(&plan, &outcomes));
        assert!(!stops(&plan.steps[0], &outcomes[0]));
    }

    /// S-101, S-106: what is gone already need not be deleted or paused
    #[test]
    fn something_gone_is_no_failure() {
        let plan = plan_of(&[(OnError::Stop, None), (OnError::FailLater, None)]);
        assert_eq!(message(&plan, &[Outcome::Gone, Outcome::Gone]).unwrap(), "good");
    }

    /// S-094
    #[test]
    fn copies_made_before_a_failure_are_kept() {
        let record = Some(Record::ScheduleCopy(BackupType::Resources));
        let plan = plan_of(&[(OnError::Stop, record), (OnError::Stop, None)]);
        let outcomes = [Outcome::Done(Some(schedule())), failed("no")];
        let Some(NextStatus::BackupSchedule(status)) = settle(&plan, &outcomes) else { panic!("no status") };
        assert_eq!(status.last_message, "bad: no");
        let copy = status.velero_schedule_resources.unwrap();
        assert_eq!((copy.spec.schedule.as_str(), copy.metadata), ("@daily", Default::default()), "S-014");
    }

    /// S-096, S-272: the snapshot was stale, so nothing more is made and nothing is said
    #[test]
    fn a_schedule_that_is_there_ends_the_pass_without_a_status() {
        let record = Some(Record::ScheduleCopy(BackupType::Resources));
        let plan = plan_of(&[(OnError::Stop, record), (OnError::Continue, None)]);
        let there = Outcome::AlreadyThere(schedule());
        assert!(stops(&plan.steps[0], &there));
        assert_eq!(message(&plan, &[there, Outcome::Skipped]), None);
    }

    /// S-231: nothing else has to do with it, and nothing but another pass would try it again
    #[test]
    fn a_removal_that_failed_keeps_the_status_and_repeats_the_pass() {
        let plan = plan_of(&[(OnError::Retry, None), (OnError::Stop, None)]);
        let outcomes = [failed("webhook"), Outcome::Done(None)];
        assert_eq!(message(&plan, &outcomes).unwrap(), "good");
        assert!(is_failure(&plan, &outcomes) && !stops(&plan.steps[0], &outcomes[0]));
        assert!(!is_failure(&plan, &[Outcome::Gone, Outcome::Done(None)]));
    }

    #[test]
    fn a_failed_first_backup_is_no_failure() {
        let plan = plan_of(&[(OnError::Continue, None)]);
        assert_eq!(message(&plan, &[failed("exists")]).unwrap(), "good");
    }
}

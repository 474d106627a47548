//! Making the five Velero Schedules and the first run.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource;

use super::owned::taken_names;
use super::pass::Pass;
use super::reason::ScheduleReason;
use super::templates::Wishes;
use crate::api::{BackupSchedule, BackupSchedulePhase, keys};
use crate::plan::validate::schedule_name;
use crate::plan::{Action, NewObject, Plan, Record, Step};
use crate::velero::{Backup, BackupType, Schedule, ScheduleSpec};
use crate::wire::Stamp;

const INITIALISED: &str = "Velero Schedules are initialised";
const BROKEN: &str = "initialisation of the Velero Schedules failed";

/// All five, then their first Backups: a set of which one cannot be made makes none, however often it is tried.
/// Spec: S-085, S-094, S-096
pub(super) fn plan(pass: &Pass<'_>, wishes: &Wishes<'_>) -> Plan {
    let all = BackupType::ALL.map(|backup_type| (backup_type, schedule(pass, wishes, backup_type)));
    let backups: Vec<Step> = all.iter().filter_map(|(_, schedule)| first_backup(pass, schedule)).collect();
    let schedules = all.into_iter().map(|(backup_type, schedule)| {
        required(schedule, ScheduleReason::NoSchedules).recording(Record::ScheduleCopy(backup_type))
    });
    let steps = schedules.chain(backups).collect();
    or_failed(pass, pass.plan(steps, BackupSchedulePhase::New, INITIALISED))
}

/// What is missing, before `plan`: while it cannot be made, the pass fails, backs off, and leaves the rest alone.
/// Spec: S-094, S-101
pub(super) fn missing_before(pass: &Pass<'_>, wishes: &Wishes<'_>, plan: Plan) -> Plan {
    let missing = BackupType::ALL.into_iter().filter(|backup_type| pass.owned.get(*backup_type).is_none());
    let reason = || ScheduleReason::SetIncomplete(pass.owned.missing());
    let steps = missing.map(|backup_type| required(schedule(pass, wishes, backup_type), reason()));
    let steps = steps.chain(plan.steps).collect();
    or_failed(pass, Plan { steps, ..plan })
}

fn or_failed(pass: &Pass<'_>, plan: Plan) -> Plan {
    Plan { status_on_failure: Some(pass.next_status(BackupSchedulePhase::Failed, BROKEN)), ..plan }
}

/// Why nothing can be made at all; `None` if all is well. Looked at before anything is made. Spec: S-096, S-097
pub(super) fn obstacle(pass: &Pass<'_>) -> Option<Plan> {
    let taken = taken_names(pass.hub, pass.schedule);
    let reason = match (schedule_name(pass.name()), taken.is_empty()) {
        (Err(problem), _) => problem.to_string(),
        (Ok(()), false) => {
            format!(
                "Velero Schedules of these names exist already and belong to another owner: {}",
                taken.join(", ")
            )
        }
        (Ok(()), true) => return None,
    };
    Some(pass.plan(Vec::new(), BackupSchedulePhase::Failed, &format!("{BROKEN}: {reason}")))
}

fn required(schedule: Schedule, reason: ScheduleReason) -> Step {
    Step::required(Action::Create(Box::new(NewObject::VeleroSchedule(schedule))), reason)
}

/// Spec: S-093
fn first_backup(pass: &Pass<'_>, schedule: &Schedule) -> Option<Step> {
    let spec = &pass.schedule.spec;
    (!spec.no_backup_on_start && !spec.skip_immediately).then(|| {
        let object = NewObject::VeleroBackup(backup_of(schedule, Stamp::from(pass.now)));
        Step::optional(Action::Create(Box::new(object)), ScheduleReason::FirstRun)
    })
}

/// Spec: S-086, S-087
fn schedule(pass: &Pass<'_>, wishes: &Wishes<'_>, backup_type: BackupType) -> Schedule {
    let spec = &pass.schedule.spec;
    Schedule {
        metadata: ObjectMeta {
            name: Some(backup_type.schedule_name().to_owned()),
            namespace: pass.schedule.metadata.namespace.clone(),
            labels: Some(labels(pass.name(), backup_type, &wishes.facts.hub_id)),
            owner_references: Some(vec![owner(pass.schedule)]),
            ..ObjectMeta::default()
        },
        spec: ScheduleSpec {
            schedule: spec.velero_schedule.clone(),
            template: wishes.template(backup_type),
            use_owner_references_in_backup: spec.use_owner_references_in_backup.then_some(true),
            skip_immediately: spec.skip_immediately.then_some(true),
            ..ScheduleSpec::default()
        },
        ..Schedule::default()
    }
}

fn labels(name: &str, backup_type: BackupType, hub_id: &str) -> BTreeMap<String, String> {
    let pairs = [
        (keys::BACKUP_SCHEDULE_NAME, name),
        (keys::BACKUP_SCHEDULE_TYPE, backup_type.label()),
        (keys::BACKUP_CLUSTER, hub_id),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn owner(schedule: &BackupSchedule) -> OwnerReference {
    OwnerReference {
        api_version: BackupSchedule::api_version(&()).into_owned(),
        kind: BackupSchedule::kind(&()).into_owned(),
        name: schedule.metadata.name.clone().unwrap_or_default(),
        uid: schedule.metadata.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// The Backup Velero would make of `schedule` if it were due at `stamp`. Spec: S-093, S-282
pub(super) fn backup_of(schedule: &Schedule, stamp: Stamp) -> Backup {
    let name = schedule.metadata.name.clone().unwrap_or_default();
    let mut labels = schedule.metadata.labels.clone().unwrap_or_default();
    labels.insert(keys::VELERO_SCHEDULE_NAME.to_owned(), name.clone());
    Backup {
        metadata: ObjectMeta {
            name: Some(format!("{name}-{stamp}")),
            namespace: schedule.metadata.namespace.clone(),
            labels: Some(labels),
            annotations: schedule.metadata.annotations.clone(),
            owner_references: (schedule.spec.use_owner_references_in_backup == Some(true))
                .then(|| vec![velero_owner(schedule, name)]),
            ..ObjectMeta::default()
        },
        spec: schedule.spec.template.clone(),
        ..Backup::default()
    }
}

/// A Velero Schedule as owner; of one that is only about to be made the uid is not known yet.
///
/// See [`crate::plan::with_owner_uids`].
fn velero_owner(schedule: &Schedule, name: String) -> OwnerReference {
    OwnerReference {
        api_version: Schedule::api_version(&()).into_owned(),
        kind: Schedule::kind(&()).into_owned(),
        name,
        uid: schedule.metadata.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

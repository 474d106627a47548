//! Where the Velero Schedules differ from what the BackupSchedule asks for.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::owned::{Owned, target};
use super::reason::ScheduleReason;
use super::skip;
use super::templates::Wishes;
use crate::plan::{Action, Step};
use crate::velero::{BackupType, Schedule};
use crate::wire::GoDuration;

/// One patch per Velero Schedule that differs, of exactly the fields that do. Spec: S-100 to S-104
pub(super) fn steps(owned: &Owned<'_>, wishes: &Wishes<'_>) -> Vec<Step> {
    let pairs =
        BackupType::ALL.into_iter().filter_map(|backup_type| Some((backup_type, owned.get(backup_type)?)));
    let changes = pairs.filter_map(|(backup_type, schedule)| step(backup_type, schedule, wishes));
    changes.chain(skip::notes(owned, wishes.spec.skip_immediately)).collect()
}

/// All owned Velero Schedules are deleted, to be made anew with one due time. Spec: S-101
pub(super) fn deletions(owned: &Owned<'_>) -> Vec<Step> {
    let reason = ScheduleReason::SetIncomplete(owned.missing());
    let present = owned.all().iter().filter(|schedule| schedule.metadata.deletion_timestamp.is_none());
    present.map(|schedule| Step::required(Action::Delete(target(schedule)), reason.clone())).collect()
}

fn step(backup_type: BackupType, schedule: &Schedule, wishes: &Wishes<'_>) -> Option<Step> {
    let (mut spec, mut template) = (Map::new(), Map::new());
    timing(schedule, wishes, &mut spec);
    retention(backup_type, schedule, wishes, &mut template);
    contents(backup_type, schedule, wishes, &mut template);
    let fields: Vec<&'static str> = FIELDS
        .into_iter()
        .filter(|field| spec.contains_key(*field) || template.contains_key(*field))
        .collect();
    if fields.is_empty() {
        return None;
    }
    if !template.is_empty() {
        spec.insert("template".to_owned(), Value::Object(template));
    }
    let action = Action::Patch(target(schedule), json!({ "spec": spec }));
    Some(Step::required(action, ScheduleReason::Drift(fields)))
}

/// The fields we own, in the order a reason names them.
const FIELDS: [&str; 9] = [
    "schedule",
    "paused",
    "useOwnerReferencesInBackup",
    "skipImmediately",
    "ttl",
    "volumeSnapshotLocations",
    "excludedNamespaces",
    "includedResources",
    "excludedResources",
];

fn timing(schedule: &Schedule, wishes: &Wishes<'_>, patch: &mut Map<String, Value>) {
    let (is, wanted) = (&schedule.spec, wishes.spec);
    if is.schedule != wanted.velero_schedule {
        patch.insert("schedule".to_owned(), json!(wanted.velero_schedule));
    }
    if is.paused != wanted.paused {
        patch.insert("paused".to_owned(), json!(wanted.paused));
    }
    if is.use_owner_references_in_backup.unwrap_or(false) != wanted.use_owner_references_in_backup {
        patch.insert("useOwnerReferencesInBackup".to_owned(), json!(wanted.use_owner_references_in_backup));
    }
    if let Some(skip) = skip::to_write(schedule, wanted.skip_immediately) {
        patch.insert("skipImmediately".to_owned(), json!(skip));
    }
}

/// The validation schedule follows the cron; the others follow `veleroTtl`. Spec: S-091, S-100
fn retention(
    backup_type: BackupType,
    schedule: &Schedule,
    wishes: &Wishes<'_>,
    patch: &mut Map<String, Value>,
) {
    let is = schedule.spec.template.ttl.as_deref();
    let differs = match backup_type {
        BackupType::Validation => schedule.spec.schedule != wishes.spec.velero_schedule,
        _ => length(is) != Some(wishes.terms.ttl),
    };
    if differs {
        patch.insert("ttl".to_owned(), json!(wishes.ttl(backup_type)));
    }
}

/// Absent is zero; `None` is no duration at all. Spec: S-088
fn length(text: Option<&str>) -> Option<GoDuration> {
    text.map_or(Some(GoDuration::ZERO), |text| text.parse().ok())
}

/// Spec: S-102, S-103
fn contents(
    backup_type: BackupType,
    schedule: &Schedule,
    wishes: &Wishes<'_>,
    patch: &mut Map<String, Value>,
) {
    let is = &schedule.spec.template;
    let locations = Some(wishes.spec.volume_snapshot_locations.clone()).filter(|list| !list.is_empty());
    differ("volumeSnapshotLocations", is.volume_snapshot_locations.as_ref(), locations.as_ref(), patch);
    if let Some(wanted) = wishes.excluded_namespaces(backup_type) {
        differ("excludedNamespaces", is.excluded_namespaces.as_ref(), Some(&wanted), patch);
    }
    if matches!(backup_type, BackupType::Resources | BackupType::ManagedClusters) {
        let wanted = wishes.included_resources(backup_type);
        differ("includedResources", is.included_resources.as_ref(), wanted.as_ref(), patch);
    }
    if let Some(wanted) = wishes.excluded_resources(backup_type) {
        differ("excludedResources", is.excluded_resources.as_ref(), Some(&wanted), patch);
    }
}

/// Compares as sets, absent like empty; a merge patch replaces the list, and `null` removes it. Spec: S-077
fn differ(
    field: &'static str,
    is: Option<&Vec<String>>,
    wanted: Option<&Vec<String>>,
    patch: &mut Map<String, Value>,
) {
    let is: BTreeSet<&String> = is.into_iter().flatten().collect();
    if is != wanted.into_iter().flatten().collect() {
        patch.insert(field.to_owned(), json!(wanted));
    }
}

//! Random hubs: backups of all types and phases, and a Restore that wants some of them.

use acmbackup::api;
use acmbackup::plan::{HubSnapshot, Subject, SubjectKind, VeleroState};
use acmbackup::velero::{Backup, BackupType, label_value};
use acmbackup::wire::Stamp;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) const NAMESPACE: &str = "acm";
/// Phases of backups that can be restored come first.
const PHASES: [&str; 6] = ["Completed", "PartiallyFailed", "InProgress", "Failed", "Deleting", "New"];
const CHOICES: [&str; 3] = ["latest", "skip", " Latest "];

/// The moment every simulation starts.
pub(crate) fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// A backup that started `minutes` before noon.
pub(crate) fn backup(backup_type: BackupType, minutes: i64, phase: &str) -> Backup {
    let started = noon() - SignedDuration::from_mins(minutes);
    let ended = (phase == "Completed" || phase == "PartiallyFailed" || phase == "Failed").then_some(started);
    let name = format!("{}-{}", backup_type.schedule_name(), Stamp::from(started));
    serde_json::from_value(json!({
        "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": started, "labels": {
            "velero.io/schedule-name": backup_type.schedule_name(),
            "cluster.open-cluster-management.io/backup-cluster": "other-hub",
        }},
        "spec": {},
        "status": {"phase": phase, "startTimestamp": started, "completionTimestamp": ended},
    }))
    .unwrap()
}

/// One usable backup of each type that holds data.
pub(crate) fn one_run(minutes: i64) -> Vec<Backup> {
    BackupType::DATA.into_iter().map(|backup_type| backup(backup_type, minutes, "Completed")).collect()
}

/// What another hub writes when its Restore `restore` has restored the managed clusters of `one_run(300)`.
pub(crate) fn marker_elsewhere(restore: &str) -> Backup {
    let clusters = backup(BackupType::ManagedClusters, 300, "Completed").metadata.name;
    serde_json::from_value(json!({
        "metadata": {"name": "acm-restore-clusters-20261122115900", "namespace": NAMESPACE, "labels": {
            "cluster.open-cluster-management.io/acm-restore-name": label_value(restore),
            "acm-managed-clusters-schedule": clusters,
            "cluster.open-cluster-management.io/restore-cluster": "other-hub",
        }},
        "spec": {},
        "status": {"phase": "Completed"},
    }))
    .unwrap()
}

/// Backups of any type and phase; stamps differ within a type.
pub(crate) fn backups() -> impl Strategy<Value = Vec<Backup>> {
    let each = prop::collection::btree_map((0..4_usize, 1..600_i64), 0..PHASES.len(), 0..14);
    each.prop_map(|all| {
        let made = |((part, minutes), phase): ((usize, i64), usize)| {
            backup(BackupType::DATA[part], minutes, PHASES[phase])
        };
        all.into_iter().map(made).collect()
    })
}

/// What a user may write for the three parts and for following.
pub(crate) fn spec() -> impl Strategy<Value = Value> {
    let choice = || prop::sample::select(CHOICES.to_vec());
    (choice(), choice(), choice(), any::<bool>()).prop_map(|(clusters, credentials, resources, sync)| {
        let mut spec = spec_of([clusters, credentials, resources]);
        if sync {
            spec["syncRestoreWithNewBackups"] = json!(true);
        }
        spec
    })
}

/// A spec with these choices for managed clusters, credentials and resources.
pub(crate) fn spec_of([clusters, credentials, resources]: [&str; 3]) -> Value {
    json!({
        "veleroManagedClustersBackupName": clusters,
        "veleroCredentialsBackupName": credentials,
        "veleroResourcesBackupName": resources,
        "cleanupBeforeRestore": "None",
    })
}

/// A name the API server accepts, of any length, with many dots and dashes.
pub(crate) fn object_name() -> impl Strategy<Value = String> {
    let cut = |(name, length): (String, usize)| {
        let kept = &name[..name.len().min(length)];
        kept.trim_end_matches(['.', '-']).to_owned()
    };
    ("a([.-]?[a-z0-9]{1,3}){60,130}", 1..254_usize).prop_map(cut)
}

/// A hub with storage, these backups and a Restore nobody has looked at.
pub(crate) fn hub(name: &str, spec: &Value, backups: Vec<Backup>) -> HubSnapshot {
    let restore: api::Restore = serde_json::from_value(json!({
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": "restore-uid", "creationTimestamp": noon()},
        "spec": spec,
    }))
    .unwrap();
    let storage = serde_json::from_value(json!({
        "metadata": {"name": "default", "namespace": NAMESPACE, "ownerReferences": [
            {"apiVersion": "v1", "kind": "DataProtectionApplication", "name": "dpa", "uid": "dpa-uid"},
        ]},
        "spec": {"provider": "aws"},
        "status": {"phase": "Available", "lastSyncedTime": noon()},
    }))
    .unwrap();
    HubSnapshot {
        subject: Subject {
            kind: SubjectKind::Restore,
            namespace: NAMESPACE.to_owned(),
            name: name.to_owned(),
        },
        restores: vec![restore],
        velero: VeleroState { backups, storage_locations: vec![storage], ..VeleroState::default() },
        ..HubSnapshot::default()
    }
}

/// A hub with storage and a BackupSchedule nobody has looked at.
pub(crate) fn scheduled_hub(spec: &Value) -> HubSnapshot {
    let mut hub = hub("bs", &spec_of(["skip", "skip", "skip"]), Vec::new());
    hub.restores.clear();
    hub.subject.kind = SubjectKind::BackupSchedule;
    let schedule = json!({
        "metadata": {"name": "bs", "namespace": NAMESPACE, "uid": "bs-uid", "creationTimestamp": noon()},
        "spec": spec,
    });
    hub.schedules = vec![serde_json::from_value(schedule).unwrap()];
    hub
}

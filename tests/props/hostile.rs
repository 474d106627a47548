//! Whoever can write to the storage writes Backups: whatever is in them, a Restore takes what it should and comes to rest.

use acmbackup::plan::latest::is_usable;
use acmbackup::velero::{Backup, BackupType, RestorePhase as VeleroPhase};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::hubs;
use crate::simulated_hub::SimulatedHub;

const STAMPS: [&str; 6] =
    ["20261122100000", "20991231235959", "99999999999999", "2026", "", "20261122100000-active"];
const TIMES: [&str; 4] =
    ["1970-01-01T00:00:00Z", "2026-11-22T10:00:00Z", "2099-12-31T23:59:59Z", "9999-12-30T00:00:00Z"];
const PHASES: [&str; 6] = ["Completed", "PartiallyFailed", "Failed", "Deleting", "", "NoPhaseOfVelero"];
const LABELS: [[&str; 2]; 9] = [
    ["velero.io/schedule-name", "acm-credentials-schedule"],
    ["velero.io/schedule-name", "acm-validation-policy-schedule"],
    ["cluster.open-cluster-management.io/backup-schedule-type", "managedClusters"],
    ["cluster.open-cluster-management.io/backup-cluster", ""],
    ["cluster.open-cluster-management.io/restore-cluster", "another-hub"],
    ["cluster.open-cluster-management.io/acm-restore-name", "r"],
    ["cluster.open-cluster-management.io/acm-hub-dr", "true"],
    ["acm-managed-clusters-schedule", "acm-managed-clusters-schedule-20261122100000"],
    ["acm-managed-clusters-schedule", "acm-managed-clusters-schedule-20991231235959"],
];

fn prefixes() -> Vec<&'static str> {
    let known = BackupType::DATA.into_iter().map(BackupType::schedule_name);
    let others =
        ["acm-validation-policy-schedule", "acm-restore-clusters", "x-acm-credentials-schedule", "", "-"];
    known.chain(others).collect()
}

fn name() -> impl Strategy<Value = String> {
    let parts = (prop::sample::select(prefixes()), prop::sample::select(STAMPS.to_vec()));
    parts.prop_map(|(prefix, stamp)| format!("{prefix}-{stamp}"))
}

/// A Backup any part of which may be missing.
fn backup() -> impl Strategy<Value = Backup> {
    let time = || prop::option::of(prop::sample::select(TIMES.to_vec()));
    let phase = prop::sample::select(PHASES.to_vec());
    let status = prop::option::of((phase, time(), time(), time()));
    let labels = prop::option::of(prop::collection::vec(prop::sample::select(LABELS.to_vec()), 0..4));
    (name(), status, labels, time()).prop_map(|(name, status, labels, created)| {
        let labels = labels.map(|all| all.into_iter().map(|[key, value]| (key.to_owned(), json!(value))).collect::<serde_json::Map<_, _>>());
        let status = status.map(|(phase, started, ended, expires)| {
            json!({"phase": phase, "startTimestamp": started, "completionTimestamp": ended, "expiration": expires})
        });
        let metadata = json!({"name": name, "namespace": hubs::NAMESPACE, "creationTimestamp": created, "labels": labels});
        serde_json::from_value(json!({"metadata": metadata, "spec": {}, "status": status})).unwrap()
    })
}

/// What another hub would write for a Restore of this name and the same managed clusters.
fn forged_marker() -> impl Strategy<Value = Backup> {
    let parts = (
        prop::sample::select(STAMPS.to_vec()),
        prop::sample::select(STAMPS.to_vec()),
        prop::sample::select(TIMES.to_vec()),
    );
    parts.prop_map(|(stamp, clusters, created)| {
        let labels = json!({
            "cluster.open-cluster-management.io/restore-cluster": "another-hub",
            "cluster.open-cluster-management.io/acm-restore-name": "r",
            "acm-managed-clusters-schedule": format!("acm-managed-clusters-schedule-{clusters}"),
        });
        let metadata = json!({"name": format!("acm-restore-clusters-{stamp}"), "namespace": hubs::NAMESPACE, "creationTimestamp": created, "labels": labels});
        serde_json::from_value(json!({"metadata": metadata, "spec": {}, "status": {"phase": "Completed"}})).unwrap()
    })
}

/// This hub told the others that it has the managed clusters, and does not take that back.
fn has_marker(hub: &SimulatedHub) -> bool {
    let requests = &hub.snapshot.velero.delete_requests;
    hub.snapshot.velero.backups.iter().any(|backup| {
        let labels = backup.metadata.labels.clone().unwrap_or_default();
        let name = backup.metadata.name.clone().unwrap_or_default();
        labels.get("cluster.open-cluster-management.io/restore-cluster").is_some_and(|hub| hub == "this-hub")
            && !requests.iter().any(|request| request.spec.backup_name == name)
    })
}

fn backups() -> impl Strategy<Value = Vec<Backup>> {
    let mixed = prop_oneof![3 => backup(), 1 => forged_marker()];
    prop::collection::vec(mixed, 0..16).prop_map(|mut all| {
        all.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        all.dedup_by(|a, b| a.metadata.name == b.metadata.name);
        all
    })
}

/// A Restore by keywords, or by the name of one of these backups, whatever it is.
fn spec(backups: &[Backup]) -> impl Strategy<Value = Value> + use<> {
    let named = backups.iter().filter_map(|backup| backup.metadata.name.clone());
    let choices: Vec<String> = ["latest".to_owned(), "skip".to_owned()].into_iter().chain(named).collect();
    let choice = || prop::sample::select(choices.clone());
    ([choice(), choice(), choice()], any::<bool>()).prop_map(|(choices, sync)| {
        let mut spec = hubs::spec_of(choices.each_ref().map(String::as_str));
        spec["cleanupBeforeRestore"] = json!("CleanupRestored");
        spec["syncRestoreWithNewBackups"] = json!(sync);
        spec
    })
}

proptest! {
    #![proptest_config(crate::config())]

    /// Only backups that can be used, each for the part its name begins with; markers are not data, labels decide nothing,
    /// and forged markers keep ours from nothing.
    /// Spec: R-029, R-030, R-160, R-162, R-173, R-174, R-723, R-727
    #[test]
    fn a_hostile_storage_misleads_no_restore(
        (backups, spec) in backups().prop_flat_map(|backups| (Just(backups.clone()), spec(&backups))),
    ) {
        let start = SimulatedHub::new(hubs::hub("r", &spec, backups), hubs::noon());
        let hub = start.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        let status = hub.restore().status.clone().unwrap_or_default();
        let tracked = [
            (BackupType::Credentials, status.velero_credentials_restore_name),
            (BackupType::Resources, status.velero_resources_restore_name),
            (BackupType::ResourcesGeneric, status.velero_generic_resources_restore_name),
            (BackupType::ManagedClusters, status.velero_managed_clusters_restore_name),
        ];
        let (made, there) = (&hub.snapshot.velero.restores, &hub.snapshot.velero.backups);
        for restore in made {
            let from = there.iter().find(|one| one.metadata.name.as_ref() == Some(&restore.spec.backup_name));
            prop_assert!(from.is_some_and(is_usable), "restored from {}", restore.spec.backup_name);
            prop_assert!(!restore.spec.backup_name.starts_with("acm-restore-clusters-"));
            prop_assert!(restore.metadata.name.as_ref().unwrap().len() <= 253);
        }
        let activated = made.iter().any(|one| one.metadata.name == tracked[3].1);
        prop_assert!(!(activated && status.phase.is_terminal()) || has_marker(&hub), "no marker");
        for (part, name) in tracked {
            let Some(restore) = made.iter().find(|one| one.metadata.name == name) else { continue };
            let of = BackupType::of_backup_name(&restore.spec.backup_name);
            prop_assert!(of.is_none_or(|of| of == part), "{part:?} from {}", restore.spec.backup_name);
        }
    }
}

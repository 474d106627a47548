//! BackupSchedules on hubs that serve anything, with anything lying around.

use std::collections::BTreeSet;

use acmbackup::api::BackupSchedulePhase;
use acmbackup::plan::{Action, NewObject, Plan, ServedApis};
use acmbackup::velero::{Backup, BackupSpec, BackupType, RestorePhase, Schedule};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::hubs;
use crate::simulated_hub::{SimulatedHub, Trouble};

/// Groups that never are in a template. Spec: S-071
const EXCLUDED: [&str; 11] = [
    "internal.open-cluster-management.io",
    "operator.open-cluster-management.io",
    "work.open-cluster-management.io",
    "search.open-cluster-management.io",
    "admission.hive.openshift.io",
    "proxy.open-cluster-management.io",
    "action.open-cluster-management.io",
    "view.open-cluster-management.io",
    "clusterview.open-cluster-management.io",
    "velero.io",
    "apps",
];
const INCLUDED: [&str; 8] = [
    "argoproj.io",
    "app.k8s.io",
    "cluster.open-cluster-management.io",
    "agent-install.openshift.io",
    "extensions.hive.openshift.io",
    "hive.openshift.io",
    "addon.open-cluster-management.io",
    "policy.open-cluster-management.io",
];
const KINDS: [(&str, &str); 7] = [
    ("managedclusters", "ManagedCluster"),
    ("clustermanagementaddons", "ClusterManagementAddOn"),
    ("restores", "Restore"),
    ("things", "Thing"),
    ("things/status", "Thing"),
    ("things/scale", "Scale"),
    ("clusterclaims", "ClusterClaim"),
];

/// Any kinds of any groups, twice at times.
fn served() -> impl Strategy<Value = ServedApis> {
    let groups: Vec<&str> = EXCLUDED.iter().chain(&INCLUDED).copied().collect();
    let version = (prop::sample::select(groups), prop::collection::vec(0..KINDS.len(), 0..5));
    prop::collection::vec(version, 0..12).prop_map(|versions| {
        let version = |(group, kinds): (&str, Vec<usize>)| {
            let resources = kinds.into_iter().map(|at| json!({"name": KINDS[at].0, "kind": KINDS[at].1}));
            json!({"group": group, "version": "v1", "resources": resources.collect::<Vec<_>>()})
        };
        let versions: Vec<Value> = versions.into_iter().map(version).collect();
        serde_json::from_value(json!({ "versions": versions })).unwrap()
    })
}

fn made(plan: &Plan) -> Vec<&Schedule> {
    plan.steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Create(object) => match object.as_ref() {
                NewObject::VeleroSchedule(schedule) => Some(schedule),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn template<'a>(schedules: &[&'a Schedule], name: &str) -> &'a BackupSpec {
    let found = schedules.iter().find(|schedule| schedule.metadata.name.as_deref() == Some(name));
    &found.unwrap().spec.template
}

fn group_of(entry: &str) -> &str {
    entry.split_once('.').map_or("", |(_, group)| group)
}

/// A Velero Schedule of one of our names or another, of our BackupSchedule or of somebody else.
fn velero_schedules() -> impl Strategy<Value = Vec<Schedule>> {
    let names = vec![
        "acm-credentials-schedule",
        "acm-resources-schedule",
        "acm-validation-policy-schedule",
        "theirs",
    ];
    let owners = vec!["bs-uid", "an-earlier-uid", ""];
    let each = prop::collection::btree_map(prop::sample::select(names), prop::sample::select(owners), 0..4);
    each.prop_map(|all| {
        let schedule = |(name, owner): (&str, &str)| {
            let owners = json!([{"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
                "name": "bs", "uid": owner, "controller": true}]);
            let owners = if owner.is_empty() { json!([]) } else { owners };
            serde_json::from_value(json!({"metadata": {"name": name, "namespace": hubs::NAMESPACE, "uid": name,
                "creationTimestamp": "2026-11-22T08:00:00Z", "ownerReferences": owners},
                "spec": {"schedule": "0 */2 * * *", "template": {}}}))
            .unwrap()
        };
        all.into_iter().map(schedule).collect()
    })
}

/// Backups nobody made for a schedule of ours.
fn strangers() -> Vec<Backup> {
    let backup = |name: &str, labels: Value| {
        serde_json::from_value(
            json!({"metadata": {"name": name, "namespace": hubs::NAMESPACE, "labels": labels},
            "spec": {}, "status": {"phase": "Completed", "startTimestamp": "2026-11-22T10:00:00Z",
                "expiration": "2026-11-22T11:00:00Z"}}),
        )
        .unwrap()
    };
    vec![
        backup("mine-20261122100000", json!({})),
        backup("acm-resources-schedule-of-mine", json!({})),
        backup("acm-resources-schedule-2026112210000", json!({"velero.io/schedule-name": "nightly"})),
    ]
}

fn is_of_ours(backup: &Backup) -> bool {
    backup.metadata.namespace.as_deref() == Some(hubs::NAMESPACE)
        && backup.metadata.labels.as_ref().is_some_and(|labels| {
            labels.get("velero.io/schedule-name").is_some_and(|name| name.starts_with("acm-"))
        })
}

proptest! {
    #![proptest_config(crate::config())]

    /// Spec: S-071, S-072, S-075, S-076, S-078, S-079, S-283
    #[test]
    fn templates_hold_what_they_may_on_a_hub_that_serves_anything(served in served()) {
        let mut hub = SimulatedHub::new(hubs::scheduled_hub(&json!({"veleroSchedule": "@daily"})), hubs::noon());
        hub.snapshot.on_request.served = Some(served);
        let plan = hub.decide();
        let schedules = made(&plan);
        prop_assert_eq!(schedules.len(), 5);
        let clusters = template(&schedules, "acm-managed-clusters-schedule").included_resources.clone().unwrap();
        let resources = template(&schedules, "acm-resources-schedule").included_resources.clone().unwrap();
        let generic = template(&schedules, "acm-resources-generic-schedule").excluded_resources.clone().unwrap();
        prop_assert!(!resources.is_empty(), "Velero takes an empty list for everything");
        for entry in clusters.iter().chain(&resources) {
            prop_assert!(!EXCLUDED.contains(&group_of(entry)), "{entry}");
            prop_assert!(!entry.starts_with("scale.") && !entry.contains('/'), "{entry}");
        }
        prop_assert!(!resources.iter().any(|entry| clusters.contains(entry)), "{resources:?} and {clusters:?}");
        for never in ["clustermanagementaddon.addon", "restore.cluster", "clusterclaim.cluster"] {
            let entry = format!("{never}.open-cluster-management.io");
            prop_assert!(!clusters.contains(&entry) && !resources.contains(&entry), "{entry}");
        }
        let all = ["secret", "configmap"].into_iter().chain(clusters.iter().map(String::as_str)).chain(["namespace"]);
        prop_assert_eq!(generic.iter().map(String::as_str).collect::<Vec<_>>(), all.collect::<Vec<_>>());
        let unique: BTreeSet<&String> = resources.iter().chain(&clusters).collect();
        prop_assert_eq!(unique.len(), resources.len() + clusters.len(), "something is listed twice");
    }

    /// Spec: S-024, S-096, S-101, S-230, S-254
    #[test]
    fn nothing_is_deleted_that_is_not_ours(
        schedules in velero_schedules(), backups in hubs::backups(), kept in 1..4_i64, minutes in 0..200_i64,
    ) {
        let spec = json!({"veleroSchedule": "0 */2 * * *", "maxBackups": kept});
        let mut hub = SimulatedHub::new(hubs::scheduled_hub(&spec), hubs::noon());
        hub.now += jiff::SignedDuration::from_mins(minutes);
        hub.snapshot.velero.schedules = schedules;
        hub.snapshot.velero.backups = backups.into_iter().chain(strangers()).collect();
        for _ in 0..4 {
            let before = hub.snapshot.velero.clone();
            for step in &hub.decide().steps {
                match &step.action {
                    Action::Delete(target) => {
                        let schedule = before.schedules.iter().find(|one| one.metadata.uid == target.uid);
                        let owner = schedule.and_then(|one| one.metadata.owner_references.as_ref()?.first());
                        prop_assert_eq!(owner.map(|owner| owner.uid.as_str()), Some("bs-uid"), "{}", step.action);
                    }
                    Action::Create(object) => if let NewObject::DeleteBackupRequest(request) = object.as_ref() {
                        let backup = before.backups.iter().find(|one| one.metadata.name == request.metadata.name);
                        prop_assert!(backup.is_some_and(is_of_ours), "{}", step.action);
                    },
                    _ => {}
                }
            }
            hub.pass(Trouble::None);
        }
    }

    /// Neither Backups nor schedules are made over and over, and every try comes later than the one before.
    /// Spec: S-094, S-096, S-101, S-270
    #[test]
    fn a_set_that_cannot_be_made_does_not_churn(
        part in prop::sample::select(BackupType::ALL.to_vec()), was_made in any::<bool>(), tries in 8..40_usize,
    ) {
        let mut hub = SimulatedHub::new(hubs::scheduled_hub(&json!({"veleroSchedule": "@daily"})), hubs::noon());
        if was_made {
            hub = hub.come_to_rest(&RestorePhase::Completed).unwrap();
            let name = Some(part.schedule_name());
            hub.snapshot.velero.schedules.retain(|one| one.metadata.name.as_deref() != name);
            hub.now += jiff::SignedDuration::from_secs(10);
            hub.pass(Trouble::Deny(part));
        }
        let made = |hub: &SimulatedHub, kind: &str| -> usize {
            hub.created.iter().filter(|(key, _)| key.starts_with(kind)).map(|(_, times)| times).sum()
        };
        hub.pass(Trouble::Deny(part));
        let before = (made(&hub, "velero backup"), made(&hub, "velero schedule"));
        prop_assert_eq!(before.0, if was_made { 5 } else { 0 });
        for _ in 0..tries {
            hub.velero_moves(&RestorePhase::Completed);
            hub.pass(Trouble::Deny(part));
            prop_assert!(hub.backs_off, "a pass that went well makes the next try an early one");
            prop_assert_eq!((made(&hub, "velero backup"), made(&hub, "velero schedule")), before);
        }
        // A set seen in part is given a few seconds, in which nothing moves.
        for _ in 0..12 {
            hub.pass(Trouble::None);
            hub.velero_moves(&RestorePhase::Completed);
        }
        prop_assert_eq!(hub.snapshot.schedules[0].phase(), BackupSchedulePhase::Enabled);
        prop_assert_eq!(hub.snapshot.velero.schedules.len(), 5);
        prop_assert_eq!(made(&hub, "velero backup"), before.0 + 5, "one first run");
        let times: BTreeSet<_> = hub.snapshot.velero.schedules.iter().map(|one| one.metadata.creation_timestamp.clone()).collect();
        prop_assert_eq!(times.len(), 1, "all share one due time");
    }

    /// architecture.md, "Rules for the planner", 4. Spec: S-295
    #[test]
    fn a_set_at_rest_is_not_written_to(served in served(), seed in any::<bool>()) {
        let spec = json!({"veleroSchedule": "@daily", "useOwnerReferencesInBackup": seed, "skipImmediately": !seed});
        let mut hub = SimulatedHub::new(hubs::scheduled_hub(&spec), hubs::noon());
        hub.snapshot.on_request.served = Some(served);
        let mut hub = hub.come_to_rest(&acmbackup::velero::RestorePhase::Completed).unwrap();
        let plan = hub.decide();
        prop_assert!(plan.steps.is_empty() && plan.status.is_none(), "{:?}", plan.steps);
    }
}

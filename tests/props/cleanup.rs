//! What a cleanup may touch, and that it happens once. Spec: R-400…R-439

use acmbackup::api::RestorePhase;
use acmbackup::plan::cleanup::Leftover;
use acmbackup::velero::{BackupType, RestorePhase as VeleroPhase};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::simulated_hub::{SimulatedHub, Trouble};
use crate::{hubs, objects};

/// Names of the backups of an earlier run and of the run that is restored.
fn names(minutes: i64) -> Vec<String> {
    hubs::one_run(minutes).into_iter().filter_map(|backup| backup.metadata.name).collect()
}

/// The backups a restore of the newer run takes.
fn restored(clusters: &str) -> Vec<String> {
    let mut names = names(60);
    names.retain(|name| clusters != "skip" || !name.starts_with(BackupType::ManagedClusters.schedule_name()));
    names
}

fn anything() -> impl Strategy<Value = Vec<Leftover>> {
    objects::objects([names(300), names(60)].concat())
}

fn spec(policy: &str, clusters: &str, sync: bool) -> Value {
    let mut spec = hubs::spec_of([clusters, "latest", "latest"]);
    spec["cleanupBeforeRestore"] = json!(policy);
    if sync {
        spec["syncRestoreWithNewBackups"] = json!(true);
    }
    spec
}

fn hub(spec: &Value, objects: &[Leftover]) -> SimulatedHub {
    let mut hub = hubs::hub("r", spec, [hubs::one_run(300), hubs::one_run(60)].concat());
    let confirmed =
        ("cluster.open-cluster-management.io/restore-cleanup-all-confirmed".into(), "true".into());
    hub.restores[0].metadata.annotations = Some([confirmed].into());
    let mut hub = SimulatedHub::new(hub, hubs::noon());
    hub.objects = objects.to_vec();
    hub
}

fn policies() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["CleanupRestored", "CleanupAll"])
}

fn clusters() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["skip", "latest"])
}

fn label<'a>(object: &'a Leftover, key: &str) -> Option<&'a str> {
    object.labels.get(key).map(String::as_str)
}

fn is_credential(object: &Leftover) -> bool {
    matches!(object.kind.kind.as_str(), "Secret" | "ConfigMap")
}

/// What no cleanup may touch, said without the planner's words.
fn must_stay(object: &Leftover, policy: &str, clusters: &str) -> bool {
    let from = label(object, "velero.io/backup-name");
    let is_restored_credential = is_credential(object) && from.is_some();
    let is_excluded = label(object, "velero.io/exclude-from-backup") == Some("true");
    let is_hub = object.kind.kind == "ManagedCluster" && label(object, "local-cluster") == Some("true");
    let is_of_clusters = matches!(object.kind.kind.as_str(), "ManagedCluster" | "ClusterDeployment")
        && label(object, "cluster.open-cluster-management.io/backup").is_none();
    object.is_being_deleted
        || from.is_some_and(|backup| restored(clusters).iter().any(|name| name == backup))
        || (from.is_none() && policy == "CleanupRestored")
        || matches!(object.kind.kind.as_str(), "ClusterImageSet" | "Restore" | "Pod")
        || ((is_excluded || object.namespace == objects::LOCAL) && !is_restored_credential)
        || is_hub
        || (clusters == "skip" && is_of_clusters)
        || (!is_credential(object) && object.namespace == objects::LEFT_OUT)
}

fn uids(objects: &[Leftover]) -> Vec<&str> {
    let mut uids: Vec<&str> = objects.iter().map(|object| object.uid.as_str()).collect();
    uids.sort_unstable();
    uids
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..crate::config() })]

    /// Spec: R-420, R-423, R-430…R-435, R-438
    #[test]
    fn cleanup_never_touches_an_excluded_a_foreign_a_local_or_a_users_object(
        objects in anything(), policy in policies(), clusters in clusters(),
    ) {
        let hub = hub(&spec(policy, clusters, false), &objects).come_to_rest(&VeleroPhase::Completed).unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Finished);
        let wrong = hub.removed.iter().find(|object| must_stay(object, policy, clusters));
        prop_assert!(wrong.is_none(), "removed {:?}", wrong);
    }

    /// The other half: a restored credential that the new backup does not hold is gone, wherever it was. Spec: R-400
    #[test]
    fn what_an_earlier_restore_left_is_gone(objects in anything(), policy in policies()) {
        let hub = hub(&spec(policy, "skip", false), &objects).come_to_rest(&VeleroPhase::Completed).unwrap();
        let left = hub.objects.iter().find(|object| {
            let from = label(object, "velero.io/backup-name");
            let is_old = from.is_some_and(|backup| names(300).iter().any(|name| name == backup));
            is_old && is_credential(object) && !object.is_being_deleted
                && label(object, "cluster.open-cluster-management.io/type").is_some()
        });
        prop_assert!(left.is_none(), "left {:?}", left);
    }

    /// And the Restore comes to rest: neither is anything looked for nor a time moved in every pass. Spec: R-404, R-405
    #[test]
    fn nothing_is_removed_after_a_failed_restore(objects in anything(), policy in policies(), sync in any::<bool>()) {
        let hub = hub(&spec(policy, "skip", sync), &objects).come_to_rest(&VeleroPhase::Failed).unwrap();
        let phase = hub.restore().phase();
        prop_assert!(matches!(phase, RestorePhase::Error | RestorePhase::EnabledWithErrors), "{phase}");
        prop_assert_eq!(uids(&hub.removed), Vec::<&str>::new());
    }

    /// Spec: R-121, R-128, R-405
    #[test]
    fn a_crash_or_an_outage_changes_nothing_and_nothing_is_removed_twice(
        objects in anything(), policy in policies(), clusters in clusters(), sync in any::<bool>(),
        passes in 0..40_usize, trouble in crate::troubles(),
    ) {
        let sync = sync && clusters == "skip";
        let spec = spec(policy, clusters, sync);
        let calm = hub(&spec, &objects).come_to_rest(&VeleroPhase::Completed).unwrap();
        let mut stormy = hub(&spec, &objects);
        for _ in 0..passes {
            stormy.pass(Trouble::None);
            stormy.velero_moves(&VeleroPhase::Completed);
        }
        stormy.pass(trouble);
        stormy.velero_moves(&VeleroPhase::Completed);
        let stormy = stormy.come_to_rest(&VeleroPhase::Completed).unwrap();
        prop_assert_eq!(stormy.restore().phase(), calm.restore().phase());
        if !matches!(trouble, Trouble::Refuse(_)) {
            prop_assert_eq!(uids(&stormy.removed), uids(&calm.removed));
        }
        let mut once = uids(&stormy.removed);
        once.dedup();
        prop_assert_eq!(once.len(), stormy.removed.len(), "removed twice");
    }

    /// A second restore of the same run finds nothing left over; and a following one at rest does not look again.
    #[test]
    fn after_a_cleanup_there_is_nothing_to_clean(
        objects in anything(), policy in policies(), clusters in clusters(), sync in any::<bool>(),
    ) {
        let sync = sync && clusters == "skip";
        let mut first = hub(&spec(policy, clusters, sync), &objects).come_to_rest(&VeleroPhase::Completed).unwrap();
        let late = Leftover { uid: "late".to_owned(), ..a_leftover() };
        let before = first.removed.len();
        first.objects.push(late);
        for _ in 0..3 {
            first.pass(Trouble::None);
        }
        prop_assert_eq!(first.removed.len(), before, "the end-of-run work was done again");
        first.objects.retain(|object| object.uid != "late");
        let second = hub(&spec(policy, clusters, sync), &first.objects);
        let second = second.come_to_rest(&VeleroPhase::Completed).unwrap();
        prop_assert_eq!(uids(&second.removed), Vec::<&str>::new());
    }
}

/// A credential of an earlier run.
fn a_leftover() -> Leftover {
    let from = names(300).into_iter().find(|name| name.starts_with(BackupType::Credentials.schedule_name()));
    serde_json::from_value(json!({
        "kind": {"group": "", "version": "v1", "kind": "Secret", "plural": "secrets"},
        "namespace": "apps", "name": "late",
        "labels": {"velero.io/backup-name": from, "cluster.open-cluster-management.io/type": "aws"},
    }))
    .unwrap()
}

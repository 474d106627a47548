//! Objects on a simulated hub that a restore may leave over, and the server that lists them.

use acmbackup::plan::cleanup::{Leftover, Requirement, Search};
use acmbackup::plan::{ObjectKind, ServedApis};
use acmbackup::velero::{Backup, BackupType};
use proptest::prelude::*;
use serde_json::json;

/// Name and namespace of the managed cluster that is the hub itself.
pub(crate) const LOCAL: &str = "the-hub";
/// A namespace every backup leaves out.
pub(crate) const LEFT_OUT: &str = "left-out";

const ACM: &str = "cluster.open-cluster-management.io";
const KINDS: [[&str; 4]; 9] = [
    ["", "v1", "Secret", "secrets"],
    ["", "v1", "ConfigMap", "configmaps"],
    ["apps.open-cluster-management.io", "v1", "Channel", "channels"],
    [ACM, "v1", "ManagedCluster", "managedclusters"],
    [ACM, "v1beta1", "Restore", "restores"],
    ["hive.openshift.io", "v1", "ClusterDeployment", "clusterdeployments"],
    ["hive.openshift.io", "v1", "ClusterImageSet", "clusterimagesets"],
    ["apps", "v1", "Deployment", "deployments"],
    ["", "v1", "Pod", "pods"],
];

/// All kinds there are.
pub(crate) fn served() -> ServedApis {
    let version = |[group, version, kind, plural]: [&str; 4]| json!({"group": group, "version": version, "resources": [{"name": plural, "kind": kind}]});
    serde_json::from_value(json!({"versions": KINDS.map(version)})).unwrap()
}

/// The backup with what it says about its contents, which the loop's store does not keep.
pub(crate) fn whole(backup: &Backup) -> Backup {
    let name = backup.metadata.name.as_deref().unwrap();
    let backup_type = BackupType::of_backup_name(name).unwrap_or(BackupType::Resources);
    let spec = match backup_type {
        BackupType::Credentials => json!({"orLabelSelectors": [{}], "excludedNamespaces": [LEFT_OUT]}),
        BackupType::ResourcesGeneric => {
            json!({"excludedResources": ["secret", "configmap"], "excludedNamespaces": [LEFT_OUT]})
        }
        BackupType::ManagedClusters => json!({"excludedNamespaces": [LEFT_OUT], "includedResources": [
            "managedcluster.cluster.open-cluster-management.io", "clusterdeployment", "clusterimageset.hive.openshift.io",
        ]}),
        _ => json!({"excludedNamespaces": [LEFT_OUT], "includedResources": [
            "channel.apps.open-cluster-management.io", "restore.cluster.open-cluster-management.io",
        ]}),
    };
    let mut whole = backup.clone();
    whole.spec = serde_json::from_value(spec).unwrap();
    let label = "cluster.open-cluster-management.io/backup-schedule-type".to_owned();
    whole.metadata.labels.get_or_insert_default().insert(label, backup_type.label().to_owned());
    whole
}

/// What an API server answers to these searches.
pub(crate) fn find(objects: &[Leftover], searches: &[Search]) -> Vec<Leftover> {
    let answer = |search: &Search| {
        let fits = |object: &&Leftover| {
            object.kind == search.kind
                && search.labels.iter().all(|requirement| match requirement {
                    Requirement::Exists(key) => object.labels.contains_key(key),
                    Requirement::Absent(key) => !object.labels.contains_key(key),
                    Requirement::NotIn(key, values) => {
                        object.labels.get(key).is_none_or(|value| !values.contains(value))
                    }
                })
        };
        objects.iter().filter(fits).cloned().collect::<Vec<_>>()
    };
    searches.iter().flat_map(answer).collect()
}

/// Objects of any kind, anywhere, with any of the labels a rule reads; `backups` are what they may be restored from.
pub(crate) fn objects(backups: Vec<String>) -> impl Strategy<Value = Vec<Leftover>> {
    let place = prop::sample::select(vec!["", "apps", "policies", LOCAL, LEFT_OUT]);
    let kind = prop::sample::select(KINDS.to_vec());
    let from = prop::option::of(prop::sample::select(backups));
    let mark = prop::option::of(prop::sample::select(vec!["", "cluster-activation"]));
    let flags = prop::array::uniform6(prop::bool::weighted(0.25));
    prop::collection::vec((kind, place, from, mark, flags), 0..40)
        .prop_map(|all| all.into_iter().enumerate().map(|(number, parts)| object(number, parts)).collect())
}

type Parts = ([&'static str; 4], &'static str, Option<String>, Option<&'static str>, [bool; 6]);

fn object(number: usize, (kind, namespace, from, mark, flags): Parts) -> Leftover {
    let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let [local, not_backed_up, installed, credential, finalizers, deleted] = flags;
    let mut labels = Vec::from_iter(from.map(|backup| label("velero.io/backup-name", &backup)));
    labels.extend(mark.map(|value| label("cluster.open-cluster-management.io/backup", value)));
    labels.extend(local.then(|| label("local-cluster", "true")));
    labels.extend(not_backed_up.then(|| label("velero.io/exclude-from-backup", "true")));
    labels.extend(installed.then(|| label("installer.name", "multiclusterhub")));
    labels.extend(credential.then(|| label("cluster.open-cluster-management.io/type", "aws")));
    Leftover {
        kind: ObjectKind::new(kind),
        namespace: namespace.to_owned(),
        name: format!("object-{number}"),
        uid: format!("object-uid-{number}"),
        labels: labels.into_iter().collect(),
        has_finalizers: finalizers,
        is_being_deleted: deleted,
    }
}

//! The kinds a backup holds, as this hub serves them. Spec: R-430…R-432

use std::collections::BTreeSet;

use crate::api::keys;
use crate::plan::{ObjectKind, ServedApis, removal};
use crate::velero::{Backup, BackupType};

/// Kinds that old backups name without their group. Spec: R-432
const HIVE_KINDS: [&str; 2] = ["clusterdeployment", "machinepool"];
const HIVE_GROUP: &str = "hive.openshift.io";

/// Spec: R-420
pub(super) fn of_credentials() -> Vec<ObjectKind> {
    vec![
        ObjectKind::new(["", "v1", "Secret", "secrets"]),
        ObjectKind::new(["", "v1", "ConfigMap", "configmaps"]),
    ]
}

/// The kinds a backup lists; one the server does not know is left out. Spec
pub(super) fn included(backup: &Backup, served: &ServedApis) -> Vec<ObjectKind> {
    let wanted: BTreeSet<(String, String)> =
        backup.spec.included_resources.iter().flatten().map(|entry| kind_and_group(entry)).collect();
    removable(served).filter(|kind| wanted.contains(&lower(kind))).collect()
}

/// Every kind of a named group but those a generic backup excludes; none for a backup of another type. Spec: R-431
pub(super) fn not_excluded(backup: &Backup, served: &ServedApis) -> Vec<ObjectKind> {
    let label = backup.metadata.labels.as_ref().and_then(|labels| labels.get(keys::BACKUP_SCHEDULE_TYPE));
    if label.map(String::as_str) != Some(BackupType::ResourcesGeneric.label()) {
        return Vec::new();
    }
    let excluded: BTreeSet<String> =
        backup.spec.excluded_resources.iter().flatten().map(|entry| entry.to_lowercase()).collect();
    let is_excluded = |kind: &ObjectKind| {
        let (name, group) = lower(kind);
        excluded.contains(&name) || excluded.contains(&format!("{name}.{group}"))
    };
    removable(served).filter(|kind| !kind.group.is_empty() && !is_excluded(kind)).collect()
}

fn kind_and_group(entry: &str) -> (String, String) {
    let entry = entry.to_lowercase();
    let (kind, group) = entry.split_once('.').unwrap_or((&entry, ""));
    let group = if HIVE_KINDS.contains(&kind) { HIVE_GROUP } else { group };
    (kind.to_owned(), group.to_owned())
}

fn lower(kind: &ObjectKind) -> (String, String) {
    (kind.kind.to_lowercase(), kind.group.to_lowercase())
}

/// Every kind that is served and may be removed, once, in the version the server prefers.
fn removable(served: &ServedApis) -> impl Iterator<Item = ObjectKind> {
    let mut seen = BTreeSet::new();
    served
        .versions
        .iter()
        .flat_map(|version| version.resources.iter().map(move |resource| (version, resource)))
        .filter(|(_, resource)| !resource.name.contains('/'))
        .filter(move |(version, resource)| seen.insert((version.group.as_str(), resource.name.as_str())))
        .map(|(version, resource)| {
            ObjectKind::new([&version.group, &version.version, &resource.kind, &resource.name])
        })
        .filter(|kind| !removal::is_untouchable(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn served() -> ServedApis {
        let resource = |name: &str, kind: &str| json!({"name": name, "kind": kind});
        serde_json::from_value(json!({"versions": [
            {"group": "", "version": "v1", "resources": [resource("secrets", "Secret")]},
            {"group": "apps.open-cluster-management.io", "version": "v1",
                "resources": [resource("channels", "Channel"), resource("channels/status", "Channel")]},
            {"group": "apps.open-cluster-management.io", "version": "v1beta1", "resources": [resource("channels", "Channel")]},
            {"group": "hive.openshift.io", "version": "v1", "resources": [
                resource("clusterdeployments", "ClusterDeployment"), resource("clusterimagesets", "ClusterImageSet"),
                resource("hiveconfigs", "HiveConfig"),
            ]},
        ]}))
        .unwrap()
    }

    fn names(kinds: &[ObjectKind]) -> Vec<String> {
        kinds.iter().map(|kind| format!("{}.{}/{}", kind.plural, kind.group, kind.version)).collect()
    }

    fn backup(spec: &serde_json::Value, label: &str) -> Backup {
        let labels = json!({keys::BACKUP_SCHEDULE_TYPE: label});
        serde_json::from_value(json!({"metadata": {"name": "b", "labels": labels}, "spec": spec})).unwrap()
    }

    ///
    #[test]
    fn entries_of_a_backup_are_kinds_of_the_server_in_any_case() {
        let included_resources = json!({"includedResources": [
            "Channel.apps.open-cluster-management.io", "clusterdeployment", "gone.example.com", "secret",
        ]});
        let kinds = included(&backup(&included_resources, "resources"), &served());
        let expected = [
            "secrets./v1",
            "channels.apps.open-cluster-management.io/v1",
            "clusterdeployments.hive.openshift.io/v1",
        ];
        assert_eq!(names(&kinds), expected);
    }

    ///
    #[test]
    fn image_sets_and_the_hive_config_are_in_no_list() {
        let entries = json!({"includedResources": ["clusterimageset.hive.openshift.io", "hiveconfig.hive.openshift.io"]});
        assert_eq!(included(&backup(&entries, "managedClusters"), &served()), []);
    }

    ///
    #[test]
    fn a_generic_backup_means_every_kind_it_does_not_exclude() {
        let excluded = json!({"excludedResources": ["secret", "clusterdeployment.hive.openshift.io"]});
        let kinds = not_excluded(&backup(&excluded, "resourcesGeneric"), &served());
        assert_eq!(names(&kinds), ["channels.apps.open-cluster-management.io/v1"]);
        let bare = json!({"excludedResources": ["channel"]});
        let kinds = not_excluded(&backup(&bare, "resourcesGeneric"), &served());
        assert_eq!(names(&kinds), ["clusterdeployments.hive.openshift.io/v1"]);
        assert_eq!(not_excluded(&backup(&excluded, "resources"), &served()), [], "not a generic backup");
    }
}

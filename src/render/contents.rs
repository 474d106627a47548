//! What the object lists beside the backups say.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::{ApiResource, GroupVersionKind};

use crate::plan::ServedApis;
use crate::velero::BackupType;
use crate::velero::object_list::{ObjectList, split};

const CLUSTER_GROUP: &str = "cluster.open-cluster-management.io";
const HIVE_GROUP: &str = "hive.openshift.io";
const TOKEN_SECRETS: &str = "auto-import-account";

/// What a hub is called among its own clusters where nothing tells.
pub const LOCAL_CLUSTER: &str = "local-cluster";

/// Kinds whose names have to be kept of an object list: group and kind.
pub const KEPT_KINDS: [(&str, &str); 3] =
    [(CLUSTER_GROUP, "ManagedCluster"), (HIVE_GROUP, "ClusterDeployment"), ("", "Secret")];

/// Object lists by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// One list per part that was read.
    pub lists: BTreeMap<BackupType, ObjectList>,
}

/// The managed clusters in the backups, without the hub itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clusters<'a> {
    /// Those that Hive made: it can always reach them.
    pub of_hive: BTreeSet<&'a str>,
    /// The others, with a token to import them by.
    pub with_token: BTreeSet<&'a str>,
    /// The others, without one.
    pub without_token: BTreeSet<&'a str>,
}

impl Clusters<'_> {
    /// Number of all.
    pub fn count(&self) -> usize {
        self.of_hive.len() + self.imported()
    }

    /// Number of those that Hive did not make.
    pub fn imported(&self) -> usize {
        self.with_token.len() + self.without_token.len()
    }
}

impl Contents {
    /// Number of all objects.
    pub fn total(&self) -> usize {
        self.lists.values().map(ObjectList::total).sum()
    }

    /// Number of objects of each kind in all parts, by `group/version/Kind`.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (kind, count) in self.lists.values().flat_map(|list| &list.counts) {
            *counts.entry(kind.as_str()).or_default() += count;
        }
        counts
    }

    /// The managed clusters; `local` is the hub among them.
    pub fn clusters(&self, local: &str) -> Clusters<'_> {
        let deployments = self.names(HIVE_GROUP, "ClusterDeployment").into_iter();
        let hive: BTreeSet<&str> = deployments.filter_map(|name| Some(name.split_once('/')?.0)).collect();
        let secrets = self.names("", "Secret").into_iter().filter_map(|name| name.split_once('/'));
        let tokens = secrets.filter(|(_, name)| name.starts_with(TOKEN_SECRETS));
        let tokens: BTreeSet<&str> = tokens.map(|(namespace, _)| namespace).collect();
        let mut clusters = Clusters::default();
        for name in self.names(CLUSTER_GROUP, "ManagedCluster").into_iter().filter(|name| *name != local) {
            match (hive.contains(name), tokens.contains(name)) {
                (true, _) => clusters.of_hive.insert(name),
                (false, true) => clusters.with_token.insert(name),
                (false, false) => clusters.without_token.insert(name),
            };
        }
        clusters
    }

    /// Names of a kind in all parts.
    pub fn names(&self, group: &str, kind: &str) -> BTreeSet<&str> {
        self.lists.values().flat_map(|list| list.names_of(group, kind)).collect()
    }

    /// Kinds of these groups and kinds that are not served, as `plural.group`, with the number of their objects.
    ///
    /// Every server has the core group.
    pub fn not_served(&self, served: &ServedApis) -> BTreeMap<String, usize> {
        let known: BTreeSet<(&str, &str)> = served
            .versions
            .iter()
            .flat_map(|version| {
                version.resources.iter().map(|kind| (version.group.as_str(), kind.kind.as_str()))
            })
            .collect();
        let mut missing = BTreeMap::new();
        for (key, objects) in self.counts() {
            let (group, _, kind) = split(key);
            if objects > 0 && !group.is_empty() && !known.contains(&(group, kind)) {
                *missing.entry(resource(group, kind)).or_default() += objects;
            }
        }
        missing
    }
}

/// `plural.group`, or `plural` of the core group; the plural is what English makes of the kind, as nobody serves it.
pub fn resource(group: &str, kind: &str) -> String {
    let plural = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "", kind)).plural;
    if group.is_empty() { plural } else { format!("{plural}.{group}") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::{ServedResource, ServedVersion};

    fn list(kinds: &Value) -> ObjectList {
        ObjectList::read(kinds.to_string().as_bytes(), |_, _| true).unwrap()
    }

    #[test]
    fn clusters_are_told_apart_by_how_they_can_be_reached() {
        let credentials = json!({"v1/Secret": ["a/auto-import-account", "b/other"]});
        let clusters = json!({
            "cluster.open-cluster-management.io/v1/ManagedCluster": ["a", "b", "h", "me"],
            "hive.openshift.io/v1/ClusterDeployment": ["h/h"],
        });
        let lists =
            [(BackupType::Credentials, list(&credentials)), (BackupType::ManagedClusters, list(&clusters))];
        let contents = Contents { lists: lists.into() };
        let found = contents.clusters("me");
        assert_eq!(found.of_hive, ["h"].into());
        assert_eq!((found.with_token.clone(), found.without_token.clone()), (["a"].into(), ["b"].into()));
        assert_eq!((found.count(), found.imported()), (3, 2));
    }

    #[test]
    fn kinds_nobody_serves_are_counted_by_their_plural() {
        let kinds = json!({
            "v1/Secret": ["a/s"],
            "argoproj.io/v1beta1/ArgoCD": ["x/y"],
            "argoproj.io/v1alpha1/ArgoCD": ["x/z"],
            "policy.open-cluster-management.io/v1/Policy": ["p/p"],
            "apps/v1/Deployment": ["d/d"],
        });
        let contents = Contents { lists: [(BackupType::Resources, list(&kinds))].into() };
        let deployments = ServedVersion {
            group: "apps".to_owned(),
            version: "v2".to_owned(),
            resources: vec![ServedResource { name: "deployments".to_owned(), kind: "Deployment".to_owned() }],
        };
        let missing = contents.not_served(&ServedApis { versions: vec![deployments] });
        let wanted = [
            ("argocds.argoproj.io".to_owned(), 2),
            ("policies.policy.open-cluster-management.io".to_owned(), 1),
        ];
        assert_eq!(missing, wanted.into());
    }
}

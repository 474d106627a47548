//! Kinds of other components, as the rules about tokens and the hub know them.

use crate::plan::ObjectKind;

/// A kind known when this program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Kind, in the server's spelling.
    pub kind: &'static str,
    /// Plural.
    pub plural: &'static str,
}

impl Kind {
    const fn new([group, version, kind, plural]: [&'static str; 4]) -> Self {
        Self { group, version, kind, plural }
    }

    /// `plural.group`, also the name of its CRD.
    pub fn full_name(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }
}

impl From<Kind> for ObjectKind {
    fn from(kind: Kind) -> Self {
        Self::new([kind.group, kind.version, kind.kind, kind.plural])
    }
}

/// Who an OpenShift cluster is.
pub const CLUSTER_VERSION: Kind =
    Kind::new(["config.openshift.io", "v1", "ClusterVersion", "clusterversions"]);
/// Where applications come from.
pub const CHANNEL: Kind = Kind::new(["apps.open-cluster-management.io", "v1", "Channel", "channels"]);
/// A managed cluster.
pub const MANAGED_CLUSTER: Kind =
    Kind::new(["cluster.open-cluster-management.io", "v1", "ManagedCluster", "managedclusters"]);
/// A namespace.
pub const NAMESPACE: Kind = Kind::new(["", "v1", "Namespace", "namespaces"]);
/// A secret.
pub const SECRET: Kind = Kind::new(["", "v1", "Secret", "secrets"]);
/// A configmap.
pub const CONFIG_MAP: Kind = Kind::new(["", "v1", "ConfigMap", "configmaps"]);
/// A cluster Hive makes or has made.
pub const CLUSTER_DEPLOYMENT: Kind =
    Kind::new(["hive.openshift.io", "v1", "ClusterDeployment", "clusterdeployments"]);
/// Clusters Hive keeps in stock.
pub const CLUSTER_POOL: Kind = Kind::new(["hive.openshift.io", "v1", "ClusterPool", "clusterpools"]);
/// A component of the hub that works on managed clusters.
pub const COMPONENT: Kind = Kind::new([
    "addon.open-cluster-management.io",
    "v1alpha1",
    "ClusterManagementAddOn",
    "clustermanagementaddons",
]);
/// Such a component on one managed cluster.
pub const ADDON: Kind = Kind::new([
    "addon.open-cluster-management.io",
    "v1alpha1",
    "ManagedClusterAddOn",
    "managedclusteraddons",
]);
/// What is to be made on a managed cluster.
pub const WORK: Kind = Kind::new(["work.open-cluster-management.io", "v1", "ManifestWork", "manifestworks"]);
/// An account of the hub on a managed cluster, with a token.
pub const ACCOUNT: Kind = Kind::new([
    "authentication.open-cluster-management.io",
    "v1beta1",
    "ManagedServiceAccount",
    "managedserviceaccounts",
]);

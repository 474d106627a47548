//! What a hub has once: its id, its components, its own cluster.

use serde_json::{Value, json};

use super::{clusters, meta, namespace, object};

const ADDON: (&str, &str) = ("addon.open-cluster-management.io/v1alpha1", "ClusterManagementAddOn");
const CLUSTER_SET: (&str, &str) = ("cluster.open-cluster-management.io/v1beta2", "ManagedClusterSet");
const CLUSTER_VERSION: (&str, &str) = ("config.openshift.io/v1", "ClusterVersion");
const COMPONENT: (&str, &str) = ("operator.open-cluster-management.io/v1", "InternalHubComponent");
const HUB: (&str, &str) = ("operator.open-cluster-management.io/v1", "MultiClusterHub");
/// Where the hub's operators are.
const OPERATORS: &str = "open-cluster-management";

/// All of it, for a hub whose cluster has that id.
pub(super) fn of(hub_id: &str) -> Vec<Value> {
    let named = |name: &str| json!({ "name": name });
    let local = json!({"local-cluster": "true", "name": "local-cluster"});
    let every_cluster = json!({"clusterSelector": {"selectorType": "ExclusiveClusterSetLabel"}});
    vec![
        namespace(OPERATORS),
        namespace("local-cluster"),
        clusters::managed_cluster("local-cluster", &local),
        object(CLUSTER_VERSION, named("version"), json!({"clusterID": hub_id, "channel": "stable-4.20"})),
        object(HUB, meta(OPERATORS, "multiclusterhub", json!({})), json!({})),
        object(COMPONENT, meta(OPERATORS, "cluster-backup", json!({})), json!({})),
        object(ADDON, named("managed-serviceaccount"), json!({})),
        object(CLUSTER_SET, named("default"), every_cluster),
    ]
}

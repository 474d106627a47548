//! Policies, where they apply, and one copy as the propagator makes it.

use serde_json::{Value, json};

use super::{meta, namespace, object};

const NAMESPACE: &str = "policies";
const POLICY: (&str, &str) = ("policy.open-cluster-management.io/v1", "Policy");
const BINDING: (&str, &str) = ("policy.open-cluster-management.io/v1", "PlacementBinding");
const PLACEMENT: (&str, &str) = ("cluster.open-cluster-management.io/v1beta1", "Placement");
const SET_BINDING: (&str, &str) = ("cluster.open-cluster-management.io/v1beta2", "ManagedClusterSetBinding");

/// A policy for every cluster.
pub(super) fn one(name: &str) -> Vec<Value> {
    let spec = json!({"disabled": false, "remediationAction": "inform", "policy-templates": []});
    let everywhere = json!({"clusterSets": ["default"]});
    let binding = json!({
        "apiVersion": BINDING.0,
        "kind": BINDING.1,
        "metadata": meta(NAMESPACE, name, json!({})),
        "placementRef": {"apiGroup": "cluster.open-cluster-management.io", "kind": "Placement", "name": name},
        "subjects": [{"apiGroup": "policy.open-cluster-management.io", "kind": "Policy", "name": name}],
    });
    let root = json!({"policy.open-cluster-management.io/root-policy": format!("{NAMESPACE}.{name}")});
    vec![
        // Made with the first policy, found there by the others.
        namespace(NAMESPACE),
        object(SET_BINDING, meta(NAMESPACE, "default", json!({})), json!({"clusterSet": "default"})),
        object(POLICY, meta(NAMESPACE, name, json!({})), spec.clone()),
        object(PLACEMENT, meta(NAMESPACE, name, json!({})), everywhere),
        binding,
        object(POLICY, meta("local-cluster", &format!("{NAMESPACE}.{name}"), root), spec),
    ]
}

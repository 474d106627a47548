//! Applications, of the hub's own kind and of Argo CD.

use serde_json::{Value, json};

use super::{meta, namespace, object};

const ARGO_NAMESPACE: &str = "openshift-gitops";
const CHANNEL: (&str, &str) = ("apps.open-cluster-management.io/v1", "Channel");
const SUBSCRIPTION: (&str, &str) = ("apps.open-cluster-management.io/v1", "Subscription");
const APPLICATION: (&str, &str) = ("app.k8s.io/v1beta1", "Application");
const PLACEMENT: (&str, &str) = ("cluster.open-cluster-management.io/v1beta1", "Placement");
const APPLICATION_SET: (&str, &str) = ("argoproj.io/v1alpha1", "ApplicationSet");

/// An application in a namespace of its own.
pub(super) fn one(name: &str) -> Vec<Value> {
    let channels = format!("{name}-channel");
    let selector =
        json!({"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": [name]}]}});
    let placed = json!({"placement": {"placementRef": {"kind": "Placement", "name": name}},
                        "channel": format!("{channels}/{name}")});
    let repository = json!({"type": "Git", "pathname": format!("https://git.example.com/{name}.git")});
    let here = |labels: Value| meta(name, name, labels);
    vec![
        namespace(ARGO_NAMESPACE),
        namespace(name),
        namespace(&channels),
        object(CHANNEL, meta(&channels, name, json!({})), repository),
        object(SUBSCRIPTION, here(json!({"app": name})), placed),
        object(APPLICATION, here(json!({"app": name})), selector),
        object(PLACEMENT, here(json!({})), json!({"clusterSets": ["default"]})),
        object(
            APPLICATION_SET,
            meta(ARGO_NAMESPACE, name, json!({})),
            json!({"generators": [], "template": {}}),
        ),
    ]
}

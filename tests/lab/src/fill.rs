//! Filling a hub with what a real one holds, and counting it.

mod applications;
mod clusters;
mod identity;
mod policies;
mod team;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures::stream::{self, StreamExt, TryStreamExt};
use kube::api::ListParams;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hub::Hub;
use crate::objects::create;

/// Objects created at once.
const AT_ONCE: usize = 32;

/// How much to put on a hub.
#[derive(Clone, Debug)]
pub struct Options {
    /// Managed clusters besides the local one, `cluster-001` and on; every third is made by Hive, the others are
    /// imported and have a token of a managed service account.
    pub clusters: usize,
    /// Policies, each with its placement and binding, in namespace `policies`.
    pub policies: usize,
    /// Applications, each with channel, subscription and placement, and an ApplicationSet of Argo CD.
    pub applications: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { clusters: 3, policies: 3, applications: 2 }
    }
}

/// What [`count`] counts: name, API version, kind, label selector.
const COUNTED: &[(&str, &str, &str, &str)] = &[
    ("ManagedCluster", "cluster.open-cluster-management.io/v1", "ManagedCluster", ""),
    ("ManagedClusterAddOn", "addon.open-cluster-management.io/v1alpha1", "ManagedClusterAddOn", ""),
    ("ManagedClusterSet", "cluster.open-cluster-management.io/v1beta2", "ManagedClusterSet", ""),
    (
        "ManagedClusterSetBinding",
        "cluster.open-cluster-management.io/v1beta2",
        "ManagedClusterSetBinding",
        "",
    ),
    (
        "ManagedServiceAccount",
        "authentication.open-cluster-management.io/v1beta1",
        "ManagedServiceAccount",
        "",
    ),
    ("KlusterletAddonConfig", "agent.open-cluster-management.io/v1", "KlusterletAddonConfig", ""),
    ("ClusterDeployment", "hive.openshift.io/v1", "ClusterDeployment", ""),
    ("MachinePool", "hive.openshift.io/v1", "MachinePool", ""),
    // The copies of a policy in the namespaces of clusters are made anew on each hub.
    (
        "Policy",
        "policy.open-cluster-management.io/v1",
        "Policy",
        "!policy.open-cluster-management.io/root-policy",
    ),
    ("Placement", "cluster.open-cluster-management.io/v1beta1", "Placement", ""),
    ("PlacementBinding", "policy.open-cluster-management.io/v1", "PlacementBinding", ""),
    ("Channel", "apps.open-cluster-management.io/v1", "Channel", ""),
    ("Subscription", "apps.open-cluster-management.io/v1", "Subscription", ""),
    ("Application", "app.k8s.io/v1beta1", "Application", ""),
    ("ApplicationSet", "argoproj.io/v1alpha1", "ApplicationSet", ""),
    ("Secret (Hive)", "v1", "Secret", "hive.openshift.io/secret-type"),
    ("Secret (credentials)", "v1", "Secret", "cluster.open-cluster-management.io/type"),
    (
        "Secret (import token)",
        "v1",
        "Secret",
        "authentication.open-cluster-management.io/is-managed-serviceaccount",
    ),
    ("Secret (marked)", "v1", "Secret", "cluster.open-cluster-management.io/backup"),
    ("ConfigMap (marked)", "v1", "ConfigMap", "cluster.open-cluster-management.io/backup"),
];

/// Gives a hub what it is known by: its cluster id, components and local cluster.
///
/// The id follows from the hub's name, see [`hub_id`]. The hub's CRDs have to be there, as for all that follows.
///
/// # Errors
///
/// When the API server refuses an object.
pub async fn identity(hub: &Hub) -> Result<()> {
    identity_as(hub, &hub_id(hub)).await
}

/// Gives a hub what it is known by, with that cluster id.
///
/// # Errors
///
/// When the API server refuses an object.
pub async fn identity_as(hub: &Hub, hub_id: &str) -> Result<()> {
    create_all(hub, identity::of(hub_id)).await
}

/// The cluster id [`identity`] gives to a hub.
#[must_use]
pub fn hub_id(hub: &Hub) -> String {
    let digest = Sha256::digest(hub.name());
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().concat();
    [part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 16)].join("-")
}

/// Fills a hub: identity unless it has one, clusters, policies, applications, and what a team marked for backup.
///
/// What exists already stays as it is, so this can be repeated with more.
///
/// # Errors
///
/// When the API server refuses an object.
pub async fn hub(hub: &Hub, options: &Options) -> Result<()> {
    let mut objects = identity::of(&hub_id(hub));
    objects.extend(team::objects());
    objects.extend((1..=options.clusters).flat_map(clusters::numbered));
    objects.extend(policies::namespace());
    objects.extend((1..=options.policies).flat_map(|number| policies::one(&format!("policy-{number:03}"))));
    objects.extend(
        (1..=options.applications).flat_map(|number| applications::one(&format!("shop-{number:03}"))),
    );
    create_all(hub, objects).await
}

/// Adds one imported managed cluster.
///
/// # Errors
///
/// When the API server refuses an object.
pub async fn cluster(hub: &Hub, name: &str) -> Result<()> {
    create_all(hub, clusters::imported(name)).await
}

/// Adds one policy.
///
/// # Errors
///
/// When the API server refuses an object.
pub async fn policy(hub: &Hub, name: &str) -> Result<()> {
    create_all(hub, policies::namespace().into_iter().chain(policies::one(name)).collect()).await
}

/// Counts what one hub has to take over from another, by kind; kinds not served are left out.
///
/// # Errors
///
/// When the API server cannot be asked.
pub async fn count(hub: &Hub) -> Result<BTreeMap<String, usize>> {
    let counts = COUNTED.iter().map(async |(name, api_version, kind, labels)| {
        let api = hub.objects(api_version, kind, None);
        match api.list_metadata(&ListParams::default().labels(labels)).await {
            Ok(list) => Ok(Some(((*name).to_owned(), list.items.len()))),
            Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(None),
            Err(error) => Err(error).with_context(|| format!("count {name} on hub {}", hub.name())),
        }
    });
    let found: Vec<_> = stream::iter(counts).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn create_all(hub: &Hub, objects: Vec<Value>) -> Result<()> {
    // An object needs its namespace first.
    let (namespaces, others): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.get("kind") == Some(&json!("Namespace")));
    let client = hub.client();
    for wave in [namespaces, others] {
        let created = stream::iter(wave).map(|object| create(&client, object)).buffer_unordered(AT_ONCE);
        created.try_collect::<()>().await.with_context(|| format!("fill hub {}", hub.name()))?;
    }
    Ok(())
}

/// A JSON object.
fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Metadata of an object in a namespace.
fn meta(namespace: &str, name: &str, labels: Value) -> Value {
    map([("name", name.into()), ("namespace", namespace.into()), ("labels", labels)])
}

/// A namespace.
fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// An object with a spec.
fn object((api_version, kind): (&str, &str), metadata: Value, spec: Value) -> Value {
    map([("apiVersion", api_version.into()), ("kind", kind.into()), ("metadata", metadata), ("spec", spec)])
}

/// A secret.
fn secret(metadata: Value, data: Value) -> Value {
    map([
        ("apiVersion", "v1".into()),
        ("kind", "Secret".into()),
        ("metadata", metadata),
        ("stringData", data),
    ])
}

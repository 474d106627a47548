//! Filling a hub with what a real one holds, and counting it.

mod applications;
mod clusters;
mod identity;
mod policies;
mod team;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::stream::{self, StreamExt, TryStreamExt};
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::objects::create;
use crate::wait::eventually;

/// Name and number of one kind; `None` where it is not served.
type Counted = Option<(String, usize)>;

/// How long a server may ask for patience.
const COUNT: Duration = Duration::from_secs(30);

/// Objects created at once.
const AT_ONCE: usize = 32;

/// How much to put on a hub.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Managed clusters besides the local one, `cluster-001` and on; every third is made by Hive, the others are
    /// imported and have a token of a managed service account. With the first of them comes what a team marked to be
    /// in backups.
    pub clusters: usize,
    /// Policies, `policy-001` and on, each with its placement and binding, in namespace `policies`.
    pub policies: usize,
    /// Applications, `shop-001` and on, each with channel, subscription and placement, and an ApplicationSet.
    pub applications: usize,
    /// The cluster id of the hub, as its ClusterVersion tells it.
    pub hub_id: String,
}

impl Fill {
    /// That many managed clusters, three policies and two applications.
    #[must_use]
    pub fn new(clusters: usize, hub_id: &str) -> Self {
        Self { clusters, policies: 3, applications: 2, hub_id: hub_id.to_owned() }
    }

    /// Only what every hub has: an id, components, a local cluster.
    #[must_use]
    pub fn nothing(hub_id: &str) -> Self {
        Self { clusters: 0, policies: 0, applications: 0, hub_id: hub_id.to_owned() }
    }

    fn objects(&self) -> Vec<Value> {
        let mut objects = identity::of(&self.hub_id);
        if self.clusters > 0 {
            objects.extend(team::objects());
        }
        objects.extend((1..=self.clusters).flat_map(clusters::numbered));
        objects.extend((1..=self.policies).flat_map(|number| policies::one(&format!("policy-{number:03}"))));
        objects.extend(
            (1..=self.applications).flat_map(|number| applications::one(&format!("shop-{number:03}"))),
        );
        objects
    }
}

/// What [`Hub::count`] counts: name, API version, kind, label selector.
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

impl Hub {
    /// Creates what `fill` asks for; the hub's CRDs have to be there.
    ///
    /// What exists already stays as it is, so this can be repeated with more.
    ///
    /// # Errors
    ///
    /// When the API server refuses an object.
    pub async fn fill(&self, fill: &Fill) -> Result<()> {
        // An object needs its namespace first.
        let (namespaces, others): (Vec<_>, Vec<_>) =
            fill.objects().into_iter().partition(|object| object.get("kind") == Some(&json!("Namespace")));
        let client = self.client();
        for wave in [namespaces, others] {
            let created = stream::iter(wave).map(|object| create(&client, object)).buffer_unordered(AT_ONCE);
            created.try_collect::<()>().await.with_context(|| format!("fill hub {}", self.name()))?;
        }
        Ok(())
    }

    /// Counts what one hub has to take over from another, by kind; kinds not served are left out.
    ///
    /// # Errors
    ///
    /// When the API server cannot be asked.
    pub async fn count(&self) -> Result<BTreeMap<String, usize>> {
        let counts = COUNTED.iter().map(async |(name, api_version, kind, labels)| {
            let what = format!("the number of {name} on hub {}", self.name());
            eventually(COUNT, &what, async || self.count_of(name, (api_version, kind, labels)).await).await
        });
        let found: Vec<_> = stream::iter(counts).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// `None` while the server asks for patience, as it does for a kind it has just begun to serve; an inner `None`
    /// for a kind it does not serve.
    async fn count_of(
        &self,
        name: &str,
        (api_version, kind, labels): (&str, &str, &str),
    ) -> Result<Option<Counted>> {
        let api = self.objects(api_version, kind, None);
        match api.list_metadata(&ListParams::default().labels(labels)).await {
            Ok(list) => Ok(Some(Some((name.to_owned(), list.items.len())))),
            Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(Some(None)),
            Err(error) => Err(error.into()),
        }
    }
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

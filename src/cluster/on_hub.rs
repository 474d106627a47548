//! Answers of the Restore side: the hub's installer, awaited volumes, clusters to import.
//!
//! Secrets are listed by their metadata only.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret};
use kube::api::{Api, ListParams};
use kube::core::{ApiResource, GroupVersionKind, Object, PartialObjectMeta};
use kube::{Client, ResourceExt};
use serde::{Deserialize, Serialize};

use super::discovery::missing_of;
use super::error::{Class, Error};
use crate::api::{self, keys};
use crate::plan::{AwaitedVolume, ClusterState, ImportFacts, ImportSecret, InternalHub, TokenSecret};

/// Claims read at the same time, at most.
const IN_FLIGHT: usize = 16;
const AVAILABLE: &str = "ManagedClusterConditionAvailable";

/// The components of the hub's installer that wait for Restores; none where the kind is not served. Spec: R-113
///
/// # Errors
///
/// They cannot be listed.
pub(super) async fn internal_hubs(client: &Client) -> Result<Vec<InternalHub>, Error> {
    let api: Api<api::InternalHubComponent> = Api::all(client.clone());
    let named = ListParams::default().fields(&format!("metadata.name={}", keys::INTERNAL_HUB));
    let listed = api.list_metadata(&named).await;
    match listed.map_err(Error::on("list", super::list::plural::<api::InternalHubComponent>())) {
        Ok(found) => Ok(found.items.into_iter().map(internal_hub).collect()),
        Err(error) if error.class() == Class::KindMissing => Ok(Vec::new()),
        // Who may not list a kind is told so before the server looks whether it serves that.
        Err(error) if error.class() == Class::Forbidden && !is_installer_served(client).await? => {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

async fn is_installer_served(client: &Client) -> Result<bool, Error> {
    let kind = ApiResource::erase::<api::InternalHubComponent>(&());
    Ok(missing_of(client, &kind.group, &kind.version, &[&kind.plural]).await?.is_empty())
}

fn internal_hub(found: PartialObjectMeta<api::InternalHubComponent>) -> InternalHub {
    let metadata = found.metadata;
    InternalHub {
        namespace: metadata.namespace.unwrap_or_default(),
        uid: metadata.uid,
        resource_version: metadata.resource_version,
        finalizers: metadata.finalizers.unwrap_or_default(),
        is_deleted: metadata.deletion_timestamp.is_some(),
    }
}

/// The Restores of all namespaces that carry our finalizer, as `namespace/name`. Spec: R-805
///
/// # Errors
///
/// They cannot be listed.
pub(super) async fn restores_waited_for(client: &Client) -> Result<BTreeSet<String>, Error> {
    let api: Api<api::Restore> = Api::all(client.clone());
    let listed = api.list_metadata(&ListParams::default()).await;
    let listed = listed.map_err(Error::on("list", super::list::plural::<api::Restore>()))?;
    let is_waited_for = |restore: &&PartialObjectMeta<api::Restore>| {
        restore.finalizers().iter().any(|finalizer| finalizer == keys::FINALIZER)
    };
    let name = |restore: &PartialObjectMeta<api::Restore>| {
        format!("{}/{}", restore.namespace().unwrap_or_default(), restore.name_any())
    };
    Ok(listed.items.iter().filter(is_waited_for).map(name).collect())
}

/// The volumes that managed clusters wait for; none where nobody can say. Spec: R-331
pub(super) async fn awaited_volumes(client: &Client) -> Vec<AwaitedVolume> {
    let api: Api<ConfigMap> = Api::all(client.clone());
    let listed = api.list_metadata(&ListParams::default().labels(keys::AWAITED_VOLUME)).await;
    let listed = match listed.map_err(Error::on("list", "configmaps")) {
        Ok(listed) => listed.items,
        Err(error) => {
            tracing::warn!("volumes are not waited for: {error}");
            return Vec::new();
        }
    };
    let volumes = stream::iter(listed.into_iter().filter_map(|marker| {
        let name = marker.labels().get(keys::AWAITED_VOLUME)?.clone();
        Some(volume(client, marker.namespace()?, name))
    }));
    let mut volumes: Vec<AwaitedVolume> = volumes.buffered(IN_FLIGHT).collect().await;
    volumes.sort();
    volumes
}

/// A claim that cannot be read does not count as there.
async fn volume(client: &Client, namespace: String, name: String) -> AwaitedVolume {
    let api: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), &namespace);
    let exists = api.get_metadata_opt(&name).await.is_ok_and(|claim| claim.is_some());
    AwaitedVolume { namespace, name, exists }
}

/// What an import of managed clusters starts from. Spec: R-730
///
/// # Errors
///
/// A read that may work the next time.
pub(super) async fn import_facts(client: &Client) -> Result<ImportFacts, Error> {
    let Some(clusters) = clusters(client).await? else { return Ok(ImportFacts::default()) };
    let tokens = ListParams::default().labels(&format!("{}=true", keys::MSA));
    let imports = ListParams::default().fields(&format!("metadata.name={}", keys::AUTO_IMPORT_SECRET));
    let (tokens, imports) = futures::try_join!(secrets(client, &tokens), secrets(client, &imports))?;
    Ok(ImportFacts {
        clusters: Some(clusters),
        tokens: tokens.iter().map(token_secret).collect(),
        import_secrets: imports.iter().map(import_secret).collect(),
    })
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ClusterSpec {
    managed_cluster_client_configs: Vec<ClientConfig>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct ClientConfig {
    url: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct ClusterStatus {
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    type_: String,
    status: String,
}

/// `None` where there are no managed clusters to see, which is no reason to try again. Spec: R-730
async fn clusters(client: &Client) -> Result<Option<Vec<ClusterState>>, Error> {
    let kind = GroupVersionKind::gvk("cluster.open-cluster-management.io", "v1", "ManagedCluster");
    let api: Api<Object<Option<ClusterSpec>, ClusterStatus>> =
        Api::all_with(client.clone(), &ApiResource::from_gvk(&kind));
    let listed = api.list(&ListParams::default()).await;
    match listed.map_err(Error::on("list", "managedclusters.cluster.open-cluster-management.io")) {
        Ok(found) => Ok(Some(found.items.iter().map(cluster_state).collect())),
        Err(error) if matches!(error.class(), Class::KindMissing | Class::Forbidden) => {
            tracing::warn!("managed clusters are not imported: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn cluster_state(cluster: &Object<Option<ClusterSpec>, ClusterStatus>) -> ClusterState {
    let conditions = cluster.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let is_available = conditions.iter().any(|one| one.type_ == AVAILABLE && one.status == "True");
    let configs = cluster.spec.as_ref().map(|spec| spec.managed_cluster_client_configs.as_slice());
    let first = configs.and_then(|configs| configs.first());
    ClusterState {
        name: cluster.name_any(),
        is_local: is_true(cluster.labels().get(keys::LOCAL_CLUSTER)),
        is_available,
        is_being_deleted: cluster.metadata.deletion_timestamp.is_some(),
        server: first.map(|config| config.url.clone()).unwrap_or_default(),
    }
}

async fn secrets(client: &Client, params: &ListParams) -> Result<Vec<PartialObjectMeta<Secret>>, Error> {
    let api: Api<Secret> = Api::all(client.clone());
    Ok(api.list_metadata(params).await.map_err(Error::on("list", "secrets"))?.items)
}

fn token_secret(secret: &PartialObjectMeta<Secret>) -> TokenSecret {
    TokenSecret {
        namespace: secret.namespace().unwrap_or_default(),
        name: secret.name_any(),
        expires: secret.annotations().get(keys::TOKEN_EXPIRATION).cloned(),
        created: secret.creation_timestamp(),
    }
}

fn import_secret(secret: &PartialObjectMeta<Secret>) -> ImportSecret {
    ImportSecret {
        namespace: secret.namespace().unwrap_or_default(),
        uid: secret.uid(),
        is_ours: is_true(secret.labels().get(keys::AUTO_IMPORT_BY_RESTORE)),
        created: secret.creation_timestamp(),
    }
}

fn is_true(value: Option<&String>) -> bool {
    value.is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::{self, Answer};

    /// A server that has nothing but a marker, and answers requests whose path contains `word` with `code`.
    fn server(word: &'static str, code: u16) -> Client {
        fake::server(move |request| {
            if request.uri().path().contains(word) {
                return fake::refusal(code);
            }
            let marker =
                json!({"metadata": {"name": "m", "namespace": "a", "labels": {keys::AWAITED_VOLUME: "v"}}});
            (200, json!({"metadata": {}, "items": [marker]}).to_string())
        })
    }

    /// Spec: R-113: upstream never gets past a hub without the kind
    #[tokio::test]
    async fn a_hub_without_the_kind_has_no_installer_and_any_other_trouble_is_one() {
        assert_eq!(internal_hubs(&server("internalhub", 404)).await.unwrap(), []);
        assert!(internal_hubs(&server("internalhub", 503)).await.is_err());
        assert!(restores_waited_for(&server("restores", 500)).await.is_err(), "R-804");
    }

    /// Spec: R-113: a loop with leave for one namespace only is refused whether there is such a kind or not
    #[tokio::test]
    async fn without_leave_to_list_the_installer_discovery_says_whether_there_is_one() {
        let hub = |discovery: Answer| {
            fake::server(move |request| match request.uri().path() {
                path if path.contains("internalhub") => fake::refusal(403),
                _ => discovery.clone(),
            })
        };
        let kinds = |kinds: serde_json::Value| {
            let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "resources": kinds,
                "groupVersion": "operator.open-cluster-management.io/v1"});
            (200, list.to_string())
        };
        let installer = json!([{"name": "internalhubcomponents", "singularName": "", "namespaced": true,
            "kind": "InternalHubComponent", "verbs": ["list"]}]);
        assert_eq!(internal_hubs(&hub(fake::refusal(404))).await.unwrap(), []);
        assert_eq!(internal_hubs(&hub(kinds(json!([])))).await.unwrap(), []);
        assert!(internal_hubs(&hub(kinds(installer))).await.is_err());
        assert!(internal_hubs(&hub(fake::refusal(503))).await.is_err());
    }

    /// Spec: R-331: markers nobody can list are not waited for, a claim nobody can read is
    #[tokio::test]
    async fn what_cannot_be_read_decides_whether_to_wait() {
        assert_eq!(awaited_volumes(&server("configmaps", 403)).await, []);
        let volumes = awaited_volumes(&server("persistentvolumeclaims", 403)).await;
        let missing = AwaitedVolume { namespace: "a".into(), name: "v".into(), exists: false };
        assert_eq!(volumes, [missing]);
    }

    /// Spec: R-730: for good, or tried again
    #[tokio::test]
    async fn without_leave_to_see_clusters_nothing_is_imported_and_a_busy_server_is_asked_again() {
        let nothing = import_facts(&server("managedclusters", 403)).await.unwrap();
        assert_eq!(nothing, ImportFacts::default());
        assert!(import_facts(&server("managedclusters", 503)).await.is_err());
        assert!(import_facts(&server("secrets", 500)).await.is_err());
    }

    fn state(cluster: serde_json::Value) -> ClusterState {
        cluster_state(&serde_json::from_value(cluster).unwrap())
    }

    /// Spec
    #[test]
    fn a_cluster_is_read_by_its_label_its_condition_and_its_first_client_config() {
        let full = state(json!({
            "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": {"name": "c1", "labels": {"local-cluster": "true"}, "deletionTimestamp": "2026-11-22T12:00:00Z"},
            "spec": {"managedClusterClientConfigs": [{"url": "https://one"}, {"url": "https://two"}]},
            "status": {"conditions": [{"type": "Joined", "status": "True"}, {"type": AVAILABLE, "status": "True"}]},
        }));
        let wanted = ClusterState {
            name: "c1".into(),
            is_local: true,
            is_being_deleted: true,
            is_available: true,
            server: "https://one".into(),
        };
        assert_eq!(full, wanted);
        let unknown = state(json!({
            "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": {"name": "c2", "labels": {"local-cluster": "false"}},
            "status": {"conditions": [{"type": AVAILABLE, "status": "Unknown"}]},
        }));
        assert_eq!(unknown, ClusterState { name: "c2".into(), ..ClusterState::default() });
    }
}

//! What the labels are decided by. Nothing of a secret but its metadata is ever read.

use kube::core::{DynamicObject, ObjectMeta};
use serde::{Deserialize, Serialize};

/// What the labels are decided by; a kind that is not served has no objects. Spec: S-132
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CredentialFacts {
    /// ClusterDeployments of Hive: metadata and [`DEPLOYMENT_FIELDS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_deployments: Vec<DynamicObject>,
    /// ClusterPools of Hive: metadata.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_pools: Vec<DynamicObject>,
    /// Secrets that may be concerned: metadata; one may be in the list twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<DynamicObject>,
    /// Configmaps that may be concerned: metadata.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config_maps: Vec<DynamicObject>,
}

const CERTIFICATE_BUNDLES: &str = "/spec/certificateBundles";
const PULL_SECRET: &str = "/spec/pullSecretRef/name";
const MANIFESTS_SECRET: &str = "/spec/provisioning/manifestsSecretRef/name";
const MANIFESTS_CONFIG_MAP: &str = "/spec/provisioning/manifestsConfigMapRef/name";
const POOL: &str = "/spec/clusterPoolRef";

/// What of a ClusterDeployment is read, by JSON pointer. Spec: S-201, S-202
pub const DEPLOYMENT_FIELDS: &[&str] =
    &[CERTIFICATE_BUNDLES, PULL_SECRET, MANIFESTS_SECRET, MANIFESTS_CONFIG_MAP, POOL];

/// Names of secrets with certificates. Spec: S-201
pub(super) fn certificate_bundles(deployment: &DynamicObject) -> impl Iterator<Item = &str> {
    let bundles = deployment.data.pointer(CERTIFICATE_BUNDLES).and_then(|bundles| bundles.as_array());
    bundles.into_iter().flatten().filter_map(|bundle| bundle.pointer("/certificateSecretRef/name")?.as_str())
}

/// Name of the pull secret. Spec: S-201
pub(super) fn pull_secret(deployment: &DynamicObject) -> Option<&str> {
    deployment.data.pointer(PULL_SECRET)?.as_str()
}

/// Name of the secret with manifests. Spec: S-201
pub(super) fn manifests_secret(deployment: &DynamicObject) -> Option<&str> {
    deployment.data.pointer(MANIFESTS_SECRET)?.as_str()
}

/// Name of the configmap with manifests; `None` if it names none. Spec: S-201
pub fn manifests_config_map(deployment: &DynamicObject) -> Option<&str> {
    deployment.data.pointer(MANIFESTS_CONFIG_MAP)?.as_str()
}

/// True if it was made for a pool. Spec: S-202
pub(super) fn is_of_pool(deployment: &DynamicObject) -> bool {
    deployment.data.pointer(POOL).is_some_and(|pool| !pool.is_null())
}

/// Namespace and name.
pub(super) type Place<'a> = (&'a str, &'a str);

/// Where an object is.
pub(super) fn place(object: &ObjectMeta) -> Place<'_> {
    (object.namespace.as_deref().unwrap_or_default(), object.name.as_deref().unwrap_or_default())
}

/// The value of a label; `None` if the key is not there.
pub(super) fn label<'a>(object: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    object.labels.as_ref()?.get(key).map(String::as_str)
}

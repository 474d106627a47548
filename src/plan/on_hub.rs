//! What the Restore side asks about a hub besides backups: its installer, awaited volumes, clusters to import.
//!
//! Names and states only. A token never leaves the API server but to become a secret again.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Serialize};

/// The component with which the hub's installer waits for Restores before it removes the hub. Spec: R-005
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InternalHub {
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// Its finalizers, in order.
    pub finalizers: Vec<String>,
    /// The hub is being removed.
    pub is_deleted: bool,
}

/// A volume that must exist before managed clusters are restored. Spec: R-331
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AwaitedVolume {
    /// Namespace of the ConfigMap that names it, and of its claim.
    pub namespace: String,
    /// Name of its PersistentVolumeClaim.
    pub name: String,
    /// The claim is there; whether it is bound does not matter. Spec: R-332
    pub exists: bool,
}

/// What an import of managed clusters starts from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImportFacts {
    /// The managed clusters in the order of the server; `None` where they cannot be listed. Spec: R-730
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Vec<ClusterState>>,
    /// Secrets with the token of a managed service account, of all namespaces.
    pub tokens: Vec<TokenSecret>,
    /// Secrets an import begins with, of all namespaces.
    pub import_secrets: Vec<ImportSecret>,
}

/// A managed cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterState {
    /// Its name, and that of its namespace.
    pub name: String,
    /// It is labelled as the hub itself. Spec: R-023
    pub is_local: bool,
    /// It is connected to this hub.
    pub is_available: bool,
    /// It is on its way out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_being_deleted: bool,
    /// Where its API server is; empty where nobody knows.
    pub server: String,
}

/// A secret with the token of a managed service account; the token is not in here. Spec: R-022
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Until when the token is good, as the secret says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
}

/// A secret an import begins with. Spec: R-020
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImportSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// A restore made it.
    pub is_ours: bool,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
}

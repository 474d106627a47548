//! Velero's BackupStorageLocation.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::Other;
use crate::wire::text_enum::text_enum;

/// Where backups are kept.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "velero.io",
    version = "v1",
    kind = "BackupStorageLocation",
    namespaced,
    status = "BackupStorageLocationStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "A Velero BackupStorageLocation."
)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStorageLocationSpec {
    /// Name of the plugin, such as `aws`.
    pub provider: String,
    /// The location used when none is named.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

impl BackupStorageLocation {
    /// True once Velero has looked through all of it, so that every backup in it is known. Spec: R-155
    pub fn is_synced(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.last_synced_time.is_some())
    }
}

/// What Velero says about a storage location.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStorageLocationStatus {
    /// Whether it can be used.
    #[serde(skip_serializing_if = "StorageLocationPhase::is_default")]
    pub phase: StorageLocationPhase,
    /// When its backups were last read; `None` before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_synced_time: Option<Time>,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_validation_time: Option<Time>,
    /// Why it is not available.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

text_enum! {
    /// Whether a storage location can be used.
    StorageLocationPhase {
        /// Velero has not looked at it.
        #[default]
        Unset = "",
        /// Can be used.
        Available = "Available",
        /// Cannot be used.
        Unavailable = "Unavailable",
    }
}

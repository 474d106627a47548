//! Velero's DeleteBackupRequest: the only way to remove a Backup together with its data.

use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::Other;

/// Which Backup to delete.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "velero.io",
    version = "v1",
    kind = "DeleteBackupRequest",
    namespaced,
    status = "DeleteBackupRequestStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "A Velero DeleteBackupRequest."
)]
#[serde(rename_all = "camelCase", default)]
pub struct DeleteBackupRequestSpec {
    /// Name of the Backup, in the namespace of the request.
    pub backup_name: String,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

/// How far the deletion got.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeleteBackupRequestStatus {
    /// Where the request stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<String>>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

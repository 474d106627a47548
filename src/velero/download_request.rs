//! Velero's DownloadRequest: the way to read a file of a Backup or Restore from the storage location.

use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::Other;
use crate::wire::text_enum::text_enum;

/// Which file to hand out.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "velero.io",
    version = "v1",
    kind = "DownloadRequest",
    namespaced,
    status = "DownloadRequestStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "A Velero DownloadRequest."
)]
#[serde(rename_all = "camelCase", default)]
pub struct DownloadRequestSpec {
    /// The file.
    pub target: DownloadTarget,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

/// A file of a Backup or Restore.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownloadTarget {
    /// Which of its files.
    pub kind: StoredFile,
    /// Name of the Backup or Restore.
    pub name: String,
}

/// Velero's answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DownloadRequestStatus {
    /// A URL that needs no credentials, and is a secret for that reason; `None` until Velero has signed it.
    #[serde(rename = "downloadURL", skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

text_enum! {
    /// A file that Velero keeps in the storage location, all of them gzipped.
    StoredFile {
        /// None chosen.
        #[default]
        Unset = "",
        /// The log of a Backup.
        BackupLog = "BackupLog",
        /// The archive of a Backup: a tar of its objects.
        BackupContents = "BackupContents",
        /// The names of the objects in a Backup, by kind.
        BackupResourceList = "BackupResourceList",
        /// Errors and warnings of a Backup.
        BackupResults = "BackupResults",
        /// The log of a Restore.
        RestoreLog = "RestoreLog",
        /// Errors and warnings of a Restore.
        RestoreResults = "RestoreResults",
        /// The names of the objects a Restore went through, by kind.
        RestoreResourceList = "RestoreResourceList",
    }
}

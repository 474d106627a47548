//! Velero's Backup, and the template a Schedule makes Backups from.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, Time};
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::Other;
use crate::wire::text_enum::text_enum;

/// What a Backup contains; also the template of a Schedule.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "velero.io",
    version = "v1",
    kind = "Backup",
    namespaced,
    status = "BackupStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "A Velero Backup."
)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupSpec {
    /// Namespaces to back up; `None` or empty means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_namespaces: Option<Vec<String>>,
    /// Namespaces to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_namespaces: Option<Vec<String>>,
    /// Kinds to back up, `kind.group`; `None` or empty means every kind of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_resources: Option<Vec<String>>,
    /// Kinds to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_resources: Option<Vec<String>>,
    /// Cluster-scoped objects too; `None` lets Velero decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_cluster_resources: Option<bool>,
    /// Objects to back up; `None` means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Alternatives to `label_selector`; an object matching any of them is backed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or_label_selectors: Option<Vec<LabelSelector>>,
    /// Retention as Go duration text; `None` lets Velero use 720h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// Name of the storage location; `None` means the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_location: Option<String>,
    /// Names of volume snapshot locations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_snapshot_locations: Option<Vec<String>>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

/// How far a Backup got.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupStatus {
    /// Where the Backup stands.
    #[serde(skip_serializing_if = "BackupPhase::is_default")]
    pub phase: BackupPhase,
    /// When Velero started it; `None` before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended; `None` while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// When Velero may remove it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Time>,
    /// Items backed up so far and in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Number of errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<i64>,
    /// Number of warnings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<i64>,
    /// Why Velero gave up as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// What Velero found wrong in the spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_errors: Option<Vec<String>>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

impl BackupStatus {
    /// Items in the backup; Velero leaves zeros out. `None` before it has counted.
    pub fn items(&self) -> Option<i64> {
        let progress = self.progress.as_ref()?;
        Some(progress.items_backed_up.or(progress.total_items).unwrap_or(0))
    }

    /// Why it did not go well, in Velero's words; nothing while Velero complains of nothing.
    pub fn reasons(&self) -> impl Iterator<Item = &String> {
        self.failure_reason.iter().chain(self.validation_errors.iter().flatten())
    }
}

/// Items done and items in all, of a Backup or a Restore.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// Items in all; `None` while unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_items: Option<i64>,
    /// Items written to the archive, of a Backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_backed_up: Option<i64>,
    /// Items restored, of a Restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_restored: Option<i64>,
}

text_enum! {
    /// Where a Velero Backup stands.
    BackupPhase {
        /// Velero has not looked at it.
        #[default]
        Unset = "",
        /// Accepted, not started.
        New = "New",
        /// Waiting in Velero's queue.
        Queued = "Queued",
        /// Next in Velero's queue.
        ReadyToStart = "ReadyToStart",
        /// The spec is wrong.
        FailedValidation = "FailedValidation",
        /// Running.
        InProgress = "InProgress",
        /// Items are written, plugins still work.
        WaitingForPluginOperations = "WaitingForPluginOperations",
        /// As above, with errors so far.
        WaitingForPluginOperationsPartiallyFailed = "WaitingForPluginOperationsPartiallyFailed",
        /// Being closed.
        Finalizing = "Finalizing",
        /// Being closed, with errors so far.
        FinalizingPartiallyFailed = "FinalizingPartiallyFailed",
        /// Ended well.
        Completed = "Completed",
        /// Ended with errors.
        PartiallyFailed = "PartiallyFailed",
        /// Ended badly.
        Failed = "Failed",
        /// On its way out.
        Deleting = "Deleting",
    }
}

impl BackupPhase {
    /// Velero works on it no more, however it ended.
    pub fn has_ended(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::PartiallyFailed | Self::Failed | Self::FailedValidation | Self::Deleting
        )
    }
}

//! Velero's Restore.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, Time};
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::{Other, Progress};
use crate::wire::text_enum::text_enum;

/// What Velero restores, and how.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "velero.io",
    version = "v1",
    kind = "Restore",
    namespaced,
    status = "RestoreStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "A Velero Restore."
)]
#[serde(rename_all = "camelCase", default)]
pub struct RestoreSpec {
    /// The Backup to restore.
    pub backup_name: String,
    /// Set by Velero from the Backup's label when it starts; we never set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_name: Option<String>,
    /// Namespaces to restore; `None` or empty means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_namespaces: Option<Vec<String>>,
    /// Namespaces to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_namespaces: Option<Vec<String>>,
    /// Kinds to restore; `None` or empty means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_resources: Option<Vec<String>>,
    /// Kinds to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_resources: Option<Vec<String>>,
    /// Target namespaces by source namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_mapping: Option<BTreeMap<String, String>>,
    /// Objects to restore; `None` means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// Alternatives to `label_selector`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or_label_selectors: Option<Vec<LabelSelector>>,
    /// Restore volumes; `None` lets Velero decide.
    #[serde(rename = "restorePVs", skip_serializing_if = "Option::is_none")]
    pub restore_pvs: Option<bool>,
    /// Kinds whose status is restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_status: Option<RestoreStatusSpec>,
    /// Keep node ports of Services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_node_ports: Option<bool>,
    /// Cluster-scoped objects too; `None` lets Velero decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_cluster_resources: Option<bool>,
    /// What happens to objects that exist: `none` or `update`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_resource_policy: Option<String>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

/// Kinds whose status is restored too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RestoreStatusSpec {
    /// Kinds to include.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub included_resources: Option<Vec<String>>,
    /// Kinds to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_resources: Option<Vec<String>>,
}

/// How far a Restore got.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestoreStatus {
    /// Where the Restore stands.
    #[serde(skip_serializing_if = "RestorePhase::is_default")]
    pub phase: RestorePhase,
    /// When Velero started it; `None` before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Time>,
    /// When it ended; `None` while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Items restored so far and in all.
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

impl RestoreStatus {
    /// Why it did not go well, in Velero's words; nothing while Velero complains of nothing.
    pub fn reasons(&self) -> impl Iterator<Item = &String> {
        self.failure_reason.iter().chain(self.validation_errors.iter().flatten())
    }
}

text_enum! {
    /// Where a Velero Restore stands.
    RestorePhase {
        /// Velero has not looked at it.
        #[default]
        Unset = "",
        /// Accepted, not started.
        New = "New",
        /// The spec is wrong.
        FailedValidation = "FailedValidation",
        /// Running.
        InProgress = "InProgress",
        /// Items are restored, plugins still work.
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
    }
}

impl RestorePhase {
    /// Velero works on it no more, however it ended.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyFailed | Self::Failed | Self::FailedValidation)
    }
}

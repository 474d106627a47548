//! Velero's Schedule.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use serde::{Deserialize, Serialize};

use super::{BackupSpec, Other};
use crate::wire::text_enum::text_enum;

/// When Velero makes Backups, and from which template.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "velero.io",
    version = "v1",
    kind = "Schedule",
    namespaced,
    status = "ScheduleStatus",
    schema = "disabled",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "A Velero Schedule."
)]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleSpec {
    /// Cron text.
    pub schedule: String,
    /// What each Backup contains.
    pub template: BackupSpec,
    /// Backups are owned by the Schedule; `None` means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_owner_references_in_backup: Option<bool>,
    /// No Backups while true.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Skip the Backup that is due at the first look; `None` means the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_immediately: Option<bool>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

/// What Velero says about a Schedule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleStatus {
    /// Where the Schedule stands.
    #[serde(skip_serializing_if = "SchedulePhase::is_default")]
    pub phase: SchedulePhase,
    /// When the newest Backup was made; `None` before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<Time>,
    /// When a due Backup was skipped last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_skipped: Option<Time>,
    /// What Velero found wrong in the spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_errors: Option<Vec<String>>,
    /// Everything else, untouched.
    #[serde(flatten)]
    pub other: Other,
}

text_enum! {
    /// Where a Velero Schedule stands.
    SchedulePhase {
        /// Velero has not looked at it.
        #[default]
        Unset = "",
        /// Accepted, not looked at.
        New = "New",
        /// Makes Backups.
        Enabled = "Enabled",
        /// The spec is wrong.
        FailedValidation = "FailedValidation",
    }
}

//! BackupSchedule: how a hub backs itself up.

#![allow(clippy::duplicated_attributes)] // two printer columns of the same type

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::velero::{self, schema::ScheduleCopy};
use crate::wire::text_enum::text_enum;

/// How this hub is backed up. Spec: S-012
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "cluster.open-cluster-management.io",
    version = "v1beta1",
    kind = "BackupSchedule",
    plural = "backupschedules",
    singular = "backupschedule",
    shortname = "bsch",
    namespaced,
    status = "BackupScheduleStatus",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "Backs up this hub by Velero Schedules.",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.lastMessage")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = ["veleroSchedule"]))]
pub struct BackupScheduleSpec {
    /// When to back up: a cron expression as Velero takes it, in UTC.
    #[serde(default)]
    pub velero_schedule: String,
    /// How long backups are kept, as a Go duration; unset lets Velero keep them 720h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_ttl: Option<String>,
    /// Make tokens with which imported clusters reconnect to a restored hub.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_managed_service_account: bool,
    /// Validity of those tokens, as a Go duration; unset means twice veleroTtl.
    #[serde(default, rename = "managedServiceAccountTTL", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub managed_service_account_ttl: Option<String>,
    /// Make no backups right after the schedules were created.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_backup_on_start: bool,
    /// Volume snapshot locations named in every backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume_snapshot_locations: Vec<String>,
    /// Make no backups for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Backups are owned by their Velero Schedule and go with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_owner_references_in_backup: bool,
    /// Skip the backup that is due when a schedule is new or no longer paused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_immediately: bool,
    /// Number of runs to keep; unset means that only veleroTtl ends them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 1))]
    pub max_backups: Option<i64>,
}

/// What became of a BackupSchedule. Spec: S-014
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupScheduleStatus {
    /// Where it stands.
    #[serde(default)]
    pub phase: BackupSchedulePhase,
    /// Why, in a sentence.
    #[serde(default)]
    pub last_message: String,
    /// Copy of the Velero Schedule for managed clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ScheduleCopy")]
    pub velero_schedule_managed_clusters: Option<velero::Schedule>,
    /// Copy of the Velero Schedule for resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ScheduleCopy")]
    pub velero_schedule_resources: Option<velero::Schedule>,
    /// Copy of the Velero Schedule for credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ScheduleCopy")]
    pub velero_schedule_credentials: Option<velero::Schedule>,
}

text_enum! {
    /// Where a BackupSchedule stands. Spec: S-018
    BackupSchedulePhase {
        /// Never processed.
        #[default]
        Unset = "",
        /// Velero Schedules were just made.
        New = "New",
        /// Backups are made.
        Enabled = "Enabled",
        /// Something it needs is wrong or missing.
        FailedValidation = "FailedValidation",
        /// The Velero Schedules could not be made.
        Failed = "Failed",
        /// Velero has not looked at some Schedule.
        Unknown = "Unknown",
        /// Another hub writes to the same storage; final.
        BackupCollision = "BackupCollision",
        /// No backups for now.
        Paused = "Paused",
    }
}

impl BackupSchedule {
    /// The phase; `Unset` without a status.
    pub fn phase(&self) -> BackupSchedulePhase {
        self.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decoded(value: Value) -> BackupSchedule {
        serde_json::from_value(value).unwrap()
    }

    /// S-012, S-014, S-017: malformed durations keep their text, copies keep what this program does not know.
    #[test]
    fn a_full_object_round_trips() {
        let copy = json!({
            "apiVersion": "velero.io/v1",
            "kind": "Schedule",
            "metadata": {},
            "spec": {
                "schedule": "0 */2 * * *",
                "template": {"ttl": "two days", "csiSnapshotTimeout": "10m0s", "metadata": {"labels": {"a": "b"}}},
                "skipImmediately": true,
            },
            "status": {"phase": "Resting", "lastBackup": "2026-11-22T10:00:04Z", "news": 1},
        });
        let full = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1",
            "kind": "BackupSchedule",
            "metadata": {"name": "s", "namespace": "acm"},
            "spec": {
                "veleroSchedule": "0 */2 * * *",
                "veleroTtl": "5 days",
                "useManagedServiceAccount": true,
                "managedServiceAccountTTL": "",
                "noBackupOnStart": true,
                "volumeSnapshotLocations": ["a"],
                "paused": true,
                "useOwnerReferencesInBackup": true,
                "skipImmediately": true,
                "maxBackups": 3,
            },
            "status": {
                "phase": "Enabled",
                "lastMessage": "m",
                "veleroScheduleManagedClusters": copy,
                "veleroScheduleResources": copy,
                "veleroScheduleCredentials": copy,
            },
        });
        assert_eq!(serde_json::to_value(decoded(full.clone())).unwrap(), full);
    }

    /// S-012
    #[test]
    fn an_object_without_spec_or_status_decodes() {
        let schedule = decoded(json!({"metadata": {"name": "s"}}));
        assert_eq!(schedule.spec, BackupScheduleSpec::default());
        assert_eq!(schedule.phase(), BackupSchedulePhase::Unset);
    }

    /// S-014
    #[test]
    fn phase_and_message_are_always_written() {
        let status = serde_json::to_value(BackupScheduleStatus::default()).unwrap();
        assert_eq!(status, json!({"phase": "", "lastMessage": ""}));
    }

    /// S-018
    #[test]
    fn unknown_phases_survive() {
        let schedule = decoded(json!({"metadata": {}, "status": {"phase": "Resting"}}));
        assert_eq!(schedule.phase(), BackupSchedulePhase::Other("Resting".into()));
        assert_eq!(schedule.phase().to_string(), "Resting");
    }
}

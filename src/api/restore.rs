//! Restore: how a hub is restored from backups.

#![allow(clippy::duplicated_attributes)] // two printer columns of the same type

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, Time};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::velero::{RestoreStatusSpec, schema};
use crate::wire::text_enum::text_enum;

/// What to restore on this hub, and how. Spec: R-043
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "cluster.open-cluster-management.io",
    version = "v1beta1",
    kind = "Restore",
    plural = "restores",
    singular = "restore",
    shortname = "crst",
    namespaced,
    status = "RestoreStatus",
    derive = "Default",
    derive = "PartialEq",
    attr = "cfg_attr(all(), serde(default))",
    doc = "Restores this hub from backups.",
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.lastMessage")
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("required" = [
    "cleanupBeforeRestore",
    "veleroCredentialsBackupName",
    "veleroManagedClustersBackupName",
    "veleroResourcesBackupName",
]))]
pub struct RestoreSpec {
    /// Backup of managed clusters: latest, skip or a name. Anything but skip activates them here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_managed_clusters_backup_name: Option<String>,
    /// Backup of credentials: latest, skip or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_credentials_backup_name: Option<String>,
    /// Backup of resources: latest, skip or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_resources_backup_name: Option<String>,
    /// What to remove once the restore is done: None, CleanupRestored or CleanupAll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Cleanup")]
    pub cleanup_before_restore: Option<Cleanup>,
    /// Keep restoring newer backups; starts passive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sync_restore_with_new_backups: bool,
    /// How often to look for newer backups, as a Go duration; unset means 30m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub restore_sync_interval: Option<String>,
    /// Restore volumes; unset lets Velero decide.
    #[serde(default, rename = "restorePVs", skip_serializing_if = "Option::is_none")]
    pub restore_pvs: Option<bool>,
    /// Keep node ports of Services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preserve_node_ports: Option<bool>,
    /// Kinds whose status is restored too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_status: Option<RestoreStatusSpec>,
    /// Accepted and never run; here for compatibility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RestoreHooks")]
    pub hooks: Option<RestoreHooks>,
    /// Namespaces to restore; unset means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included_namespaces: Option<Vec<String>>,
    /// Namespaces to leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_namespaces: Option<Vec<String>>,
    /// Kinds to restore; unset means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included_resources: Option<Vec<String>>,
    /// Kinds to leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_resources: Option<Vec<String>>,
    /// Objects to restore; unset means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::LabelSelector>")]
    pub label_selector: Option<LabelSelector>,
    /// Alternatives to labelSelector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<schema::LabelSelector>>")]
    pub or_label_selectors: Option<Vec<LabelSelector>>,
    /// Target namespaces by source namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub namespace_mapping: Option<BTreeMap<String, String>>,
}

/// Hooks the operator accepts and ignores. Spec: R-214
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreHooks {
    /// One entry per set of objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<RestoreResourceHook>")]
    pub resources: Option<Vec<RestoreResourceHook>>,
}

/// Hooks for one set of objects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreResourceHook {
    /// Name of the entry.
    pub name: String,
    /// Namespaces it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included_namespaces: Option<Vec<String>>,
    /// Namespaces it does not apply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_namespaces: Option<Vec<String>>,
    /// Kinds it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included_resources: Option<Vec<String>>,
    /// Kinds it does not apply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_resources: Option<Vec<String>>,
    /// Objects it applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::LabelSelector>")]
    pub label_selector: Option<LabelSelector>,
    /// What runs after the restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PostHook>")]
    pub post_hooks: Option<Vec<PostHook>>,
}

/// One hook: a command, or init containers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostHook {
    /// A command to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExecHook")]
    pub exec: Option<ExecHook>,
    /// Init containers to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "InitHook")]
    pub init: Option<InitHook>,
}

/// A command to run in a restored pod.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecHook {
    /// The command and its arguments.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// Container to run it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub container: Option<String>,
    /// How long it may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub exec_timeout: Option<String>,
    /// Continue or Fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = ["Continue", "Fail"]))]
    pub on_error: Option<String>,
    /// Wait for the container to be ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_ready: Option<bool>,
    /// How long to wait for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub wait_timeout: Option<String>,
}

/// Init containers to add to a restored pod.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitHook {
    /// The containers, as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<schema::AnyObject>", extend("x-kubernetes-preserve-unknown-fields" = true))]
    pub init_containers: Option<Vec<serde_json::Value>>,
    /// How long they may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub timeout: Option<String>,
}

/// What became of a Restore. Spec: R-044
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreStatus {
    /// Where it stands.
    #[serde(default)]
    pub phase: RestorePhase,
    /// Why, in a sentence.
    #[serde(default)]
    pub last_message: String,
    /// What became of each managed cluster's import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<String>>,
    /// When it reached a final phase, or a following restore its last cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_timestamp: Option<Time>,
    /// Name of the Velero Restore of managed clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_managed_clusters_restore_name: Option<String>,
    /// Name of the Velero Restore of resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_resources_restore_name: Option<String>,
    /// Name of the Velero Restore of generic resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_generic_resources_restore_name: Option<String>,
    /// Name of the Velero Restore of credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub velero_credentials_restore_name: Option<String>,
}

text_enum! {
    /// Where a Restore stands. Spec: R-045
    RestorePhase {
        /// Never processed.
        #[default]
        Unset = "",
        /// Velero Restores were made or are awaited.
        Started = "Started",
        /// A Velero Restore is running.
        Running = "Running",
        /// Done, all well.
        Finished = "Finished",
        /// Done, with errors; or refused.
        FinishedWithErrors = "FinishedWithErrors",
        /// Something is wrong; tried again.
        Error = "Error",
        /// Used by old versions only.
        Unknown = "Unknown",
        /// Follows new backups.
        Enabled = "Enabled",
        /// Follows new backups, the last cycle had errors.
        EnabledWithErrors = "EnabledWithErrors",
    }
}

impl RestorePhase {
    /// Follows new backups, with or without errors. Spec: R-046
    pub fn is_enabled(&self) -> bool {
        matches!(self, Self::Enabled | Self::EnabledWithErrors)
    }

    /// Will never change again. Spec: R-046
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Finished | Self::FinishedWithErrors)
    }
}

text_enum! {
    /// What a Restore removes once it is done. Spec: R-043
    Cleanup {
        /// Nothing.
        #[default]
        None = "None",
        /// What an earlier restore brought and the backups no longer hold.
        CleanupRestored = "CleanupRestored",
        /// Everything the backups do not hold.
        CleanupAll = "CleanupAll",
    }
}

/// What a user chose for one part: `latest`, `skip` or a backup's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BackupChoice {
    /// The newest usable backup.
    Latest,
    /// Leave this part out.
    Skip,
    /// The backup of this name.
    Name(String),
}

impl BackupChoice {
    /// Reads a spec field: trimmed and lower-cased once; unset means `latest`, blank is an empty name.
    ///
    /// Spec: R-003, R-031, R-151
    pub fn from_field(field: Option<&str>) -> Self {
        let text = field.unwrap_or("latest").trim().to_lowercase();
        match text.as_str() {
            "latest" => Self::Latest,
            "skip" => Self::Skip,
            _ => Self::Name(text),
        }
    }
}

impl RestoreSpec {
    /// What was chosen for managed clusters.
    pub fn managed_clusters_choice(&self) -> BackupChoice {
        BackupChoice::from_field(self.velero_managed_clusters_backup_name.as_deref())
    }

    /// What was chosen for credentials.
    pub fn credentials_choice(&self) -> BackupChoice {
        BackupChoice::from_field(self.velero_credentials_backup_name.as_deref())
    }

    /// What was chosen for resources.
    pub fn resources_choice(&self) -> BackupChoice {
        BackupChoice::from_field(self.velero_resources_backup_name.as_deref())
    }

    /// Something of what the backups hold is left out by namespace, kind or label.
    pub fn is_filtered(&self) -> bool {
        let lists = [
            &self.included_namespaces,
            &self.excluded_namespaces,
            &self.included_resources,
            &self.excluded_resources,
        ];
        lists.iter().any(|list| list.as_ref().is_some_and(|list| !list.is_empty()))
            || self.label_selector.is_some()
            || self.or_label_selectors.as_ref().is_some_and(|selectors| !selectors.is_empty())
    }
}

impl Restore {
    /// The phase; `Unset` without a status.
    pub fn phase(&self) -> RestorePhase {
        self.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decoded(value: Value) -> Restore {
        serde_json::from_value(value).unwrap()
    }

    /// R-003, R-031, R-151
    #[test]
    fn a_choice_is_trimmed_lower_cased_and_latest_when_unset() {
        let cases = [
            (None, BackupChoice::Latest),
            (Some("latest"), BackupChoice::Latest),
            (Some(" Latest\n"), BackupChoice::Latest),
            (Some("SKIP "), BackupChoice::Skip),
            (Some(""), BackupChoice::Name(String::new())),
            (Some("  "), BackupChoice::Name(String::new())),
            (Some(" Acm-Credentials-1"), BackupChoice::Name("acm-credentials-1".into())),
        ];
        for (field, choice) in cases {
            assert_eq!(BackupChoice::from_field(field), choice, "{field:?}");
        }
    }

    #[test]
    fn each_part_reads_its_own_field() {
        let spec = RestoreSpec {
            velero_managed_clusters_backup_name: Some("a".into()),
            velero_credentials_backup_name: Some("b".into()),
            velero_resources_backup_name: Some("c".into()),
            ..RestoreSpec::default()
        };
        let choices = [spec.managed_clusters_choice(), spec.credentials_choice(), spec.resources_choice()];
        assert_eq!(choices, ["a", "b", "c"].map(|name| BackupChoice::Name(name.into())));
    }

    /// R-043, R-044, R-047: every field, null included, comes back as it was.
    #[test]
    fn a_full_object_round_trips() {
        let selector = json!({
            "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
            "matchLabels": {"a": "b"},
        });
        let full = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1",
            "kind": "Restore",
            "metadata": {"name": "r", "namespace": "acm"},
            "spec": {
                "veleroManagedClustersBackupName": "Skip ",
                "veleroCredentialsBackupName": "latest",
                "veleroResourcesBackupName": "acm-resources-schedule-20261122100004",
                "cleanupBeforeRestore": "CleanupRestored",
                "syncRestoreWithNewBackups": true,
                "restoreSyncInterval": "20 minutes",
                "restorePVs": false,
                "preserveNodePorts": true,
                "restoreStatus": {"includedResources": ["a"], "excludedResources": ["b"]},
                "hooks": {"resources": [{
                    "name": "h",
                    "includedNamespaces": ["n"], "excludedNamespaces": ["m"],
                    "includedResources": ["p"], "excludedResources": ["q"],
                    "labelSelector": selector,
                    "postHooks": [
                        {"exec": {
                            "command": ["true"], "container": "c", "execTimeout": "1m", "onError": "Fail",
                            "waitForReady": true, "waitTimeout": "2m",
                        }},
                        {"init": {"initContainers": [{"name": "i", "anything": [1]}], "timeout": "3m"}},
                    ],
                }]},
                "includedNamespaces": ["n"], "excludedNamespaces": ["m"],
                "includedResources": ["p"], "excludedResources": ["q"],
                "labelSelector": selector,
                "orLabelSelectors": [selector],
                "namespaceMapping": {"from": "to"},
            },
            "status": {
                "phase": "Finished",
                "lastMessage": "m",
                "messages": ["x"],
                "completionTimestamp": "2026-11-22T10:00:04Z",
                "veleroManagedClustersRestoreName": "a",
                "veleroResourcesRestoreName": "b",
                "veleroGenericResourcesRestoreName": "c",
                "veleroCredentialsRestoreName": "d",
            },
        });
        assert_eq!(serde_json::to_value(decoded(full.clone())).unwrap(), full);
    }

    /// R-047
    #[test]
    fn an_unset_field_is_not_written() {
        let spec = serde_json::to_value(decoded(json!({"metadata": {}, "spec": {}})).spec).unwrap();
        assert_eq!(spec, json!({}));
        let spec = json!({"hooks": {}, "includedNamespaces": []});
        let decoded = decoded(json!({"metadata": {}, "spec": spec.clone()}));
        assert_eq!(serde_json::to_value(decoded.spec).unwrap(), spec);
    }

    /// R-040, R-044: such objects can come from another version of the CRD.
    #[test]
    fn an_object_without_spec_or_status_decodes() {
        let restore = decoded(json!({"metadata": {"name": "r"}}));
        assert_eq!(restore.spec, RestoreSpec::default());
        assert_eq!(restore.phase(), RestorePhase::Unset);
        assert_eq!(decoded(json!({"metadata": {}, "status": {}})).phase(), RestorePhase::Unset);
    }

    #[test]
    fn null_is_read_as_unset() {
        let spec = json!({"labelSelector": null, "restorePVs": null, "includedNamespaces": null});
        let restore = decoded(json!({"metadata": {}, "spec": spec, "status": {"messages": null}}));
        assert_eq!(restore.spec, RestoreSpec::default());
    }

    /// R-045, R-051
    #[test]
    fn unknown_words_survive() {
        let restore = decoded(json!({
            "metadata": {}, "spec": {"cleanupBeforeRestore": "Sometimes"}, "status": {"phase": "Resting"},
        }));
        assert_eq!(restore.spec.cleanup_before_restore, Some(Cleanup::Other("Sometimes".into())));
        assert_eq!(restore.phase(), RestorePhase::Other("Resting".into()));
        assert_eq!(serde_json::to_value(restore.phase()).unwrap(), "Resting");
    }

    /// R-045, R-046, R-971
    #[test]
    fn error_is_neither_terminal_nor_enabled() {
        for (phase, terminal, enabled) in [
            ("", false, false),
            ("Started", false, false),
            ("Running", false, false),
            ("Error", false, false),
            ("Finished", true, false),
            ("FinishedWithErrors", true, false),
            ("Enabled", false, true),
            ("EnabledWithErrors", false, true),
        ] {
            let known = RestorePhase::from(phase);
            assert!(!matches!(known, RestorePhase::Other(_)), "{phase} is known");
            assert_eq!((known.is_terminal(), known.is_enabled()), (terminal, enabled), "{phase}");
        }
    }
}

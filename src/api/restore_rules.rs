//! What the server itself refuses in a Restore, where the operator has a webhook. Spec: R-050, R-052…R-054
//!
//! Rules on a field are not asked about objects that broke them before and leave the field as it is.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrBool, ValidationRule,
};

/// Entries of `namespaceMapping`; the server weighs a rule by the longest input it may get.
const MAPPINGS_MAX: i64 = 1024;
/// Length of a target in `namespaceMapping`, far beyond what a namespace's name can have.
const TARGET_LENGTH_MAX: i64 = 512;

/// Adds the rules to the schema of a Restore.
pub(super) fn add(root: &mut JSONSchemaProps) {
    root.x_kubernetes_validations = Some(vec![born_passive(), activated_when_enabled()]);
    let properties = root.properties.iter_mut().flatten();
    for spec in properties.filter(|(name, _)| *name == "spec").map(|(_, schema)| schema) {
        spec.x_kubernetes_validations = Some(vec![followable()]);
        for mapping in spec.properties.iter_mut().flatten().filter(|(name, _)| *name == "namespaceMapping") {
            guard_targets(mapping.1);
        }
    }
}

/// Spec: R-050
fn guard_targets(mapping: &mut JSONSchemaProps) {
    mapping.max_properties = Some(MAPPINGS_MAX);
    if let Some(JSONSchemaPropsOrBool::Schema(target)) = &mut mapping.additional_properties {
        target.max_length = Some(TARGET_LENGTH_MAX);
        target.x_kubernetes_validations = Some(vec![rule(
            r"!self.trim().lowerAscii().matches('^(default$|openshift$|kube-|openshift-)')",
            "a system namespace cannot be the target of a mapping",
        )]);
    }
}

/// Spec: R-052
fn followable() -> ValidationRule {
    rule(
        "!has(self.syncRestoreWithNewBackups) || !self.syncRestoreWithNewBackups || \
         (self.veleroManagedClustersBackupName.trim().lowerAscii() in ['skip', 'latest'] && \
         self.veleroCredentialsBackupName.trim().lowerAscii() == 'latest' && \
         self.veleroResourcesBackupName.trim().lowerAscii() == 'latest')",
        "syncRestoreWithNewBackups needs latest for credentials and resources, skip or latest for managed clusters",
    )
}

/// Nothing has looked at a Restore without a status. Spec: R-053
fn born_passive() -> ValidationRule {
    rule(
        "has(self.status) || !has(self.spec) || !has(self.spec.syncRestoreWithNewBackups) || \
         !self.spec.syncRestoreWithNewBackups || \
         self.spec.veleroManagedClustersBackupName.trim().lowerAscii() == 'skip'",
        BORN_PASSIVE,
    )
}

/// Asked only when one of the two fields changes, so not while an activation begins. Spec: R-053, R-054
fn activated_when_enabled() -> ValidationRule {
    rule(
        "!has(self.spec) || !has(self.spec.syncRestoreWithNewBackups) || \
         !self.spec.syncRestoreWithNewBackups || \
         self.spec.veleroManagedClustersBackupName.trim().lowerAscii() == 'skip' || \
         (has(oldSelf.spec) && has(oldSelf.spec.syncRestoreWithNewBackups) && \
         oldSelf.spec.syncRestoreWithNewBackups && \
         oldSelf.spec.veleroManagedClustersBackupName == self.spec.veleroManagedClustersBackupName) || \
         (has(oldSelf.status) && has(oldSelf.status.phase) && oldSelf.status.phase.startsWith('Enabled')) || \
         (has(oldSelf.status) && has(oldSelf.status.veleroManagedClustersRestoreName) && \
         oldSelf.status.veleroManagedClustersRestoreName != '')",
        BORN_PASSIVE,
    )
}

const BORN_PASSIVE: &str = "veleroManagedClustersBackupName must be skip until the Restore is Enabled: create it passive, then activate it";

fn rule(rule: &str, message: &str) -> ValidationRule {
    ValidationRule { rule: rule.to_owned(), message: Some(message.to_owned()), ..ValidationRule::default() }
}

//! The Velero Restore objects, field by field. Spec: R-210…R-225

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, OwnerReference,
};
use kube::Resource;
use kube::core::ObjectMeta;

use super::facts::Facts;
use super::wanted::WantedRestore;
use crate::api::{self, RestoreSpec, keys};
use crate::plan::latest::hub_of;
use crate::velero::{self, RestoreType};

/// Kinds no restore brings back, before the user's own. Spec: R-216
const NEVER_RESTORED: [&str; 9] = [
    "CustomResourceDefinition",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
];

/// The Velero Restore to create. Spec: R-210…R-225
pub(super) fn object(facts: &Facts<'_>, wanted: &WantedRestore) -> velero::Restore {
    let backup = facts.candidates().named(&wanted.backup);
    let producer = backup.and_then(hub_of).unwrap_or_default().to_owned();
    velero::Restore {
        metadata: ObjectMeta {
            name: Some(wanted.name.clone()),
            namespace: Some(facts.namespace.to_owned()),
            labels: Some(BTreeMap::from([(keys::BACKUP_CLUSTER.to_owned(), producer)])),
            owner_references: owner(facts.restore).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        spec: spec(&facts.restore.spec, wanted),
        status: None,
    }
}

/// The controller reference; `None` for a Restore that does not exist yet. Spec: R-210
fn owner(restore: &api::Restore) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: api::Restore::api_version(&()).into_owned(),
        kind: api::Restore::kind(&()).into_owned(),
        name: restore.metadata.name.clone()?,
        uid: restore.metadata.uid.clone()?,
        controller: Some(true),
        block_owner_deletion: Some(true),
    })
}

fn spec(user: &RestoreSpec, wanted: &WantedRestore) -> velero::RestoreSpec {
    let mut spec = velero::RestoreSpec {
        backup_name: wanted.backup.clone(),
        existing_resource_policy: Some("update".to_owned()),
        include_cluster_resources: cluster_resources(wanted.part),
        included_namespaces: distinct(user.included_namespaces.as_ref()),
        excluded_namespaces: distinct(user.excluded_namespaces.as_ref()),
        included_resources: distinct(user.included_resources.as_ref()),
        excluded_resources: Some(excluded_resources(user)),
        namespace_mapping: user.namespace_mapping.clone(),
        label_selector: user.label_selector.clone(),
        or_label_selectors: user.or_label_selectors.clone(),
        restore_pvs: user.restore_pvs,
        restore_status: user.restore_status.clone(),
        preserve_node_ports: user.preserve_node_ports,
        ..velero::RestoreSpec::default()
    };
    if let Some(requirement) = activation_requirement(wanted.part) {
        require(&mut spec, requirement);
    }
    spec
}

/// Spec: R-215
fn cluster_resources(part: RestoreType) -> Option<bool> {
    (!matches!(part, RestoreType::Credentials | RestoreType::CredentialsActive)).then_some(true)
}

/// Spec: R-216
fn excluded_resources(user: &RestoreSpec) -> Vec<String> {
    let ours = NEVER_RESTORED.into_iter().map(str::to_owned);
    without_repeats(ours.chain(user.excluded_resources.iter().flatten().cloned()))
}

/// Spec: R-218
fn distinct(values: Option<&Vec<String>>) -> Option<Vec<String>> {
    values.map(|values| without_repeats(values.iter().cloned()))
}

fn without_repeats(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// Keeps activation data out of the passive passes, and everything else out of the active ones. Spec: R-220…R-222
fn activation_requirement(part: RestoreType) -> Option<LabelSelectorRequirement> {
    let operator = match part {
        RestoreType::Credentials | RestoreType::ResourcesGeneric => "NotIn",
        RestoreType::CredentialsActive | RestoreType::ResourcesGenericActive => "In",
        RestoreType::Resources | RestoreType::ManagedClusters => return None,
    };
    Some(LabelSelectorRequirement {
        key: keys::BACKUP.to_owned(),
        operator: operator.to_owned(),
        values: Some(vec![keys::BACKUP_ACTIVATION.to_owned()]),
    })
}

/// Adds a requirement to every alternative, or to the plain selector without any. Spec
fn require(spec: &mut velero::RestoreSpec, requirement: LabelSelectorRequirement) {
    match spec.or_label_selectors.as_mut().filter(|selectors| !selectors.is_empty()) {
        Some(selectors) => selectors.iter_mut().for_each(|selector| add(selector, requirement.clone())),
        None => add(spec.label_selector.get_or_insert_default(), requirement),
    }
}

fn add(selector: &mut LabelSelector, requirement: LabelSelectorRequirement) {
    let expressions = selector.match_expressions.get_or_insert_default();
    if !expressions.contains(&requirement) {
        expressions.push(requirement);
    }
}

//! The objects made for tokens.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{DynamicObject, TypeMeta};
use serde_json::{Value, json};

use super::kinds::{self, Kind};
use super::terms::Account;
use crate::api::keys;
use crate::plan::{Action, NewObject, ObjectKind, OtherObject};

/// Where the addon's agent runs unless it says otherwise. Spec: S-005
pub(super) const DEFAULT_INSTALL_NAMESPACE: &str = "open-cluster-management-agent-addon";
/// What lets a cluster register with a hub. Spec: S-005
const BOOTSTRAP_ROLE: &str = "klusterlet-bootstrap-kubeconfig";
/// At the end of names of what is for another install namespace than the default one. Spec: S-005
const CUSTOM_SUFFIX: &str = "-custom-2";

/// Spec: S-157
pub(super) fn addon(cluster: &str) -> Action {
    let labels = [(keys::MSA, keys::TOKEN_ACCOUNT)];
    create(kinds::ADDON, (cluster, keys::TOKEN_ADDON), &labels, json!({"spec": {}}))
}

/// Spec: S-164, S-165
pub(super) fn account(cluster: &str, account: Account, validity: &str) -> Action {
    let labels = [(keys::MSA, keys::TOKEN_ACCOUNT)];
    let body = json!({"spec": {"rotation": {"enabled": true, "validity": validity}}});
    create(kinds::ACCOUNT, (cluster, account.name()), &labels, body)
}

/// The right of an account to register its cluster, as the cluster is to be given it. Spec: S-162
pub(super) fn work(cluster: &str, account: Account, install_namespace: &str) -> Action {
    let suffix = suffix_for(install_namespace);
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": format!("{}{suffix}", account.binding())},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": BOOTSTRAP_ROLE},
        "subjects": [{"kind": "ServiceAccount", "name": account.name(), "namespace": install_namespace}],
    });
    let labels = [(keys::ADDON_NAME_WORK, keys::TOKEN_ADDON), (keys::BACKUP, keys::BACKUP_ACTIVATION)];
    let body = json!({"spec": {"workload": {"manifests": [binding]}}});
    create(kinds::WORK, (cluster, &work_name(account, install_namespace)), &labels, body)
}

/// Spec: S-005, S-161
pub(super) fn work_name(account: Account, install_namespace: &str) -> String {
    format!("{}{}", account.work(), suffix_for(install_namespace))
}

fn suffix_for(install_namespace: &str) -> &'static str {
    if install_namespace == DEFAULT_INSTALL_NAMESPACE { "" } else { CUSTOM_SUFFIX }
}

fn create(kind: Kind, (namespace, name): (&str, &str), labels: &[(&str, &str)], body: Value) -> Action {
    let kind = ObjectKind::from(kind);
    let types = TypeMeta { api_version: kind.api_version(), kind: kind.kind.clone() };
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    let object = Box::new(DynamicObject { types: Some(types), metadata, data: body });
    Action::Create(Box::new(NewObject::Other(OtherObject { kind, object })))
}

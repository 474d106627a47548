//! Objects of other components that rules read: which of them, and how much of each.

use std::sync::Arc;

use kube::core::{ApiResource, DynamicObject};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::list::Scope;
use super::presence::{Crds, Presence};
use crate::api::keys;
use crate::plan::ObjectKind;
use crate::plan::labels::{CREDENTIAL_KEYS, DEPLOYMENT_FIELDS};
use crate::plan::tokens::kinds;

/// Objects that are read by one list, or followed by one watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selected {
    /// What says who this hub is. Spec: S-140
    ClusterVersions,
    /// Channels of the hub's own charts. Spec: S-088
    ChartChannels,
    /// The ManagedCluster that is the hub itself. Spec: S-143
    LocalClusters,
    /// All managed clusters. Spec: S-156
    Clusters,
    /// All namespaces.
    Namespaces,
    /// Secrets of Hive; where there is one, Hive manages the cluster. Spec: S-156
    HiveSecrets,
    /// The component that makes tokens. Spec: S-150
    TokenComponent,
    /// ManagedServiceAccounts. Spec: S-163
    Accounts,
    /// Its addons, one per cluster. Spec: S-157
    AddOns,
    /// Its ManifestWorks. Spec: S-162
    Works,
    /// Secrets with tokens. Spec: S-182
    TokenSecrets,
    /// Unmarked secrets of the assisted installer. Spec: S-207
    AgentSecrets,
    /// Unmarked credentials of bare metal hosts. Spec: S-208
    HostSecrets,
    /// ClusterDeployments of Hive. Spec: S-201
    Deployments,
    /// ClusterPools of Hive. Spec: S-203
    Pools,
    /// Secrets in the namespaces of deployments and pools. Spec: S-201 to S-204
    ClusterSecrets,
    /// Configmaps in the same namespaces. Spec: S-201
    ClusterConfigMaps,
}

/// Which objects of a kind, and how much of them.
#[derive(Debug, Clone, Copy)]
struct Selection {
    kind: kinds::Kind,
    /// A label they carry, with any value if none is given.
    label: Option<(&'static str, Option<&'static str>)>,
    /// Labels they do not carry.
    lacking: &'static [&'static str],
    /// Their name.
    name: Option<&'static str>,
    /// What is kept of the body, by JSON pointer; nothing = the server sends metadata alone.
    body: &'static [&'static str],
    /// Labels and annotations that are kept.
    kept: &'static [&'static str],
}

impl Selection {
    const fn all(kind: kinds::Kind) -> Self {
        Self { kind, label: None, lacking: &[], name: None, body: &[], kept: &[] }
    }

    const fn labelled(self, key: &'static str, value: Option<&'static str>) -> Self {
        Self { label: Some((key, value)), ..self }
    }

    const fn lacking(self, lacking: &'static [&'static str]) -> Self {
        Self { lacking, ..self }
    }

    const fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    const fn with_body(self, body: &'static [&'static str]) -> Self {
        Self { body, ..self }
    }

    const fn keeping(self, kept: &'static [&'static str]) -> Self {
        Self { kept, ..self }
    }
}

impl Selected {
    /// The one table of what is read of other components.
    const fn selection(self) -> Selection {
        match self {
            Self::ClusterVersions => Selection::all(kinds::CLUSTER_VERSION).with_body(&["/spec/clusterID"]),
            Self::ChartChannels => Selection::all(kinds::CHANNEL).named("charts-v1"),
            Self::LocalClusters => {
                Selection::all(kinds::MANAGED_CLUSTER).labelled(keys::LOCAL_CLUSTER, Some("true"))
            }
            Self::Clusters => Selection::all(kinds::MANAGED_CLUSTER),
            Self::Namespaces => Selection::all(kinds::NAMESPACE),
            Self::HiveSecrets => Selection::all(kinds::SECRET).labelled(keys::HIVE_SECRET_TYPE, None),
            Self::TokenComponent => Selection::all(kinds::COMPONENT).named(keys::TOKEN_ADDON),
            Self::Accounts => Selection::all(kinds::ACCOUNT)
                .with_body(&[
                    "/spec/rotation/validity",
                    "/status/expirationTimestamp",
                    "/status/tokenSecretRef/lastRefreshTimestamp",
                ])
                .keeping(&[keys::MSA, keys::INSTALLER_NAME]),
            Self::AddOns => Selection::all(kinds::ADDON)
                .named(keys::TOKEN_ADDON)
                .with_body(&["/status/namespace"])
                .keeping(&[keys::MSA]),
            Self::Works => {
                let ours = Some(keys::TOKEN_ADDON);
                Selection::all(kinds::WORK)
                    .labelled(keys::ADDON_NAME_WORK, ours)
                    .keeping(&[keys::ADDON_NAME_WORK])
            }
            Self::TokenSecrets => {
                Selection::all(kinds::SECRET).labelled(keys::MSA, Some("true")).keeping(TOKEN_SECRET_KEYS)
            }
            Self::AgentSecrets => Selection::all(kinds::SECRET)
                .labelled(keys::AGENT_INSTALL_WATCH, Some("true"))
                .lacking(CREDENTIAL_KEYS)
                .keeping(CREDENTIAL_RULE_KEYS),
            Self::HostSecrets => Selection::all(kinds::SECRET)
                .labelled(keys::METAL3_ENVIRONMENT, Some("baremetal"))
                .lacking(CREDENTIAL_KEYS)
                .keeping(CREDENTIAL_RULE_KEYS),
            Self::Deployments => Selection::all(kinds::CLUSTER_DEPLOYMENT)
                .with_body(DEPLOYMENT_FIELDS)
                .keeping(&[keys::DISABLE_CREATION_WEBHOOK]),
            Self::Pools => Selection::all(kinds::CLUSTER_POOL),
            Self::ClusterSecrets => Selection::all(kinds::SECRET).keeping(CREDENTIAL_RULE_KEYS),
            Self::ClusterConfigMaps => Selection::all(kinds::CONFIG_MAP).keeping(CREDENTIAL_RULE_KEYS),
        }
    }

    /// True if only those in the namespaces Hive works in are kept. Spec: S-291
    pub fn is_of_hive_namespaces(self) -> bool {
        matches!(self, Self::ClusterSecrets | Self::ClusterConfigMaps)
    }

    /// What a list or a watch of them asks for.
    pub fn scope(self) -> Scope<DynamicObject> {
        self.scope_in(None)
    }

    /// The same in one namespace; `None` = in all of them.
    pub fn scope_in(self, namespace: Option<&str>) -> Scope<DynamicObject> {
        let Selection { kind, label, lacking, name, body, .. } = self.selection();
        let root = match kind.group {
            "" => format!("/api/{}", kind.version),
            group => format!("/apis/{group}/{}", kind.version),
        };
        let label = label.map(|(key, value)| match value {
            Some(value) => format!("{key}={value}"),
            None => key.to_owned(),
        });
        let labels: Vec<String> =
            label.into_iter().chain(lacking.iter().map(|key| format!("!{key}"))).collect();
        Scope {
            path: match namespace {
                Some(namespace) => format!("{root}/namespaces/{namespace}/{}", kind.plural),
                None => format!("{root}/{}", kind.plural),
            },
            name: kind.full_name(),
            metadata_only: body.is_empty(),
            labels: (!labels.is_empty()).then(|| labels.join(",")),
            fields: name.map(|name| format!("metadata.name={name}")),
            limit: None,
            trim: Arc::new(move |object| self.trim(object)),
        }
    }

    /// Whether the kind is there, as far as the CRDs tell; what belongs to Kubernetes always is.
    pub fn presence(self, crds: watch::Receiver<Crds>) -> Presence {
        match self.selection().kind {
            kind if kind.group.is_empty() => Presence::Certain,
            kind => Presence::optional(&kind.full_name(), crds),
        }
    }

    /// True if an object with these types and metadata belongs to them.
    pub fn includes(self, object: &DynamicObject) -> bool {
        let Selection { kind, label, lacking, name, .. } = self.selection();
        let labels = object.metadata.labels.as_ref();
        let lacks = |key: &&str| !labels.is_some_and(|labels| labels.contains_key(*key));
        let has_label = label.is_none_or(|(key, value)| {
            let found = labels.and_then(|labels| labels.get(key));
            found.is_some_and(|found| value.is_none_or(|value| found == value))
        });
        let is_named = name.is_none_or(|name| object.metadata.name.as_deref() == Some(name));
        self.is_of(&ObjectKind::from(kind), object) && has_label && lacking.iter().all(lacks) && is_named
    }

    fn is_of(self, kind: &ObjectKind, object: &DynamicObject) -> bool {
        let types = object.types.as_ref();
        types.is_some_and(|types| types.api_version == kind.api_version() && types.kind == kind.kind)
    }

    /// True if they are of this kind.
    pub fn is_of_kind(self, resource: &ApiResource) -> bool {
        let kind = self.selection().kind;
        (kind.group, kind.plural) == (resource.group.as_str(), resource.plural.as_str())
    }

    /// The object without what no rule reads: never a value of a secret, never the annotation that repeats it.
    pub fn trim(self, object: DynamicObject) -> DynamicObject {
        let Selection { body, kept, .. } = self.selection();
        let DynamicObject { metadata, data, .. } = object;
        let of_these = |map: Option<std::collections::BTreeMap<String, String>>| {
            let map =
                map.map(|map| map.into_iter().filter(|(key, _)| kept.contains(&key.as_str())).collect());
            map.filter(|map: &std::collections::BTreeMap<_, _>| !map.is_empty())
        };
        let metadata = kube::core::ObjectMeta {
            labels: of_these(metadata.labels),
            annotations: of_these(metadata.annotations),
            name: metadata.name,
            namespace: metadata.namespace,
            uid: metadata.uid,
            resource_version: metadata.resource_version,
            deletion_timestamp: metadata.deletion_timestamp,
            finalizers: metadata.finalizers,
            ..Default::default()
        };
        let mut trimmed = Value::Object(Map::new());
        for pointer in body {
            if let Some(value) = data.pointer(pointer) {
                put(&mut trimmed, pointer, value.clone());
            }
        }
        DynamicObject { types: None, metadata, data: trimmed }
    }
}

/// What rules read of a secret with a token. Spec: S-004, S-180, S-209
const TOKEN_SECRET_KEYS: &[&str] = &[
    keys::MSA,
    keys::BACKUP,
    keys::CREDENTIAL_TYPE,
    keys::HIVE_SECRET_TYPE,
    keys::TOKEN_EXPIRATION,
    keys::TOKEN_LAST_REFRESH,
];

/// What rules about labels read of a secret. Spec: S-207, S-208, S-209
const CREDENTIAL_RULE_KEYS: &[&str] = &[
    keys::BACKUP,
    keys::CREDENTIAL_TYPE,
    keys::HIVE_SECRET_TYPE,
    keys::AGENT_INSTALL_WATCH,
    keys::METAL3_ENVIRONMENT,
];

fn put(target: &mut Value, pointer: &str, value: Value) {
    let mut place = target;
    for part in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else { return };
        place = map.entry(part).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> DynamicObject {
        serde_json::from_value(value).unwrap()
    }

    /// S-291: nothing of a secret but what a rule reads stays in memory
    #[test]
    fn of_a_secret_no_value_stays() {
        let secret = object(json!({"apiVersion": "v1", "kind": "Secret", "data": {"token": "c2VjcmV0"},
            "metadata": {"name": "auto-import-account", "namespace": "c1", "labels": {keys::MSA: "true", "a": "b"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "c2VjcmV0"}}}));
        assert!(Selected::TokenSecrets.includes(&secret));
        assert!(!Selected::HiveSecrets.includes(&secret));
        let trimmed = Selected::TokenSecrets.trim(secret);
        let kept = json!({"metadata": {"name": "auto-import-account", "namespace": "c1", "labels": {keys::MSA: "true"}}});
        assert_eq!(serde_json::to_value(&trimmed).unwrap(), kept);
    }

    #[test]
    fn of_an_account_the_fields_of_rules_stay_in_their_places() {
        let account = object(json!({"apiVersion": "authentication.open-cluster-management.io/v1beta1",
            "kind": "ManagedServiceAccount", "metadata": {"name": "a"},
            "spec": {"rotation": {"enabled": true, "validity": "1h"}}, "status": {"conditions": []}}));
        assert!(Selected::Accounts.includes(&account));
        let trimmed = Selected::Accounts.trim(account);
        assert_eq!(trimmed.data, json!({"spec": {"rotation": {"validity": "1h"}}}));
    }

    #[test]
    fn selections_ask_the_server_for_no_more_than_they_need() {
        let scope = Selected::AddOns.scope();
        assert_eq!(scope.path, "/apis/addon.open-cluster-management.io/v1alpha1/managedclusteraddons");
        assert_eq!(scope.fields.as_deref(), Some("metadata.name=managed-serviceaccount"));
        assert!(!scope.metadata_only);
        let scope = Selected::TokenSecrets.scope();
        assert!(scope.metadata_only, "never the values of secrets");
        assert_eq!(scope.path, "/api/v1/secrets");
        assert_eq!(scope.labels.unwrap(), format!("{}=true", keys::MSA));
        assert_eq!(Selected::HiveSecrets.scope().labels.as_deref(), Some(keys::HIVE_SECRET_TYPE));
    }

    /// S-207, S-209: what is marked already is not even read
    #[test]
    fn only_unmarked_secrets_are_asked_for() {
        let scope = Selected::AgentSecrets.scope();
        assert!(scope.metadata_only);
        assert_eq!(
            scope.labels.as_deref(),
            Some(
                "agent-install.openshift.io/watch=true,!hive.openshift.io/secret-type,\
                 !cluster.open-cluster-management.io/type,!cluster.open-cluster-management.io/backup"
            )
        );
        let in_one = Selected::ClusterSecrets.scope_in(Some("c1"));
        assert_eq!((in_one.path.as_str(), in_one.labels), ("/api/v1/namespaces/c1/secrets", None));
        let marked = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"labels": {
            keys::AGENT_INSTALL_WATCH: "true", keys::BACKUP: ""}}});
        assert!(!Selected::AgentSecrets.includes(&object(marked)));
    }
}

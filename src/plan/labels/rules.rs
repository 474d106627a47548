//! Which objects are to be labelled, and why.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::{DynamicObject, ObjectMeta};

use super::facts::{self, CredentialFacts, Place, label, place};
use super::reason::LabelReason;
use crate::api::keys;

/// An object with one of these keys, whatever its value, is in the backup by somebody's word. Spec: S-209
pub const CREDENTIAL_KEYS: &[&str] = &[keys::HIVE_SECRET_TYPE, keys::CREDENTIAL_TYPE, keys::BACKUP];
/// Where OpenShift keeps the credentials of the hub's own hosts. Spec: S-208
const OWN_HOSTS: &str = "openshift-machine-api";
/// In the names of secrets that matter only until a cluster is installed. Spec: S-204
const BOOTSTRAP: &str = "-bootstrap-";

/// What Hive's objects say of secrets and configmaps.
#[derive(Default)]
pub(super) struct Rules<'a> {
    secrets: BTreeMap<Place<'a>, LabelReason>,
    config_maps: BTreeSet<Place<'a>>,
    /// Namespace, then what names of secrets that belong to a pool begin with.
    of_pools: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Rules<'a> {
    /// The rules by these facts. Hive's objects in the namespace of the hub itself say nothing. Spec: S-200
    pub(super) fn of(facts: &'a CredentialFacts, local_cluster: Option<&str>) -> Self {
        let mut rules = Self::default();
        let mut deployments: Vec<_> = facts.cluster_deployments.iter().collect();
        deployments.sort_by_key(|deployment| place(&deployment.metadata));
        for deployment in deployments.into_iter().filter(|one| !is_of_hub(&one.metadata, local_cluster)) {
            rules.add(deployment);
        }
        for pool in facts.cluster_pools.iter().filter(|one| !is_of_hub(&one.metadata, local_cluster)) {
            rules.add_pool(&pool.metadata);
        }
        rules
    }

    /// Spec: S-201, S-202
    fn add(&mut self, deployment: &'a DynamicObject) {
        let (namespace, _) = place(&deployment.metadata);
        for (name, reason) in secrets_named(deployment) {
            self.secrets.entry((namespace, name)).or_insert(reason);
        }
        self.config_maps.extend(facts::manifests_config_map(deployment).map(|name| (namespace, name)));
        if facts::is_of_pool(deployment) {
            self.add_pool(&deployment.metadata);
        }
    }

    /// Spec: S-202, S-203
    fn add_pool(&mut self, pool: &'a ObjectMeta) {
        let (namespace, prefix) = place(pool);
        self.of_pools.entry(namespace).or_default().insert(prefix);
    }

    /// What is to be done to a secret; `None` leaves it alone.
    ///
    /// A secret a ClusterDeployment names is labelled as that, whatever else it is. Spec: S-206
    pub(super) fn on_secret(&self, secret: &ObjectMeta) -> Option<LabelReason> {
        if is_marked(secret) {
            return self.is_marked_import(secret).then_some(LabelReason::ImportSecret);
        }
        let named = || self.secrets.get(&place(secret)).copied();
        let of_pool = || self.is_of_pool(secret).then_some(LabelReason::ClusterPool);
        let for_agents = label(secret, keys::AGENT_INSTALL_WATCH) == Some("true");
        let of_agents = || for_agents.then_some(LabelReason::AgentInstall);
        let of_host = || is_of_host(secret).then_some(LabelReason::BareMetal);
        named().or_else(of_pool).or_else(of_agents).or_else(of_host)
    }

    /// What is to be done to a configmap; `None` leaves it alone. Spec: S-201
    pub(super) fn on_config_map(&self, config_map: &ObjectMeta) -> Option<LabelReason> {
        let is_named = !is_marked(config_map) && self.config_maps.contains(&place(config_map));
        is_named.then_some(LabelReason::ManifestsConfigMap)
    }

    /// Spec: S-204
    fn is_of_pool(&self, secret: &ObjectMeta) -> bool {
        let (namespace, name) = place(secret);
        let begins = |prefixes: &BTreeSet<&str>| prefixes.iter().any(|prefix| name.starts_with(prefix));
        self.of_pools.get(namespace).is_some_and(begins) && !is_import(secret) && !name.contains(BOOTSTRAP)
    }

    /// Old versions labelled the import secrets of pools. Spec: S-204
    fn is_marked_import(&self, secret: &ObjectMeta) -> bool {
        is_import(secret)
            && self.of_pools.contains_key(place(secret).0)
            && label(secret, keys::BACKUP) == LabelReason::ClusterPool.value()
    }
}

/// What is to be done to a ClusterDeployment; `None` leaves it alone. Spec: S-200, S-202
pub(super) fn on_deployment(deployment: &DynamicObject, local_cluster: Option<&str>) -> Option<LabelReason> {
    let is_set = label(&deployment.metadata, keys::DISABLE_CREATION_WEBHOOK).is_some_and(|it| !it.is_empty());
    let is_due = facts::is_of_pool(deployment) && !is_set;
    (is_due && !is_of_hub(&deployment.metadata, local_cluster)).then_some(LabelReason::PoolDeployment)
}

/// Spec: S-201
fn secrets_named(deployment: &DynamicObject) -> impl Iterator<Item = (&str, LabelReason)> {
    let bundles = facts::certificate_bundles(deployment).map(|name| (name, LabelReason::CertificateBundle));
    let pull = facts::pull_secret(deployment).map(|name| (name, LabelReason::PullSecret));
    let manifests = facts::manifests_secret(deployment).map(|name| (name, LabelReason::ManifestsSecret));
    bundles.chain(pull).chain(manifests)
}

fn is_marked(object: &ObjectMeta) -> bool {
    CREDENTIAL_KEYS.iter().any(|key| label(object, key).is_some())
}

/// Spec: S-208
fn is_of_host(secret: &ObjectMeta) -> bool {
    label(secret, keys::METAL3_ENVIRONMENT) == Some("baremetal") && place(secret).0 != OWN_HOSTS
}

fn is_import(secret: &ObjectMeta) -> bool {
    let (namespace, name) = place(secret);
    name.strip_suffix("-import") == Some(namespace)
}

fn is_of_hub(object: &ObjectMeta, local_cluster: Option<&str>) -> bool {
    local_cluster.is_some_and(|local_cluster| place(object).0 == local_cluster)
}

//! The label writes.

use kube::core::ObjectMeta;
use serde_json::{Value, json};

use super::facts::{CredentialFacts, place};
use super::reason::LabelReason;
use super::rules::{Rules, on_deployment};
use crate::plan::{Action, ObjectKind, Step, Target, TargetKind};

const SECRET: [&str; 4] = ["", "v1", "Secret", "secrets"];
const CONFIG_MAP: [&str; 4] = ["", "v1", "ConfigMap", "configmaps"];
const CLUSTER_DEPLOYMENT: [&str; 4] = ["hive.openshift.io", "v1", "ClusterDeployment", "clusterdeployments"];

/// The steps that bring what is concerned into the credentials backup; none of them is required.
///
/// `local_cluster` is the namespace of the hub among its own clusters, `None` if it is not among them. Nothing but
/// labels is written, and only to an object nobody has changed since it was seen. Spec: S-130, S-131, S-200 to S-209
pub fn steps(facts: &CredentialFacts, local_cluster: Option<&str>) -> Vec<Step> {
    let rules = Rules::of(facts, local_cluster);
    let deployments = facts
        .cluster_deployments
        .iter()
        .map(|one| (CLUSTER_DEPLOYMENT, &one.metadata, on_deployment(one, local_cluster)));
    let config_maps = facts.config_maps.iter().map(|one| &one.metadata);
    let config_maps = config_maps.map(|one| (CONFIG_MAP, one, rules.on_config_map(one)));
    let secrets = facts.secrets.iter().map(|one| &one.metadata);
    let secrets = secrets.map(|one| (SECRET, one, rules.on_secret(one)));
    let all = deployments.chain(config_maps).chain(secrets);
    let mut due: Vec<_> = all.filter_map(|(kind, object, reason)| Some((kind, object, reason?))).collect();
    due.sort_by_key(|(kind, object, _)| (*kind, place(object)));
    due.dedup_by_key(|(kind, object, _)| (*kind, place(object)));
    due.into_iter().map(|(kind, object, reason)| step(kind, object, reason)).collect()
}

/// A merge patch, which works on an object without any label too. Spec: S-202
fn step(kind: [&str; 4], object: &ObjectMeta, reason: LabelReason) -> Step {
    let (namespace, name) = place(object);
    let target = Target {
        kind: TargetKind::Other(ObjectKind::new(kind)),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: object.uid.clone(),
        resource_version: object.resource_version.clone(),
    };
    let labels: Value = [(reason.key().to_owned(), json!(reason.value()))].into_iter().collect();
    Step::optional(Action::Patch(target, json!({"metadata": {"labels": labels}})), reason).together()
}

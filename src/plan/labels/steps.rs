//! The label writes.

use kube::core::ObjectMeta;
use serde_json::{Value, json};

use super::facts::{CredentialFacts, place};
use super::reason::LabelReason;
use super::rules::{Rules, on_deployment};
use crate::plan::tokens::kinds::{self, Kind};
use crate::plan::{Action, Step, Target, TargetKind};

/// The steps that bring what is concerned into the credentials backup; none of them is required.
///
/// `local_cluster` is the namespace of the hub among its own clusters, `None` if it is not among them. Nothing but
/// labels is written, and only to an object nobody has changed since it was seen. Spec: S-130, S-131, S-200 to S-209
pub fn steps(facts: &CredentialFacts, local_cluster: Option<&str>) -> Vec<Step> {
    let rules = Rules::of(facts, local_cluster);
    let deployments = facts
        .cluster_deployments
        .iter()
        .map(|one| (kinds::CLUSTER_DEPLOYMENT, &one.metadata, on_deployment(one, local_cluster)));
    let config_maps = facts.config_maps.iter().map(|one| &one.metadata);
    let config_maps = config_maps.map(|one| (kinds::CONFIG_MAP, one, rules.on_config_map(one)));
    let secrets = facts.secrets.iter().map(|one| &one.metadata);
    let secrets = secrets.map(|one| (kinds::SECRET, one, rules.on_secret(one)));
    let all = deployments.chain(config_maps).chain(secrets);
    let mut due: Vec<_> = all.filter_map(|(kind, object, reason)| Some((kind, object, reason?))).collect();
    due.sort_by_key(|(kind, object, _)| (kind.plural, place(object)));
    due.dedup_by_key(|(kind, object, _)| (kind.plural, place(object)));
    due.into_iter().map(|(kind, object, reason)| step(kind, object, reason)).collect()
}

/// A merge patch, which works on an object without any label too. Spec: S-202
fn step(kind: Kind, object: &ObjectMeta, reason: LabelReason) -> Step {
    let (namespace, name) = place(object);
    let target = Target {
        kind: TargetKind::Other(kind.into()),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: object.uid.clone(),
        resource_version: object.resource_version.clone(),
    };
    let labels: Value = [(reason.key().to_owned(), json!(reason.value()))].into_iter().collect();
    Step::optional(Action::Patch(target, json!({"metadata": {"labels": labels}})), reason).together()
}

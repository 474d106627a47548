//! The hub's installer waits for Restores before it removes the hub. Spec: …R-806

use serde_json::json;

use super::facts::Facts;
use super::reason::RestoreReason;
use crate::api::keys;
use crate::plan::{Action, InternalHub, ObjectKind, Plan, Step, Target, TargetKind, Wake};

/// Steps that make the installer wait; problems with them are only logged. Spec
///
/// The Restore comes first: a component that waits for nobody would wait for ever.
pub(super) fn waiting_steps(facts: &Facts<'_>, hubs: &[InternalHub]) -> Vec<Step> {
    let Some(hub) = hubs.first().filter(|hub| !hub.is_deleted) else { return Vec::new() };
    let ours = finalizers(facts);
    let change = if !is_waited_for(&ours) {
        (restore_target(facts), with_finalizer(&ours))
    } else if !is_waited_for(&hub.finalizers) {
        (hub_target(hub), with_finalizer(&hub.finalizers))
    } else {
        return Vec::new();
    };
    vec![Step::optional(patch(change), RestoreReason::HubWaits)]
}

/// The hub is being removed, and this Restore with it. Spec
pub(super) fn removal(facts: &Facts<'_>, hubs: &[InternalHub]) -> Option<Plan> {
    hubs.iter().any(|hub| hub.is_deleted).then(|| {
        let target = Target { resource_version: None, ..restore_target(facts) };
        let step = Step::required(Action::Delete(target), RestoreReason::HubRemoved);
        Plan { steps: vec![step], wake: Wake::OnChange, ..Plan::default() }
    })
}

/// Steps that let a Restore go of which nothing is left, the last of all together with the component. Spec: R-804
///
/// The component comes first: without a Restore nobody would come back for it.
pub(super) fn releasing_steps(facts: &Facts<'_>, hubs: &[InternalHub], is_last: bool) -> Vec<Step> {
    let held = hubs.iter().filter(|hub| is_last && is_waited_for(&hub.finalizers));
    let mut changes: Vec<(Target, Vec<String>)> =
        held.map(|hub| (hub_target(hub), without_finalizer(&hub.finalizers))).collect();
    changes.push((restore_target(facts), without_finalizer(&finalizers(facts))));
    changes.into_iter().map(|change| Step::required(patch(change), RestoreReason::NothingLeft)).collect()
}

/// The finalizers of the Restore.
pub(super) fn finalizers(facts: &Facts<'_>) -> Vec<String> {
    facts.restore.metadata.finalizers.clone().unwrap_or_default()
}

/// Ours is among them. Spec: R-004
pub(super) fn is_waited_for(finalizers: &[String]) -> bool {
    finalizers.iter().any(|finalizer| finalizer == keys::FINALIZER)
}

fn with_finalizer(finalizers: &[String]) -> Vec<String> {
    finalizers.iter().cloned().chain([keys::FINALIZER.to_owned()]).collect()
}

fn without_finalizer(finalizers: &[String]) -> Vec<String> {
    finalizers.iter().filter(|finalizer| *finalizer != keys::FINALIZER).cloned().collect()
}

fn patch((target, finalizers): (Target, Vec<String>)) -> Action {
    Action::Patch(target, json!({"metadata": {"finalizers": finalizers}}))
}

fn restore_target(facts: &Facts<'_>) -> Target {
    let metadata = &facts.restore.metadata;
    Target {
        kind: TargetKind::Restore,
        namespace: facts.namespace.to_owned(),
        name: facts.name.to_owned(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version.clone(),
    }
}

fn hub_target(hub: &InternalHub) -> Target {
    let kind = ["operator.open-cluster-management.io", "v1", "InternalHubComponent", "internalhubcomponents"];
    Target {
        kind: TargetKind::Other(ObjectKind::new(kind)),
        namespace: hub.namespace.clone(),
        name: keys::INTERNAL_HUB.to_owned(),
        uid: hub.uid.clone(),
        resource_version: hub.resource_version.clone(),
    }
}

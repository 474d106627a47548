//! A Restore on its way out waits for its Velero Restores. Spec

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::facts::Facts;
use super::orphans;
use super::reason::RestoreReason;
use crate::api::{self, keys};
use crate::plan::{Action, HubSnapshot, Plan, Step, Target, TargetKind, Wake};

/// How long to wait before looking again. Spec: R-007
const AGAIN: Duration = Duration::from_secs(10);

/// As [`plan`], for a Restore of which only the metadata could be read.
pub(in crate::plan) fn of_unreadable(hub: &HubSnapshot, restore: &api::Restore) -> Plan {
    plan(&Facts::of(hub, restore, Timestamp::UNIX_EPOCH))
}

/// Removes what is left, then our finalizer; nothing without our finalizer, Kubernetes does the rest.
pub(super) fn plan(facts: &Facts<'_>) -> Plan {
    let finalizers = facts.restore.metadata.finalizers.clone().unwrap_or_default();
    if !finalizers.iter().any(|finalizer| finalizer == keys::FINALIZER) {
        return Plan { wake: Wake::OnChange, ..Plan::default() };
    }
    if facts.owned.is_empty() {
        return Plan { steps: vec![release(facts, &finalizers)], wake: Wake::OnChange, ..Plan::default() };
    }
    let steps = facts
        .owned
        .iter()
        .filter(|restore| restore.metadata.deletion_timestamp.is_none())
        .map(|restore| Step::required(Action::Delete(orphans::target(restore)), RestoreReason::Deleted))
        .collect();
    Plan { steps, wake: Wake::After(AGAIN), ..Plan::default() }
}

fn release(facts: &Facts<'_>, finalizers: &[String]) -> Step {
    let metadata = &facts.restore.metadata;
    let others: Vec<&String> = finalizers.iter().filter(|finalizer| *finalizer != keys::FINALIZER).collect();
    let target = Target {
        kind: TargetKind::Restore,
        namespace: facts.namespace.to_owned(),
        name: facts.name.to_owned(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version.clone(),
    };
    Step::required(
        Action::Patch(target, json!({"metadata": {"finalizers": others}})),
        RestoreReason::NothingLeft,
    )
}

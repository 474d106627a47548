//! A Restore on its way out waits for its Velero Restores. Spec: R-803…R-805

use std::collections::BTreeSet;
use std::time::Duration;

use super::facts::Facts;
use super::installer::{finalizers, is_waited_for, releasing_steps};
use super::orphans;
use super::reason::RestoreReason;
use crate::plan::{Action, Decision, InternalHub, Plan, Query, Step, Wake};

/// How long to wait before looking again. Spec: R-007
const AGAIN: Duration = Duration::from_secs(10);

/// Removes what is left, then our finalizer; nothing without our finalizer, Kubernetes does the rest.
pub(super) fn plan(facts: &Facts<'_>, hubs: &[InternalHub]) -> Decision {
    if !is_waited_for(&finalizers(facts)) {
        return Decision::Do(Plan { wake: Wake::OnChange, ..Plan::default() });
    }
    if !facts.owned.is_empty() {
        return Decision::Do(Plan { steps: removals(facts), wake: Wake::After(AGAIN), ..Plan::default() });
    }
    let is_held = hubs.iter().any(|hub| is_waited_for(&hub.finalizers));
    let is_last = match (is_held, &facts.hub.on_request.restores_waited_for) {
        (true, None) => return Decision::NeedMore(BTreeSet::from([Query::RestoresWaitedFor])),
        (true, Some(restores)) => {
            let ours = format!("{}/{}", facts.namespace, facts.name);
            restores.iter().all(|restore| *restore == ours)
        }
        (false, _) => false,
    };
    let steps = releasing_steps(facts, hubs, is_last);
    Decision::Do(Plan { steps, wake: Wake::OnChange, ..Plan::default() })
}

fn removals(facts: &Facts<'_>) -> Vec<Step> {
    facts
        .owned
        .iter()
        .filter(|restore| restore.metadata.deletion_timestamp.is_none())
        .map(|restore| Step::required(Action::Delete(orphans::target(restore)), RestoreReason::Deleted))
        .collect()
}

//! What is made ready before a run.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::plan::{HubSnapshot, OnRequest, Plan, Query, Step, Wake, labels};

/// When preparation that failed is tried again. Spec: S-006
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// The steps before a run. Spec: S-130, S-131
///
/// # Errors
/// The questions to answer first.
pub(super) fn steps(hub: &HubSnapshot) -> Result<Vec<Step>, BTreeSet<Query>> {
    let known = &hub.on_request;
    match (&known.hub, &known.credentials) {
        (Some(hub), Some(facts)) => Ok(labels::steps(facts, hub.local_cluster.as_deref())),
        _ => Err(unanswered(known)),
    }
}

/// The plan with these steps before its own; what fails of them is tried again without a sign. Spec: S-006, S-131
pub(super) fn before(steps: Vec<Step>, mut plan: Plan) -> Plan {
    if plan.wake == Wake::OnChange && !steps.is_empty() {
        plan.wake = Wake::After(AGAIN);
    }
    plan.steps.splice(0..0, steps);
    plan
}

/// Everything a pass may still need, so that it is asked once.
pub(super) fn unanswered(known: &OnRequest) -> BTreeSet<Query> {
    let hub = known.hub.is_none().then_some(Query::Hub);
    let served = known.served.is_none().then_some(Query::Served);
    let credentials = known.credentials.is_none().then_some(Query::Credentials);
    [hub, served, credentials].into_iter().flatten().collect()
}

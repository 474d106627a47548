//! What is made ready before a run.

use std::collections::BTreeSet;

use crate::plan::{HubSnapshot, OnRequest, Query, Step, labels};

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

/// Everything a pass may still need, so that it is asked once.
pub(super) fn unanswered(known: &OnRequest) -> BTreeSet<Query> {
    let hub = known.hub.is_none().then_some(Query::Hub);
    let served = known.served.is_none().then_some(Query::Served);
    let credentials = known.credentials.is_none().then_some(Query::Credentials);
    [hub, served, credentials].into_iter().flatten().collect()
}

//! Managed clusters wait for volumes that come with the activation data. Spec: R-331…R-333

use std::collections::BTreeSet;
use std::time::Duration;

use super::facts::Facts;
use super::phase::{Gate, gate_of_credentials};
use super::wanted::WantedRestore;
use crate::plan::Query;
use crate::velero::RestoreType;

/// How long to wait before looking again. Spec: R-007
pub(super) const AGAIN: Duration = Duration::from_secs(10);

/// Whether managed clusters may be restored yet.
///
/// # Errors
/// The facts to ask for first.
pub(super) fn gate(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Result<Gate, BTreeSet<Query>> {
    let gate = gate_of_credentials(facts, wanted);
    if gate != Gate::Open || !is_waited_for(wanted) {
        return Ok(gate);
    }
    let volumes = facts.hub.on_request.volumes.as_ref().ok_or(BTreeSet::from([Query::Volumes]))?;
    let missing: BTreeSet<String> = volumes
        .iter()
        .filter(|volume| !volume.exists)
        .map(|volume| format!("{}:{}", volume.name, volume.namespace))
        .collect();
    Ok(if missing.is_empty() { Gate::Open } else { Gate::WaitsForVolumes(missing) })
}

/// Without the activation data of credentials there is no wait. Spec: R-333
fn is_waited_for(wanted: &[WantedRestore]) -> bool {
    wanted.iter().any(|restore| restore.part == RestoreType::CredentialsActive)
        && wanted.iter().any(|restore| restore.part == RestoreType::ManagedClusters && !restore.exists)
}

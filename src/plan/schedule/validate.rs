//! What must be true before anything is made or changed, in the order users know.

use super::pass::Pass;
use crate::api::RestorePhase;
use crate::plan::HubSnapshot;
use crate::plan::validate::{self, Terms};

/// Nothing around the schedule is in the way of backups. Spec: S-030, S-037
///
/// # Errors
/// The first thing that is, as a message for the status.
pub(super) fn surroundings(pass: &Pass<'_>) -> Result<(), String> {
    if !pass.schedule.spec.paused
        && let Some(restore) = active_restore(pass.hub)
    {
        return Err(format!(
            "Restore {restore} is active in this namespace: a hub that restores does not back up, remove it first"
        ));
    }
    let accept = pass.hub.options.accept_unowned_storage;
    validate::storage(&pass.hub.velero.storage_locations, &pass.hub.subject.namespace, accept)
        .map(|_| ())
        .map_err(|problem| problem.to_string())
}

/// The terms of the schedule. Spec: S-017, S-035
///
/// # Errors
/// The first thing that is wrong with it, as a message for the status.
pub(super) fn terms(pass: &Pass<'_>) -> Result<Terms, String> {
    validate::terms(&pass.schedule.spec).map_err(|problem| problem.to_string())
}

/// Name of the first Restore that is not over, by name; one that cannot be read may be at work. Spec: S-032
fn active_restore(hub: &HubSnapshot) -> Option<&str> {
    let readable = hub.restores.iter();
    let readable = readable.map(|one| (one.phase(), one.metadata.name.as_deref().unwrap_or_default()));
    let unreadable = hub.unreadable_restores.iter().map(|one| (one.phase(), one.name()));
    let is_over = |phase: &RestorePhase| phase.is_terminal();
    readable.chain(unreadable).filter(|(phase, _)| !is_over(phase)).map(|(_, name)| name).min()
}

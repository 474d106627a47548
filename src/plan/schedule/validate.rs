//! What must be true before anything is made or changed.

use super::pass::Pass;
use crate::api::Restore;
use crate::plan::validate::{self, Terms};

/// The terms of the schedule, or the first thing that is wrong, in the order users know. Spec: S-030, S-037
///
/// # Errors
/// The message for the status.
pub(super) fn terms(pass: &Pass<'_>) -> Result<Terms, String> {
    if !pass.schedule.spec.paused
        && let Some(restore) = active_restore(&pass.hub.restores)
    {
        return Err(format!(
            "Restore {restore} is active in this namespace: a hub that restores does not back up, remove it first"
        ));
    }
    let accept = pass.hub.options.accept_unowned_storage;
    validate::storage(&pass.hub.velero.storage_locations, &pass.hub.subject.namespace, accept)
        .map_err(|problem| problem.to_string())?;
    validate::terms(&pass.schedule.spec).map_err(|problem| problem.to_string())
}

/// Name of the first Restore that is not over, by name; `None` without one. Spec: S-032
fn active_restore(restores: &[Restore]) -> Option<&str> {
    restores
        .iter()
        .filter(|restore| !restore.phase().is_terminal())
        .filter_map(|restore| restore.metadata.name.as_deref())
        .min()
}

//! What a Restore would do, as data for screens.

use jiff::Timestamp;
use serde::Serialize;

use super::facts::Facts;
use super::wanted::{LeftOut, WantedRestore, left_out, wanted};
use super::{notes, sync};
use crate::api;
use crate::plan::latest::Unresolved;
use crate::plan::{HubSnapshot, Note};

/// What a Restore would do with the backups as they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The Velero Restores, in order; empty if a part has no backup.
    pub restores: Vec<WantedRestore>,
    /// What a user may expect and does not get.
    pub left_out: Vec<LeftOut>,
    /// Why nothing would be restored; `None` if all parts have a backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Unresolved>,
    /// Warnings, such as parts from different runs.
    pub notes: Vec<Note>,
}

/// What `restore` would restore; it need not exist yet. Spec: R-200…R-206
pub fn wanted_restores(hub: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> Preview {
    let facts = Facts::of(hub, restore, now);
    match sync::picks(&facts).and_then(|picks| Ok((wanted(&facts, &picks)?, picks))) {
        Ok((restores, picks)) => Preview {
            restores,
            left_out: left_out(&facts, &picks),
            problem: None,
            notes: [notes::of_backups(&facts, &picks), notes::of_spec(&facts, &picks)].concat(),
        },
        Err(problem) => {
            Preview { restores: Vec::new(), left_out: Vec::new(), problem: Some(problem), notes: Vec::new() }
        }
    }
}

/// What would still be restored if `restore` were activated now: its managed clusters set to `latest`. Spec: R-313
pub fn activation_preview(hub: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> Preview {
    let mut activated = restore.clone();
    activated.spec.velero_managed_clusters_backup_name = Some("latest".to_owned());
    let mut preview = wanted_restores(hub, &activated, now);
    preview.restores.retain(|wanted| !wanted.exists);
    preview
}

//! Velero Restores of earlier cycles whose backup is gone. Spec: R-830

use std::collections::BTreeSet;

use super::facts::{Facts, tracked_names, velero_name};
use super::reason::RestoreReason;
use super::wanted::WantedRestore;
use crate::plan::latest::Candidates;
use crate::plan::{Action, Step, Target, TargetKind};
use crate::velero::{self, BackupPhase};

/// Steps that remove them; none is required. Without a tracked name nothing is removed, nor while something of the cycle
/// is still to be made: if its backup goes, what was restored last tells what is older than that.
pub(super) fn steps(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Vec<Step> {
    let tracked = tracked_names(&facts.status);
    if tracked.is_empty() || wanted.iter().any(|restore| !restore.exists) {
        return Vec::new();
    }
    let current: BTreeSet<&str> = wanted.iter().map(|restore| restore.name.as_str()).collect();
    let candidates = facts.candidates();
    facts
        .owned
        .iter()
        .filter(|restore| {
            !current.contains(velero_name(restore)) && !is_tracked(&tracked, velero_name(restore))
        })
        .filter(|restore| restore.metadata.deletion_timestamp.is_none())
        .filter(|restore| is_backup_gone(&candidates, &restore.spec.backup_name))
        .map(|restore| Step::optional(Action::Delete(target(restore)), RestoreReason::BackupGone))
        .collect()
}

/// Named by the status, or the active twin of one that is. Spec: R-506
fn is_tracked(tracked: &BTreeSet<&str>, name: &str) -> bool {
    tracked.contains(name) || name.strip_suffix("-active").is_some_and(|twin| tracked.contains(twin))
}

fn is_backup_gone(candidates: &Candidates<'_>, backup: &str) -> bool {
    if backup.is_empty() {
        return false;
    }
    candidates.named(backup).is_none_or(|backup| {
        let phase = backup.status.as_ref().map(|status| &status.phase);
        backup.metadata.deletion_timestamp.is_some()
            || matches!(phase, Some(BackupPhase::Deleting | BackupPhase::FailedValidation))
    })
}

/// The Velero Restore as observed, to be deleted.
pub(super) fn target(restore: &velero::Restore) -> Target {
    Target {
        kind: TargetKind::VeleroRestore,
        namespace: restore.metadata.namespace.clone().unwrap_or_default(),
        name: velero_name(restore).to_owned(),
        uid: restore.metadata.uid.clone(),
        resource_version: None,
    }
}

//! What a Restore leaves over, told from its Velero Restores. Spec

use std::collections::BTreeSet;

use super::end::End;
use super::facts::{Facts, phase_of, velero_name};
use super::notes;
use super::wanted::WantedRestore;
use crate::plan::cleanup::{Cleaned, Deletion, Restored, Unlisted, Work};
use crate::plan::{Note, Query};
use crate::velero::{self, BackupType, RestorePhase};

/// Steps that remove what is left over, and notes about kinds that could not be looked at.
///
/// # Errors
/// The facts to ask for first.
pub(super) fn end(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Result<End, BTreeSet<Query>> {
    if notes::skipped_cleanup(facts).is_some() {
        return Ok(End::default());
    }
    let restored = wanted.iter().filter(|wanted| !wanted.part.is_active());
    let restored = restored.filter(|wanted| facts.owned_named(&wanted.name).is_some_and(has_restored));
    let cleaned = work(facts, wanted, restored.collect()).done(facts.hub)?;
    Ok(End {
        notes: unlisted(&cleaned.unlisted),
        steps: cleaned.deletions.into_iter().map(Deletion::step).collect(),
        ..End::default()
    })
}

/// What would be left over if every wanted Velero Restore completed now.
///
/// # Errors
/// The facts to ask for first.
pub(super) fn preview(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Result<Cleaned, BTreeSet<Query>> {
    let passive = wanted.iter().filter(|wanted| !wanted.part.is_active());
    work(facts, wanted, passive.collect()).done(facts.hub)
}

fn work<'a>(facts: &Facts<'a>, wanted: &[WantedRestore], restored: Vec<&WantedRestore>) -> Work<'a> {
    let part = |wanted: &WantedRestore| wanted.part.backup_type();
    let restored =
        restored.into_iter().map(|one| Restored { part: part(one), backup: one.backup.clone() }).collect();
    let kept = wanted.iter().map(|wanted| wanted.backup.clone());
    let twins = BackupType::DATA.into_iter().filter_map(|part| active_twin(facts, part));
    Work { restore: facts.restore, restored, kept: kept.chain(twins).collect() }
}

/// The backup activation data of a part was last restored from. Spec: R-439
fn active_twin(facts: &Facts<'_>, part: BackupType) -> Option<String> {
    let is_twin = |restore: &&&velero::Restore| {
        velero_name(restore).ends_with("-active")
            && BackupType::of_backup_name(&restore.spec.backup_name) == Some(part)
    };
    facts.owned.iter().rfind(is_twin).map(|restore| restore.spec.backup_name.clone())
}

/// A failed Velero Restore replaced nothing. Spec: R-404
fn has_restored(restore: &velero::Restore) -> bool {
    matches!(phase_of(restore), RestorePhase::Completed | RestorePhase::PartiallyFailed)
}

/// Spec: R-437
fn unlisted(kinds: &[Unlisted]) -> Vec<Note> {
    let note = |kind: &Unlisted| {
        Note::warning("not-cleaned", &kind.kind, format!("left as they are, cannot be listed: {}", kind.why))
    };
    kinds.iter().map(note).collect()
}

//! What a person should know about a Restore's plan.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::reason::Picked;
use super::sync::{Pick, Picks};
use super::validate;
use super::wanted::left_out;
use crate::api::{Cleanup, RestoreSpec};
use crate::plan::latest;
use crate::plan::runs::Runs;
use crate::plan::{Note, Severity};
use crate::velero::{Backup, BackupType};

/// Warnings about the backups of this cycle; they are part of the status message too. Spec: R-164
pub(super) fn of_backups(facts: &Facts<'_>, picks: &Picks) -> Vec<Note> {
    let candidates = facts.candidates();
    let chosen: BTreeMap<BackupType, &Backup> =
        picks.iter().filter_map(|(part, pick)| Some((*part, candidates.named(&pick.backup)?))).collect();
    let mut notes = latest::notes(&chosen, &Runs::of(&candidates), facts.now);
    notes.extend(picks.iter().filter(|(_, pick)| pick.why == Picked::Instead).map(instead));
    notes
}

/// Spec: R-314
fn instead((part, pick): (&BackupType, &Pick)) -> Note {
    let message = format!("restored from {}, {}", pick.backup, pick.why);
    Note { severity: Severity::Warning, ..Note::info(part.part(), message) }
}

/// Remarks on what is left out and on fields that have no effect. Spec
pub(super) fn of_spec(facts: &Facts<'_>, picks: &Picks) -> Vec<Note> {
    let spec = &facts.restore.spec;
    let mut notes: Vec<Note> = left_out(facts, picks)
        .into_iter()
        .map(|left| Note {
            name: (!left.what.is_active()).then(|| "generic-lost".to_owned()),
            severity: Severity::Warning,
            subject: left.what.part().to_owned(),
            message: format!("left out: {}", left.reason),
            hint: String::new(),
        })
        .collect();
    let about = validate::selectors(spec).into_iter().chain(validate::sync_interval(spec).err());
    notes.extend(
        about.map(|problem| Note { severity: Severity::Warning, ..Note::info("", problem.to_string()) }),
    );
    notes.extend(
        facts.sync_problem.as_ref().map(|problem| Note::warning("sync-rules", "", sync_ignored(problem))),
    );
    notes.extend(
        skipped_cleanup(facts)
            .map(|message| Note { severity: Severity::Warning, ..Note::info("cleanup", message) }),
    );
    notes.extend(filtered_cleanup(spec).map(|message| Note::warning("cleanup-filters", "cleanup", message)));
    notes
}

/// A cleanup does not go by the filters of the restore: what they leave out is removed. Spec: R-406
pub(super) fn filtered_cleanup(spec: &RestoreSpec) -> Option<String> {
    let cleanup = spec.cleanup_before_restore.as_ref().filter(|cleanup| **cleanup != Cleanup::None)?;
    spec.is_filtered().then(|| {
        format!("{cleanup} ignores the filters: what they leave out is removed if an earlier restore made it")
    })
}

/// A cleanup that an edit made invalid in the middle of a restore. Spec: R-119
pub(super) fn skipped_cleanup(facts: &Facts<'_>) -> Option<String> {
    let problem = validate::cleanup(facts.restore).filter(|_| facts.is_at_work())?;
    Some(format!("the cleanup is skipped: {problem}"))
}

/// Spec: R-061
pub(super) fn sync_ignored(problem: &validate::SpecProblem) -> String {
    format!("SyncRestoreWithNewBackups is ignored: {problem}")
}

/// The backup warnings as one text for the status, each once; empty without any. Spec: R-164
pub(super) fn in_words(notes: &[Note]) -> String {
    let mut subjects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for note in notes {
        subjects.entry(&note.message).or_default().push(&note.subject);
    }
    let told: Vec<String> = subjects
        .into_iter()
        .map(|(message, subjects)| match subjects.join(", ").as_str() {
            "" => message.to_owned(),
            subjects => format!("{subjects}: {message}"),
        })
        .collect();
    told.join("; ")
}

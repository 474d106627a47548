//! The work at the end of a run, done once for each run: what it left over goes, then other hubs are told. Spec: R-128

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, phase_of};
use super::phase::is_finished;
use super::wanted::WantedRestore;
use super::{leftovers, post};
use crate::api::RestorePhase;
use crate::plan::{Note, Query, Step};

/// The last steps of a run, and what there is to say about them.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<Note>,
    /// What the status tells of each managed cluster; `None` leaves it as it is.
    pub(super) messages: Option<Vec<String>>,
}

/// What is to be done before the status says `phase`; nothing in the middle of a run, and nothing a second time.
///
/// The status is written after the steps, so that a crash repeats them. After a failed cycle nothing is done at all.
/// Spec
///
/// # Errors
/// The facts to ask for first.
pub(super) fn end(
    facts: &Facts<'_>,
    wanted: &[WantedRestore],
    phase: &RestorePhase,
) -> Result<End, BTreeSet<Query>> {
    let is_over = *phase == RestorePhase::Enabled && has_new_outcome(facts, wanted);
    if !phase.is_terminal() && !is_over {
        return Ok(End::default());
    }
    let cleanup = leftovers::end(facts, wanted);
    // While the cleanup has questions, this only asks its own along with them.
    let removals = cleanup.as_ref().map_or(&[][..], |end| end.steps.as_slice());
    let activation =
        if phase.is_terminal() { post::end(facts, wanted, removals) } else { Ok(End::default()) };
    match (cleanup, activation) {
        (Ok(mut end), Ok(activation)) => {
            end.steps.extend(activation.steps);
            Ok(End { messages: activation.messages, ..end })
        }
        (cleanup, activation) => Err(cleanup.err().into_iter().chain(activation.err()).flatten().collect()),
    }
}

/// All Velero Restores of the cycle have ended, well or not, since an end was last noted. Spec
pub(super) fn has_new_outcome(facts: &Facts<'_>, wanted: &[WantedRestore]) -> bool {
    let current: Vec<_> = wanted.iter().filter_map(|wanted| facts.owned_named(&wanted.name)).collect();
    let have_ended =
        current.len() == wanted.len() && current.iter().all(|restore| is_finished(&phase_of(restore)));
    // Our clock and the server's may differ: a cycle seen at work ends anew whatever they say.
    let was_at_work = matches!(facts.status.phase, RestorePhase::Started | RestorePhase::Running);
    let noted = facts.status.completion_timestamp.as_ref().map(|time| time.0);
    have_ended && (was_at_work || noted.is_none() || noted <= made(facts, wanted))
}

/// The moment to note: now, but always after the last Velero Restore was made, so that one end is noted once.
pub(super) fn noted_at(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Timestamp {
    let after = made(facts, wanted).map(|made| made + SignedDuration::from_secs(1));
    after.map_or(facts.now, |after| after.max(facts.now))
}

/// When the youngest Velero Restore of the cycle was made.
fn made(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Option<Timestamp> {
    let current = wanted.iter().filter_map(|wanted| facts.owned_named(&wanted.name));
    current.filter_map(|restore| restore.metadata.creation_timestamp.as_ref()).map(|time| time.0).max()
}

//! `skipImmediately`: one request of the user, passed to Velero once.
//!
//! Velero turns the field off once it has skipped. So that a request made anew can be told from the old one, a Velero
//! Schedule carries a note of the skip after which the user turned the field off too.

use serde_json::json;

use super::owned::{Owned, target};
use super::reason::ScheduleReason;
use crate::api::keys;
use crate::plan::{Action, Step};
use crate::velero::Schedule;

/// What to write to `skipImmediately` of a Velero Schedule; `None` leaves it as it is. Spec: S-103, S-280
pub(super) fn to_write(schedule: &Schedule, wanted: bool) -> Option<bool> {
    let is = schedule.spec.skip_immediately.unwrap_or(false);
    let is_unpause = schedule.spec.paused;
    let was_honoured = last_skip(schedule).is_some_and(|skip| turned_off_after(schedule) != Some(&skip));
    let due = is_unpause || (wanted && !was_honoured);
    (due && is != wanted).then_some(wanted)
}

/// Notes that the user has turned the field off since Velero skipped. Spec: S-103
pub(super) fn notes(owned: &Owned<'_>, wanted: bool) -> Vec<Step> {
    let off = owned.all().iter().filter(|_| !wanted);
    off.filter_map(|schedule| {
        let skip = last_skip(schedule).filter(|skip| turned_off_after(schedule) != Some(skip))?;
        let change = json!({"metadata": {"annotations": {keys::SKIP_TURNED_OFF: skip}}});
        Some(Step::required(Action::Patch(target(schedule), change), ScheduleReason::SkipTurnedOff))
    })
    .collect()
}

/// When Velero skipped last, as text.
fn last_skip(schedule: &Schedule) -> Option<String> {
    Some(schedule.status.as_ref()?.last_skipped.as_ref()?.0.to_string())
}

fn turned_off_after(schedule: &Schedule) -> Option<&String> {
    schedule.metadata.annotations.as_ref()?.get(keys::SKIP_TURNED_OFF)
}

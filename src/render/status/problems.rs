//! What is wrong with a hub, under stable names.

use jiff::Timestamp;
use kube::ResourceExt;

use super::{Observed, RestoreView, Role, ScheduleView, Status, Unread};
use crate::api::BackupSchedulePhase;
use crate::plan::runs::{Run, RunStatus};
use crate::plan::validate::{self, StorageProblem};
use crate::plan::writers::Rhythm;
use crate::plan::{Note, Severity};
use crate::render::age;
use crate::render::style::{Mark, tone_of_phase};
use crate::velero::StorageLocationPhase;
use crate::velero::server::Trouble;
use crate::wire::Cron;

fn error(name: &str, subject: impl Into<String>, message: impl Into<String>) -> Note {
    Note { severity: Severity::Error, ..Note::warning(name, subject, message) }
}

/// Everything that deserves attention.
pub(super) fn find(status: &Status, observed: &Observed, now: Timestamp) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    notes.extend(storage_problems(status, observed));
    notes.extend(status.schedule.as_ref().and_then(schedule_problem));
    notes.extend(status.restore.as_ref().and_then(restore_problem));
    notes.extend(no_backups_after_takeover(status, observed));
    notes.extend(loop_problem(status, observed));
    notes.extend(velero_problem(status, observed, now));
    notes.extend(staleness(status, now));
    notes.extend(incomplete_run(status));
    if status.hub_id.as_deref() == Some("unknown") {
        notes.push(Note::warning(
            "hub-id-unknown",
            "",
            "the hub has no id, so collisions with other hubs cannot be seen",
        ));
    }
    notes.extend(unread_problems(&status.unread));
    notes
}

/// The managed clusters were taken over, and nobody backs them up any more.
fn no_backups_after_takeover(status: &Status, observed: &Observed) -> Option<Note> {
    let alone = status.role == Role::Active && status.schedule.is_none() && observed.schedules.is_ok();
    let message = "the managed clusters were restored here, but this hub makes no backups";
    alone.then(|| Note { severity: Severity::Warning, ..Note::info("", message) })
}

/// One problem for each set of CRDs that is missing, and one for everything that is forbidden.
fn unread_problems(unread: &[(&'static str, Unread)]) -> Vec<Note> {
    let of = |why: Unread| unread.iter().filter(move |(_, w)| *w == why).map(|(name, _)| *name);
    let mut notes = Vec::new();
    if of(Unread::NotServed).any(|name| matches!(name, "schedules" | "restores")) {
        notes.push(error("crd-missing", "", "BackupSchedule and Restore are not installed on this hub"));
    }
    if of(Unread::NotServed).any(|name| matches!(name, "storage" | "backups" | "velero-schedules")) {
        notes.push(error("velero-missing", "", "Velero is not installed on this hub"));
    }
    let forbidden: Vec<&str> = of(Unread::Forbidden).collect();
    if !forbidden.is_empty() {
        notes.push(Note::warning("forbidden", "", format!("may not be read: {}", forbidden.join(", "))));
    }
    notes
}

fn storage_problems(status: &Status, observed: &Observed) -> Vec<Note> {
    let Ok(locations) = &observed.locations else { return Vec::new() };
    if observed.no_namespace {
        return vec![error("namespace-not-found", "", "this namespace does not exist")];
    }
    if locations.is_empty() {
        return vec![error("storage-missing", "", "there is no storage location in this namespace")];
    }
    let accepted = status.schedule.as_ref().is_some_and(|schedule| schedule.phase == "Enabled");
    if let (Some(here), false) = (locations.first().and_then(ResourceExt::namespace), accepted)
        && let Err(problem @ StorageProblem::NotOwned { .. }) = validate::storage(locations, &here, false)
    {
        // A loop that was told to accept it shows by an Enabled schedule. Spec: R-131
        return vec![Note::warning(problem.name(), "", problem.to_string())];
    }
    let bad =
        status.storage.iter().filter(|location| location.phase != StorageLocationPhase::Available.as_str());
    bad.map(|location| {
        let why = location
            .message
            .as_deref()
            .map(|message| format!("\nVelero says: {message}"))
            .unwrap_or_default();
        let state = if location.phase.is_empty() { "not checked by Velero yet" } else { &location.phase };
        error("storage-unavailable", "", format!("storage location {} is {state}{why}", location.name))
    })
    .collect()
}

fn schedule_problem(schedule: &ScheduleView) -> Option<Note> {
    let message = format!("{} is in {}\n{}", schedule.name, schedule.phase, schedule.message);
    match BackupSchedulePhase::from(schedule.phase.as_str()) {
        BackupSchedulePhase::BackupCollision => Some(error("collision", "", message)),
        BackupSchedulePhase::FailedValidation | BackupSchedulePhase::Failed => {
            Some(Note { name: None, ..error("", "", message) })
        }
        _ => None,
    }
}

fn restore_problem(restore: &RestoreView) -> Option<Note> {
    let message = format!("{} is {}\n{}", restore.name, restore.phase, restore.message);
    match tone_of_phase(&restore.phase) {
        Mark::Bad => Some(Note { name: None, ..error("", "", message) }),
        Mark::Attention => Some(Note { severity: Severity::Warning, ..Note::info("", message) }),
        _ => None,
    }
}

fn loop_problem(status: &Status, observed: &Observed) -> Option<Note> {
    observed.lease.as_ref().ok()?;
    let has_work = status.schedule.is_some()
        || status.restore.as_ref().is_some_and(|r| !r.phase.starts_with("Finished"));
    match &status.loop_ {
        Some(held) if held.overdue => Some(Note::warning(
            "lease-stale",
            "",
            format!("{} does not renew the lease; nothing is reconciled", held.holder),
        )),
        None if has_work => {
            Some(Note::warning("loop-missing", "", "nobody holds the lease, so nothing is reconciled"))
        }
        _ => None,
    }
}

/// Nothing moves without Velero, and two of them get in each other's way.
fn velero_problem(status: &Status, observed: &Observed, now: Timestamp) -> Option<Note> {
    let checked = status.storage.iter().filter_map(|location| location.checked_at).max();
    let trouble = Trouble::of(observed.servers.as_ref().ok()?, checked, now)?;
    Some(error(trouble.name(), "", trouble.to_string()))
}

/// The newest run lacks something.
fn incomplete_run(status: &Status) -> Option<Note> {
    let run = status.last_run.as_ref()?;
    let missing = run.parts.iter().filter(|part| part.backup.is_none() || part.phase == "Failed");
    let missing: Vec<&str> = missing.map(|part| part.part).collect();
    (!missing.is_empty() && run.status != "InProgress").then(|| {
        let message = format!("the newest run, {}, has no usable {}", run.id, missing.join(", "));
        Note::warning("incomplete-run", "", message)
    })
}

/// The newest run, and so all, are about to go; one that is just being made is to be judged when it is there.
pub(super) fn expires_soon(run: &Run, rhythm: &Rhythm, now: Timestamp) -> Option<Note> {
    let left = run.expires?.as_second() - now.as_second();
    (run.status != RunStatus::InProgress && rhythm.is_soon(left)).then(|| {
        let when = if left > 0 { format!("in {}", age::seconds(left)) } else { "now".to_owned() };
        let message = format!("the newest run, {}, expires {when}, and no newer one is there", run.id);
        Note::warning("expires-soon", "", message)
    })
}

/// No run for more than two periods although the schedule is active.
fn staleness(status: &Status, now: Timestamp) -> Option<Note> {
    let schedule = status.schedule.as_ref().filter(|schedule| schedule.phase == "Enabled")?;
    let period = Cron::parse(&schedule.cron).ok()?.period(now)?.as_secs();
    let run = status.last_run.as_ref()?;
    let silent = now.as_second() - run.started_at.as_second();
    (silent > 2 * period).then(|| {
        let message = format!(
            "the newest run is {} old, the schedule makes one every {}",
            age::seconds(silent),
            age::seconds(period)
        );
        Note::warning("stale-backups", "", message)
    })
}

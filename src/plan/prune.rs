//! Keeping only the newest runs, where `maxBackups` asks for it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::latest::Candidates;
use super::runs::Runs;
use super::schedule::ScheduleReason;
use super::{HubSnapshot, Step, removal};
use crate::api::keys;
use crate::velero::{Backup, BackupPhase, BackupType, RestorePhase};
use crate::wire::Stamp;

/// Backups made this close to a resources backup belong to its run. Spec: S-254
const RUN_WINDOW: SignedDuration = SignedDuration::from_secs(2);
/// Schedules of old versions whose backups still count. Spec: S-002
const OLD_SCHEDULES: [&str; 2] = ["acm-credentials-cluster-schedule", "acm-credentials-hive-schedule"];

/// A backup of the hub and when it was made.
struct Made<'a> {
    at: Timestamp,
    name: &'a str,
    backup: &'a Backup,
}

/// Steps that remove the runs beyond the newest `kept`; none without that number. Spec: S-250 to S-257
///
/// A run stays if a Restore that is not over uses it, and so does the newest complete one, whatever its age and however
/// far apart its parts were made.
pub(super) fn steps(hub: &HubSnapshot, kept: Option<i64>) -> Vec<Step> {
    let Some(kept) = kept.and_then(|kept| usize::try_from(kept).ok()) else { return Vec::new() };
    let (made, needed) = (made(hub), needed(hub));
    let (stay, go) = split_runs(&made, &needed, kept);
    let is_of_one = |runs: &[Timestamp], one: &Made<'_>| !around(runs, one.at, |run| *run).is_empty();
    made.iter()
        .filter(|one| is_of_one(&go, one) && !is_of_one(&stay, one))
        .filter(|one| phase(one.backup) != Some(&BackupPhase::Deleting) && !needed.contains(one.name))
        .filter_map(|one| removal::step(hub, one.backup, ScheduleReason::BeyondMaxBackups { kept }))
        .collect()
}

/// Names of the backups that must stay: all parts of the newest complete run, and of every run a Restore uses.
///
/// On a big hub the parts of one run are made up to minutes apart. Spec: S-255
fn needed(hub: &HubSnapshot) -> BTreeSet<String> {
    let (runs, used) = (Runs::of(&Candidates::of(hub)), used_names(hub));
    let newest = runs.newest_complete(None);
    let needed = newest.into_iter().chain(used.iter().filter_map(|name| runs.of_backup(name)));
    let parts: Vec<String> = needed.flat_map(|run| run.parts.values().cloned()).collect();
    used.into_iter().chain(parts).collect()
}

/// Times of the runs that stay and of those that go.
fn split_runs(made: &[Made<'_>], needed: &BTreeSet<String>, kept: usize) -> (Vec<Timestamp>, Vec<Timestamp>) {
    let runs: Vec<Timestamp> = made.iter().filter(|one| is_finished_run(one)).map(|one| one.at).collect();
    let surplus = runs.len().saturating_sub(kept);
    let numbered = runs.into_iter().enumerate();
    let (stay, go): (Vec<_>, Vec<_>) = numbered.partition(|(place, run)| {
        *place >= surplus || around(made, *run, |one| one.at).iter().any(|one| needed.contains(one.name))
    });
    (stay.into_iter().map(|(_, run)| run).collect(), go.into_iter().map(|(_, run)| run).collect())
}

/// The hub's backups in the subject's namespace, oldest first. Spec: S-254
fn made(hub: &HubSnapshot) -> Vec<Made<'_>> {
    let here = Some(hub.subject.namespace.as_str());
    let mut made: Vec<Made<'_>> = hub
        .velero
        .backups
        .iter()
        .filter(|backup| backup.metadata.namespace.as_deref() == here && is_ours(backup))
        .filter_map(|backup| Some(Made { at: time(backup)?, name: backup.metadata.name.as_deref()?, backup }))
        .collect();
    made.sort_by_key(|one| (one.at, one.name));
    made
}

fn is_ours(backup: &Backup) -> bool {
    schedule_names().any(|schedule| is_of(backup, schedule))
}

fn schedule_names() -> impl Iterator<Item = &'static str> {
    BackupType::ALL.into_iter().map(BackupType::schedule_name).chain(OLD_SCHEDULES)
}

/// By its label, or by its name: the schedule's, a dash and 14 digits.
fn is_of(backup: &Backup, schedule: &str) -> bool {
    let labels = backup.metadata.labels.as_ref();
    let label = labels.and_then(|labels| labels.get(keys::VELERO_SCHEDULE_NAME)).map(String::as_str);
    let name = backup.metadata.name.as_deref().unwrap_or_default();
    let by_name = name.rsplit_once('-').is_some_and(|(prefix, _)| prefix == schedule);
    label == Some(schedule) || (by_name && Stamp::suffix_of(name).is_some())
}

/// Creation times of synced backups are all alike, so the name tells best. Spec: S-254
fn time(backup: &Backup) -> Option<Timestamp> {
    let named = backup.metadata.name.as_deref().and_then(Stamp::suffix_of).map(Stamp::timestamp);
    let started = || backup.status.as_ref()?.start_timestamp.as_ref().map(|time| time.0);
    let created = || backup.metadata.creation_timestamp.as_ref().map(|time| time.0);
    named.or_else(started).or_else(created)
}

fn is_finished_run(one: &Made<'_>) -> bool {
    let finished = [
        BackupPhase::Completed,
        BackupPhase::PartiallyFailed,
        BackupPhase::Failed,
        BackupPhase::FailedValidation,
    ];
    is_of(one.backup, BackupType::Resources.schedule_name())
        && phase(one.backup).is_some_and(|phase| finished.contains(phase))
}

/// Names of backups that Restores which are not over restore from.
pub(super) fn used_names(hub: &HubSnapshot) -> BTreeSet<String> {
    let over = [
        RestorePhase::Completed,
        RestorePhase::PartiallyFailed,
        RestorePhase::Failed,
        RestorePhase::FailedValidation,
    ];
    let running = hub
        .velero
        .restores
        .iter()
        .filter(|restore| restore.status.as_ref().is_none_or(|status| !over.contains(&status.phase)));
    let asked = hub.restores.iter().filter(|restore| !restore.phase().is_terminal()).flat_map(|restore| {
        let spec = &restore.spec;
        [
            &spec.velero_managed_clusters_backup_name,
            &spec.velero_credentials_backup_name,
            &spec.velero_resources_backup_name,
        ]
    });
    let asked = asked.flatten().map(|name| name.trim().to_lowercase());
    running.map(|restore| restore.spec.backup_name.clone()).chain(asked).collect()
}

/// The part of `sorted` that is no further from `at` than a run is long.
fn around<T>(sorted: &[T], at: Timestamp, time: impl Fn(&T) -> Timestamp) -> &[T] {
    let start = sorted.partition_point(|one| at.duration_since(time(one)) > RUN_WINDOW);
    let rest = sorted.get(start..).unwrap_or_default();
    let len = rest.partition_point(|one| time(one).duration_since(at) <= RUN_WINDOW);
    rest.get(..len).unwrap_or_default()
}

fn phase(backup: &Backup) -> Option<&BackupPhase> {
    backup.status.as_ref().map(|status| &status.phase)
}

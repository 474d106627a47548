//! A new hub learns the backups of a bucket one by one: a cycle that takes `latest` begins once it knows them all.
//! Spec: R-155

use std::time::Duration;

use super::facts::Facts;
use super::sync;
use crate::api::BackupChoice;
use crate::plan::{Note, latest, validate};
use crate::velero::{BackupStorageLocation, BackupType};

/// How long the first sync of a storage location is waited for.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What is being waited for.
pub(super) struct FirstSync {
    /// In words.
    pub(super) message: String,
    /// When to stop waiting at the latest.
    pub(super) remaining: Duration,
}

/// The first sync to wait for; `None` lets the Restore begin.
pub(super) fn awaited(facts: &Facts<'_>, storage: &BackupStorageLocation) -> Option<FirstSync> {
    if storage.is_synced() || !begins_with_latest(facts) {
        return None;
    }
    let remaining = PATIENCE.checked_sub(age(facts, storage)?).filter(|left| !left.is_zero())?;
    let name = storage.metadata.name.as_deref().unwrap_or_default();
    let known = leading_digit(facts.candidates().len());
    let message =
        format!("waiting for the first sync of BackupStorageLocation {name}, {known} backups so far");
    Some(FirstSync { message, remaining })
}

/// What to know about `latest` before a Restore is made, where its storage was never synced completely.
pub(super) fn foreseen(facts: &Facts<'_>) -> Option<Note> {
    let storage = validate::storage(&facts.hub.velero.storage_locations, facts.namespace, true).ok()?;
    let name = storage.metadata.name.as_deref().unwrap_or_default();
    match awaited(facts, storage) {
        Some(wait) => Some(Note::warning("stale-backups", name, wait.message)),
        None => given_up(facts, storage),
    }
}

/// The wait is over without a sync, so `latest` may be older than it should be.
pub(super) fn given_up(facts: &Facts<'_>, storage: &BackupStorageLocation) -> Option<Note> {
    latest::unsynced(storage).filter(|_| begins_with_latest(facts))
}

/// A cycle that has begun has its backups already.
fn begins_with_latest(facts: &Facts<'_>) -> bool {
    let mut choices = BackupType::DATA.into_iter().map(|backup_type| facts.choice(backup_type));
    choices.any(|choice| choice == BackupChoice::Latest) && sync::is_to_begin(facts)
}

/// A location of unknown age is waited for no more.
fn age(facts: &Facts<'_>, storage: &BackupStorageLocation) -> Option<Duration> {
    let created = storage.metadata.creation_timestamp.as_ref()?.0;
    Some(Duration::try_from(facts.now.duration_since(created)).unwrap_or_default())
}

/// Rounded down to its first digit, so that the status is written a few times and not for every backup.
fn leading_digit(count: usize) -> String {
    let unit = 10_usize.pow(count.checked_ilog10().unwrap_or(0));
    let rounded = count / unit * unit;
    if unit == 1 { rounded.to_string() } else { format!("at least {rounded}") }
}

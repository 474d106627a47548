//! Figures that follow from what the loop sees, for the metrics.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::ResourceExt;

use crate::velero::{BackupPhase, BackupType, StorageLocationPhase};
use crate::wire::Stamp;
use crate::{api, velero};

/// Figures of one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Figures {
    /// Phase of each BackupSchedule.
    pub(super) schedule_phases: BTreeMap<String, String>,
    /// Phase of each Restore.
    pub(super) restore_phases: BTreeMap<String, String>,
    /// Start of the newest run whose backups are all Completed; `None` without one.
    pub(super) last_complete_run: Option<Timestamp>,
    /// Number of backups of the newest run, by phase.
    pub(super) last_run_parts: BTreeMap<String, i64>,
    /// A BackupSchedule is in collision.
    pub(super) collision: bool,
    /// Whether each storage location is available.
    pub(super) storage: BTreeMap<String, bool>,
    /// For each following Restore the newest complete run, if it has not taken that yet.
    pub(super) not_taken: BTreeMap<String, Option<Timestamp>>,
}

impl Figures {
    /// Takes the figures of what is seen.
    pub(super) fn of(
        (schedules, restores): (&[api::BackupSchedule], &[api::Restore]),
        backups: &[velero::Backup],
        locations: &[velero::BackupStorageLocation],
    ) -> Self {
        let runs = runs_of(backups);
        let is_complete = |parts: &[&BackupPhase]| {
            parts.len() >= BackupType::ALL.len()
                && parts.iter().all(|phase| **phase == BackupPhase::Completed)
        };
        let complete =
            runs.iter().rev().find(|(_, parts)| is_complete(parts)).map(|(stamp, _)| stamp.timestamp());
        let mut last_run_parts = BTreeMap::new();
        for phase in runs.values().next_back().into_iter().flatten() {
            *last_run_parts.entry(phase.to_string()).or_insert(0) += 1;
        }
        Self {
            schedule_phases: schedules.iter().map(|s| (s.name_any(), s.phase().to_string())).collect(),
            restore_phases: restores.iter().map(|r| (r.name_any(), r.phase().to_string())).collect(),
            last_complete_run: complete,
            last_run_parts,
            collision: schedules.iter().any(|s| s.phase() == api::BackupSchedulePhase::BackupCollision),
            storage: locations.iter().map(|l| (l.name_any(), is_available(l))).collect(),
            not_taken: restores
                .iter()
                .filter(|r| r.phase().is_enabled())
                .map(|r| not_taken(r, complete))
                .collect(),
        }
    }
}

fn is_available(location: &velero::BackupStorageLocation) -> bool {
    location.status.as_ref().is_some_and(|status| status.phase == StorageLocationPhase::Available)
}

fn runs_of(backups: &[velero::Backup]) -> BTreeMap<Stamp, Vec<&BackupPhase>> {
    let mut runs: BTreeMap<Stamp, Vec<&BackupPhase>> = BTreeMap::new();
    for backup in backups {
        let name = backup.metadata.name.as_deref().unwrap_or_default();
        let stamp = BackupType::of_backup_name(name).and_then(|_| Stamp::suffix_of(name));
        if let (Some(stamp), Some(status)) = (stamp, &backup.status) {
            runs.entry(stamp).or_default().push(&status.phase);
        }
    }
    runs
}

fn not_taken(restore: &api::Restore, complete: Option<Timestamp>) -> (String, Option<Timestamp>) {
    let name = restore.status.as_ref().and_then(|status| status.velero_credentials_restore_name.as_deref());
    let taken = name.and_then(Stamp::suffix_of).map(Stamp::timestamp);
    (restore.name_any(), complete.filter(|complete| taken.is_none_or(|taken| taken < *complete)))
}

//! Figures that follow from what the loop sees, for the metrics.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::ResourceExt;

use crate::plan::latest::Candidates;
use crate::plan::runs::{Run, RunStatus, Runs};
use crate::velero::StorageLocationPhase;
use crate::wire::Stamp;
use crate::{api, velero};

/// Figures of one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Figures {
    /// Phase of each BackupSchedule.
    pub(super) schedule_phases: BTreeMap<String, String>,
    /// Phase of each Restore.
    pub(super) restore_phases: BTreeMap<String, String>,
    /// Start of the newest complete run; `None` without one.
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
        (backups, velero_restores): (&[velero::Backup], &[velero::Restore]),
        locations: &[velero::BackupStorageLocation],
    ) -> Self {
        let runs = runs_of(backups);
        let newest_complete =
            runs.iter().filter(|run| run.status == RunStatus::Complete).map(|run| run.started);
        let complete = newest_complete.max();
        let last_run_parts = runs.iter().max_by_key(|run| run.started).map(|run| phases_of(run, backups));
        Self {
            schedule_phases: schedules.iter().map(|s| (s.name_any(), s.phase().to_string())).collect(),
            restore_phases: restores.iter().map(|r| (r.name_any(), r.phase().to_string())).collect(),
            last_complete_run: complete,
            last_run_parts: last_run_parts.unwrap_or_default(),
            collision: schedules.iter().any(|s| s.phase() == api::BackupSchedulePhase::BackupCollision),
            storage: locations.iter().map(|l| (l.name_any(), is_available(l))).collect(),
            not_taken: restores
                .iter()
                .filter(|r| r.phase().is_enabled())
                .map(|r| not_taken(r, velero_restores, complete))
                .collect(),
        }
    }
}

fn is_available(location: &velero::BackupStorageLocation) -> bool {
    location.status.as_ref().is_some_and(|status| status.phase == StorageLocationPhase::Available)
}

/// The runs of every namespace; the backups of one run need not have one stamp.
fn runs_of(backups: &[velero::Backup]) -> Vec<Run> {
    let namespaces: BTreeSet<&str> = backups.iter().filter_map(|b| b.metadata.namespace.as_deref()).collect();
    let runs =
        namespaces.into_iter().map(|namespace| Runs::of(&Candidates::in_namespace(backups, namespace)));
    runs.flat_map(|runs| runs.iter().cloned().collect::<Vec<_>>()).collect()
}

fn phases_of(run: &Run, backups: &[velero::Backup]) -> BTreeMap<String, i64> {
    let mut phases = BTreeMap::new();
    let is_part = |backup: &&velero::Backup| run.parts.values().any(|name| *name == backup.name_any());
    for status in backups.iter().filter(is_part).filter_map(|backup| backup.status.as_ref()) {
        *phases.entry(status.phase.to_string()).or_insert(0) += 1;
    }
    phases
}

/// What is only planned is not taken.
fn not_taken(
    restore: &api::Restore,
    velero_restores: &[velero::Restore],
    complete: Option<Timestamp>,
) -> (String, Option<Timestamp>) {
    let name = restore.status.as_ref().and_then(|status| status.velero_credentials_restore_name.as_deref());
    let made = name.filter(|name| velero_restores.iter().any(|velero| velero.name_any() == *name));
    let taken = made.and_then(Stamp::suffix_of).map(Stamp::timestamp);
    (restore.name_any(), complete.filter(|complete| taken.is_none_or(|taken| taken < *complete)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::velero::BackupType;

    /// S-255: Velero starts the members of one run up to a minute apart
    #[test]
    fn a_run_whose_stamps_differ_is_one_run() {
        let stamps = ["20261122100004", "20261122100004", "20261122100004", "20261122100104"];
        let backups: Vec<velero::Backup> = BackupType::DATA
            .into_iter()
            .zip(stamps)
            .map(|(part, stamp)| {
                serde_json::from_value(json!({
                    "metadata": {"name": format!("{}-{stamp}", part.schedule_name()), "namespace": "acm"},
                    "status": {"phase": "Completed"},
                }))
                .unwrap()
            })
            .collect();
        let figures = Figures::of((&[], &[]), (&backups, &[]), &[]);
        assert_eq!(figures.last_complete_run, Some("2026-11-22T10:00:04Z".parse().unwrap()));
        assert_eq!(figures.last_run_parts, BTreeMap::from([("Completed".to_owned(), 4)]));
    }

    /// Spec: R-314
    #[test]
    fn a_run_that_is_only_planned_is_not_taken() {
        let name = "r-acm-credentials-schedule-20261122100004";
        let restore = json!({"metadata": {"name": "r"}, "status": {
            "phase": "EnabledWithErrors", "lastMessage": "", "veleroCredentialsRestoreName": name,
        }});
        let restore: api::Restore = serde_json::from_value(restore).unwrap();
        let made: velero::Restore =
            serde_json::from_value(json!({"metadata": {"name": name}, "spec": {}})).unwrap();
        let run = Some("2026-11-22T10:00:04Z".parse().unwrap());
        assert_eq!(not_taken(&restore, &[], run).1, run);
        assert_eq!(not_taken(&restore, &[made], run).1, None);
    }
}

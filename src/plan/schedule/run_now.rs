//! A run outside the schedule: the Backups Velero would make if all five were due at once.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::create::backup_of;
use super::owned::Owned;
use crate::api::BackupSchedule;
use crate::plan::HubSnapshot;
use crate::velero::{Backup, BackupType};
use crate::wire::Stamp;

/// Velero Schedules that are not there, so that a run would lack a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of the five Velero Schedules are missing: {}", .0.len(), .0.join(", "))]
pub struct MissingSchedules(pub Vec<&'static str>);

/// The moment a run made now is named by: the first second from `now` on that names no backup yet.
pub fn free_stamp(now: Timestamp, backups: &[Backup]) -> Stamp {
    let taken: BTreeSet<Stamp> =
        backups.iter().filter_map(|backup| Stamp::suffix_of(backup.metadata.name.as_deref()?)).collect();
    let seconds = (0..).filter_map(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
    seconds.map(Stamp::from).find(|stamp| !taken.contains(stamp)).unwrap_or_else(|| Stamp::from(now))
}

/// The five Backups of a run named by `stamp`, in the order they are made. Spec: S-093, S-282
///
/// # Errors
/// When not all five Velero Schedules belong to `owner`.
pub fn run_now(
    hub: &HubSnapshot,
    owner: &BackupSchedule,
    stamp: Stamp,
) -> Result<Vec<Backup>, MissingSchedules> {
    let owned = Owned::of(hub, owner);
    match owned.missing() {
        missing if !missing.is_empty() => Err(MissingSchedules(missing)),
        _ => Ok(BackupType::ALL.into_iter().filter_map(|t| Some(backup_of(owned.get(t)?, stamp))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Subject;

    fn hub(types: &[BackupType]) -> HubSnapshot {
        let schedule = |t: &BackupType| {
            json!({
                "metadata": {
                    "name": t.schedule_name(), "namespace": "acm", "uid": "v", "labels": {"a": t.label()},
                    "annotations": {"note": "kept"},
                    "ownerReferences": [{
                        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
                        "name": "s", "uid": "u", "controller": true,
                    }],
                },
                "spec": {"schedule": "@daily", "template": {"ttl": "1h"}, "useOwnerReferencesInBackup": true},
            })
        };
        let schedules: Vec<_> = types.iter().map(schedule).collect();
        let mut hub: HubSnapshot =
            serde_json::from_value(json!({"velero": {"schedules": schedules}})).unwrap();
        hub.subject = Subject { namespace: "acm".to_owned(), name: "s".to_owned(), ..Subject::default() };
        hub
    }

    fn owner() -> BackupSchedule {
        serde_json::from_value(json!({"metadata": {"name": "s", "namespace": "acm", "uid": "u"}})).unwrap()
    }

    fn stamp() -> Stamp {
        "20261122120003".parse().unwrap()
    }

    /// S-093, S-282
    #[test]
    fn a_run_has_five_backups_with_one_stamp_and_all_labels() {
        let backups = run_now(&hub(&BackupType::ALL), &owner(), stamp()).unwrap();
        assert_eq!(backups.len(), 5);
        for (backup, t) in backups.iter().zip(BackupType::ALL) {
            let wanted = json!({
                "name": format!("{}-20261122120003", t.schedule_name()), "namespace": "acm",
                "labels": {"a": t.label(), "velero.io/schedule-name": t.schedule_name()},
                "annotations": {"note": "kept"},
                "ownerReferences": [{
                    "apiVersion": "velero.io/v1", "kind": "Schedule", "name": t.schedule_name(), "uid": "v",
                    "controller": true, "blockOwnerDeletion": true,
                }],
            });
            assert_eq!(json!(backup.metadata), wanted);
            assert_eq!(json!(backup.spec), json!({"ttl": "1h"}));
        }
    }

    #[test]
    fn a_run_in_the_second_of_another_one_is_named_by_the_next() {
        let named = |name: &str| Backup::new(name, crate::velero::BackupSpec::default());
        let backups = [named("acm-resources-schedule-20261122100004"), named("x-20261122100005"), named("y")];
        let stamp = |now: &str| free_stamp(now.parse().unwrap(), &backups).to_string();
        assert_eq!(stamp("2026-11-22T10:00:04Z"), "20261122100006");
        assert_eq!(stamp("2026-11-22T10:00:07Z"), "20261122100007");
    }

    #[test]
    fn a_run_that_would_lack_a_part_is_refused() {
        let missing = run_now(&hub(&[BackupType::Credentials]), &owner(), stamp()).unwrap_err();
        assert_eq!(missing.0.len(), 4);
        let mut stranger = owner();
        stranger.metadata.uid = Some("other".to_owned());
        assert_eq!(run_now(&hub(&BackupType::ALL), &stranger, stamp()).unwrap_err().0.len(), 5);
    }
}

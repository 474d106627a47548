//! From a choice to a backup.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Serialize;

use super::candidates::{Candidates, age_key, backup_name, hub_of, is_usable, phase, started};
use super::unresolved::Unresolved;
use crate::api::{BackupChoice, keys};
use crate::velero::{Backup, BackupPhase, BackupType};
use crate::wire::Stamp;

/// How far a start may be from a stamp to belong to it. Spec: R-009
const NEAR_SECONDS: i64 = 30;

/// The backup a choice means, with what a person wants to know about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// Its type.
    pub part: BackupType,
    /// Its name.
    pub backup: String,
    /// How it ended.
    pub phase: BackupPhase,
    /// The hub that made it; `None` where that is unknown.
    pub hub: Option<String>,
    /// When it started; `None` where that is unknown.
    pub started_at: Option<Time>,
    /// When Velero may remove it; `None` where that is unknown.
    pub expires_at: Option<Time>,
    /// Items in it; `None` where that is unknown.
    pub items: Option<i64>,
    /// Errors while it was made.
    pub errors: i64,
    /// Warnings while it was made.
    pub warnings: i64,
    /// Where it is kept; `None` where that is unknown.
    pub location: Option<String>,
    /// Why this one.
    pub reason: Why,
    /// Newer ones of its type that cannot be used, newest first.
    pub passed_over: Vec<PassedOver>,
}

/// Why a backup was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The newest one that can be used. Spec: R-161
    Newest,
    /// Named by the user. Spec: R-170
    Named,
    /// It has the same stamp as the named one. Spec: R-171
    SameStamp,
    /// No backup has the name the user gave; it is the one of its type with that stamp. Spec: R-170
    SameStampAsNamed,
    /// It started this near to the stamp of the named one. Spec: R-171
    StartedNear {
        /// Distance in seconds.
        seconds: i64,
    },
}

/// A newer backup that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// Its name.
    pub backup: String,
    /// Where it stands.
    pub phase: BackupPhase,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest usable backup"),
            Self::Named => f.write_str("chosen by name"),
            Self::SameStampAsNamed => f.write_str("same stamp as the name given"),
            Self::SameStamp => f.write_str("same stamp as the resources backup"),
            Self::StartedNear { seconds } => {
                write!(f, "started within {seconds}s of the resources backup")
            }
        }
    }
}

impl Serialize for Why {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.phase {
            BackupPhase::Unset => write!(f, "{} has not started", self.backup),
            _ => write!(f, "{} is {}", self.backup, self.phase),
        }
    }
}

/// What `latest` means now for each of the four types that hold data. Spec: R-160…R-164
pub fn latest_of_all(candidates: &Candidates<'_>) -> BTreeMap<BackupType, Result<Chosen, Unresolved>> {
    let answer = |backup_type| (backup_type, explain(candidates, backup_type, &BackupChoice::Latest));
    BackupType::DATA.into_iter().map(answer).collect()
}

/// What `choice` means for `backup_type`; for generic resources the choice is that of the resources part.
///
/// # Errors
/// When it means no backup that can be restored; `skip` never means one and counts as a name not found.
pub fn explain(
    candidates: &Candidates<'_>,
    backup_type: BackupType,
    choice: &BackupChoice,
) -> Result<Chosen, Unresolved> {
    let (backup, reason) = resolve(candidates, backup_type, choice)?;
    let status = backup.status.clone().unwrap_or_default();
    Ok(Chosen {
        part: backup_type,
        backup: backup_name(backup).to_owned(),
        phase: status.phase,
        hub: hub_of(backup).map(str::to_owned),
        started_at: status.start_timestamp,
        expires_at: status.expiration,
        items: status.progress.and_then(|progress| progress.items_backed_up.or(progress.total_items)),
        errors: status.errors.unwrap_or(0),
        warnings: status.warnings.unwrap_or(0),
        location: backup.spec.storage_location.clone(),
        reason,
        passed_over: passed_over(candidates, backup_type, Some(backup)),
    })
}

/// The backup `choice` means, and why. Spec: R-150…R-174
pub(in crate::plan) fn resolve<'a>(
    candidates: &Candidates<'a>,
    backup_type: BackupType,
    choice: &BackupChoice,
) -> Result<(&'a Backup, Why), Unresolved> {
    if candidates.is_empty() {
        return Err(Unresolved::NoBackups { namespace: candidates.namespace().to_owned() });
    }
    match choice {
        BackupChoice::Latest => newest(candidates, backup_type),
        BackupChoice::Skip => Err(Unresolved::NotFound { backup_type, name: "skip".to_owned() }),
        BackupChoice::Name(name) if name.is_empty() => Err(Unresolved::Blank { backup_type }),
        BackupChoice::Name(name) if backup_type == BackupType::ResourcesGeneric => beside(candidates, name),
        BackupChoice::Name(name) => named(candidates, backup_type, name),
    }
}

fn of_type<'a>(candidates: &Candidates<'a>, backup_type: BackupType) -> impl Iterator<Item = &'a Backup> {
    let prefix = backup_type.schedule_name();
    candidates.iter().filter(move |backup| backup_name(backup).starts_with(prefix))
}

/// Spec: R-160…R-162
fn newest<'a>(candidates: &Candidates<'a>, backup_type: BackupType) -> Result<(&'a Backup, Why), Unresolved> {
    of_type(candidates, backup_type)
        .filter(|backup| is_usable(backup))
        .max_by_key(|backup| age_key(backup))
        .map(|backup| (backup, Why::Newest))
        .ok_or_else(|| Unresolved::NoneUsable {
            backup_type,
            passed_over: passed_over(candidates, backup_type, None),
        })
}

/// Unusable backups of a type that are newer than `than`, newest first.
fn passed_over(
    candidates: &Candidates<'_>,
    backup_type: BackupType,
    than: Option<&Backup>,
) -> Vec<PassedOver> {
    // One that has not started yet is newer than all that have, unlike in the choice itself.
    let key = |backup: &Backup| (started(backup).is_none(), started(backup), backup_name(backup).to_owned());
    let mut newer: Vec<&Backup> = of_type(candidates, backup_type)
        .filter(|backup| !is_usable(backup) && than.is_none_or(|than| key(backup) > key(than)))
        .collect();
    newer.sort_by_key(|backup| Reverse(key(backup)));
    newer
        .into_iter()
        .map(|backup| PassedOver { backup: backup_name(backup).to_owned(), phase: phase(backup) })
        .collect()
}

/// Old versions took any name of a run for each part; that still works where the name itself is of no backup.
///
/// Spec
fn named<'a>(
    candidates: &Candidates<'a>,
    backup_type: BackupType,
    name: &str,
) -> Result<(&'a Backup, Why), Unresolved> {
    let found = BackupType::of_backup_name(name);
    let is_other =
        found.is_some_and(|found| found != backup_type) || name.starts_with(keys::MARKER_NAME_PREFIX);
    let (backup, why) = match candidates.named(name) {
        Some(backup) if !is_other => (backup, Why::Named),
        None if let Some(twin) = twin(candidates, backup_type, name) => (twin, Why::SameStampAsNamed),
        _ if is_other => return Err(Unresolved::OtherType { backup_type, name: name.to_owned(), found }),
        _ => return Err(Unresolved::NotFound { backup_type, name: name.to_owned() }),
    };
    if !is_usable(backup) {
        return Err(Unresolved::Unusable { name: backup_name(backup).to_owned(), phase: phase(backup) });
    }
    Ok((backup, why))
}

/// The backup of a type that ends like `name`, from its last dash on. Spec
fn twin<'a>(candidates: &Candidates<'a>, backup_type: BackupType, name: &str) -> Option<&'a Backup> {
    candidates.named(&twin_name(backup_type, name)?)
}

/// The name of a type's backup that ends like `name`; `None` without a dash.
pub(in crate::plan) fn twin_name(backup_type: BackupType, name: &str) -> Option<String> {
    let (_, suffix) = name.rsplit_once('-')?;
    Some(format!("{}-{suffix}", backup_type.schedule_name()))
}

/// The generic backup that belongs to a named resources backup. Spec: R-171
fn beside<'a>(candidates: &Candidates<'a>, name: &str) -> Result<(&'a Backup, Why), Unresolved> {
    let backup_type = BackupType::ResourcesGeneric;
    let not_found = || Unresolved::NotFound { backup_type, name: name.to_owned() };
    let (_, suffix) = name.rsplit_once('-').ok_or_else(not_found)?;
    if let Some(backup) = twin(candidates, backup_type, name).filter(|backup| is_usable(backup)) {
        return Ok((backup, Why::SameStamp));
    }
    let stamp: Stamp = suffix.parse().map_err(|_| not_found())?;
    candidates
        .iter()
        .filter(|backup| is_usable(backup) && backup_name(backup).contains(backup_type.schedule_name()))
        .filter_map(|backup| Some((distance_seconds(backup, stamp)?, backup)))
        .min_by_key(|(distance, backup)| (*distance, Reverse(age_key(backup))))
        .map(|(seconds, backup)| (backup, Why::StartedNear { seconds }))
        .ok_or_else(not_found)
}

/// Seconds between a backup's start and `stamp`; `None` if too far. Spec: R-009
fn distance_seconds(backup: &Backup, stamp: Stamp) -> Option<i64> {
    let distance = started(backup)?.duration_since(stamp.timestamp()).as_secs().abs();
    (distance <= NEAR_SECONDS).then_some(distance)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backup(name: &str, phase: &str, started: Option<&str>) -> Backup {
        let status = json!({"phase": phase, "startTimestamp": started, "completionTimestamp": started});
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "acm"}, "spec": {}, "status": status,
        }))
        .unwrap()
    }

    fn name_of(backups: &[Backup], backup_type: BackupType, choice: &str) -> Result<String, Unresolved> {
        let choice = BackupChoice::from_field(Some(choice));
        explain(&Candidates::in_namespace(backups, "acm"), backup_type, &choice).map(|chosen| chosen.backup)
    }

    ///
    #[test]
    fn equal_starts_are_decided_by_name_and_no_start_is_oldest() {
        let at = Some("2026-11-22T10:00:00Z");
        let backups = [
            backup("acm-credentials-schedule-b", "Completed", at),
            backup("acm-credentials-schedule-a", "Completed", at),
            backup("acm-credentials-schedule-z", "Completed", None),
        ];
        let latest = name_of(&backups, BackupType::Credentials, "latest");
        assert_eq!(latest.as_deref(), Ok("acm-credentials-schedule-b"));
    }

    ///
    #[test]
    fn latest_resources_is_never_a_generic_backup() {
        let backups = [backup("acm-resources-generic-schedule-1", "Completed", Some("2026-11-22T10:00:00Z"))];
        let latest = name_of(&backups, BackupType::Resources, "latest");
        assert!(matches!(latest, Err(Unresolved::NoneUsable { .. })), "{latest:?}");
    }

    /// for people too
    #[test]
    fn latest_tells_what_it_passed_over() {
        let backups = [
            backup("acm-credentials-schedule-3", "InProgress", Some("2026-11-22T12:00:00Z")),
            backup("acm-credentials-schedule-2", "PartiallyFailed", Some("2026-11-22T10:00:00Z")),
            backup("acm-credentials-schedule-1", "Failed", Some("2026-11-22T08:00:00Z")),
        ];
        let candidates = Candidates::in_namespace(&backups, "acm");
        let chosen = explain(&candidates, BackupType::Credentials, &BackupChoice::Latest).unwrap();
        assert_eq!(chosen.backup, "acm-credentials-schedule-2");
        let told: Vec<String> = chosen.passed_over.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["acm-credentials-schedule-3 is InProgress"], "older ones do not matter");
    }

    /// the nearest, then the newer; 30 s are in
    #[test]
    fn the_generic_backup_of_a_name_is_the_nearest_one() {
        let generic = |suffix: &str, at: &str| {
            backup(&format!("acm-resources-generic-schedule-{suffix}"), "Completed", Some(at))
        };
        let mut backups = vec![
            backup("acm-resources-schedule-20261122100000", "Completed", Some("2026-11-22T10:00:00Z")),
            generic("1", "2026-11-22T10:00:30Z"),
            generic("2", "2026-11-22T10:00:31Z"),
        ];
        let found = |backups: &[Backup]| {
            name_of(backups, BackupType::ResourcesGeneric, "acm-resources-schedule-20261122100000").unwrap()
        };
        assert_eq!(found(&backups), "acm-resources-generic-schedule-1");
        backups.push(generic("3", "2026-11-22T09:59:55Z"));
        backups.push(generic("4", "2026-11-22T10:00:05Z"));
        assert_eq!(found(&backups), "acm-resources-generic-schedule-4");
        backups.push(generic("20261122100000", "2026-11-22T11:00:00Z"));
        assert_eq!(found(&backups), "acm-resources-generic-schedule-20261122100000", "the same stamp wins");
    }

    /// upstream takes it
    #[test]
    fn a_failed_twin_is_not_restored() {
        let backups = [
            backup("acm-resources-schedule-20261122100000", "Completed", None),
            backup("acm-resources-generic-schedule-20261122100000", "Failed", Some("2026-11-22T10:00:00Z")),
        ];
        let found = name_of(&backups, BackupType::ResourcesGeneric, "acm-resources-schedule-20261122100000");
        assert!(matches!(found, Err(Unresolved::NotFound { .. })), "{found:?}");
    }

    /// upstream takes both
    #[test]
    fn markers_and_backups_of_another_type_are_refused() {
        let at = Some("2026-11-22T10:00:00Z");
        for name in ["acm-restore-clusters-20261122100000", "acm-validation-policy-schedule-20261122100000"] {
            let found = name_of(&[backup(name, "Completed", at)], BackupType::Resources, name);
            assert!(matches!(found, Err(Unresolved::OtherType { .. })), "{found:?}");
        }
    }

    /// Spec: any name of a run still means the run, unless it is the name of another backup
    #[test]
    fn a_name_of_the_run_is_rewritten_only_where_no_backup_has_it() {
        let at = Some("2026-11-22T10:00:00Z");
        let mut backups = vec![
            backup("acm-credentials-schedule-20261122100000", "Completed", at),
            backup("acm-resources-schedule-20261122100000", "Failed", at),
        ];
        let credentials = |backups: &[Backup], name: &str| name_of(backups, BackupType::Credentials, name);
        let of_the_run = "acm-managed-clusters-schedule-20261122100000";
        let found = credentials(&backups, of_the_run);
        assert_eq!(found.as_deref(), Ok("acm-credentials-schedule-20261122100000"));
        let failed = name_of(&backups, BackupType::Resources, of_the_run);
        assert!(matches!(failed, Err(Unresolved::Unusable { .. })), "{failed:?}");
        let marker = credentials(&backups, "acm-restore-clusters-20261122110000");
        assert!(matches!(marker, Err(Unresolved::OtherType { found: None, .. })), "{marker:?}");
        let nothing = credentials(&backups, "my-backup-20200101000000");
        assert!(matches!(nothing, Err(Unresolved::NotFound { .. })), "{nothing:?}");
        backups.push(backup(of_the_run, "Completed", at));
        let other = credentials(&backups, of_the_run);
        assert!(matches!(other, Err(Unresolved::OtherType { .. })), "{other:?}");
    }

    /// what was chosen then is found again now, whatever the clock of the hub that made it says
    #[test]
    fn the_past_can_be_asked() {
        let mut backups = [
            backup("acm-credentials-schedule-1", "Completed", Some("2026-11-22T10:00:00Z")),
            backup("acm-credentials-schedule-2", "Completed", Some("2026-11-22T12:00:00Z")),
        ];
        let at = |hour: &str| format!("2026-11-22T{hour}:00:00Z").parse().unwrap();
        let latest = |candidates: Candidates<'_>| {
            explain(&candidates, BackupType::Credentials, &BackupChoice::Latest).unwrap().backup
        };
        assert_eq!(
            latest(Candidates::in_namespace(&backups, "acm").ended_by(at("11"))),
            "acm-credentials-schedule-1"
        );
        for (backup, arrived) in backups.iter_mut().zip(["08", "09"]) {
            backup.metadata.creation_timestamp = Some(Time(at(arrived)));
        }
        for (then, known) in [("08", "acm-credentials-schedule-1"), ("09", "acm-credentials-schedule-2")] {
            assert_eq!(latest(Candidates::in_namespace(&backups, "acm").known_by(at(then))), known);
        }
    }
}

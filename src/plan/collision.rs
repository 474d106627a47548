//! Who writes to the storage: this hub, or another one that took over.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{HubSnapshot, Query};
use crate::api::keys;
use crate::velero::{Backup, BackupPhase, BackupType, Schedule};
use crate::wire::Stamp;

/// Age up to which a set of schedules is left alone. Spec: S-110
const GRACE: SignedDuration = SignedDuration::from_secs(5);

/// Another hub at work on the same storage. Spec: S-115
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collision {
    /// The newest run was made by another hub.
    ForeignBackup {
        /// Name of that run's resources backup.
        backup: String,
        /// Id of the hub that made it; may be empty.
        theirs: String,
        /// Id in the labels of our own schedules; may be empty.
        ours: String,
    },
    /// Another hub activated the managed clusters after our schedules were made.
    Restored {
        /// Name of the record it left.
        record: String,
        /// Its id.
        by: String,
    },
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignBackup { backup, theirs, ours } => write!(
                f,
                "backup {backup} was made by hub {theirs:?}, while this BackupSchedule backs up hub {ours:?} to the \
                 same storage. "
            )?,
            Self::Restored { record, by } => write!(
                f,
                "hub {by:?} has restored the managed clusters, as {record} says, and hub {by:?} is the one to back them \
                 up now. "
            )?,
        }
        f.write_str("Resolve the collision, then create a new BackupSchedule")
    }
}

/// How long until a schedule is old enough to be judged; `None` if it is. Spec: S-110
pub(crate) fn grace_left(schedule: &Schedule, now: Timestamp) -> Option<Duration> {
    let made = schedule.metadata.creation_timestamp.as_ref().map_or(now, |time| time.0);
    let left = GRACE - now.duration_since(made);
    (!left.is_negative()).then(|| left.unsigned_abs() + Duration::from_secs(1))
}

/// Whether another hub writes to the storage behind `reference`, the owned resources schedule.
///
/// # Errors
/// The question to answer first. Spec: S-111 to S-117
pub(crate) fn find(hub: &HubSnapshot, reference: &Schedule) -> Result<Option<Collision>, Query> {
    let ours = label(reference.metadata.labels.as_ref(), keys::BACKUP_CLUSTER);
    let foreign = latest_candidate(hub, ours).filter(|backup| backup_cluster(backup) != ours);
    let Some(record) = latest_record(hub) else {
        return Ok(foreign.map(|backup| foreign_backup(backup, ours)));
    };
    let facts = hub.on_request.hub.as_ref().ok_or(Query::Hub)?;
    Ok(match foreign {
        Some(backup) if is_failback(backup, record, &facts.hub_id) => None,
        Some(backup) => Some(foreign_backup(backup, ours)),
        None => {
            let made = reference.metadata.creation_timestamp.as_ref().map(|time| time.0);
            restored(record, made, &facts.hub_id)
        }
    })
}

/// The activation by which another hub has the managed clusters, whatever was made here since; `None` also while this
/// hub's id was not read.
pub fn taken(hub: &HubSnapshot) -> Option<Collision> {
    restored(latest_record(hub)?, None, &hub.on_request.hub.as_ref()?.hub_id)
}

/// The newest resources backup of any namespace that is not being deleted. Spec: S-111
fn latest_candidate<'a>(hub: &'a HubSnapshot, ours: Option<&str>) -> Option<&'a Backup> {
    hub.velero
        .backups
        .iter()
        .filter(|backup| {
            label(backup.metadata.labels.as_ref(), keys::VELERO_SCHEDULE_NAME)
                == Some(BackupType::Resources.schedule_name())
        })
        .filter(|backup| phase(backup) != Some(&BackupPhase::Deleting))
        .max_by_key(|backup| {
            let is_own = backup_cluster(backup) == ours;
            (candidate_second(backup, is_own), is_own, &backup.metadata.name)
        })
}

/// An own backup Velero has not started is as new as its object, not older than everything. Spec: S-121
fn candidate_second(backup: &Backup, is_own: bool) -> i64 {
    let unstarted = || if is_own { created_at(backup) } else { None };
    started(backup).or_else(unstarted).map_or(i64::MIN, Timestamp::as_second)
}

/// The newest record of an activation, in the namespace of the schedule. Spec: S-113
fn latest_record(hub: &HubSnapshot) -> Option<&Backup> {
    hub.velero
        .backups
        .iter()
        .filter(|backup| backup.metadata.namespace.as_deref() == Some(&hub.subject.namespace))
        .filter(|backup| label(backup.metadata.labels.as_ref(), keys::RESTORE_CLUSTER).is_some())
        .max_by_key(|backup| (record_time(backup), &backup.metadata.name))
}

/// This hub took over after the foreign backup was made. Spec: S-114
fn is_failback(foreign: &Backup, record: &Backup, hub_id: &str) -> bool {
    let known = !hub_id.is_empty() && hub_id != keys::HUB_ID_UNKNOWN;
    let made = started(foreign).or_else(|| created_at(foreign));
    known && restored_by(record) == hub_id && made < record_time(record)
}

/// Another hub took the clusters after `made`; `None` is before everything.
fn restored(record: &Backup, made: Option<Timestamp>, hub_id: &str) -> Option<Collision> {
    let by = restored_by(record);
    (by != hub_id && record_time(record) > made).then(|| Collision::Restored {
        record: record.metadata.name.clone().unwrap_or_default(),
        by: by.to_owned(),
    })
}

fn foreign_backup(backup: &Backup, ours: Option<&str>) -> Collision {
    Collision::ForeignBackup {
        backup: backup.metadata.name.clone().unwrap_or_default(),
        theirs: backup_cluster(backup).unwrap_or_default().to_owned(),
        ours: ours.unwrap_or_default().to_owned(),
    }
}

/// When a record was made; a synced one has the creation time of the sync. Spec: S-122
fn record_time(record: &Backup) -> Option<Timestamp> {
    let name = record.metadata.name.as_deref().unwrap_or_default();
    started(record).or_else(|| Stamp::suffix_of(name).map(Stamp::timestamp)).or_else(|| created_at(record))
}

fn restored_by(record: &Backup) -> &str {
    label(record.metadata.labels.as_ref(), keys::RESTORE_CLUSTER).unwrap_or_default()
}

fn backup_cluster(backup: &Backup) -> Option<&str> {
    label(backup.metadata.labels.as_ref(), keys::BACKUP_CLUSTER)
}

fn label<'a>(labels: Option<&'a std::collections::BTreeMap<String, String>>, key: &str) -> Option<&'a str> {
    labels?.get(key).map(String::as_str)
}

fn phase(backup: &Backup) -> Option<&BackupPhase> {
    backup.status.as_ref().map(|status| &status.phase)
}

fn started(backup: &Backup) -> Option<Timestamp> {
    backup.status.as_ref()?.start_timestamp.as_ref().map(|time| time.0)
}

fn created_at(backup: &Backup) -> Option<Timestamp> {
    backup.metadata.creation_timestamp.as_ref().map(|time| time.0)
}

//! Validation backups Velero should have removed: it leaves expired ones that failed validation.

use jiff::Timestamp;

use super::schedule::ScheduleReason;
use super::{HubSnapshot, Step, removal};
use crate::api::keys;
use crate::velero::{Backup, BackupType};

/// Steps that remove expired validation backups of the subject's namespace, by name; none of them is required.
///
/// Both sides run them before anything else. Spec: S-230, R-110
pub fn steps(hub: &HubSnapshot, now: Timestamp) -> Vec<Step> {
    let mut expired: Vec<&Backup> =
        validation_backups(hub).filter(|backup| is_expired(backup, now)).collect();
    expired.sort_by_key(|backup| &backup.metadata.name);
    expired
        .into_iter()
        .filter_map(|backup| removal::step(hub, backup, ScheduleReason::ExpiredValidationBackup))
        .collect()
}

/// When the next validation backup expires; `None` if none does.
pub fn next(hub: &HubSnapshot, now: Timestamp) -> Option<Timestamp> {
    validation_backups(hub).filter_map(expiration).filter(|at| *at >= now).min()
}

fn validation_backups(hub: &HubSnapshot) -> impl Iterator<Item = &Backup> {
    hub.velero.backups.iter().filter(|backup| {
        let labels = backup.metadata.labels.as_ref();
        backup.metadata.namespace.as_deref() == Some(&hub.subject.namespace)
            && backup.metadata.deletion_timestamp.is_none()
            && labels.and_then(|labels| labels.get(keys::VELERO_SCHEDULE_NAME)).map(String::as_str)
                == Some(BackupType::Validation.schedule_name())
    })
}

fn is_expired(backup: &Backup, now: Timestamp) -> bool {
    expiration(backup).is_some_and(|at| at < now)
}

fn expiration(backup: &Backup) -> Option<Timestamp> {
    backup.status.as_ref()?.expiration.as_ref().map(|time| time.0)
}

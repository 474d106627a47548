//! The backups a choice can fall on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::api::keys;
use crate::plan::HubSnapshot;
use crate::velero::{Backup, BackupPhase};

/// The backups of one namespace, as known at some moment. Spec: R-150
#[derive(Debug, Clone)]
pub struct Candidates<'a> {
    namespace: &'a str,
    backups: Vec<&'a Backup>,
}

impl<'a> Candidates<'a> {
    /// All backups in the namespace of the snapshot's subject.
    pub fn of(hub: &'a HubSnapshot) -> Self {
        Self::in_namespace(&hub.velero.backups, &hub.subject.namespace)
    }

    /// All of `backups` in `namespace`.
    pub fn in_namespace(backups: &'a [Backup], namespace: &'a str) -> Self {
        let inside = |backup: &&Backup| backup.metadata.namespace.as_deref().is_none_or(|ns| ns == namespace);
        Self { namespace, backups: backups.iter().filter(inside).collect() }
    }

    /// Those that had ended by `moment`, and those that had started by then and have not ended.
    ///
    /// For people who ask about the past: when a backup became known to this hub does not matter.
    #[must_use]
    pub fn ended_by(mut self, moment: Timestamp) -> Self {
        self.backups.retain(|backup| ended(backup).or_else(|| started(backup)).is_none_or(|at| at <= moment));
        self
    }

    /// Those that were on this hub at `moment`, by the clock of this hub's server alone.
    ///
    /// When a backup ended is told by the clock of the hub that made it, which may be hours ahead or behind. Backups of
    /// another hub are finished when they come here; one this hub was still making then counts as known too.
    #[must_use]
    pub fn known_by(mut self, moment: Timestamp) -> Self {
        let arrived = |backup: &Backup| backup.metadata.creation_timestamp.as_ref().map(|time| time.0);
        self.backups.retain(|backup| arrived(backup).is_none_or(|at| at <= moment));
        self
    }

    /// The backups, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &'a Backup> + use<'a, '_> {
        self.backups.iter().copied()
    }

    /// Number of backups.
    pub fn len(&self) -> usize {
        self.backups.len()
    }

    /// True without any backup.
    pub fn is_empty(&self) -> bool {
        self.backups.is_empty()
    }

    /// The namespace looked at.
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The backups by their names, to look many of them up.
    pub fn by_name(&self) -> BTreeMap<&'a str, &'a Backup> {
        self.iter().map(|backup| (backup_name(backup), backup)).collect()
    }

    /// The backup of exactly this name.
    pub fn named(&self, name: &str) -> Option<&'a Backup> {
        self.iter().find(|backup| backup_name(backup) == name)
    }
}

/// True for a backup that can be restored. Spec
pub fn is_usable(backup: &Backup) -> bool {
    backup.metadata.deletion_timestamp.is_none()
        && matches!(phase(backup), BackupPhase::Completed | BackupPhase::PartiallyFailed)
}

/// Where a backup stands; one on its way out is `Deleting` whatever Velero wrote.
pub(super) fn phase(backup: &Backup) -> BackupPhase {
    if backup.metadata.deletion_timestamp.is_some() {
        return BackupPhase::Deleting;
    }
    backup.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
}

/// The name of a backup; empty for one the server has not named.
pub fn backup_name(backup: &Backup) -> &str {
    backup.metadata.name.as_deref().unwrap_or_default()
}

/// Id of the hub that made a backup; `None` where its label is missing or empty. Spec: R-016
pub fn hub_of(backup: &Backup) -> Option<&str> {
    let labels = backup.metadata.labels.as_ref()?;
    labels.get(keys::BACKUP_CLUSTER).map(String::as_str).filter(|id| !id.is_empty())
}

/// When Velero started a backup.
pub(in crate::plan) fn started(backup: &Backup) -> Option<Timestamp> {
    backup.status.as_ref()?.start_timestamp.as_ref().map(|time| time.0)
}

fn ended(backup: &Backup) -> Option<Timestamp> {
    backup.status.as_ref()?.completion_timestamp.as_ref().map(|time| time.0)
}

/// The order of age: no start is oldest, equal starts are decided by name. Spec: R-162
pub(in crate::plan) fn age_key(backup: &Backup) -> (Option<Timestamp>, &str) {
    (started(backup), backup_name(backup))
}

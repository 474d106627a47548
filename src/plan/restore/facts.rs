//! What one pass knows about its Restore, gathered once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::validate::{self, SpecProblem};
use crate::api::{self, BackupChoice};
use crate::plan::HubSnapshot;
use crate::plan::latest::Candidates;
use crate::velero::{self, BackupType, RestoreType};

/// What one pass knows about its Restore.
pub(super) struct Facts<'a> {
    pub(super) hub: &'a HubSnapshot,
    pub(super) restore: &'a api::Restore,
    pub(super) now: Timestamp,
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    /// The status as observed.
    pub(super) status: api::RestoreStatus,
    /// Velero Restores of this very Restore, oldest first. Spec: R-101
    pub(super) owned: Vec<&'a velero::Restore>,
    /// Why following new backups was asked for and cannot be. Spec
    pub(super) sync_problem: Option<SpecProblem>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(hub: &'a HubSnapshot, restore: &'a api::Restore, now: Timestamp) -> Self {
        Self {
            hub,
            restore,
            now,
            name: restore.metadata.name.as_deref().unwrap_or_default(),
            namespace: &hub.subject.namespace,
            status: restore.status.clone().unwrap_or_default(),
            owned: owned_restores(restore, &hub.velero.restores),
            sync_problem: validate::sync(&restore.spec),
        }
    }

    /// The backups of the namespace. Spec: R-150
    pub(super) fn candidates(&self) -> Candidates<'a> {
        Candidates::of(self.hub)
    }

    /// What the user chose for a type of backup. Spec: R-152
    pub(super) fn choice(&self, backup_type: BackupType) -> BackupChoice {
        choice(&self.restore.spec, backup_type)
    }

    /// Asked to follow new backups, and able to. Spec: R-060
    pub(super) fn is_sync_valid(&self) -> bool {
        self.restore.spec.sync_restore_with_new_backups && self.sync_problem.is_none()
    }

    /// Follows new backups, or will once its cycle is over. Spec: R-123
    pub(super) fn is_following(&self) -> bool {
        self.is_sync_valid() && self.status.phase.is_enabled()
    }

    /// Managed clusters are, or will be, restored here. Spec: R-031
    pub(super) fn is_activating(&self) -> bool {
        self.choice(BackupType::ManagedClusters) != BackupChoice::Skip
    }

    /// The phase for an error. Spec: R-502
    pub(super) fn error_phase(&self) -> api::RestorePhase {
        if self.is_sync_valid() { api::RestorePhase::EnabledWithErrors } else { api::RestorePhase::Error }
    }

    /// The Velero Restore of this name, if it is ours.
    pub(super) fn owned_named(&self, name: &str) -> Option<&'a velero::Restore> {
        self.owned.iter().copied().find(|restore| velero_name(restore) == name)
    }

    /// A Velero Restore of this name that is not ours.
    pub(super) fn foreign_named(&self, name: &str) -> Option<&'a velero::Restore> {
        let named = |restore: &&velero::Restore| velero_name(restore) == name;
        self.hub.velero.restores.iter().find(named).filter(|_| self.owned_named(name).is_none())
    }

    /// A cycle of this Restore has begun, now or earlier. Spec: R-813
    pub(super) fn is_at_work(&self) -> bool {
        is_at_work(self.restore, &self.hub.velero.restores)
    }
}

/// What the user chose for a type of backup. Spec: R-152
pub(super) fn choice(spec: &api::RestoreSpec, backup_type: BackupType) -> BackupChoice {
    match backup_type {
        BackupType::Credentials => spec.credentials_choice(),
        BackupType::Resources | BackupType::ResourcesGeneric => spec.resources_choice(),
        BackupType::ManagedClusters => spec.managed_clusters_choice(),
        BackupType::Validation => BackupChoice::Skip,
    }
}

/// A cycle of `restore` has begun, now or earlier: it has Velero Restores, or its status names those it is about to make.
///
/// What was only planned counts, too. Otherwise a BackupSchedule that comes between the plan and the first Velero
/// Restore would end the Restore and then be refused because of it. Spec: R-813
pub(super) fn is_at_work(restore: &api::Restore, velero_restores: &[velero::Restore]) -> bool {
    let recorded = restore.status.as_ref().is_some_and(|status| {
        BackupType::DATA.iter().any(|backup_type| tracked_name(status, *backup_type).is_some())
    });
    recorded || !owned_restores(restore, velero_restores).is_empty()
}

/// The Velero Restores of this very Restore, oldest first. Spec: R-101
pub fn owned_restores<'a>(
    restore: &api::Restore,
    velero_restores: &'a [velero::Restore],
) -> Vec<&'a velero::Restore> {
    let Some(uid) = restore.metadata.uid.as_deref() else { return Vec::new() };
    let mut owned: Vec<&velero::Restore> = velero_restores
        .iter()
        .filter(|restore| controller_of(&restore.metadata).is_some_and(|owner| owner.uid == uid))
        .collect();
    owned.sort_by_key(|restore| {
        (restore.metadata.creation_timestamp.as_ref().map(|time| time.0), velero_name(restore))
    });
    owned
}

/// The owner that controls an object.
pub(in crate::plan) fn controller_of(metadata: &kube::core::ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}

/// The name of a Velero Restore; empty for one the server has not named.
pub(super) fn velero_name(restore: &velero::Restore) -> &str {
    restore.metadata.name.as_deref().unwrap_or_default()
}

/// Where a Velero Restore stands.
pub(super) fn phase_of(restore: &velero::Restore) -> velero::RestorePhase {
    restore.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
}

/// The Velero Restore the status names for a type of backup; empty counts as none.
pub(super) fn tracked_name(status: &api::RestoreStatus, backup_type: BackupType) -> Option<&str> {
    let field = match backup_type {
        BackupType::Credentials => &status.velero_credentials_restore_name,
        BackupType::Resources => &status.velero_resources_restore_name,
        BackupType::ResourcesGeneric => &status.velero_generic_resources_restore_name,
        BackupType::ManagedClusters => &status.velero_managed_clusters_restore_name,
        BackupType::Validation => &None,
    };
    field.as_deref().filter(|name| !name.is_empty())
}

/// All names the status tracks.
pub(super) fn tracked_names(status: &api::RestoreStatus) -> BTreeSet<&str> {
    BackupType::DATA.iter().filter_map(|backup_type| tracked_name(status, *backup_type)).collect()
}

/// Remembers the name of a Velero Restore; active ones are found by their suffix. Spec: R-231
pub(in crate::plan) fn track(status: &mut api::RestoreStatus, part: RestoreType, name: Option<String>) {
    match part {
        RestoreType::Credentials => status.velero_credentials_restore_name = name,
        RestoreType::Resources => status.velero_resources_restore_name = name,
        RestoreType::ResourcesGeneric => status.velero_generic_resources_restore_name = name,
        RestoreType::ManagedClusters => status.velero_managed_clusters_restore_name = name,
        RestoreType::CredentialsActive | RestoreType::ResourcesGenericActive => {}
    }
}

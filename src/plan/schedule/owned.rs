//! The Velero Schedules that belong to a BackupSchedule.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Resource;

use crate::api::BackupSchedule;
use crate::plan::{HubSnapshot, Target, TargetKind};
use crate::velero::{BackupType, Schedule};

/// The Velero Schedules controlled by a BackupSchedule, by name.
pub(super) struct Owned<'a>(Vec<&'a Schedule>);

impl<'a> Owned<'a> {
    /// Those whose controller is this very object; one of the same name but another uid is a stranger. Spec: S-024
    pub(super) fn of(hub: &'a HubSnapshot, owner: &BackupSchedule) -> Self {
        let mut owned: Vec<&Schedule> =
            in_namespace(hub).filter(|schedule| is_owned_by(schedule, owner)).collect();
        owned.sort_by_key(|schedule| &schedule.metadata.name);
        Self(owned)
    }

    pub(super) fn all(&self) -> &[&'a Schedule] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one of a type; `None` if it is missing.
    pub(super) fn get(&self, backup_type: BackupType) -> Option<&'a Schedule> {
        self.0.iter().find(|schedule| is_named(schedule, backup_type)).copied()
    }

    /// Names of the types that are missing, in the order they are made. Spec: S-101
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let missing = BackupType::ALL.into_iter().filter(|backup_type| self.get(*backup_type).is_none());
        missing.map(BackupType::schedule_name).collect()
    }

    /// The one whose age and hub id collision detection goes by; `None` if there is none. Spec: S-110
    pub(super) fn reference(&self) -> Option<&'a Schedule> {
        self.get(BackupType::Resources).or_else(|| self.0.first().copied())
    }
}

/// Names of the five that somebody else holds, in the order they are made. Spec: S-096
pub(super) fn taken_names(hub: &HubSnapshot, owner: &BackupSchedule) -> Vec<&'static str> {
    let strangers: Vec<&Schedule> =
        in_namespace(hub).filter(|schedule| !is_owned_by(schedule, owner)).collect();
    BackupType::ALL
        .into_iter()
        .filter(|backup_type| strangers.iter().any(|schedule| is_named(schedule, *backup_type)))
        .map(BackupType::schedule_name)
        .collect()
}

/// The schedule as the object of a patch or deletion.
pub(super) fn target(schedule: &Schedule) -> Target {
    Target {
        kind: TargetKind::VeleroSchedule,
        namespace: schedule.metadata.namespace.clone().unwrap_or_default(),
        name: schedule.metadata.name.clone().unwrap_or_default(),
        uid: schedule.metadata.uid.clone(),
        resource_version: None,
    }
}

fn in_namespace(hub: &HubSnapshot) -> impl Iterator<Item = &Schedule> {
    let namespace = Some(hub.subject.namespace.as_str());
    hub.velero.schedules.iter().filter(move |schedule| schedule.metadata.namespace.as_deref() == namespace)
}

fn is_named(schedule: &Schedule, backup_type: BackupType) -> bool {
    schedule.metadata.name.as_deref() == Some(backup_type.schedule_name())
}

fn is_owned_by(schedule: &Schedule, owner: &BackupSchedule) -> bool {
    schedule.metadata.owner_references.iter().flatten().any(|reference| is_controller(reference, owner))
}

fn is_controller(reference: &OwnerReference, owner: &BackupSchedule) -> bool {
    reference.controller == Some(true)
        && reference.api_version == BackupSchedule::api_version(&())
        && reference.kind == BackupSchedule::kind(&())
        && Some(&reference.name) == owner.metadata.name.as_ref()
        && Some(&reference.uid) == owner.metadata.uid.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Schedule {
        Schedule::new(name, Default::default())
    }

    /// S-110: the reference does not depend on the order of a list
    #[test]
    fn the_resources_schedule_is_the_reference_and_else_the_first_by_name() {
        let (credentials, resources) = (named("acm-credentials-schedule"), named("acm-resources-schedule"));
        let name = |owned: Owned<'_>| owned.reference().and_then(|schedule| schedule.metadata.name.clone());
        assert_eq!(name(Owned(vec![&credentials, &resources])), resources.metadata.name);
        assert_eq!(name(Owned(vec![&credentials])), credentials.metadata.name);
        assert_eq!(name(Owned(vec![])), None);
    }
}

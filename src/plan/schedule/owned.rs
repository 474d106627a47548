//! The Velero Schedules that belong to a BackupSchedule.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Resource;
use kube::core::ObjectMeta;
use serde_json::Value;

use crate::api::BackupSchedule;
use crate::plan::{HubSnapshot, Target, TargetKind, Unreadable};
use crate::velero::{BackupType, Schedule};

/// The Velero Schedules controlled by a BackupSchedule, by name.
pub(super) struct Owned<'a> {
    schedules: Vec<&'a Schedule>,
    /// Those that do not decode: they are not missing, and can only be paused.
    unreadable: Vec<&'a Unreadable>,
}

impl<'a> Owned<'a> {
    /// Those whose controller is this very object; one of the same name but another uid is a stranger. Spec: S-024
    pub(super) fn of(hub: &'a HubSnapshot, owner: &BackupSchedule) -> Self {
        let mut schedules: Vec<&Schedule> =
            in_namespace(hub).filter(|schedule| is_owned_by(&schedule.metadata, owner)).collect();
        schedules.sort_by_key(|schedule| &schedule.metadata.name);
        let mut unreadable: Vec<&Unreadable> =
            unreadable_in_namespace(hub).filter(|one| is_owned_by(&one.object.metadata, owner)).collect();
        unreadable.sort_by_key(|one| one.name());
        Self { schedules, unreadable }
    }

    pub(super) fn all(&self) -> &[&'a Schedule] {
        &self.schedules
    }

    pub(super) fn is_empty(&self) -> bool {
        self.schedules.is_empty() && self.unreadable.is_empty()
    }

    /// What is wrong with those that do not decode; `None` if all do.
    pub(super) fn unreadable_message(&self) -> Option<String> {
        let told = self.unreadable.iter().map(|one| {
            let name = one.name();
            format!(
                "Velero Schedule {name} cannot be read ({}): delete it, and the set is made anew",
                one.why
            )
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// All that may still make backups, as objects of a patch.
    pub(super) fn running(&self) -> impl Iterator<Item = Target> {
        let schedules = self.schedules.iter().filter(|schedule| !schedule.spec.paused);
        let paused = |one: &&&Unreadable| one.object.data.pointer("/spec/paused") == Some(&Value::Bool(true));
        let unreadable = self.unreadable.iter().filter(move |one| !paused(one));
        let unreadable = unreadable.map(|one| target_of(&one.object.metadata));
        schedules.map(|schedule| target(schedule)).chain(unreadable)
    }

    /// The one of a type; `None` if it is missing.
    pub(super) fn get(&self, backup_type: BackupType) -> Option<&'a Schedule> {
        self.schedules.iter().find(|schedule| is_named(schedule, backup_type)).copied()
    }

    /// Names of the types that are missing, in the order they are made. Spec: S-101
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let missing = BackupType::ALL.into_iter().filter(|backup_type| self.get(*backup_type).is_none());
        missing.map(BackupType::schedule_name).collect()
    }

    /// The one whose age and hub id collision detection goes by; `None` if there is none. Spec: S-110
    pub(super) fn reference(&self) -> Option<&'a Schedule> {
        self.get(BackupType::Resources).or_else(|| self.schedules.first().copied())
    }
}

/// Names of the five that somebody else holds, in the order they are made. Spec: S-096
pub(super) fn taken_names(hub: &HubSnapshot, owner: &BackupSchedule) -> Vec<&'static str> {
    let readable = in_namespace(hub).map(|schedule| &schedule.metadata);
    let all = readable.chain(unreadable_in_namespace(hub).map(|one| &one.object.metadata));
    let taken: BTreeSet<&str> =
        all.filter(|metadata| !is_owned_by(metadata, owner)).filter_map(|m| m.name.as_deref()).collect();
    let names = BackupType::ALL.into_iter().map(BackupType::schedule_name);
    names.filter(|name| taken.contains(name)).collect()
}

/// The schedule as the object of a patch or deletion.
pub(super) fn target(schedule: &Schedule) -> Target {
    target_of(&schedule.metadata)
}

fn target_of(metadata: &ObjectMeta) -> Target {
    Target {
        kind: TargetKind::VeleroSchedule,
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
        uid: metadata.uid.clone(),
        resource_version: None,
    }
}

fn in_namespace(hub: &HubSnapshot) -> impl Iterator<Item = &Schedule> {
    let namespace = Some(hub.subject.namespace.as_str());
    hub.velero.schedules.iter().filter(move |schedule| schedule.metadata.namespace.as_deref() == namespace)
}

fn unreadable_in_namespace(hub: &HubSnapshot) -> impl Iterator<Item = &Unreadable> {
    hub.velero.unreadable_schedules.iter().filter(|one| one.namespace() == hub.subject.namespace)
}

fn is_named(schedule: &Schedule, backup_type: BackupType) -> bool {
    schedule.metadata.name.as_deref() == Some(backup_type.schedule_name())
}

fn is_owned_by(metadata: &ObjectMeta, owner: &BackupSchedule) -> bool {
    metadata.owner_references.iter().flatten().any(|reference| is_controller(reference, owner))
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
        let name = |schedules: Vec<&Schedule>| {
            let owned = Owned { schedules, unreadable: vec![] };
            owned.reference().and_then(|schedule| schedule.metadata.name.clone())
        };
        assert_eq!(name(vec![&credentials, &resources]), resources.metadata.name);
        assert_eq!(name(vec![&credentials]), credentials.metadata.name);
        assert_eq!(name(vec![]), None);
    }
}

//! The activation marker: how other hubs on the same storage learn where the managed clusters went. Spec: R-720…R-727

use std::collections::{BTreeMap, BTreeSet};

use kube::core::ObjectMeta;

use super::facts::Facts;
use super::reason::RestoreReason;
use super::wanted::WantedRestore;
use crate::api::keys;
use crate::plan::{Action, NewObject, Query, Step, removal};
use crate::velero::{Backup, BackupSpec, BackupType, label_value};
use crate::wire::Stamp;

/// Steps that write the marker of a Restore that is about to end, and remove older ones.
///
/// Nothing to do when the marker is there. Spec
///
/// # Errors
/// The facts to ask for first.
pub(super) fn steps(facts: &Facts<'_>, clusters: &WantedRestore) -> Result<Vec<Step>, BTreeSet<Query>> {
    if is_written(facts, clusters) {
        return Ok(Vec::new());
    }
    let Some(this_hub) = &facts.hub.on_request.hub else { return Err(BTreeSet::from([Query::Hub])) };
    let marker = NewObject::VeleroBackup(marker(facts, clusters, &this_hub.hub_id));
    let create = Step::required(Action::Create(Box::new(marker)), RestoreReason::Activated);
    let removals = markers(facts).filter_map(|old| removal::step(facts.hub, old, RestoreReason::OlderMarker));
    let mut removals: Vec<Step> = removals.collect();
    removals.sort_by_key(|step| step.action.to_string());
    Ok([create].into_iter().chain(removals).collect())
}

/// All activation markers of the namespace. Spec: R-725
fn markers<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Backup> {
    let candidates: Vec<&Backup> = facts.candidates().iter().collect();
    candidates.into_iter().filter(|backup| label(backup, keys::RESTORE_CLUSTER).is_some())
}

fn label<'a>(backup: &'a Backup, key: &str) -> Option<&'a str> {
    backup.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// This very Restore wrote its marker already. Spec: R-727
fn is_written(facts: &Facts<'_>, clusters: &WantedRestore) -> bool {
    let created = facts.restore.metadata.creation_timestamp.as_ref();
    markers(facts).any(|marker| {
        label(marker, keys::MARKER_RESTORE_NAME) == Some(&label_value(facts.name))
            && label(marker, BackupType::ManagedClusters.schedule_name())
                == Some(&label_value(&clusters.backup))
            && marker.metadata.creation_timestamp.as_ref() >= created
    })
}

/// Spec
fn marker(facts: &Facts<'_>, clusters: &WantedRestore, this_hub: &str) -> Backup {
    let restored = facts.owned_named(&clusters.name);
    let producer =
        restored.and_then(|restore| restore.metadata.labels.as_ref()?.get(keys::BACKUP_CLUSTER).cloned());
    let mut labels: BTreeMap<String, String> = [
        (keys::MARKER, "true".to_owned()),
        (keys::MARKER_RESTORE_NAME, label_value(facts.name)),
        (BackupType::ManagedClusters.schedule_name(), label_value(&clusters.backup)),
        (keys::RESTORE_CLUSTER, this_hub.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    labels.extend(producer.map(|producer| (keys::BACKUP_CLUSTER.to_owned(), producer)));
    Backup {
        metadata: ObjectMeta {
            name: Some(format!("{}{}", keys::MARKER_NAME_PREFIX, Stamp::from(facts.now))),
            namespace: Some(facts.namespace.to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        spec: BackupSpec {
            included_namespaces: Some(vec![facts.namespace.to_owned()]),
            included_resources: Some(vec!["Restore".to_owned()]),
            ..BackupSpec::default()
        },
        status: None,
    }
}

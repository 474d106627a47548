//! The activation marker: how other hubs on the same storage learn where the managed clusters went. Spec: R-720…R-727

use std::collections::{BTreeMap, BTreeSet};

use kube::core::ObjectMeta;

use super::facts::Facts;
use super::reason::RestoreReason;
use super::wanted::WantedRestore;
use crate::api::keys;
use crate::plan::latest::backup_name;
use crate::plan::{Action, NewObject, Query, Step, removal};
use crate::velero::{Backup, BackupSpec, BackupType, label_value};
use crate::wire::Stamp;

/// Steps that write the marker of a Restore that is about to end, and remove all others.
///
/// Our marker is not written again, but all others still go: a pass may have ended in between, and another hub's may have
/// come since. Spec
///
/// # Errors
/// The facts to ask for first.
pub(super) fn steps(facts: &Facts<'_>, clusters: &WantedRestore) -> Result<Vec<Step>, BTreeSet<Query>> {
    let this_hub = &facts.hub.on_request.hub.as_ref().ok_or(BTreeSet::from([Query::Hub]))?.hub_id;
    let mut rivals = markers(facts);
    let ours = rivals.iter().rposition(|marker| is_of_this(facts, clusters, this_hub, marker));
    let create = match ours {
        Some(ours) => {
            rivals.remove(ours);
            None
        }
        None => {
            let marker = NewObject::VeleroBackup(marker(facts, clusters, this_hub));
            Some(Step::required(Action::Create(Box::new(marker)), RestoreReason::Activated))
        }
    };
    let removals =
        rivals.into_iter().filter_map(|old| removal::step(facts.hub, old, RestoreReason::OlderMarker));
    Ok(create.into_iter().chain(removals).collect())
}

/// All activation markers of the namespace, oldest first. Spec: R-725
///
/// The label alone is not enough: whoever can write to the storage could have any backup removed by it.
fn markers<'a>(facts: &Facts<'a>) -> Vec<&'a Backup> {
    let candidates = facts.candidates();
    let is_marker = |backup: &&Backup| {
        backup_name(backup).starts_with(keys::MARKER_NAME_PREFIX)
            && label(backup, keys::RESTORE_CLUSTER).is_some()
    };
    let mut markers: Vec<&Backup> = candidates.iter().filter(is_marker).collect();
    markers.sort_by_key(|marker| {
        (marker.metadata.creation_timestamp.as_ref().map(|time| time.0), backup_name(marker))
    });
    markers
}

fn label<'a>(backup: &'a Backup, key: &str) -> Option<&'a str> {
    backup.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// This very Restore wrote it. On another hub a Restore of the same name may have restored the same managed clusters.
/// Spec: R-727
fn is_of_this(facts: &Facts<'_>, clusters: &WantedRestore, this_hub: &str, marker: &Backup) -> bool {
    let created = facts.restore.metadata.creation_timestamp.as_ref();
    label(marker, keys::MARKER_RESTORE_NAME) == Some(&label_value(facts.name))
        && label(marker, BackupType::ManagedClusters.schedule_name()) == Some(&label_value(&clusters.backup))
        && label(marker, keys::RESTORE_CLUSTER) == Some(this_hub)
        && marker.metadata.creation_timestamp.as_ref() >= created
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

//! What the cleanup after a restore would remove: what the planner says, less what the backups are found to hold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::ResourceExt;

use super::preview;
use crate::api;
use crate::cli::session::Hub;
use crate::cluster::observe::{Reader, with_answers};
use crate::cluster::stored::Storage;
use crate::cluster::{Class, Error};
use crate::plan::HubSnapshot;
use crate::plan::cleanup::{Cleaned, Deletion};
use crate::plan::restore::cleanup_preview;
use crate::render::cleanup::CleanupView;
use crate::velero::StoredFile;

/// What is in a backup: `namespace/name`, or the name alone, by `apiVersion/kind`.
type Contents = BTreeMap<String, BTreeSet<String>>;

/// What `restore` would leave over on this hub; a hub that cannot be searched is an unknown number, not an error.
///
/// `contents` allows to read the lists of objects from the storage location.
pub(super) async fn on_hub(
    hub: &Hub,
    snapshot: &HubSnapshot,
    (restore, contents): (&api::Restore, bool),
    now: Timestamp,
) -> CleanupView {
    let policy = restore.spec.cleanup_before_restore.clone().unwrap_or_default();
    let reader = Reader::new(hub.client().clone(), None);
    let looked =
        with_answers(&reader, preview::with(snapshot, restore), |hub| cleanup_preview(hub, restore, now));
    match looked.await {
        Ok((_, cleaned)) if cleaned.unlisted.is_empty() => {
            let contents = if contents && is_whole(restore) {
                contents_of(hub, snapshot, &cleaned.deletions).await.ok()
            } else {
                None
            };
            let left = less(cleaned, contents.as_ref());
            CleanupView::of(&policy, &left, contents.is_none())
        }
        Ok(_) => CleanupView::unknown(&policy),
        Err(error) => {
            tracing::warn!("what the cleanup would remove is unknown: {error}");
            CleanupView::unknown(&policy)
        }
    }
}

/// As [`on_hub`] on a captured state, as far as that tells.
pub(super) fn captured(snapshot: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> CleanupView {
    let policy = restore.spec.cleanup_before_restore.clone().unwrap_or_default();
    match cleanup_preview(&preview::with(snapshot, restore), restore, now) {
        Ok(cleaned) if cleaned.unlisted.is_empty() => CleanupView::of(&policy, &cleaned.deletions, true),
        _ => CleanupView::unknown(&policy),
    }
}

/// Everything a backup holds is restored, under its own name.
pub(super) fn is_whole(restore: &api::Restore) -> bool {
    let spec = &restore.spec;
    !spec.is_filtered() && spec.namespace_mapping.as_ref().is_none_or(BTreeMap::is_empty)
}

/// The contents of every backup an object was compared with.
async fn contents_of(
    hub: &Hub,
    snapshot: &HubSnapshot,
    deletions: &[Deletion],
) -> Result<BTreeMap<String, Contents>, Error> {
    let names: BTreeSet<&String> = deletions.iter().map(|deletion| &deletion.reason.backup).collect();
    let mut contents = BTreeMap::new();
    for name in names {
        let storage = storage_of(hub, snapshot, name).await?;
        let read = |file: &mut dyn std::io::Read| Ok(serde_json::from_reader(std::io::BufReader::new(file))?);
        contents.insert(name.clone(), storage.read(StoredFile::BackupResourceList, name, read).await?);
    }
    Ok(contents)
}

/// The storage of a backup.
///
/// # Errors
///
/// Its storage location is not on this hub, or names an authority that cannot be read.
pub(super) async fn storage_of(hub: &Hub, snapshot: &HubSnapshot, backup: &str) -> Result<Storage, Error> {
    let named = snapshot.velero.backups.iter().find(|one| one.name_any() == backup);
    let place = named.and_then(|backup| backup.spec.storage_location.clone()).unwrap_or_default();
    let location = snapshot.velero.storage_locations.iter().find(|location| {
        location.namespace().as_deref() == Some(hub.namespace()) && location.name_any() == place
    });
    let missing = || {
        let why = format!("its storage location {place} is not on this hub");
        Error::storage(Class::Unreachable, backup, why)
    };
    Storage::of(hub.client(), location.ok_or_else(missing)?).await
}

/// The restore takes over what its backup holds.
fn less(cleaned: Cleaned, contents: Option<&BTreeMap<String, Contents>>) -> Vec<Deletion> {
    let is_held = |deletion: &Deletion| {
        let object = &deletion.object;
        let kind = format!("{}/{}", object.kind.api_version(), object.kind.kind);
        let name = match object.namespace.as_str() {
            "" => object.name.clone(),
            namespace => format!("{namespace}/{}", object.name),
        };
        let backup = contents.and_then(|contents| contents.get(&deletion.reason.backup));
        backup.and_then(|contents| contents.get(&kind)).is_some_and(|names| names.contains(&name))
    };
    cleaned.deletions.into_iter().filter(|deletion| !is_held(deletion)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::cleanup::CleanupReason;
    use crate::velero::BackupType;

    #[test]
    fn what_the_backup_holds_is_not_counted() {
        let one = |namespace: &str, name: &str| Deletion {
            part: BackupType::Credentials,
            object: serde_json::from_value(json!({
                "kind": {"group": "", "version": "v1", "kind": "Secret", "plural": "secrets"},
                "namespace": namespace, "name": name,
            }))
            .unwrap(),
            reason: CleanupReason { restored_from: None, backup: "b".to_owned() },
        };
        let deletions = vec![one("a", "held"), one("b", "held"), one("a", "gone")];
        let cleaned = Cleaned { deletions, unlisted: Vec::new() };
        let contents = serde_json::from_value(json!({"b": {"v1/Secret": ["a/held"]}})).unwrap();
        let left = less(cleaned.clone(), Some(&contents));
        let names: Vec<String> =
            left.iter().map(|one| format!("{}/{}", one.object.namespace, one.object.name)).collect();
        assert_eq!(names, ["b/held", "a/gone"]);
        assert_eq!(less(cleaned, None).len(), 3);
    }
}

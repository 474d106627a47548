//! What the cleanup after a restore would remove: what the planner says, less what the backups are found to hold.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::preview;
use crate::api;
use crate::cli::session::Hub;
use crate::cluster::observe::{Reader, with_answers};
use crate::plan::cleanup::{Cleaned, Deletion};
use crate::plan::restore::cleanup_preview;
use crate::plan::{HubFacts, HubSnapshot};
use crate::render::cleanup::CleanupView;
use crate::render::contents::Contents;

/// What a search for the cleanup found.
pub(super) struct Looked {
    /// Who this hub is; `None` where it was not asked.
    pub(super) hub: Option<HubFacts>,
    /// What would be removed at most.
    pub(super) cleaned: Cleaned,
}

/// What `restore` would leave over on this hub; `None` if it cannot be searched.
pub(super) async fn looked(
    hub: &Hub,
    snapshot: &HubSnapshot,
    restore: &api::Restore,
    now: Timestamp,
) -> Option<Looked> {
    let reader = Reader::new(hub.client().clone(), None);
    let looked =
        with_answers(&reader, preview::with(snapshot, restore), |hub| cleanup_preview(hub, restore, now));
    let looked =
        looked.await.inspect_err(|error| tracing::warn!("what the cleanup would remove is unknown: {error}"));
    let (answered, cleaned) = looked.ok()?;
    Some(Looked { hub: answered.on_request.hub, cleaned })
}

/// What the cleanup would remove: an unknown number where that could not be looked for, and at most what was found
/// where it is not known what the backups hold.
pub(super) fn view(
    restore: &api::Restore,
    looked: Option<&Looked>,
    contents: Option<&Contents>,
) -> CleanupView {
    let policy = restore.spec.cleanup_before_restore.clone().unwrap_or_default();
    let contents = contents.filter(|_| is_whole(restore));
    match looked {
        Some(Looked { cleaned, .. }) if cleaned.unlisted.is_empty() => {
            CleanupView::of(&policy, &less(&cleaned.deletions, contents), contents.is_none())
        }
        _ => CleanupView::unknown(&policy),
    }
}

/// What the cleanup would remove on a captured state, as far as that tells.
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

/// The restore takes over what its backup holds.
fn less(deletions: &[Deletion], contents: Option<&Contents>) -> Vec<Deletion> {
    let is_held = |deletion: &&Deletion| {
        let object = &deletion.object;
        let kind = format!("{}/{}", object.kind.api_version(), object.kind.kind);
        let name = match object.namespace.as_str() {
            "" => object.name.clone(),
            namespace => format!("{namespace}/{}", object.name),
        };
        let list = contents.and_then(|contents| contents.lists.get(&deletion.part));
        list.and_then(|list| list.names.get(&kind)).is_some_and(|names| names.contains(&name))
    };
    deletions.iter().filter(|deletion| !is_held(deletion)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::cleanup::CleanupReason;
    use crate::velero::BackupType;
    use crate::velero::object_list::ObjectList;

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
        let list = ObjectList::read(r#"{"v1/Secret": ["a/held"]}"#.as_bytes(), |_, _| true).unwrap();
        let contents = Contents { lists: [(BackupType::Credentials, list)].into() };
        let left = less(&deletions, Some(&contents));
        let names: Vec<String> =
            left.iter().map(|one| format!("{}/{}", one.object.namespace, one.object.name)).collect();
        assert_eq!(names, ["b/held", "a/gone"]);
        assert_eq!(less(&deletions, None).len(), 3);
    }
}

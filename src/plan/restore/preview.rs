//! What a Restore would do, as data for screens.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::facts::Facts;
use super::object::object;
use super::wanted::{LeftOut, WantedRestore, left_out, wanted};
use super::{first_sync, leftovers, notes, sync};
use crate::api;
use crate::plan::cleanup::Cleaned;
use crate::plan::latest::Unresolved;
use crate::plan::{HubSnapshot, Note, Query};
use crate::velero;

/// What a Restore would do with the backups as they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The Velero Restores, in order; empty if a part has no backup.
    pub restores: Vec<WantedRestore>,
    /// What a user may expect and does not get.
    pub left_out: Vec<LeftOut>,
    /// Why nothing would be restored; `None` if all parts have a backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Unresolved>,
    /// Warnings, such as parts from different runs.
    pub notes: Vec<Note>,
}

/// What `restore` would restore; it need not exist yet. Spec: R-200…R-206
pub fn wanted_restores(hub: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> Preview {
    let facts = Facts::of(hub, restore, now);
    let unsynced: Vec<Note> = first_sync::foreseen(&facts).into_iter().collect();
    match sync::picks(&facts).and_then(|picks| Ok((wanted(&facts, &picks)?, picks))) {
        Ok((restores, picks)) => Preview {
            restores,
            left_out: left_out(&facts, &picks),
            problem: None,
            notes: [notes::of_backups(&facts, &picks), notes::of_spec(&facts, &picks), unsynced].concat(),
        },
        Err(problem) => {
            Preview { restores: Vec::new(), left_out: Vec::new(), problem: Some(problem), notes: unsynced }
        }
    }
}

/// The Velero Restores that `restore` still lacks, as they would be created. Spec: R-203, R-210…R-225
pub fn velero_restores(hub: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> Vec<velero::Restore> {
    let facts = Facts::of(hub, restore, now);
    let preview = wanted_restores(hub, restore, now);
    preview.restores.iter().filter(|wanted| !wanted.exists).map(|wanted| object(&facts, wanted)).collect()
}

/// What would still be restored if `restore` were activated now: its managed clusters set to `latest`. Spec: R-313
pub fn activation_preview(hub: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> Preview {
    let mut activated = restore.clone();
    activated.spec.velero_managed_clusters_backup_name = Some("latest".to_owned());
    let mut preview = wanted_restores(hub, &activated, now);
    preview.restores.retain(|wanted| !wanted.exists);
    preview
}

/// What the cleanup after `restore` would remove at most: the restore itself takes objects the backups hold over to
/// them, and those stay. Nothing for a Restore without usable backups. Spec: R-400
///
/// # Errors
/// The facts to ask for first.
pub fn cleanup_preview(
    hub: &HubSnapshot,
    restore: &api::Restore,
    now: Timestamp,
) -> Result<Cleaned, BTreeSet<Query>> {
    let facts = Facts::of(hub, restore, now);
    match sync::picks(&facts).and_then(|picks| wanted(&facts, &picks)) {
        Ok(wanted) => leftovers::preview(&facts, &wanted),
        Err(_) => Ok(Cleaned::default()),
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use serde_json::json;

    use super::*;
    use crate::plan::{Subject, SubjectKind};
    use crate::velero::{BackupType, RestoreType};

    fn hub() -> HubSnapshot {
        let backup = |part: BackupType| {
            json!({
                "metadata": {"name": format!("{}-20261122100004", part.schedule_name()), "namespace": "acm"},
                "spec": {}, "status": {"phase": "Completed", "startTimestamp": "2026-11-22T10:00:04Z"},
            })
        };
        let backups: Vec<_> = BackupType::DATA.into_iter().map(backup).collect();
        let mut hub: HubSnapshot = serde_json::from_value(json!({"velero": {"backups": backups}})).unwrap();
        hub.subject = Subject { kind: SubjectKind::Restore, namespace: "acm".into(), name: "r".into() };
        hub
    }

    fn restore(clusters: &str) -> api::Restore {
        serde_json::from_value(json!({"metadata": {"name": "r", "namespace": "acm"}, "spec": {
            "veleroManagedClustersBackupName": clusters,
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "skip",
        }}))
        .unwrap()
    }

    fn parts(preview: &Preview) -> Vec<&'static str> {
        preview.restores.iter().map(|wanted| wanted.part.part()).collect()
    }

    /// R-203, R-204
    #[test]
    fn a_restore_that_does_not_exist_yet_can_be_previewed() {
        let preview = wanted_restores(&hub(), &restore("latest"), Timestamp::UNIX_EPOCH);
        assert_eq!(parts(&preview), ["credentials", "credentials-active", "managed-clusters"]);
        let left: Vec<RestoreType> = preview.left_out.iter().map(|left| left.what).collect();
        assert_eq!(left, [RestoreType::ResourcesGenericActive]);
        assert!(serde_json::to_string(&preview).unwrap().contains("newest usable backup"));
    }

    /// Spec: R-155: before anything is made, as the loop says it while it waits
    #[test]
    fn latest_is_doubted_while_the_storage_was_never_synced() {
        let mut hub = hub();
        let storage = json!({
            "metadata": {"name": "default", "namespace": "acm", "creationTimestamp": "1970-01-01T00:00:00Z"},
            "spec": {"provider": "aws"}, "status": {"phase": "Available"},
        });
        hub.velero.storage_locations = vec![serde_json::from_value(storage).unwrap()];
        let told = |hub: &HubSnapshot, restore: &api::Restore, minutes: i64| {
            let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(minutes);
            let notes = wanted_restores(hub, restore, now).notes;
            notes
                .into_iter()
                .filter(|note| note.name.as_deref() == Some("stale-backups"))
                .map(|note| note.message)
                .collect::<String>()
        };
        assert_eq!(
            told(&hub, &restore("latest"), 14),
            "waiting for the first sync of BackupStorageLocation default, 4 backups so far"
        );
        assert!(told(&hub, &restore("latest"), 15).starts_with("default was never synced completely"));
        let mut named = restore("skip");
        named.spec.velero_credentials_backup_name =
            Some("acm-credentials-schedule-20261122100004".to_owned());
        assert_eq!(told(&hub, &named, 1), "", "a name does not wait");
        hub.velero.storage_locations[0].status.as_mut().unwrap().last_synced_time =
            Some(Time(Timestamp::UNIX_EPOCH));
        assert_eq!(told(&hub, &restore("latest"), 1), "");
    }

    /// R-313
    #[test]
    fn an_activation_shows_what_is_still_to_be_restored() {
        let mut hub = hub();
        let mut passive = restore("skip");
        passive.metadata.uid = Some("r-uid".to_owned());
        let credentials = json!({
            "metadata": {"name": "r-acm-credentials-schedule-20261122100004", "namespace": "acm", "ownerReferences": [
                {"apiVersion": "x", "kind": "Restore", "name": "r", "uid": "r-uid", "controller": true},
            ]},
            "spec": {"backupName": "acm-credentials-schedule-20261122100004"},
        });
        hub.velero.restores = vec![serde_json::from_value(credentials).unwrap()];
        let preview = activation_preview(&hub, &passive, Timestamp::UNIX_EPOCH);
        assert_eq!(parts(&preview), ["credentials-active", "managed-clusters"]);
    }
}

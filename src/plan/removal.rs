//! What may be removed at all, and how a Velero Backup is removed together with its data.

use std::collections::BTreeSet;

use kube::core::{DynamicObject, ObjectMeta};

use super::cleanup::Leftover;
use super::reason::Reason;
use super::{Action, HubSnapshot, NewObject, ObjectKind, OnError, Step, Target, TargetKind};
use crate::api::{GROUP, keys};
use crate::velero::{Backup, BackupPhase, BackupType, DeleteBackupRequest, DeleteBackupRequestSpec};

/// Kinds that belong to a hub and not to what was restored, in any group. Spec: R-432
const UNTOUCHABLE: [&str; 2] = ["clusterimageset", "hiveconfig"];
/// Groups no restore brings back, so that what is gone would stay gone. Spec: R-216
const NEVER_RESTORED: [&str; 4] =
    ["admissionregistration.k8s.io", "apiextensions.k8s.io", "rbac.authorization.k8s.io", "velero.io"];
/// Kinds of ours.
const OURS: [&str; 2] = ["backupschedule", "restore"];

/// What decides whether an object of a part may be removed.
pub(crate) struct Guard<'a> {
    /// The part.
    pub(crate) part: BackupType,
    /// Objects that no restore made may go too.
    pub(crate) everything: bool,
    /// Label values of the backups whose objects stay.
    pub(crate) kept: &'a BTreeSet<String>,
    /// The ManagedCluster that is the hub itself, and its namespace.
    pub(crate) local_cluster: Option<&'a str>,
    /// Namespaces the backup leaves out.
    pub(crate) excluded_namespaces: &'a [String],
}

/// Why an object stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spared {
    /// Nothing of its kind is removed. Spec
    Untouchable,
    /// It is going already, or cannot be told from a successor of the same name.
    Unsure,
    /// It is from a backup just restored. Spec
    Restored,
    /// No restore made it. Spec: R-420
    Foreign,
    /// It is the hub itself, or in its namespace. Spec
    LocalCluster,
    /// The backup leaves its namespace out. Spec: R-434
    ExcludedNamespace,
    /// It is not to be in backups. Spec
    NotBackedUp,
    /// It belongs to the hub's own installation. Spec: R-435
    Installed,
}

/// Why an object must stay; `None` lets it go. Every removal after a restore asks here.
pub(crate) fn spared(object: &Leftover, guard: &Guard<'_>) -> Option<Spared> {
    if is_untouchable(&object.kind) {
        return Some(Spared::Untouchable);
    }
    if object.is_being_deleted || object.uid.is_empty() {
        return Some(Spared::Unsure);
    }
    match object.restored_from() {
        Some(backup) if guard.kept.contains(backup) => return Some(Spared::Restored),
        None if !guard.everything => return Some(Spared::Foreign),
        // A restored credential that the backup no longer holds goes wherever it is. Spec: R-423
        Some(_) if guard.part == BackupType::Credentials => return None,
        _ => {}
    }
    let is_here = |namespace: &str| !namespace.is_empty() && object.namespace == namespace;
    let is_hub = object.kind.kind == "ManagedCluster" && object.label(keys::LOCAL_CLUSTER) == Some("true");
    if is_hub || guard.local_cluster.is_some_and(is_here) {
        return Some(Spared::LocalCluster);
    }
    if object.label(keys::EXCLUDE_FROM_BACKUP) == Some("true") {
        return Some(Spared::NotBackedUp);
    }
    if guard.part == BackupType::Credentials {
        return None;
    }
    if guard.excluded_namespaces.iter().any(|namespace| is_here(namespace)) {
        return Some(Spared::ExcludedNamespace);
    }
    (object.label(keys::INSTALLER_NAME) == Some(keys::INSTALLER_HUB)).then_some(Spared::Installed)
}

/// True for a kind of which nothing is removed after a restore. Spec
pub(crate) fn is_untouchable(kind: &ObjectKind) -> bool {
    let name = kind.kind.to_lowercase();
    UNTOUCHABLE.contains(&name.as_str())
        || NEVER_RESTORED.contains(&kind.group.as_str())
        || (kind.group == GROUP && OURS.contains(&name.as_str()))
}

/// The step that removes `backup`; `None` while it is still being made, or an earlier request is being worked on.
///
/// Velero is asked first; only if it reports errors the object is deleted itself. One that is being made it would refuse
/// with an error as well. Spec: S-231, S-232
pub(crate) fn step(hub: &HubSnapshot, backup: &Backup, reason: impl Into<Reason>) -> Option<Step> {
    if is_being_made(backup) {
        return None;
    }
    let request = hub.velero.delete_requests.iter().find(|request| {
        request.metadata.name == backup.metadata.name
            && request.metadata.namespace == backup.metadata.namespace
    });
    let action = match request {
        None => Action::Create(Box::new(request_for(backup))),
        Some(request) if has_errors(request) => Action::Delete(target(backup)),
        Some(_) => return None,
    };
    Some(Step { on_error: OnError::Retry, ..Step::required(action, reason) })
}

/// True while Velero works on `backup`; it deletes only what has ended.
pub(super) fn is_being_made(backup: &Backup) -> bool {
    let phase = backup.status.as_ref().map(|status| &status.phase);
    phase.is_some_and(|phase| *phase != BackupPhase::New && !phase.has_ended())
}

/// True if an object of another component bears our mark; nothing else of theirs is removed. Spec: S-190
pub(crate) fn is_marked(object: &DynamicObject, key: &str, value: &str) -> bool {
    object.metadata.labels.as_ref().and_then(|labels| labels.get(key)).is_some_and(|found| found == value)
}

/// True if an account may go: it is ours, not the hub's own, and not part of its installation. Spec: S-190
pub(crate) fn may_lose_account(account: &DynamicObject, local_cluster: Option<&str>) -> bool {
    is_marked(account, keys::MSA, keys::TOKEN_ACCOUNT)
        && !is_marked(account, keys::INSTALLER_NAME, keys::INSTALLER_HUB)
        && (local_cluster.is_none() || account.metadata.namespace.as_deref() != local_cluster)
}

fn has_errors(request: &DeleteBackupRequest) -> bool {
    let errors = request.status.as_ref().and_then(|status| status.errors.as_ref());
    errors.is_some_and(|errors| !errors.is_empty())
}

fn request_for(backup: &Backup) -> NewObject {
    let name = backup.metadata.name.clone();
    NewObject::DeleteBackupRequest(DeleteBackupRequest {
        metadata: ObjectMeta {
            name: name.clone(),
            namespace: backup.metadata.namespace.clone(),
            ..Default::default()
        },
        spec: DeleteBackupRequestSpec { backup_name: name.unwrap_or_default(), ..Default::default() },
        ..Default::default()
    })
}

fn target(backup: &Backup) -> Target {
    Target {
        kind: TargetKind::VeleroBackup,
        namespace: backup.metadata.namespace.clone().unwrap_or_default(),
        name: backup.metadata.name.clone().unwrap_or_default(),
        uid: backup.metadata.uid.clone(),
        resource_version: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Why an object of these labels, in this namespace, stays; in a cleanup of everything if `everything`.
    fn why(object: &Value, everything: bool) -> Option<Spared> {
        let mut whole = json!({
            "kind": {"group": "apps.open-cluster-management.io", "version": "v1", "kind": "Channel", "plural": "channels"},
            "namespace": "apps", "name": "x", "uid": "x-uid", "labels": {"velero.io/backup-name": "old"},
        });
        for (key, value) in object.as_object().unwrap() {
            whole[key] = value.clone();
        }
        let object: Leftover = serde_json::from_value(whole).unwrap();
        let is_credential = object.kind.group.is_empty();
        let guard = Guard {
            part: if is_credential { BackupType::Credentials } else { BackupType::Resources },
            everything,
            kept: &["new".to_owned()].into(),
            local_cluster: Some("the-hub"),
            excluded_namespaces: &["left-out".to_owned()],
        };
        spared(&object, &guard)
    }

    fn kind(group: &str, kind: &str) -> Value {
        json!({"group": group, "version": "v1", "kind": kind, "plural": ""})
    }

    /// Each on its own, though searches leave most of it out already. Spec: …
    #[test]
    fn every_reason_to_stay_holds_by_itself() {
        let goes = json!({});
        assert_eq!((why(&goes, false), why(&goes, true)), (None, None));
        for untouchable in [
            kind("hive.openshift.io", "ClusterImageSet"),
            kind("x", "HiveConfig"),
            kind("rbac.authorization.k8s.io", "ClusterRole"),
            kind("velero.io", "Backup"),
            kind("cluster.open-cluster-management.io", "Restore"),
        ] {
            assert_eq!(why(&json!({"kind": untouchable}), true), Some(Spared::Untouchable));
        }
        let stays = [
            (json!({"isBeingDeleted": true}), Spared::Unsure),
            (json!({"uid": ""}), Spared::Unsure),
            (json!({"labels": {"velero.io/backup-name": "new"}}), Spared::Restored),
            (json!({"namespace": "the-hub"}), Spared::LocalCluster),
            (
                json!({"kind": kind("c", "ManagedCluster"), "namespace": "", "labels": {"local-cluster": "true"}}),
                Spared::LocalCluster,
            ),
            (json!({"namespace": "left-out"}), Spared::ExcludedNamespace),
            (json!({"labels": {"velero.io/exclude-from-backup": "true"}}), Spared::NotBackedUp),
            (json!({"labels": {"installer.name": "multiclusterhub"}}), Spared::Installed),
        ];
        for (object, reason) in stays {
            assert_eq!(why(&object, true), Some(reason), "{object}");
        }
        assert_eq!(why(&json!({"labels": {}}), false), Some(Spared::Foreign));
        assert_eq!(why(&json!({"labels": {}}), true), None);
    }

    /// Spec: R-423
    #[test]
    fn a_credential_stays_with_the_hub_or_out_of_backups_only_if_no_restore_made_it() {
        let credential = |namespace: &str, labels: &Value| json!({"kind": kind("", "Secret"), "namespace": namespace, "labels": labels});
        let excluded = json!({"velero.io/exclude-from-backup": "true"});
        assert_eq!(why(&credential("the-hub", &json!({})), true), Some(Spared::LocalCluster));
        assert_eq!(why(&credential("apps", &excluded), true), Some(Spared::NotBackedUp));
        assert_eq!(why(&credential("the-hub", &json!({"velero.io/backup-name": "old"})), true), None);
        assert_eq!(why(&credential("left-out", &json!({})), true), None, "no exception by namespace");
    }
}

//! How a Velero Backup is removed together with its data.

use kube::core::{DynamicObject, ObjectMeta};

use super::reason::Reason;
use super::{Action, HubSnapshot, NewObject, Step, Target, TargetKind};
use crate::api::keys;
use crate::velero::{Backup, DeleteBackupRequest, DeleteBackupRequestSpec};

/// The step that removes `backup`; `None` while an earlier request is being worked on.
///
/// Velero is asked first; only if it reports errors the object is deleted itself. Spec: S-231, S-232
pub(crate) fn step(hub: &HubSnapshot, backup: &Backup, reason: impl Into<Reason>) -> Option<Step> {
    let request = hub.velero.delete_requests.iter().find(|request| {
        request.metadata.name == backup.metadata.name
            && request.metadata.namespace == backup.metadata.namespace
    });
    match request {
        None => Some(Step::optional(Action::Create(Box::new(request_for(backup))), reason)),
        Some(request) if has_errors(request) => Some(Step::optional(Action::Delete(target(backup)), reason)),
        Some(_) => None,
    }
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

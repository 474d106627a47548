//! A hub without a Velero server, where the test says what Velero would: for what must happen in a certain order.

use std::path::PathBuf;
use std::time::Duration;

use acmbackup_lab::{Fill, Hub, HubOptions, Lab, Loop, crds};
use anyhow::Result;
use kube::Api;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::PartialObjectMeta;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::site::{NAMESPACE, the_plugin};

const OURS: &str = "cluster.open-cluster-management.io/v1beta1";
const VELERO: &str = "velero.io/v1";
/// How often the stand-in looks for objects without a status.
const VELERO_LOOKS: Duration = Duration::from_millis(100);

/// A hub with all kinds, a storage location that is available, and nothing at work.
pub(crate) struct Stage {
    pub(crate) hub: Hub,
}

impl Stage {
    pub(crate) async fn start(lab: &Lab, name: &str, options: HubOptions) -> Result<Self> {
        let hub = lab.hub_with(name, options).await?;
        hub.install_crds(&crds::all().await?).await?;
        hub.fill(&Fill::nothing(&format!("{name}-id"))).await?;
        let stage = Self { hub };
        stage.storage_in(NAMESPACE).await?;
        Ok(stage)
    }

    /// A namespace with a storage location as OADP makes it, synced and available.
    pub(crate) async fn storage_in(&self, namespace: &str) -> Result<()> {
        self.hub.create_namespace(namespace).await?;
        let owner = json!({"apiVersion": "oadp.openshift.io/v1alpha1", "kind": "DataProtectionApplication",
            "name": "dpa", "uid": "5f0f2c8e-6f1b-4c59-9d5e-3f0b8a6d1c11"});
        let seen = "2026-01-01T00:00:00Z";
        self.hub
            .create(json!({
                "apiVersion": VELERO, "kind": "BackupStorageLocation",
                "metadata": {"name": "default", "namespace": namespace, "ownerReferences": [owner]},
                "spec": {"provider": "aws", "objectStorage": {"bucket": "b"}},
                "status": {"phase": "Available", "lastValidationTime": seen, "lastSyncedTime": seen},
            }))
            .await
    }

    /// Objects of one of our kinds.
    pub(crate) fn ours(&self, kind: &str) -> Api<DynamicObject> {
        self.hub.objects(OURS, kind, Some(NAMESPACE))
    }

    /// Objects of one of Velero's kinds.
    pub(crate) fn velero(&self, kind: &str) -> Api<DynamicObject> {
        self.hub.objects(VELERO, kind, Some(NAMESPACE))
    }

    /// Creates one of our objects, whatever its spec.
    pub(crate) async fn ask(&self, kind: &str, name: &str, spec: Value) -> Result<()> {
        let metadata = json!({"name": name, "namespace": NAMESPACE});
        self.hub.create(json!({"apiVersion": OURS, "kind": kind, "metadata": metadata, "spec": spec})).await
    }

    /// Phase and message of one of our objects; both empty without a status.
    pub(crate) async fn standing(&self, kind: &str, name: &str) -> Result<(String, String)> {
        let data = self.ours(kind).get(name).await?.data;
        let text = |pointer| data.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((text("/status/phase"), text("/status/lastMessage")))
    }

    /// Starts the loop as a user of the hub.
    pub(crate) fn spawn_loop(&self, user: &str) -> Result<Loop> {
        self.spawn_loop_with(user, &["-n", NAMESPACE])
    }

    pub(crate) fn spawn_loop_with(&self, user: &str, flags: &[&str]) -> Result<Loop> {
        let lease = "--lease-duration 9s --lease-renew-deadline 6s --lease-retry-period 1s";
        let mut command = the_plugin().command(&self.hub, &format!("run --log-format text {lease}"));
        command.args(flags).env("KUBECONFIG", self.kubeconfig_of(user)?);
        Loop::start(&self.hub, command)
    }

    fn kubeconfig_of(&self, user: &str) -> Result<PathBuf> {
        match user {
            "admin" => Ok(self.hub.kubeconfig().to_owned()),
            user => self.hub.kubeconfig_for(user),
        }
    }

    /// Stands in for Velero until dropped: whatever is asked of it is done at once.
    pub(crate) fn velero_at_work(&self) -> StandIn {
        let done = [
            ("Schedule", json!({"phase": "Enabled"})),
            ("Backup", json!({"phase": "Completed", "startTimestamp": "2026-01-01T00:00:00Z"})),
            ("Restore", json!({"phase": "Completed"})),
        ];
        let kinds = done.map(|(kind, status)| (self.velero(kind), status));
        StandIn(tokio::spawn(async move {
            loop {
                for (api, status) in &kinds {
                    // What cannot be done now is done at the next look.
                    let _ = give_status(api, status).await;
                }
                tokio::time::sleep(VELERO_LOOKS).await;
            }
        }))
    }
}

/// What plays Velero; it ends when dropped.
pub(crate) struct StandIn(JoinHandle<()>);

impl Drop for StandIn {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn give_status(api: &Api<DynamicObject>, status: &Value) -> Result<()> {
    for object in api.list(&ListParams::default()).await? {
        if object.data.pointer("/status/phase").is_none() {
            set(api, object.metadata.name.as_deref().unwrap_or_default(), json!({"status": status})).await?;
        }
    }
    Ok(())
}

/// A good backup of a hub, as it comes from the storage; `stamp` is that of its name.
pub(crate) fn backup((part, stamp): (&str, &str), started: &str, hub_id: &str) -> Value {
    json!({
        "apiVersion": VELERO, "kind": "Backup",
        "metadata": {
            "name": format!("acm-{part}-schedule-{stamp}"), "namespace": NAMESPACE,
            "labels": {
                "velero.io/schedule-name": format!("acm-{part}-schedule"),
                "cluster.open-cluster-management.io/backup-cluster": hub_id}},
        "spec": {"storageLocation": "default"},
        "status": {
            "phase": "Completed", "startTimestamp": started, "completionTimestamp": started,
            "expiration": "2099-01-01T00:00:00Z"},
    })
}

/// Merges a change into an object.
pub(crate) async fn set(api: &Api<DynamicObject>, name: &str, change: Value) -> Result<DynamicObject> {
    Ok(api.patch(name, &PatchParams::default(), &Patch::Merge(change)).await?)
}

/// Deletes an object and waits for no one.
pub(crate) async fn remove(api: &Api<DynamicObject>, name: &str) -> Result<()> {
    api.delete(name, &Default::default()).await?;
    Ok(())
}

/// Names of all objects.
pub(crate) async fn names(api: &Api<DynamicObject>) -> Result<Vec<String>> {
    let listed = api.list_metadata(&ListParams::default()).await?;
    Ok(listed.items.into_iter().filter_map(|object: PartialObjectMeta<_>| object.metadata.name).collect())
}

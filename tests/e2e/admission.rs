//! The server refuses by our CRD what the operator refuses by its webhook, and nothing else.

use acmbackup::api;
use acmbackup_lab::{Hub, Lab, crds};
use anyhow::{Result, ensure};
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

const NAMESPACE: &str = "acm";

struct Server {
    restores: Api<api::Restore>,
}

impl Server {
    async fn start(hub: &Hub) -> Result<Self> {
        hub.install_crds(&crds::own()).await?;
        hub.create_namespace(NAMESPACE).await?;
        Ok(Self { restores: Api::namespaced(hub.client(), NAMESPACE) })
    }

    /// Creates a Restore; the server's words if it refuses.
    async fn create(&self, name: &str, more: &Value) -> Result<(), String> {
        let mut spec = json!({
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "None",
        });
        if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
            spec.extend(more.clone());
        }
        let restore = json!({"metadata": {"name": name}, "spec": spec});
        let restore = serde_json::from_value(restore).map_err(|error| error.to_string())?;
        let made = self.restores.create(&PostParams::default(), &restore).await;
        made.map(drop).map_err(|error| error.to_string())
    }

    async fn change(&self, name: &str, change: Value) -> Result<(), String> {
        let changed = self.restores.patch(name, &PatchParams::default(), &Patch::Merge(change)).await;
        changed.map(drop).map_err(|error| error.to_string())
    }

    async fn set_status(&self, name: &str, status: Value) -> Result<()> {
        let status = json!({"status": status});
        self.restores.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await?;
        Ok(())
    }
}

fn refused(answer: Result<(), String>, words: &str) -> Result<()> {
    let Err(why) = answer else { anyhow::bail!("accepted, expected a refusal: {words}") };
    ensure!(why.contains(words), "{why}");
    Ok(())
}

/// Spec: R-050
#[tokio::test]
async fn a_mapping_into_a_system_namespace_is_refused_by_the_server() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        let server = Server::start(&hub).await?;
        for target in ["default", " OpenShift ", "kube-public", "OpenShift-config"] {
            let mapping = json!({"namespaceMapping": {"a": target}});
            refused(server.create("bad", &mapping).await, "cannot be the target")?;
        }
        let mapping =
            json!({"namespaceMapping": {"default": "mine", "kube-system": "kubed", "x": "openshiftx"}});
        server.create("good", &mapping).await.map_err(anyhow::Error::msg)
    })
    .await
}

/// Spec: R-052
#[tokio::test]
async fn a_restore_that_cannot_follow_is_refused_by_the_server() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        let server = Server::start(&hub).await?;
        let field = |name: &str, value: &str| json!({"syncRestoreWithNewBackups": true, name: value});
        for field in [
            field("veleroManagedClustersBackupName", "acm-managed-clusters-schedule-20261122100004"),
            field("veleroCredentialsBackupName", "skip"),
            field("veleroResourcesBackupName", "acm-resources-schedule-20261122100004"),
        ] {
            refused(server.create("bad", &field).await, "syncRestoreWithNewBackups needs latest")?;
        }
        let loose = field("veleroCredentialsBackupName", " Latest ");
        server.create("good", &loose).await.map_err(anyhow::Error::msg)?;
        let unfollowed = json!({"syncRestoreWithNewBackups": false, "veleroResourcesBackupName": "skip"});
        server.create("plain", &unfollowed).await.map_err(anyhow::Error::msg)
    })
    .await
}

/// Spec: R-053, R-054: upstream refuses every change of metadata while an activation begins
#[tokio::test]
async fn a_following_restore_is_activated_by_an_edit_once_it_is_enabled() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        let server = Server::start(&hub).await?;
        let (passive, active) = (
            json!({"syncRestoreWithNewBackups": true}),
            json!({"syncRestoreWithNewBackups": true, "veleroManagedClustersBackupName": "latest"}),
        );
        let activation = json!({"spec": active});
        refused(server.create("r", &active).await, "create it passive")?;
        server.create("r", &passive).await.map_err(anyhow::Error::msg)?;
        refused(server.change("r", activation.clone()).await, "create it passive")?;
        server.set_status("r", json!({"phase": "Started", "lastMessage": ""})).await?;
        refused(server.change("r", activation.clone()).await, "create it passive")?;

        server.set_status("r", json!({"phase": "EnabledWithErrors"})).await?;
        server.change("r", activation).await.map_err(anyhow::Error::msg)?;
        server.set_status("r", json!({"phase": "Started"})).await?;
        let label = json!({"metadata": {"labels": {"a": "b"}}});
        server.change("r", label).await.map_err(anyhow::Error::msg)
    })
    .await
}

//! What comes with an activation besides Velero's work: volumes that are waited for, imports, the hub's installer.

use acmbackup::api::{self, RestorePhase};
use acmbackup_lab::{Lab, eventually, until};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::site::{DEADLINE, NAMESPACE, Site, one_run, two_hubs};

const TAKE_OVER: &str =
    "restore take --managed-clusters latest --cleanup none --yes --confirm west --wait --timeout 3m";
const OBSERVABILITY: &str = "open-cluster-management-addon-observability";
const CERTIFICATE: &str =
    "observability-controller-open-cluster-management.io-observability-signer-client-cert";

fn import_secret(namespace: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"token": "old"},
        "metadata": {"name": "auto-import-secret", "namespace": namespace, "labels": labels}})
}

fn text(secret: &Secret, key: &str) -> String {
    let data = secret.data.as_ref().and_then(|data| data.get(key));
    String::from_utf8_lossy(data.map(|bytes| bytes.0.as_slice()).unwrap_or_default()).into_owned()
}

/// Gives each imported cluster of `east` a token that can be told from all others.
async fn with_tokens(east: &Site, clusters: &[&str]) -> Result<()> {
    for cluster in clusters {
        let secrets: Api<Secret> = Api::namespaced(east.hub.client(), cluster);
        let token = json!({"stringData": {"token": format!("secret-of-{cluster}")}});
        secrets.patch("auto-import-account", &PatchParams::default(), &Patch::Merge(token)).await?;
    }
    Ok(())
}

/// Spec: 1 is new, 2 has the
/// secret of an earlier restore, 3 was made by Hive and has no token, 4 has a secret of somebody else.
#[tokio::test]
async fn clusters_are_imported_with_the_tokens_that_came_along() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = two_hubs(lab, 4).await?;
        with_tokens(&east, &["cluster-001", "cluster-002", "cluster-004"]).await?;
        one_run(&east, &west).await?;
        for namespace in ["cluster-002", "cluster-004", OBSERVABILITY] {
            west.hub.create_namespace(namespace).await?;
        }
        let ours = json!({"cluster.open-cluster-management.io/restore-auto-import-secret": "true"});
        west.hub.create(import_secret("cluster-002", &ours)).await?;
        west.hub.create(import_secret("cluster-004", &json!({}))).await?;
        let certificate = json!({"name": CERTIFICATE, "namespace": OBSERVABILITY});
        west.hub.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": certificate})).await?;

        let west_loop = west.start_loop().await?;
        west.run(TAKE_OVER)?;
        let taken = west.restore_is("take", RestorePhase::Finished).await?;
        imports_are_right(&west).await?;
        let messages = taken.status.and_then(|status| status.messages).context("no messages")?;
        for words in [
            "cluster-001: auto-import-secret created",
            "cluster-002: the auto-import-secret of an earlier restore deleted",
            "cluster-002: auto-import-secret created",
            "cluster-003 has no token secret",
            "cluster-004: auto-import-secret was not made by a restore",
        ] {
            ensure!(messages.iter().any(|message| message.contains(words)), "{words}: {messages:#?}");
        }
        events_tell_of_each_velero_restore(&west).await?;
        let told = format!("{}{messages:?}", west_loop.log());
        ensure!(!told.contains("secret-of-") && told.contains("auto-import-secret"), "a token was told");
        Ok(())
    })
    .await
}

async fn imports_are_right(west: &Site) -> Result<()> {
    let secrets: Api<Secret> = Api::all(west.hub.client());
    let named = ListParams::default().fields("metadata.name=auto-import-secret");
    let found = secrets.list(&named).await?.items;
    let namespaces: Vec<_> = found.iter().filter_map(|secret| secret.metadata.namespace.clone()).collect();
    assert_eq!(namespaces, ["cluster-001", "cluster-002", "cluster-004"]);
    for secret in found.iter().take(2) {
        let cluster = secret.metadata.namespace.clone().unwrap_or_default();
        assert_eq!(text(secret, "token"), format!("secret-of-{cluster}"));
        assert_eq!(text(secret, "server"), format!("https://api.{cluster}.example.com:6443"));
        assert_eq!(text(secret, "autoImportRetry"), "5");
        assert_eq!(secret.type_.as_deref(), Some("Opaque"));
        let kept = "managedcluster-import-controller.open-cluster-management.io/keeping-auto-import-secret";
        assert!(secret.annotations().contains_key(kept));
    }
    assert_eq!(found.last().map(|secret| text(secret, "token")).as_deref(), Some("old"));
    let observability: Api<Secret> = Api::namespaced(west.hub.client(), OBSERVABILITY);
    assert!(observability.get_opt(CERTIFICATE).await?.is_none(), "the certificate of the old hub stays");
    Ok(())
}

async fn events_tell_of_each_velero_restore(west: &Site) -> Result<()> {
    let events: Api<Event> = Api::namespaced(west.hub.client(), NAMESPACE);
    let events = events.list(&ListParams::default()).await?.items;
    let of_restore: Vec<&Event> = events
        .iter()
        .filter(|event| {
            let about = event.regarding.as_ref();
            about.is_some_and(|object| {
                object.kind.as_deref() == Some("Restore") && object.name.as_deref() == Some("take")
            })
        })
        .collect();
    assert_eq!(of_restore.len(), 6, "{of_restore:#?}");
    for event in of_restore {
        assert_eq!(event.reason.as_deref(), Some("VeleroRestoreCreated"));
        assert_eq!(event.reporting_controller.as_deref(), Some("restore-controller"));
    }
    Ok(())
}

/// Spec: nobody binds volumes here, so the test plays the one who makes the claim.
#[tokio::test]
async fn managed_clusters_wait_for_a_volume_that_is_to_come() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = two_hubs(lab, 1).await?;
        east.hub.create_namespace("apps").await?;
        let labels = json!({"cluster.open-cluster-management.io/backup-pvc": "mysql",
            "cluster.open-cluster-management.io/backup": "cluster-activation"});
        let marker = json!({"name": "mysql-volume", "namespace": "apps", "labels": labels});
        east.hub.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": marker})).await?;
        one_run(&east, &west).await?;

        let doomed = west.start_loop().await?;
        west.run("restore take --managed-clusters latest --cleanup none --yes --confirm west")?;
        let planned = eventually(DEADLINE, "the restore to wait for the volume", async || {
            let status = west.restores().get("take").await?.status.unwrap_or_default();
            let waits = status.last_message.contains("mysql:apps") && status.phase == RestorePhase::Started;
            Ok(waits.then_some(status.velero_managed_clusters_restore_name))
        })
        .await?;
        assert!(planned.is_some(), "R-314: planned before it is made");
        doomed.kill()?;
        let _second = west.start_loop().await?;
        let made = west.velero_restores().list(&ListParams::default()).await?.items;
        assert!(made.iter().all(|restore| !restore.spec.backup_name.contains("managed-clusters")));

        let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        let metadata = json!({"name": "mysql", "namespace": "apps"});
        let claim =
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec});
        west.hub.create(claim).await?;
        let done = west.restore_is("take", RestorePhase::Finished).await?.status.unwrap_or_default();
        assert_eq!(done.velero_managed_clusters_restore_name, planned);
        Ok(())
    })
    .await
}

/// Spec
#[tokio::test]
async fn a_hub_is_not_removed_under_its_restores() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = two_hubs(lab, 1).await?;
        one_run(&east, &west).await?;
        west.hub.create_namespace("installer").await?;
        let metadata = json!({"name": "cluster-backup", "namespace": "installer"});
        let component = json!({"apiVersion": "operator.open-cluster-management.io/v1",
            "kind": "InternalHubComponent", "metadata": metadata, "spec": {}});
        west.hub.create(component).await?;

        let _west_loop = west.start_loop().await?;
        west.run("restore follow --sync --cleanup none --yes --wait --timeout 2m")?;
        let components: Api<api::InternalHubComponent> = Api::namespaced(west.hub.client(), "installer");
        let finalizer = "restores.cluster.open-cluster-management.io/finalizer";
        until(DEADLINE, "both to carry the finalizer", async || {
            let restore = west.restores().get("follow").await?;
            let component = components.get_metadata("cluster-backup").await?;
            Ok([restore.finalizers(), component.finalizers()]
                .iter()
                .all(|finalizers| finalizers.iter().any(|one| one == finalizer)))
        })
        .await?;

        components.delete("cluster-backup", &DeleteParams::default()).await?;
        eventually(DEADLINE, "the component to be let go", async || {
            let component = components.get_metadata_opt("cluster-backup").await?;
            if component.is_some() {
                return Ok(None);
            }
            let restores = west.restores().list(&ListParams::default()).await?.items;
            // Without a component the Restore may be on its way for a moment, but nothing of Velero's is left.
            let velero = west.velero_restores().list(&ListParams::default()).await?.items;
            ensure!(
                velero.is_empty(),
                "the hub could be removed while {} Velero restores are there",
                velero.len()
            );
            Ok(restores.is_empty().then_some(()))
        })
        .await
    })
    .await
}

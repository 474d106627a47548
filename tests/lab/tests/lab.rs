//! The lab itself: two hubs at once, backups that travel through one store, nothing left behind.

use std::time::{Duration, Instant};

use acmbackup_lab::{Hub, Lab, Store, Velero, VeleroOptions, crds, until};
use anyhow::Result;
use serde_json::{Value, json};

const NAMESPACE: &str = "open-cluster-management-backup";
const APPS: &str = "apps.open-cluster-management.io/v1";
const VELERO: &str = "velero.io/v1";
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_one_hub_is_restored_on_another() -> Result<()> {
    Lab::run(async |lab| {
        let begin = Instant::now();
        let (store, east, west) = tokio::try_join!(lab.store(), lab.hub("east"), lab.hub("west"))?;
        eprintln!("store and two hubs: {:?}", begin.elapsed());
        let (east_velero, west_velero) =
            tokio::try_join!(with_velero(&east, &store), with_velero(&west, &store))?;
        eprintln!("with CRDs and Velero: {:?}", begin.elapsed());

        east.create_namespace("cluster-1").await?;
        east.create(json!({"apiVersion": APPS, "kind": "Channel", "spec": {"type": "Git"},
                           "metadata": {"name": "c1", "namespace": "cluster-1"}}))
            .await?;
        east.create(velero_object("Backup", "b1", &json!({"includedNamespaces": ["cluster-1"]}))).await?;
        phase(&east, "Backup", "b1", "Completed").await?;
        eprintln!("backup: {:?}", begin.elapsed());
        phase(&west, "Backup", "b1", "Completed").await?;
        eprintln!("synced: {:?}", begin.elapsed());

        west.create(velero_object("Restore", "r1", &json!({"backupName": "b1"}))).await?;
        phase(&west, "Restore", "r1", "Completed").await?;
        eprintln!("restored: {:?}", begin.elapsed());
        west.objects(APPS, "Channel", Some("cluster-1")).get("c1").await?;
        drop((east_velero, west_velero));
        Ok(())
    })
    .await
}

async fn with_velero(hub: &Hub, store: &Store) -> Result<Velero> {
    hub.install_crds(&crds::all().await?).await?;
    hub.velero(store, VeleroOptions::default()).await
}

async fn phase(hub: &Hub, kind: &str, name: &str, wanted: &str) -> Result<()> {
    let api = hub.objects(VELERO, kind, Some(NAMESPACE));
    until(PATIENCE, &format!("{kind} {name} on {} to be {wanted}", hub.name()), async || {
        let object = api.get(name).await?;
        let phase = object.data.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
        anyhow::ensure!(!phase.contains("Failed"), "it is {phase}");
        Ok(phase == wanted)
    })
    .await
}

fn velero_object(kind: &str, name: &str, spec: &Value) -> Value {
    let metadata = json!({"name": name, "namespace": NAMESPACE});
    json!({"apiVersion": VELERO, "kind": kind, "metadata": metadata, "spec": spec})
}

//! Errors of `docs/problems.md` that need a hub and nothing at work on it: the objects are put there by hand.

use acmbackup_lab::{Hub, HubOptions, Lab};
use anyhow::Result;
use serde_json::{Value, json};

use crate::site::{NAMESPACE, expect_code, plugin_on};
use crate::stage::{Stage, backup, remove, set};

fn refused(hub: &Hub, (code, problem): (i32, &str), arguments: &str) -> Result<()> {
    let (_, stderr) = expect_code(&plugin_on(hub, arguments).output()?, code, arguments)?;
    assert!(stderr.contains(&format!("[{problem}]")), "{arguments}: {stderr}");
    Ok(())
}

/// A hub with storage that is available and a complete run of another hub.
async fn with_a_run(lab: &Lab) -> Result<Hub> {
    let Stage { hub } = Stage::start(lab, "east", HubOptions::default()).await?;
    for (part, stamp, started) in [
        ("credentials", "20261122100004", "2026-11-22T10:00:04Z"),
        ("resources", "20261122100104", "2026-11-22T10:01:04Z"),
        ("resources-generic", "20261122100004", "2026-11-22T10:04:04Z"),
        ("managed-clusters", "20261122100004", "2026-11-22T10:00:04Z"),
    ] {
        hub.create(backup((part, stamp), started, "west-id")).await?;
    }
    Ok(hub)
}

fn ours(kind: &str, spec: &Value, phase: &str) -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": kind,
        "metadata": {"name": "there", "namespace": NAMESPACE}, "spec": spec, "status": {"phase": phase},
    })
}

#[tokio::test]
async fn every_error_about_what_is_in_the_way_has_its_name_and_its_code() -> Result<()> {
    Lab::run(async |lab| {
        let hub = with_a_run(lab).await?;
        refused(&hub, (5, "generic-lost"), "restore --run 20261122100004 --yes")?;
        refused(&hub, (4, "no-backup"), "restore --run 20200101000000 --yes")?;

        let latest = json!({
            "veleroCredentialsBackupName": "latest", "veleroResourcesBackupName": "latest",
            "veleroManagedClustersBackupName": "skip", "cleanupBeforeRestore": "CleanupRestored",
            "syncRestoreWithNewBackups": true});
        hub.create(ours("Restore", &latest, "Enabled")).await?;
        refused(&hub, (5, "restore-in-the-way"), "restore --yes")?;
        refused(&hub, (5, "restore-in-the-way"), "schedule")?;
        Ok(())
    })
    .await
}

/// R-131, S-035
#[tokio::test]
async fn storage_that_nobody_owns_is_not_ready() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "east", HubOptions::default()).await?;
        let unowned = json!({"metadata": {"ownerReferences": null}});
        set(&stage.velero("BackupStorageLocation"), "default", unowned).await?;
        let place = format!("-n {NAMESPACE}");
        refused(&stage.hub, (6, "storage-not-owned"), &format!("schedule {place}"))?;
        refused(&stage.hub, (6, "storage-not-owned"), &format!("restore --yes {place}"))
    })
    .await
}

/// A Deployment as Velero's; the lab runs no pod of it.
fn velero_server(name: &str) -> Value {
    let labels = json!({"app": name});
    let containers = json!([{"name": "velero", "image": "velero"}]);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}},
    })
}

/// Who writes is warned, and the loop does not work beside two servers.
#[tokio::test]
async fn a_velero_that_is_there_twice_is_told_to_whoever_writes_and_refused_by_the_loop() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "east", HubOptions::default()).await?;
        let run = format!("run -n {NAMESPACE} --once --leader-elect=false --hub-id be97a9eb-60b8");
        let (_, log) = expect_code(&plugin_on(&stage.hub, &run).output()?, 0, &run)?;
        assert!(log.contains("\"hub\":\"be97a9eb-60b8\""), "{log}");
        let text = format!("{run} --log-format text");
        let (_, log) = expect_code(&plugin_on(&stage.hub, &text).output()?, 0, &text)?;
        assert!(log.contains("  be97a9eb  "), "{log}");

        for name in ["velero", "velero-too"] {
            stage.hub.create(velero_server(name)).await?;
        }
        refused(&stage.hub, (0, "velero-twice"), "schedule --paused")?;
        refused(&stage.hub, (0, "velero-twice"), "resume")?;
        refused(&stage.hub, (5, "velero-twice"), &run)
    })
    .await
}

/// Spec: S-036
#[tokio::test]
async fn tokens_are_wanted_only_where_they_can_be_made() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "east", HubOptions::default()).await?;
        let addons = "addon.open-cluster-management.io/v1alpha1";
        let components = stage.hub.objects(addons, "ClusterManagementAddOn", None);
        remove(&components, "managed-serviceaccount").await?;
        refused(&stage.hub, (6, "no-import-token"), "schedule --managed-service-account")?;
        let paused = "schedule --managed-service-account --paused";
        expect_code(&plugin_on(&stage.hub, paused).output()?, 0, paused)?;
        refused(&stage.hub, (6, "no-import-token"), "resume")?;
        refused(&stage.hub, (6, "no-import-token"), "schedule --paused=false")
    })
    .await
}

#[tokio::test]
async fn a_schedule_in_collision_is_not_resumed_but_made_anew() -> Result<()> {
    Lab::run(async |lab| {
        let hub = with_a_run(lab).await?;
        let spec = json!({"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"});
        hub.create(ours("BackupSchedule", &spec, "BackupCollision")).await?;
        refused(&hub, (5, "collision"), "schedule --ttl 72h")?;
        refused(&hub, (5, "collision"), "resume")?;
        Ok(())
    })
    .await
}

//! A hub that still writes backups is named before its clusters move away, also where a run was made by hand.

use acmbackup::cluster::clock;
use acmbackup::wire::Stamp;
use acmbackup_lab::{HubOptions, Lab};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::site::{NAMESPACE, expect_code, plugin_on};
use crate::stage::{Stage, backup, remove, set};

const PARTS: [&str; 5] =
    ["credentials", "resources", "resources-generic", "managed-clusters", "validation-policy"];

/// A complete run of a hub whose cron is every two hours; answers its id.
pub(crate) async fn run_of(stage: &Stage, hub_id: &str, started: Timestamp) -> Result<String> {
    let stamp = Stamp::from(started).to_string();
    for part in PARTS {
        stage.hub.create(backup((part, &stamp), &started.to_string(), hub_id)).await?;
    }
    let validation = format!("acm-validation-policy-schedule-{stamp}");
    set(&stage.velero("Backup"), &validation, json!({"spec": {"ttl": "2h5m0s"}})).await?;
    Ok(stamp)
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    clock::now() - SignedDuration::from_mins(minutes)
}

/// Every command that would move the clusters says it first.
async fn east_is_named(stage: &Stage, run: &str) -> Result<()> {
    let named = |text: &str, command: &str| {
        let sentence = format!("hub east-id wrote run {run} ");
        assert!(text.contains(&sentence) && text.contains("[old-hub-alive]"), "{command}: {text}");
    };
    let plan = "plan --managed-clusters latest --no-contents";
    named(&expect_code(&plugin_on(&stage.hub, plan).output()?, 0, plan)?.0, plan);
    let restore = "restore r1 --managed-clusters latest --cleanup none";
    named(&expect_code(&plugin_on(&stage.hub, restore).output()?, 5, restore)?.1, restore);

    let spec = json!({
        "veleroCredentialsBackupName": "latest", "veleroResourcesBackupName": "latest",
        "veleroManagedClustersBackupName": "skip", "cleanupBeforeRestore": "None",
        "syncRestoreWithNewBackups": true});
    let follows = json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": "follows", "namespace": NAMESPACE}, "spec": spec, "status": {"phase": "Enabled"}});
    stage.hub.create(follows).await?;
    named(&expect_code(&plugin_on(&stage.hub, "activate").output()?, 5, "activate")?.1, "activate");
    remove(&stage.ours("Restore"), "follows").await
}

#[tokio::test]
async fn a_hub_that_is_alive_is_named_before_its_clusters_move() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "west", HubOptions::default()).await?;
        let regular = run_of(&stage, "east-id", minutes_ago(60)).await?;
        east_is_named(&stage, &regular).await?;

        let by_hand = run_of(&stage, "east-id", minutes_ago(55)).await?;
        east_is_named(&stage, &by_hand).await?;

        // The newest run is this hub's own, and that of the other one is chosen.
        run_of(&stage, "west-id", minutes_ago(50)).await?;
        let chosen = format!("restore r1 --managed-clusters latest --cleanup none --run {regular}");
        let (_, told) = expect_code(&plugin_on(&stage.hub, &chosen).output()?, 5, &chosen)?;
        assert!(told.contains("hub east-id wrote run"), "{told}");
        Ok(())
    })
    .await
}

//! Ten thousand backups: what `latest`, a list and a Restore cost, beside velero and kubectl.

use std::collections::BTreeMap;
use std::time::Duration;

use acmbackup_lab::audit::counted;
use acmbackup_lab::{Hub, HubOptions, Lab, Plugin, VeleroOptions, crds, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};

use super::commands::{LISTED, Names, side_by_side};
use super::{DEADLINE, NAMESPACE, PEAK, first_restore};

/// Requests at once while the hub is filled.
const AT_ONCE: usize = 32;
const SCHEDULES: [&str; 5] = [
    "acm-credentials-schedule",
    "acm-managed-clusters-schedule",
    "acm-resources-generic-schedule",
    "acm-resources-schedule",
    "acm-validation-policy-schedule",
];

/// Prints the figures; a run is five backups.
pub(super) async fn figures(lab: &Lab, plugin: &Plugin, runs: usize) -> Result<()> {
    let store = lab.store_named("many-store").await?;
    let hub = lab.hub_with("many", HubOptions { audit: true, ..HubOptions::default() }).await?;
    hub.install_crds(&crds::all().await?).await?;
    let velero = hub.velero(&store, VeleroOptions::default()).await?;
    let locations = hub.objects("velero.io/v1", "BackupStorageLocation", Some(NAMESPACE));
    until(DEADLINE, "the first look at the bucket", async || {
        Ok(locations.get("default").await?.data.pointer("/status/lastSyncedTime").is_some())
    })
    .await?;
    // It would look at each of them.
    velero.kill()?;
    fill(&hub, runs).await?;
    println!("\n{} backups", runs * SCHEDULES.len());
    the_loop(&hub, plugin).await?;
    settle(&hub).await?;
    side_by_side(&hub, plugin, (LISTED, &names(runs)?)).await
}

/// Runs are an hour apart.
fn started(run: usize) -> Result<Timestamp> {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    Ok(first + SignedDuration::from_hours(i64::try_from(run)?))
}

async fn fill(hub: &Hub, runs: usize) -> Result<()> {
    let backups = hub.objects("velero.io/v1", "Backup", Some(NAMESPACE));
    let all: Vec<Timestamp> = (0..runs).map(started).collect::<Result<_>>()?;
    let objects = all.iter().flat_map(|started| SCHEDULES.iter().map(|schedule| backup(schedule, *started)));
    let params = PostParams::default();
    let created = stream::iter(objects).map(async |object| {
        let object: DynamicObject = serde_json::from_value(object)?;
        backups.create(&params, &object).await?;
        anyhow::Ok(())
    });
    created.buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// A Completed backup with as much in it as a real one has.
fn backup(schedule: &str, started: Timestamp) -> Value {
    let kinds: Vec<String> = (0..60).map(|n| format!("kind{n}s.apps.open-cluster-management.io")).collect();
    let started_at = started.to_string();
    json!({
        "apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {
            "name": format!("{schedule}-{}", started.strftime("%Y%m%d%H%M%S")), "namespace": NAMESPACE,
            "labels": {
                "velero.io/schedule-name": schedule, "velero.io/storage-location": "default",
                "cluster.open-cluster-management.io/backup-cluster": "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21",
            },
        },
        "spec": {"includedResources": kinds, "includeClusterResources": true, "ttl": "720h0m0s", "storageLocation": "default"},
        "status": {
            "phase": "Completed", "startTimestamp": started_at, "completionTimestamp": started_at,
            "expiration": "2036-01-01T00:00:00Z", "formatVersion": "1.1.0", "version": 1,
            "progress": {"itemsBackedUp": 1200, "totalItems": 1200},
        },
    })
}

/// A paused schedule with its Velero schedules, and the Restore of [`the_loop`] brought to its end: nothing is in the
/// way of anything, and every command has something to show.
async fn settle(hub: &Hub) -> Result<()> {
    let metadata = |name: &str| json!({"name": name, "namespace": NAMESPACE});
    let ours = "cluster.open-cluster-management.io/v1beta1";
    for schedule in SCHEDULES {
        hub.create(json!({
            "apiVersion": "velero.io/v1", "kind": "Schedule", "metadata": metadata(schedule),
            "spec": {"schedule": "@hourly", "paused": true, "template": {"ttl": "720h0m0s"}}, "status": {"phase": "Enabled"},
        }))
        .await?;
    }
    hub.create(json!({
        "apiVersion": ours, "kind": "BackupSchedule", "metadata": metadata("schedule-acm"),
        "spec": {"veleroSchedule": "@hourly", "veleroTtl": "720h", "paused": true}, "status": {"phase": "Paused"},
    }))
    .await?;
    let finished = json!({"phase": "Finished", "completionTimestamp": "2026-06-01T00:00:00Z"});
    let restore =
        json!({"apiVersion": ours, "kind": "Restore", "metadata": metadata("measured"), "status": finished});
    hub.create(restore).await
}

fn names(runs: usize) -> Result<Names> {
    let last = started(runs.saturating_sub(1))?.strftime("%Y%m%d%H%M%S").to_string();
    let named = |schedule: &str| format!("{schedule}-{last}");
    let backups = SCHEDULES.iter().map(|schedule| named(schedule)).collect();
    Ok(Names { backup: named("acm-resources-schedule"), backups, run: last })
}

/// One Restore of `latest` by the loop; nobody restores anything, so it ends with the Velero Restores made.
async fn the_loop(hub: &Hub, plugin: &Plugin) -> Result<()> {
    let before = requests(hub)?;
    let reconciler = plugin.start_loop(hub, "")?;
    until(DEADLINE, "the loop to watch", async || {
        Ok(difference(&requests(hub)?, &before).contains_key("watch backups"))
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ready = requests(hub)?;
    println!("after the first lists   {} MiB (the loop)", reconciler.peak_mib().context(PEAK)?);
    println!("Restore → Velero      {} ms", first_restore(hub).await?.as_millis());
    let restores = hub.objects("velero.io/v1", "Restore", Some(NAMESPACE));
    until(DEADLINE, "all of its velero restores", async || {
        Ok(restores.list(&kube::api::ListParams::default()).await?.items.len() == 3)
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("requests of a Restore {:?}", difference(&requests(hub)?, &ready));
    println!("peak memory           {} MiB (the loop)", reconciler.peak_mib().context(PEAK)?);
    reconciler.terminate().await?;
    Ok(())
}

/// How often the loop sent which request so far.
fn requests(hub: &Hub) -> Result<BTreeMap<String, usize>> {
    Ok(counted(&hub.requests_of_plugin()?))
}

fn difference(after: &BTreeMap<String, usize>, before: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let new = |(name, count): (&String, &usize)| {
        let more = count - before.get(name).copied().unwrap_or(0);
        (more > 0).then(|| (name.clone(), more))
    };
    after.iter().filter_map(new).collect()
}

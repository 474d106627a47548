//! Ten thousand backups: what `latest`, a list and a Restore cost, beside velero and kubectl.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use acmbackup_lab::audit::counted;
use acmbackup_lab::{Assets, Cost, Hub, HubOptions, Lab, Plugin, VeleroOptions, crds, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};

use super::{DEADLINE, NAMESPACE, PEAK, first_restore};

/// Five backups each.
const RUNS: usize = 2000;
/// Commands behind a median.
const REPEATS: usize = 5;
/// Requests at once while the hub is filled.
const AT_ONCE: usize = 32;
const SCHEDULES: [&str; 5] = [
    "acm-credentials-schedule",
    "acm-managed-clusters-schedule",
    "acm-resources-generic-schedule",
    "acm-resources-schedule",
    "acm-validation-policy-schedule",
];

/// Prints the figures.
pub(super) async fn figures(lab: &Lab, plugin: &Plugin) -> Result<()> {
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
    fill(&hub).await?;
    println!("\n{} backups", RUNS * SCHEDULES.len());
    side_by_side(&hub, plugin).await?;
    the_loop(&hub, plugin).await
}

async fn fill(hub: &Hub) -> Result<()> {
    let backups = hub.objects("velero.io/v1", "Backup", Some(NAMESPACE));
    let first: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let objects = (0..RUNS).flat_map(|run| {
        let started = first + SignedDuration::from_hours(i64::try_from(run).unwrap_or_default());
        SCHEDULES.iter().map(move |schedule| backup(schedule, started))
    });
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

async fn side_by_side(hub: &Hub, plugin: &Plugin) -> Result<()> {
    let assets = Assets::find().await?;
    let commands: [(&str, &Path, &str); 4] = [
        ("latest", plugin.program(), "latest"),
        ("get backups", plugin.program(), "get backups"),
        ("velero backup get", &assets.velero, "backup get"),
        ("kubectl get backups", &assets.kubectl, "get backups.velero.io"),
    ];
    let mut costs: BTreeMap<&str, Vec<Cost>> = BTreeMap::new();
    // One after the other, so that a slow moment of the machine hits all.
    for _ in 0..REPEATS {
        for (name, program, arguments) in commands {
            let mut command = Command::new(program);
            command.args(arguments.split(' ')).args(["-n", NAMESPACE]).env("KUBECONFIG", hub.kubeconfig());
            command.env("HOME", hub.folder());
            costs.entry(name).or_default().push(Cost::of(&command, 0)?);
        }
    }
    let costs: BTreeMap<&str, Cost> = costs.iter().map(|(name, runs)| (*name, Cost::median(runs))).collect();
    println!("{:<22}{:>9}{:>9}{:>9}   ratios to latest", "", "wall s", "CPU s", "MiB");
    let latest = costs.get("latest").context("latest was measured")?;
    for (name, Cost { wall, cpu, mib, .. }) in &costs {
        let ratios =
            [wall / latest.wall, cpu / latest.cpu, mib / latest.mib].map(|ratio| format!("{ratio:.1}"));
        println!("{name:<22}{wall:>9.2}{cpu:>9.2}{mib:>9.0}   {}", ratios.join(" "));
    }
    Ok(())
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

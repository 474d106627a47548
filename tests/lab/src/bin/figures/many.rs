//! Ten thousand backups: what the loop and each command cost, beside velero and kubectl.

use std::time::Duration;

use acmbackup::api::{BackupSchedule, Restore, RestorePhase};
use acmbackup::cluster::clock;
use acmbackup_lab::audit::{by_object, by_verb};
use acmbackup_lab::markdown::{head, row, thousands};
use acmbackup_lab::{Fill, Hub, HubOptions, Lab, Passes, Plugin, Velero, VeleroOptions, crds, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::commands::{FOLLOWING, LISTED, Names, STORED, side_by_side};
use super::{DEADLINE, HUB_ID, NAMESPACE, PEAK, backup_schedule, first_restore, paused_after_a_run};

/// Without a request for this long the loop rests.
const QUIET: Duration = Duration::from_secs(3);
/// Requests at once while the hub is filled.
const AT_ONCE: usize = 32;
const SCHEDULES: [&str; 5] = [
    "acm-credentials-schedule",
    "acm-managed-clusters-schedule",
    "acm-resources-generic-schedule",
    "acm-resources-schedule",
    "acm-validation-policy-schedule",
];

/// Prints the figures; a run is five backups. The newest one is real, so that there is something to read and restore.
pub(super) async fn figures(lab: &Lab, plugin: &Plugin, runs: usize) -> Result<()> {
    let store = lab.store_named("many-store").await?;
    let hub = lab.hub_with("many", HubOptions { audit: true, ..HubOptions::default() }).await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::new(12, HUB_ID)).await?;
    let velero = hub.velero(&store, VeleroOptions::default()).await?;
    let names = a_real_run(&hub, plugin, &velero).await?;
    // It would look at each of them.
    velero.kill()?;
    never_look_at_the_bucket_again(&hub).await?;
    fill(&hub, runs.saturating_sub(1)).await?;
    velero.start().await?;
    velero.wait_available().await?;
    println!("\n{}", head(&[&format!("the loop, {} backups", thousands(runs * SCHEDULES.len())), "figure"]));
    the_loop(&hub, plugin).await?;
    side_by_side(&hub, plugin, (STORED, &names)).await?;
    side_by_side(&hub, plugin, (LISTED, &names)).await?;
    follow(&hub).await?;
    side_by_side(&hub, plugin, (FOLLOWING, &names)).await
}

async fn a_real_run(hub: &Hub, plugin: &Plugin, velero: &Velero) -> Result<Names> {
    let reconciler = plugin.start_loop(hub, "")?;
    let schedules: Api<BackupSchedule> = Api::namespaced(hub.client(), NAMESPACE);
    schedules.create(&PostParams::default(), &backup_schedule()?).await?;
    let names = paused_after_a_run(hub, velero).await?;
    reconciler.terminate().await?;
    Ok(names)
}

/// Velero removes backups that are not in its bucket.
async fn never_look_at_the_bucket_again(hub: &Hub) -> Result<()> {
    let locations = hub.objects("velero.io/v1", "BackupStorageLocation", Some(NAMESPACE));
    let patch = Patch::Merge(json!({"spec": {"backupSyncPeriod": "0s"}}));
    let location = locations.patch("default", &PatchParams::default(), &patch).await?;
    let looked = location.data.pointer("/status/lastSyncedTime");
    looked.context("Velero has never looked at the bucket").map(drop)
}

/// An hour apart, the newest one an hour ago.
fn started(back: usize) -> Result<Timestamp> {
    Ok(clock::now() - SignedDuration::from_hours(i64::try_from(back)?))
}

async fn fill(hub: &Hub, runs: usize) -> Result<()> {
    let backups = hub.objects("velero.io/v1", "Backup", Some(NAMESPACE));
    let all: Vec<Timestamp> = (1..=runs).map(started).collect::<Result<_>>()?;
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

/// One Restore of `latest` by the loop, until it is Finished.
async fn the_loop(hub: &Hub, plugin: &Plugin) -> Result<()> {
    let (before, passes) = (hub.requests_of_plugin()?.len(), Passes::new()?);
    let reconciler = plugin.start_loop(hub, &passes.flag())?;
    reconciler.holds_lease().await?;
    let ready = hub.requests_at_rest(QUIET, DEADLINE).await?;
    let first_passes = passes.so_far().await?;
    let print = |what: &str, figure: String| println!("{}", row(&[what, &figure]));
    let peak = || Ok::<_, anyhow::Error>(format!("{} MiB", reconciler.peak_mib().context(PEAK)?));
    print("requests until it rests", by_verb(ready.get(before..).unwrap_or_default()));
    print("passes until then", thousands(first_passes));
    print("peak memory until then", peak()?);
    print(
        "Restore created → first Velero Restore seen",
        format!("{} ms", first_restore(hub).await?.as_millis()),
    );
    let restores: Api<Restore> = Api::namespaced(hub.client(), NAMESPACE);
    until(DEADLINE, "the Restore to be Finished", async || {
        Ok(restores.get("measured").await?.phase() == RestorePhase::Finished)
    })
    .await?;
    let all = hub.requests_at_rest(QUIET, DEADLINE).await?;
    let of_restore = all.get(ready.len()..).unwrap_or_default();
    print("requests of that Restore until Finished, by verb", by_verb(of_restore));
    print("the same, each", by_object(of_restore));
    print("passes of that Restore", thousands(passes.so_far().await? - first_passes));
    print("peak memory after it", peak()?);
    reconciler.terminate().await?;
    Ok(())
}

/// A Restore that waits for newer backups of another hub; no loop works on it.
async fn follow(hub: &Hub) -> Result<()> {
    hub.create(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": "following", "namespace": NAMESPACE},
        "spec": {
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "CleanupRestored",
            "syncRestoreWithNewBackups": true,
        },
        "status": {"phase": "Enabled"},
    }))
    .await
}

//! The figures of docs/performance.md that a lab hub can tell: `cargo run -p acmbackup-lab --bin figures -- PLUGIN`.
//!
//! A benchmark, not a test: nothing fails on a slow day.

#[path = "figures/many.rs"]
mod many;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use acmbackup::api::{BackupSchedule, BackupSchedulePhase, Restore};
use acmbackup::velero;
use acmbackup_lab::{Fill, Hub, Lab, VeleroOptions, crds, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use kube::Api;
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use serde::de::DeserializeOwned;
use serde_json::json;

const NAMESPACE: &str = "open-cluster-management-backup";
const DEADLINE: Duration = Duration::from_secs(120);
/// Runs behind a median.
const RUNS: usize = 21;

#[tokio::main]
async fn main() -> Result<()> {
    let plugin: PathBuf = std::env::args().nth(1).context("name the plugin's binary")?.into();
    println!("binary             {:.2} MiB", std::fs::metadata(&plugin)?.len() as f64 / 1024.0 / 1024.0);
    println!("--version          {:.1} ms (median of {RUNS})", median_start(&plugin)?.as_secs_f64() * 1000.0);
    Lab::run(async |lab| {
        on_a_hub(lab, &plugin).await?;
        many::figures(lab, &plugin).await
    })
    .await
}

fn median_start(plugin: &Path) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begin = Instant::now();
        Command::new(plugin).arg("--version").stdout(Stdio::null()).status()?;
        times.push(begin.elapsed());
    }
    times.sort();
    times.get(RUNS / 2).copied().context("no run")
}

async fn on_a_hub(lab: &Lab, plugin: &Path) -> Result<()> {
    let store = lab.store().await?;
    let hub = lab.hub("east").await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::new(12, "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21")).await?;
    let _velero = hub.velero(&store, VeleroOptions::default()).await?;
    let reconciler = start_loop(plugin, &hub)?;
    store.stop()?;
    let schedules: Api<BackupSchedule> = Api::namespaced(hub.client(), NAMESPACE);
    let locations: Api<velero::BackupStorageLocation> = Api::namespaced(hub.client(), NAMESPACE);
    let phase = |location: &velero::BackupStorageLocation| {
        location.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
    };
    seen(&locations, |location| phase(location) == velero::StorageLocationPhase::Unavailable).await?;
    let spec = json!({"veleroSchedule": "@daily", "useManagedServiceAccount": true});
    schedules.create(&PostParams::default(), &object("BackupSchedule", "schedule-acm", &spec)?).await?;
    seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::FailedValidation).await?;
    let (available, enabled, started) = tokio::join!(
        seen(&locations, |location| phase(location) == velero::StorageLocationPhase::Available),
        seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::Enabled),
        store.start(),
    );
    started?;
    println!("storage → Enabled  {} ms", (enabled? - available?).as_millis());

    all_completed(&hub).await?;
    let pause = json!({"spec": {"paused": true}});
    schedules.patch("schedule-acm", &Default::default(), &kube::api::Patch::Merge(pause)).await?;
    seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::Paused).await?;
    println!("Restore → Velero   {} ms", first_restore(&hub).await?.as_millis());
    println!("peak memory        {} MiB (the loop, {} backups)", peak_mib(&reconciler)?, 5);
    Ok(())
}

/// Time from the answer to the creation of a Restore until its first Velero Restore is seen.
async fn first_restore(hub: &Hub) -> Result<Duration> {
    let restores: Api<Restore> = Api::namespaced(hub.client(), NAMESPACE);
    let velero_restores: Api<velero::Restore> = Api::namespaced(hub.client(), NAMESPACE);
    let spec = json!({
        "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
        "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "None",
    });
    let restore = object("Restore", "measured", &spec)?;
    let created = async {
        restores.create(&PostParams::default(), &restore).await?;
        anyhow::Ok(Instant::now())
    };
    let (made, first) = tokio::join!(created, seen(&velero_restores, |_| true));
    Ok(first?.saturating_duration_since(made?))
}

/// The moment an object that fits is seen.
async fn seen<K>(api: &Api<K>, fits: impl Fn(&K) -> bool) -> Result<Instant>
where
    K: Clone + std::fmt::Debug + DeserializeOwned,
{
    let list = api.list(&ListParams::default()).await?;
    if list.items.iter().any(&fits) {
        return Ok(Instant::now());
    }
    let version = list.metadata.resource_version.unwrap_or_default();
    let mut events = api.watch(&WatchParams::default(), &version).await?.boxed();
    while let Some(event) = tokio::time::timeout(DEADLINE, events.try_next()).await?? {
        if let WatchEvent::Added(object) | WatchEvent::Modified(object) = event
            && fits(&object)
        {
            return Ok(Instant::now());
        }
    }
    anyhow::bail!("the watch ended")
}

async fn all_completed(hub: &Hub) -> Result<()> {
    let backups: Api<velero::Backup> = Api::namespaced(hub.client(), NAMESPACE);
    until(DEADLINE, "the first run to be Completed", async || {
        let list = backups.list(&ListParams::default()).await?;
        let completed = |backup: &&velero::Backup| {
            backup.status.as_ref().is_some_and(|status| status.phase == velero::BackupPhase::Completed)
        };
        Ok(list.items.iter().filter(completed).count() >= 5)
    })
    .await
}

fn object<K: DeserializeOwned>(kind: &str, name: &str, spec: &serde_json::Value) -> Result<K> {
    Ok(serde_json::from_value(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
    }))?)
}

/// The loop; killed when dropped.
struct Reconciler(Child);

impl Drop for Reconciler {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_loop(plugin: &Path, hub: &Hub) -> Result<Reconciler> {
    let mut command = Command::new(plugin);
    command.arg("run").env("KUBECONFIG", hub.kubeconfig()).stdin(Stdio::null()).stderr(Stdio::null());
    Ok(Reconciler(command.spawn().context("start the loop")?))
}

fn peak_mib(reconciler: &Reconciler) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", reconciler.0.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.split_whitespace().next().context("no number")?.parse()?;
    Ok(kib / 1024)
}

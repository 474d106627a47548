//! The figures of docs/performance.md that a lab hub can tell: `cargo run -p acmbackup-lab --bin figures -- PLUGIN [RUNS]`.
//!
//! A benchmark, not a test: nothing fails on a slow day.

#[path = "figures/commands.rs"]
mod commands;
#[path = "figures/many.rs"]
mod many;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use acmbackup::api::{BackupSchedule, BackupSchedulePhase, Restore};
use acmbackup::velero;
use acmbackup_lab::{Fill, Hub, Lab, Plugin, VeleroOptions, cost, crds};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use commands::{COLD, Names, STORED, side_by_side};

const NAMESPACE: &str = "open-cluster-management-backup";
const DEADLINE: Duration = Duration::from_secs(120);

/// Said where the system does not tell how much memory a process holds.
const PEAK: &str = "no figure for its memory";

fn main() -> ExitCode {
    cost::answer().unwrap_or_else(|| match print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("figures: {error:#}");
            ExitCode::FAILURE
        }
    })
}

#[tokio::main]
async fn print() -> Result<()> {
    let plugin = Plugin::at(std::env::args().nth(1).context("name the plugin's binary")?);
    let runs = std::env::args().nth(2).map_or(Ok(2000), |number| number.parse())?;
    let size = std::fs::metadata(plugin.program())?.len();
    println!("binary             {:.2} MiB", size as f64 / 1024.0 / 1024.0);
    Lab::run(async |lab| {
        on_a_hub(lab, &plugin).await?;
        many::figures(lab, &plugin, runs).await
    })
    .await
}

async fn on_a_hub(lab: &Lab, plugin: &Plugin) -> Result<()> {
    let store = lab.store().await?;
    let hub = lab.hub("east").await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::new(12, "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21")).await?;
    let velero = hub.velero(&store, VeleroOptions::default()).await?;
    let reconciler = plugin.start_loop(&hub, "")?;
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

    let backups = velero.completed_backups(5).await?;
    let pause = json!({"spec": {"paused": true}});
    schedules.patch("schedule-acm", &Default::default(), &kube::api::Patch::Merge(pause)).await?;
    seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::Paused).await?;
    println!("Restore → Velero   {} ms", first_restore(&hub).await?.as_millis());
    println!("peak memory        {} MiB (the loop, {} backups)", reconciler.peak_mib().context(PEAK)?, 5);
    let names = names(&backups);
    side_by_side(&hub, plugin, (COLD, &names)).await?;
    side_by_side(&hub, plugin, (STORED, &names)).await
}

/// All backups are of one run.
fn names(backups: &[velero::Backup]) -> Names {
    let backups: Vec<String> = backups.iter().map(ResourceExt::name_any).collect();
    let of_resources = |name: &&String| name.starts_with("acm-resources-schedule-");
    let backup = backups.iter().find(of_resources).cloned().unwrap_or_default();
    let run = backup.rsplit('-').next().unwrap_or_default().to_owned();
    Names { backup, backups, run }
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

fn object<K: DeserializeOwned>(kind: &str, name: &str, spec: &serde_json::Value) -> Result<K> {
    Ok(serde_json::from_value(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
    }))?)
}

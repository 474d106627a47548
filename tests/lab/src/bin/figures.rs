//! The figures of docs/performance.md that a lab hub can tell: `cargo run -p acmbackup-lab --bin figures -- PLUGIN [RUNS]`.
//!
//! Prints Markdown. A benchmark, not a test: nothing fails on a slow day.

#[path = "figures/commands.rs"]
mod commands;
#[path = "figures/many.rs"]
mod many;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use acmbackup::api::{BackupSchedule, BackupSchedulePhase, Restore};
use acmbackup::velero;
use acmbackup_lab::markdown::{head, row, size};
use acmbackup_lab::{Fill, Hub, Lab, Plugin, Velero, VeleroOptions, cost, crds};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use commands::{COLD, Names, STORED, side_by_side};

const NAMESPACE: &str = "open-cluster-management-backup";
const HUB_ID: &str = "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21";
/// Where `cargo release-archives` leaves them.
const ARCHIVES: &str = "target/release-archives";
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
    println!("Measured: {}.\n", plugin.described()?);
    sizes()?;
    Lab::run(async |lab| {
        on_a_hub(lab, &plugin).await?;
        many::figures(lab, &plugin, runs).await
    })
    .await
}

/// Prints how big the archives are, if there are any.
fn sizes() -> Result<()> {
    let Ok(folder) = std::fs::read_dir(ARCHIVES) else { return Ok(()) };
    let mut archives = folder.collect::<std::io::Result<Vec<_>>>()?;
    archives.retain(|file| {
        [".tar.gz", ".zip"].iter().any(|end| file.file_name().to_string_lossy().ends_with(end))
    });
    archives.sort_by_key(std::fs::DirEntry::file_name);
    println!("{}", head(&["archive", "size"]));
    for file in archives {
        let bytes = file.metadata()?.len();
        println!("{}", row(&[format!("`{}`", file.file_name().to_string_lossy()), size(bytes)]));
    }
    println!();
    Ok(())
}

async fn on_a_hub(lab: &Lab, plugin: &Plugin) -> Result<()> {
    let store = lab.store().await?;
    let hub = lab.hub("east").await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::new(12, HUB_ID)).await?;
    let velero = hub.velero(&store, VeleroOptions::default()).await?;
    let reconciler = plugin.start_loop(&hub, "")?;
    store.stop()?;
    let schedules: Api<BackupSchedule> = Api::namespaced(hub.client(), NAMESPACE);
    let locations: Api<velero::BackupStorageLocation> = Api::namespaced(hub.client(), NAMESPACE);
    let phase = |location: &velero::BackupStorageLocation| {
        location.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
    };
    seen(&locations, |location| phase(location) == velero::StorageLocationPhase::Unavailable).await?;
    schedules.create(&PostParams::default(), &backup_schedule()?).await?;
    seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::FailedValidation).await?;
    let (available, enabled, started) = tokio::join!(
        seen(&locations, |location| phase(location) == velero::StorageLocationPhase::Available),
        seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::Enabled),
        store.start(),
    );
    started?;
    let names = paused_after_a_run(&hub, &velero).await?;
    println!("{}", head(&["five backups", "figure"]));
    let to_enabled = format!("{} ms", (enabled? - available?).as_millis());
    println!("{}", row(&["storage location seen Available → BackupSchedule seen Enabled", &to_enabled]));
    let to_velero = format!("{} ms", first_restore(&hub).await?.as_millis());
    println!("{}", row(&["Restore created → first Velero Restore seen", &to_velero]));
    println!("{}", row(&["peak memory of `run`", &format!("{} MiB", reconciler.peak_mib().context(PEAK)?)]));
    side_by_side(&hub, plugin, (COLD, &names)).await?;
    side_by_side(&hub, plugin, (STORED, &names)).await
}

fn backup_schedule() -> Result<BackupSchedule> {
    object(
        "BackupSchedule",
        "schedule-acm",
        &json!({"veleroSchedule": "@daily", "useManagedServiceAccount": true}),
    )
}

/// Waits for the first run of [`backup_schedule`], so that there is something to restore, and for it to be out of the way.
async fn paused_after_a_run(hub: &Hub, velero: &Velero) -> Result<Names> {
    let backups = velero.completed_backups(5).await?;
    let schedules: Api<BackupSchedule> = Api::namespaced(hub.client(), NAMESPACE);
    let pause = json!({"spec": {"paused": true}});
    schedules.patch("schedule-acm", &Default::default(), &kube::api::Patch::Merge(pause)).await?;
    seen(&schedules, |schedule| schedule.phase() == BackupSchedulePhase::Paused).await?;
    Ok(names(&backups))
}

/// All backups are of one run.
fn names(backups: &[velero::Backup]) -> Names {
    let backups: Vec<String> = backups.iter().map(ResourceExt::name_any).collect();
    let of_resources = |name: &&String| name.starts_with("acm-resources-schedule-");
    let backup = backups.iter().find(of_resources).cloned().unwrap_or_default();
    let stamps = backups.iter().filter_map(|name| name.rsplit('-').next());
    let run = stamps.min().unwrap_or_default().to_owned();
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

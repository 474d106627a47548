//! The story, step by step.

use std::time::Instant;

use acmbackup_lab::{Fill, Hub, Lab, Loop, Plugin, Store, Velero, VeleroOptions, crds};
use anyhow::Result;

use crate::plugin::{build, start_loop, typed};
use crate::{headline, proof};

/// Managed clusters of the hub that is lost.
const CLUSTERS: usize = 12;
/// Policies of the hub that is lost.
const POLICIES: usize = 6;

/// Backups of one run.
const RUN: usize = 5;
/// Hub ids, as OpenShift gives them.
const EAST_ID: &str = "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21";
const WEST_ID: &str = "be97a9eb-60b8-4511-805c-298e7c0898b3";

/// One hub with Velero and the loop on it.
struct Site {
    hub: Hub,
    velero: Velero,
    reconciler: Loop,
}

/// Tells the whole story; `false` if the hubs differ at the end.
pub(crate) async fn tell(lab: &Lab) -> Result<bool> {
    let started = Instant::now();
    println!("Two hubs, one store: east backs itself up and is lost, west takes over.");
    headline(1, "Two hubs and a store");
    let plugin = build()?;
    let store = lab.store().await?;
    let full = Fill { policies: POLICIES, ..Fill::new(CLUSTERS, EAST_ID) };
    let bare = Fill::nothing(WEST_ID);
    let (east, west) = tokio::try_join!(
        site(lab, &store, &plugin, ("east", &full)),
        site(lab, &store, &plugin, ("west", &bare)),
    )?;
    println!("east manages {CLUSTERS} clusters, with credentials, {POLICIES} policies and applications");

    back_up(&plugin, &east).await?;
    follow(&plugin, &east, &west).await?;
    let lost = east.hub.count().await?;
    lose(east)?;
    let takeover = Instant::now();
    take_over(&plugin, &west)?;
    let takeover = takeover.elapsed();

    headline(6, "What arrived");
    let equal = proof::show(&lost, &west.hub.count().await?);
    proof::figures(&west.hub, west.velero.namespace(), takeover).await?;
    if let Some(mib) = west.reconciler.peak_mib() {
        println!("the loop on west held {mib} MiB at most");
    }
    println!("the whole story took {:.0} s", started.elapsed().as_secs_f64());
    if !equal {
        println!("\n\x1b[31m✘ west does not hold what east held\x1b[0m");
        println!("the loop on west said:\n{}", west.reconciler.log());
    }
    Ok(equal)
}

async fn site(lab: &Lab, store: &Store, plugin: &Plugin, (name, fill): (&str, &Fill)) -> Result<Site> {
    let hub = lab.hub(name).await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(fill).await?;
    let velero = hub.velero(store, VeleroOptions::default()).await?;
    println!("{name}: API server, Velero and storage are up");
    let reconciler = start_loop(plugin, &hub)?;
    Ok(Site { hub, velero, reconciler })
}

async fn back_up(plugin: &Plugin, east: &Site) -> Result<()> {
    headline(2, "East backs itself up");
    typed(plugin, &east.hub, "schedule --cron @daily --ttl 72h --managed-service-account --wait")?;
    east.velero.completed_backups(RUN).await?;
    typed(plugin, &east.hub, "get backups")?;
    typed(plugin, &east.hub, "status")
}

async fn follow(plugin: &Plugin, east: &Site, west: &Site) -> Result<()> {
    headline(3, "West follows, without touching the clusters");
    west.velero.completed_backups(RUN).await?;
    typed(plugin, &west.hub, "restore restore-acm-passive --sync --sync-interval 10m --yes --wait")?;
    println!("\nA policy is added on east, and a new run of backups is taken:");
    east.hub.fill(&Fill { policies: POLICIES + 1, ..Fill::new(CLUSTERS, EAST_ID) }).await?;
    typed(plugin, &east.hub, "backup --wait")?;
    west.velero.completed_backups(2 * RUN).await?;
    typed(plugin, &west.hub, "wait restore/restore-acm-passive --for synced --timeout 2m")?;
    typed(plugin, &west.hub, "status")
}

/// Kills every process of the hub at once, as a power cut would.
fn lose(east: Site) -> Result<()> {
    headline(4, "East is lost");
    east.velero.kill()?;
    drop(east);
    println!("every process of east was killed");
    Ok(())
}

fn take_over(plugin: &Plugin, west: &Site) -> Result<()> {
    headline(5, "West takes over");
    typed(plugin, &west.hub, "latest")?;
    typed(plugin, &west.hub, "plan restore/restore-acm-passive --managed-clusters latest")?;
    typed(plugin, &west.hub, "activate --yes --confirm west")?;
    typed(plugin, &west.hub, "wait restore --timeout 5m")?;
    typed(plugin, &west.hub, "get restores")
}

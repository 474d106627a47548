//! Commands that remove: prune and delete.

use acmbackup_lab::{Lab, until};
use anyhow::{Context, Result, ensure};
use kube::ResourceExt;
use kube::api::ListParams;

use crate::site::{DEADLINE, Site, backed_up};

async fn backups(site: &Site) -> Result<Vec<String>> {
    let found = site.backups().list(&ListParams::default()).await?;
    Ok(found.items.iter().map(ResourceExt::name_any).collect())
}

#[tokio::test]
async fn prune_and_delete_remove_backups_with_their_data_and_nothing_that_is_needed() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, _west) = backed_up(lab).await?;
        let _loop = east.start_loop().await?;
        let older = east.run("get runs --no-headers")?;
        let older = older.split_whitespace().next().context("no run")?.to_owned();
        let runs = async |count: usize| {
            until(DEADLINE, &format!("{count} runs"), async || {
                Ok(east.run("get runs -o name")?.lines().count() == count)
            })
            .await
        };
        east.run("backup --wait --timeout 2m")?;
        runs(2).await?;

        let listing = east.run("prune")?;
        ensure!(listing.contains("--keep-runs 12") && listing.contains("nothing"), "{listing}");
        let (_, refused) = east.run_to(5, "prune --keep-runs 1 --yes")?;
        ensure!(refused.contains("[not-confirmed]") && refused.contains("--confirm east"), "{refused}");
        let (dry, _) = east.run_to(0, "prune --keep-runs 1 --dry-run")?;
        ensure!(dry.lines().count() == 5 && dry.contains("deleted (dry run)"), "{dry}");
        east.run_to(0, "prune --keep-runs 1 --dry-run=server")?;
        ensure!(backups(&east).await?.len() == 10, "a dry run removed something");

        let done = east.run("prune --keep-runs 1 --yes --confirm east -o name")?;
        ensure!(done.lines().all(|line| line.contains(&older)), "{done}");
        runs(1).await?;
        until(DEADLINE, "the backups to be gone", async || {
            Ok(!backups(&east).await?.iter().any(|name| name.ends_with(&older)))
        })
        .await?;
        ensure!(east.run("prune --keep-runs 1 --yes --confirm east")?.is_empty(), "the newest run stays");

        let (_, refused) = east.run_to(5, "delete run --yes")?;
        ensure!(refused.contains("newest complete run"), "{refused}");
        east.run("delete run --yes --confirm east --wait --timeout 2m")?;
        ensure!(backups(&east).await?.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn delete_takes_along_what_belongs_to_an_object_and_spares_what_is_used() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        let _loop = west.start_loop().await?;
        west.run("restore passive --sync --cleanup none --yes --wait --timeout 2m")?;
        let (_, refused) = west.run_to(5, "delete run --yes --confirm west")?;
        ensure!(refused.contains("[restore-in-the-way]"), "{refused}");
        let (_, told) = west.run_to(5, "delete restore/passive")?;
        ensure!(told.contains("with its 3 Velero restores; what it restored stays"), "{told}");
        west.run("delete restore/passive --yes --wait --timeout 2m")?;
        // The Velero restores are Kubernetes' to collect, which the lab does not.
        ensure!(west.restores().list(&ListParams::default()).await?.items.is_empty());
        ensure!(west.counts().await?.get("Policy").copied().unwrap_or(0) > 0, "what was restored stays");
        west.run_to(4, "delete restore/passive --yes")?;

        west.run("schedule --cron @daily --yes --wait --timeout 2m")?;
        let (_, told) = west.run_to(5, "delete schedule")?;
        ensure!(told.contains("with its 5 Velero schedules; the backups stay"), "{told}");
        west.run("delete schedule --yes --wait --timeout 1m")?;
        ensure!(west.schedules().list(&ListParams::default()).await?.items.is_empty());
        Ok(())
    })
    .await
}

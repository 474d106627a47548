//! Hubs with the CRDs the operator installs today: every command works, or refuses before anything is written.

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup_lab::Lab;
use anyhow::{Context, Result, ensure};
use kube::ResourceExt;
use kube::api::ListParams;

use crate::other_crds::of_operator;
use crate::rest::{EVERY_SECOND, rests};
use crate::site::Site;

/// Commands that change nothing.
const READS: [&str; 16] = [
    "status",
    "get",
    "get schedules -o wide",
    "get restores -o yaml",
    "get backups",
    "get runs",
    "latest",
    "describe schedule",
    "describe run",
    "plan",
    "verify",
    "doctor",
    "version",
    "snapshot --out -",
    "prune",
    "wait schedule --timeout 1m",
];

/// S-013: `maxBackups` is ours alone; the operator's CRD has not heard of it.
#[tokio::test]
async fn with_the_operators_crds_a_schedule_lives_and_dies() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start_with_crds(lab, &store, "east", (1, of_operator()?)).await?;
        let (_, refused) = east.run_to(3, "schedule --max-backups 3")?;
        ensure!(refused.contains("[crd-too-old]") && refused.contains("--max-backups"), "{refused}");
        ensure!(east.schedules().list(&ListParams::default()).await?.items.is_empty());

        let _loop = east.start_loop_with(EVERY_SECOND).await?;
        let all = "--managed-service-account --managed-service-account-ttl 100h --owner-references=false \
                   --no-backup-on-start=false --skip-immediately=false";
        east.run(&format!("schedule {all} --volume-snapshot-locations a,b --paused --dry-run=server"))?;
        east.run(&format!("schedule --cron @daily --ttl 72h {all} --wait --timeout 2m"))?;
        east.completed_backups(5).await?;
        for arguments in READS {
            east.run(arguments)?;
        }
        let doctor = east.run("doctor")?;
        ensure!(doctor.contains("backupschedules spec.maxBackups"), "{doctor}");
        let (_, refused) = east.run_to(3, "schedule --max-backups 3")?;
        ensure!(refused.contains("[crd-too-old]") && refused.contains("--max-backups"), "{refused}");
        rests(&east, 15).await?;

        east.run("pause --wait --timeout 1m")?;
        east.schedule_is(BackupSchedulePhase::Paused).await?;
        east.run("resume --wait --timeout 1m")?;
        let run = east.run("backup --wait --timeout 2m")?;
        let run = run.split_whitespace().last().context("no run")?.to_owned();
        east.run(&format!("logs run/{run}"))?;
        east.run("schedule --recreate --yes --wait --timeout 2m")?;
        let keep = "prune --keep-runs 1 --yes --confirm east";
        ensure!(!east.run(keep)?.is_empty(), "nothing was pruned");
        rests(&east, 15).await?;
        east.run("delete schedule --yes --wait --timeout 1m")?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn with_the_operators_crds_a_hub_follows_and_takes_over() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let (east, west) = tokio::try_join!(
            Site::start(lab, &store, "east", 2),
            Site::start_with_crds(lab, &store, "west", (0, of_operator()?))
        )?;
        let east_loop = east.start_loop().await?;
        east.back_up().await?;
        east_loop.terminate().await?;
        west.completed_backups(5).await?;

        let _loop = west.start_loop_with(EVERY_SECOND).await?;
        let filters = "--exclude-namespaces none --exclude-resources none --namespace-mapping a=b \
                       --restore-pvs=false --preserve-node-ports=false --cleanup none";
        west.run(&format!("restore rehearsed {filters} --wait --timeout 2m"))?;
        let rehearsed =
            west.restore_is("rehearsed", RestorePhase::Finished).await?.status.unwrap_or_default();
        ensure!(rehearsed.completion_timestamp.is_some(), "{rehearsed:?}");
        rests(&west, 15).await?;

        west.run("restore passive --sync --sync-interval 10m --yes --wait --timeout 2m")?;
        west.run("wait restore/passive --for synced --timeout 2m")?;
        for arguments in
            ["describe restore/passive", "plan restore/passive", "logs restore/passive", "status"]
        {
            west.run(arguments)?;
        }
        rests(&west, 15).await?;
        west.run("activate --yes --confirm west")?;
        west.run("wait restore/passive --timeout 2m")?;
        ensure!(west.hub.count().await? == east.hub.count().await?, "west does not hold what east held");
        rests(&west, 15).await?;

        let gone = west.run("prune --keep-restores 1 --yes")?;
        ensure!(gone.contains("rehearsed"), "{gone}");
        west.run("delete restore/passive --yes --wait --timeout 1m")?;
        let left = west.restores().list(&ListParams::default()).await?;
        ensure!(
            left.items.is_empty(),
            "{:?}",
            left.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
        );
        west.run("schedule --cron @daily --ttl 72h --yes --wait --timeout 2m")?;
        Ok(())
    })
    .await
}

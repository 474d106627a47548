//! Crashes and damage: the loop killed at work, an archive gone, an object that does not decode.

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup_lab::{Lab, until};
use anyhow::{Context, Result, ensure};
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::relaxed::accept_anything;
use crate::site::{DEADLINE, NAMESPACE, Site, backed_up};

#[tokio::test]
async fn a_loop_killed_while_it_makes_schedules_finishes_the_job_later() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let first = east.start_loop().await?;
        east.run("schedule --cron @daily")?;
        until(DEADLINE, "the first velero schedule", async || {
            Ok(!east.velero_schedules().list(&ListParams::default()).await?.items.is_empty())
        })
        .await?;
        first.kill()?;
        let _second = east.start_loop().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        assert_eq!(east.velero_schedules().list(&ListParams::default()).await?.items.len(), 5);
        Ok(())
    })
    .await
}

/// names lost between create and status write are recovered.
#[tokio::test]
async fn a_loop_killed_in_the_middle_of_an_activation_ends_with_the_same_six_restores() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let first = west.start_loop().await?;
        west.run("restore all --managed-clusters latest --cleanup none --yes --confirm west")?;
        until(DEADLINE, "the first velero restore", async || {
            Ok(!west.velero_restores().list(&ListParams::default()).await?.items.is_empty())
        })
        .await?;
        first.kill()?;
        let made = west.velero_restores().list(&ListParams::default()).await?.items;
        assert!(
            made.len() < 6,
            "managed clusters come only after the credentials, and those take Velero a second"
        );
        let _second = west.start_loop().await?;
        let status = west.restore_is("all", RestorePhase::Finished).await?.status.unwrap_or_default();
        assert_eq!(west.velero_restores().list(&ListParams::default()).await?.items.len(), 6);
        for name in [
            status.velero_credentials_restore_name,
            status.velero_resources_restore_name,
            status.velero_generic_resources_restore_name,
            status.velero_managed_clusters_restore_name,
        ] {
            ensure!(name.is_some_and(|name| !name.is_empty()), "a name is missing");
        }
        assert_eq!(west.counts().await?, east.counts().await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_loop_killed_while_it_follows_goes_on_following() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let first = west.start_loop().await?;
        west.run("restore passive --sync --yes --wait --timeout 2m")?;
        first.kill()?;
        let _east_loop = east.start_loop().await?;
        east.run("backup --wait --timeout 2m")?;
        let newest = east.completed_backups(10).await?.into_iter().filter_map(|b| b.metadata.name).max();
        let newest = newest.context("no backup")?;
        until(DEADLINE, "the new run to be seen on west", async || {
            Ok(west.backups().get_opt(&newest).await?.is_some())
        })
        .await?;
        let _second = west.start_loop().await?;
        west.run("wait restore/passive --for synced --timeout 2m")?;
        west.restore_is("passive", RestorePhase::Enabled).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_restore_whose_archive_is_gone_fails_with_veleros_reason() -> Result<()> {
    Lab::run(async |lab| {
        let (store, _east, west) = backed_up(lab).await?;
        let names: Vec<String> = west
            .backups()
            .list(&ListParams::default())
            .await?
            .items
            .into_iter()
            .filter_map(|b| b.metadata.name)
            .collect();
        let resources = names
            .into_iter()
            .find(|name| name.starts_with("acm-resources-schedule"))
            .context("no resources backup")?;
        let folder = store.bucket("backups")?.join("backups").join(&resources);
        std::fs::remove_file(folder.join(format!("{resources}.tar.gz"))).context("remove the archive")?;

        let first = west.start_loop().await?;
        let (_, stderr) = west.run_to(7, "restore broken --cleanup none --yes --wait --timeout 2m")?;
        west.restore_is("broken", RestorePhase::Error).await?;
        first.kill()?;
        let _second = west.start_loop().await?;
        let (_, again) = west.run_to(7, "wait restore/broken --timeout 1m")?;
        assert!(again.contains("Failed"), "{again}");
        let broken = west.restores().get("broken").await?;
        assert_eq!(broken.phase(), RestorePhase::Error);
        let message = broken.status.unwrap_or_default().last_message;
        assert!(message.contains(&resources), "{message}");
        let failed = west.velero_restores().list(&ListParams::default()).await?;
        let reason = failed
            .items
            .into_iter()
            .filter(|restore| restore.spec.backup_name == resources)
            .find_map(|restore| restore.status?.failure_reason)
            .context("Velero gave no reason")?;
        let shown: String = reason.chars().take(30).collect();
        assert!(stderr.contains(&shown), "{stderr}\ndoes not show: {reason}");
        Ok(())
    })
    .await
}

/// S-017: one bad object never stops the loop for the others.
#[tokio::test]
async fn an_object_that_does_not_decode_stops_nothing_else() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let reconciler = east.start_loop().await?;
        accept_anything(&east.hub, "backupschedules.cluster.open-cluster-management.io").await?;
        east.hub.create(schedule("a-number-for-a-cron", &json!({"veleroSchedule": 7}))).await?;
        let bad_ttl = json!({"veleroSchedule": "@daily", "veleroTtl": "five days"});
        east.hub.create(schedule("a-ttl-in-words", &bad_ttl)).await?;
        east.hub.create(schedule("good", &json!({"veleroSchedule": "@daily"}))).await?;
        until(DEADLINE, "the good one to be Enabled", async || {
            Ok(east.schedules().get("good").await?.phase() == BackupSchedulePhase::Enabled)
        })
        .await?;
        let bad = east.schedules().get("a-ttl-in-words").await?.status.unwrap_or_default();
        assert_eq!(bad.phase, BackupSchedulePhase::FailedValidation);
        assert!(bad.last_message.contains("five days"), "{}", bad.last_message);
        let log = reconciler.log();
        assert!(log.contains("left out") && log.contains("a-number-for-a-cron"), "{log}");
        east.run("status")?;
        Ok(())
    })
    .await
}

fn schedule(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
    })
}

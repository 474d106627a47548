//! Crashes and damage: the loop killed at work, an archive gone, an object that does not decode.

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup_lab::{Lab, Store, until};
use anyhow::{Context, Result, ensure};
use kube::api::{ListParams, PostParams};
use serde_json::json;

use crate::site::{DEADLINE, NAMESPACE, Site};

/// A killed loop leaves its lease behind; the next one need not wait two minutes for it.
const SHORT_LEASE: &str =
    "--wait-for-lease --lease-duration 3s --lease-renew-deadline 2s --lease-retry-period 500ms";

async fn backed_up(lab: &Lab) -> Result<(Store, Site, Site)> {
    let store = lab.store().await?;
    let (east, west) =
        tokio::try_join!(Site::start(lab, &store, "east", 2), Site::start(lab, &store, "west", 0))?;
    let _loop = east.start_loop().await?;
    east.back_up().await?;
    west.completed_backups(5).await?;
    Ok((store, east, west))
}

#[tokio::test]
async fn a_loop_killed_while_it_makes_schedules_finishes_the_job_later() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let first = east.start_loop_with(SHORT_LEASE).await?;
        east.run("schedule --cron @daily")?;
        until(DEADLINE, "the first velero schedule", async || {
            Ok(!east.velero_schedules().list(&ListParams::default()).await?.items.is_empty())
        })
        .await?;
        first.kill()?;
        let _second = east.start_loop_with(SHORT_LEASE).await?;
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
        let first = west.start_loop_with(SHORT_LEASE).await?;
        west.run("restore all --managed-clusters latest --cleanup none --yes --confirm west")?;
        until(DEADLINE, "the first velero restore", async || {
            Ok(!west.velero_restores().list(&ListParams::default()).await?.items.is_empty())
        })
        .await?;
        first.kill()?;
        let _second = west.start_loop_with(SHORT_LEASE).await?;
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
        let first = west.start_loop_with(SHORT_LEASE).await?;
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
        let _second = west.start_loop_with(SHORT_LEASE).await?;
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

        let _loop = west.start_loop().await?;
        let (_, stderr) = west.run_to(7, "restore broken --cleanup none --yes --wait --timeout 2m")?;
        let broken = west.restore_is("broken", RestorePhase::Error).await?;
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
        let malformed = json!({
            "apiVersion": "velero.io/v1",
            "kind": "Schedule",
            "metadata": {"name": "somebody-elses", "namespace": NAMESPACE},
            "spec": {"schedule": "@daily", "template": {"orLabelSelectors": [{"matchExpressions": [{"key": "a", "operator": "In"}]}]}},
        });
        let schedules: kube::Api<kube::core::DynamicObject> = kube::Api::namespaced_with(
            east.hub.client(),
            NAMESPACE,
            &kube::api::ApiResource::erase::<acmbackup::velero::Schedule>(&()),
        );
        schedules.create(&PostParams::default(), &serde_json::from_value(malformed)?).await?;
        let bad_ttl = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1",
            "kind": "BackupSchedule",
            "metadata": {"name": "a-bad-one", "namespace": NAMESPACE},
            "spec": {"veleroSchedule": "@daily", "veleroTtl": "five days"},
        });
        east.schedules().create(&PostParams::default(), &serde_json::from_value(bad_ttl)?).await?;
        let good = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1",
            "kind": "BackupSchedule",
            "metadata": {"name": "good", "namespace": NAMESPACE},
            "spec": {"veleroSchedule": "@daily"},
        });
        east.schedules().create(&PostParams::default(), &serde_json::from_value(good)?).await?;
        let enabled = east.schedule_is(BackupSchedulePhase::Enabled).await?;
        assert_eq!(enabled.metadata.name.as_deref(), Some("good"));
        let bad = east.schedules().get("a-bad-one").await?.status.unwrap_or_default();
        assert_eq!(bad.phase, BackupSchedulePhase::FailedValidation);
        assert!(bad.last_message.contains("five days"), "{}", bad.last_message);
        drop(reconciler);
        Ok(())
    })
    .await
}

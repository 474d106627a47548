//! A hub with the CRDs of January 2022: every command works, or refuses before anything is written.

use acmbackup::api::RestorePhase;
use acmbackup_lab::Lab;
use anyhow::{Context, Result, ensure};
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::other_crds::of_january_2022;
use crate::rest::{EVERY_SECOND, rests};
use crate::site::{NAMESPACE, Site};

/// A Restore as somebody may still apply it.
fn restore_of_january_2022() -> Value {
    let spec = json!({"veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
        "veleroResourcesBackupName": "latest"});
    json!({"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": "of-2022", "namespace": NAMESPACE}, "spec": spec})
}

#[tokio::test]
async fn with_the_crds_of_2022_commands_work_or_refuse_before_anything_is_written() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let old = Site::start_with_crds(lab, &store, "old", (1, of_january_2022())).await?;

        for arguments in [
            "status",
            "get",
            "get schedules",
            "get restores",
            "get backups",
            "version",
            "snapshot --out -",
            "prune",
        ] {
            old.run(arguments)?;
        }
        let (screen, _) = old.run_to(1, "doctor")?;
        ensure!(
            screen.contains("[crd-too-old]") && screen.contains("restores spec.cleanupBeforeRestore"),
            "{screen}"
        );

        let refused = |arguments: &str| -> Result<()> {
            let (_, stderr) = old.run_to(3, arguments)?;
            ensure!(stderr.contains("[crd-too-old]"), "{arguments}: {stderr}");
            Ok(())
        };
        refused("schedule")?;
        refused("schedule --max-backups 3 --paused")?;
        refused("schedule --max-backups 3 --managed-service-account")?;
        ensure!(old.schedules().list(&ListParams::default()).await?.items.is_empty());

        let _loop = old.start_loop_with(EVERY_SECOND).await?;
        old.run("schedule --cron @daily --max-backups 3 --wait --timeout 2m")?;
        old.completed_backups(5).await?;
        for arguments in [
            "latest",
            "describe schedule",
            "describe run",
            "logs run",
            "get runs",
            "plan",
            "backup --wait --timeout 2m",
        ] {
            old.run(arguments)?;
        }
        refused("pause")?;
        let screen = old.run("verify")?;
        ensure!(screen.contains("complete: 4 of 4 parts"), "{screen}");
        for arguments in ["resume", "wait schedule --timeout 1m", "uninstall"] {
            old.run(arguments)?;
        }
        old.run_to(4, "activate")?;
        old.run_to(5, &format!("install -n {NAMESPACE}"))?;
        old.run("delete schedule --yes --wait --timeout 1m")?;
        for arguments in
            ["restore --yes", "restore --credentials latest --resources skip --yes", "restore --sync --yes"]
        {
            refused(arguments)?;
        }
        ensure!(old.restores().list(&ListParams::default()).await?.items.is_empty());

        old.hub.create(restore_of_january_2022()).await?;
        // Of its status the server drops what that CRD has not heard of: nothing to write again. Spec: S-295
        let restored = old.restore_is("of-2022", RestorePhase::Finished).await?.status.unwrap_or_default();
        ensure!(restored.completion_timestamp.is_none(), "the CRD knows more than it did: {restored:?}");
        rests(&old, 15).await?;
        old.run("delete restore/of-2022 --yes --wait --timeout 1m")?;
        let runs = old.run("get runs --no-headers")?;
        let run = runs.split_whitespace().next().context("no run")?;
        old.run(&format!("delete run/{run} --yes --confirm old --wait --timeout 2m"))?;
        old.run("prune --keep-runs 1 --yes")?;
        // Not waited for: without a garbage collector the schedules of the first one are still there.
        old.run("schedule --cron @daily --max-backups 3")?;
        let uid = async || anyhow::Ok(old.schedules().get("schedule-acm").await?.metadata.uid);
        let before = uid().await?;
        old.run("schedule --recreate --yes")?;
        ensure!(before != uid().await?, "it was made again with what that CRD knows");
        Ok(())
    })
    .await
}

//! Restores that are interrupted: the loop killed in every phase, Velero killed in the middle.

use std::time::Duration;

use acmbackup::api::{Restore, RestorePhase};
use acmbackup::velero::{self, BackupType, RestorePhase as VeleroPhase};
use acmbackup_lab::{Door, Fault, Lab, Mishap, Store, VeleroOptions, eventually, until};
use anyhow::Result;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::site::{DEADLINE, NAMESPACE, Site, backed_up};

/// Replaces the Velero of a hub by one that comes through a door, which slows it down.
async fn velero_behind(door: &Door, site: &mut Site, store: &Store) -> Result<()> {
    site.velero.kill()?;
    let kubeconfig = Some(door.kubeconfig().to_owned());
    site.velero = site.hub.velero(store, VeleroOptions { kubeconfig, ..VeleroOptions::default() }).await?;
    Ok(())
}

async fn made(site: &Site) -> Result<Vec<velero::Restore>> {
    Ok(site.velero_restores().list(&ListParams::default()).await?.items)
}

fn phase_of(restore: &velero::Restore) -> VeleroPhase {
    restore.status.clone().unwrap_or_default().phase
}

/// Kills the loop once the Restore is in this phase.
async fn dies_in(site: &Site, name: &str, phase: RestorePhase) -> Result<Restore> {
    let doomed = site.start_loop().await?;
    let restore = site.restore_is(name, phase).await?;
    doomed.kill()?;
    Ok(restore)
}

/// Spec
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_killed_in_every_phase_of_a_restore_ends_as_if_it_had_lived() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, mut west) = backed_up(lab).await?;
        let door = Door::to(&west.hub).await?;
        west.velero.kill()?;
        west.run("restore passive --sync --yes")?;

        // The set is written, none of it can be made.
        let creations = format!("velero.io/v1/namespaces/{NAMESPACE}/restores");
        door.add(Fault::on("POST", &creations, Mishap::Answer(500)).times(9));
        let doomed = west.start_loop_with(&format!("--kubeconfig {}", door.kubeconfig().display())).await?;
        west.restore_is("passive", RestorePhase::EnabledWithErrors).await?;
        doomed.kill()?;
        door.calm();
        assert!(made(&west).await?.is_empty());

        // Without a Velero it stays Started, with a slow one it is Running for a while.
        dies_in(&west, "passive", RestorePhase::Started).await?;
        assert_eq!(made(&west).await?.len(), 3);
        door.add(Fault::on("POST", "/policies", Mishap::Delay(Duration::from_secs(3))));
        velero_behind(&door, &mut west, &store).await?;
        dies_in(&west, "passive", RestorePhase::Running).await?;
        let synced = dies_in(&west, "passive", RestorePhase::Enabled).await?;
        assert_eq!(made(&west).await?.len(), 3);

        west.velero.kill()?;
        west.run("activate passive --yes --confirm west")?;
        dies_in(&west, "passive", RestorePhase::Started).await?;
        door.add(Fault::on("POST", "/secrets", Mishap::Delay(Duration::from_secs(3))));
        velero_behind(&door, &mut west, &store).await?;
        dies_in(&west, "passive", RestorePhase::Running).await?;
        let done = dies_in(&west, "passive", RestorePhase::Finished).await?.status.unwrap_or_default();
        assert_eq!(made(&west).await?.len(), 6);
        assert_eq!(
            done.velero_resources_restore_name,
            synced.status.unwrap_or_default().velero_resources_restore_name
        );
        assert_eq!(west.counts().await?, east.counts().await?);

        // One more life changes nothing.
        let _last = west.start_loop().await?;
        west.run("status")?;
        assert_eq!(made(&west).await?.len(), 6);
        assert_eq!(west.restores().get("passive").await?.status, Some(done));
        Ok(())
    })
    .await
}

/// Velero marks what it did not finish as Failed when it comes back; that is no success, and there is a way out.
///
/// Spec
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_during_which_velero_dies_says_so_and_can_be_made_again() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, mut west) = backed_up(lab).await?;
        let door = Door::to(&west.hub).await?;
        door.add(Fault::on("POST", "/policies", Mishap::Delay(DEADLINE)));
        velero_behind(&door, &mut west, &store).await?;
        let _loop = west.start_loop().await?;
        west.run("restore broken --cleanup none --yes")?;
        let hanging = eventually(DEADLINE, "Velero to be in the middle of the resources", async || {
            Ok(made(&west).await?.into_iter().filter(|_| door.left() == 0).find(|restore| {
                BackupType::of_backup_name(&restore.spec.backup_name) == Some(BackupType::Resources)
                    && phase_of(restore) == VeleroPhase::InProgress
            }))
        })
        .await?;
        west.velero.restart().await?;
        let (_, stderr) = west.run_to(7, "wait restore/broken --timeout 1m")?;
        let failed = hanging.name_any();
        assert!(stderr.contains(&failed) && stderr.contains("found a restore with status"), "{stderr}");
        west.restore_is("broken", RestorePhase::Error).await?;
        until(DEADLINE, "the part that was not interrupted to end", async || {
            Ok(made(&west)
                .await?
                .iter()
                .filter(|restore| phase_of(restore) == VeleroPhase::Completed)
                .count()
                == 2)
        })
        .await?;
        assert_eq!(west.restores().get("broken").await?.phase(), RestorePhase::Error);

        // Only what failed is restored again, from the same backup.
        west.velero_restores().delete(&failed, &DeleteParams::default()).await?;
        west.run("wait restore/broken --for phase=Finished --timeout 2m")?;
        let again = west.velero_restores().get(&failed).await?;
        assert_eq!(again.spec.backup_name, hanging.spec.backup_name);
        assert_ne!(again.metadata.uid, hanging.metadata.uid);
        assert_eq!(west.counts().await?.get("Policy"), east.counts().await?.get("Policy"));
        Ok(())
    })
    .await
}

/// A part that failed replaced nothing, so nothing of it is left over.
///
/// Spec
#[tokio::test(flavor = "multi_thread")]
async fn velero_dying_while_a_hub_follows_removes_nothing_of_the_part_that_failed() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, mut west) = backed_up(lab).await?;
        let door = Door::to(&west.hub).await?;
        velero_behind(&door, &mut west, &store).await?;
        let reconciler = west.start_loop().await?;
        west.run("restore passive --sync --yes --wait --timeout 2m")?;
        let of_credentials = ("v1", "Secret", "cluster-001", "cluster-001-cloud");
        let of_resources = ("apps.open-cluster-management.io/v1", "Channel", "shop-001-channel", "shop-001");
        for (api_version, kind, namespace, name) in [of_credentials, of_resources] {
            east.hub
                .objects(api_version, kind, Some(namespace))
                .delete(name, &DeleteParams::default())
                .await?;
        }
        east.hub
            .create(json!({
                "apiVersion": "policy.open-cluster-management.io/v1", "kind": "Policy",
                "metadata": {"name": "newer", "namespace": "shop-001"}, "spec": {"disabled": true},
            }))
            .await?;
        let is_here = async |(api_version, kind, namespace, name): (&str, &str, &str, &str)| {
            let found = west.hub.objects(api_version, kind, Some(namespace)).get_opt(name).await?;
            anyhow::Ok(found.is_some_and(|object| object.metadata.deletion_timestamp.is_none()))
        };

        door.add(Fault::on("POST", "/policies", Mishap::Delay(DEADLINE)));
        let _east_loop = east.start_loop().await?;
        east.run("backup --wait --timeout 2m")?;
        let hanging = eventually(DEADLINE, "Velero to be in the middle of the new policy", async || {
            let made = made(&west).await?.into_iter().filter(|_| door.left() == 0);
            Ok(made.max_by_key(|one| (phase_of(one) == VeleroPhase::InProgress, one.creation_timestamp())))
        })
        .await?;
        west.velero.restart().await?;
        west.restore_is("passive", RestorePhase::EnabledWithErrors).await?;
        west.run_to(8, "wait restore/passive --timeout 1m")?;
        west.velero_restores().delete(&hanging.name_any(), &DeleteParams::default()).await?;
        west.restore_is("passive", RestorePhase::Enabled).await?;
        until(DEADLINE, "what is left over to go", async || {
            Ok(!is_here(of_credentials).await? && !is_here(of_resources).await?)
        })
        .await?;
        let log = reconciler.log();
        let (failed, removed) = (log.rfind("EnabledWithErrors"), log.find("delete channel"));
        assert!(removed.is_some() && failed < removed, "removed after what failed: {log}");
        Ok(())
    })
    .await
}

//! The main job: a hub backs itself up, is lost, and another one takes over.

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup::velero::RestorePhase as VeleroPhase;
use acmbackup_lab::{Fill, Lab, until};
use anyhow::Result;
use kube::api::ListParams;

use crate::site::{DEADLINE, two_hubs};

#[tokio::test]
async fn a_hub_follows_another_and_takes_over_when_it_is_lost() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = two_hubs(lab, 4).await?;
        let east_loop = east.start_loop().await?;
        let _west_loop = west.start_loop().await?;

        east.back_up().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        assert_eq!(east.velero_schedules().list(&ListParams::default()).await?.items.len(), 5);

        west.completed_backups(5).await?;
        west.run("restore passive --sync --yes --wait --timeout 2m")?;
        west.restore_is("passive", RestorePhase::Enabled).await?;
        let before = west.counts().await?;
        assert_eq!(before.get("ManagedCluster").copied().unwrap_or(0), 1, "only west itself: {before:?}");

        // A new run is followed without anyone asking.
        east.hub.fill(&Fill { policies: 5, ..Fill::new(4, "east-id") }).await?;
        east.run("backup --wait --timeout 2m")?;
        let wanted = east.counts().await?;
        // West learns the backups of a run one by one; each new one may start a cycle.
        west.completed_backups(10).await?;
        until(DEADLINE, "the new policies to arrive", async || {
            Ok(west.counts().await?.get("Policy") == wanted.get("Policy"))
        })
        .await?;
        west.run("wait restore/passive --for synced --timeout 2m")?;

        east.velero.kill()?;
        drop(east_loop);
        drop(east);

        west.run("activate passive --yes --confirm west")?;
        west.run("wait restore/passive --timeout 2m")?;
        let done = west.restore_is("passive", RestorePhase::Finished).await?;
        let status = done.status.unwrap_or_default();
        assert!(status.completion_timestamp.is_some(), "{status:?}");
        assert!(status.velero_managed_clusters_restore_name.is_some(), "{status:?}");
        assert_eq!(west.counts().await?, wanted);
        for restore in west.velero_restores().list(&ListParams::default()).await? {
            assert_eq!(restore.status.unwrap_or_default().phase, VeleroPhase::Completed);
        }

        // This hub writes the backups from now on.
        west.run("schedule --yes --wait --timeout 2m")?;
        west.schedule_is(BackupSchedulePhase::Enabled).await?;
        Ok(())
    })
    .await
}

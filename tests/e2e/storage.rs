//! Storage that goes away and comes back.

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup_lab::Lab;
use anyhow::Result;
use kube::api::ListParams;

use crate::site::{Site, one_run, two_hubs};

/// S-034, S-037, S-296: noticed by watch in both directions.
#[tokio::test]
async fn a_schedule_waits_for_its_storage() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let _loop = east.start_loop().await?;
        store.stop()?;
        east.location_is("Unavailable").await?;
        let (_, stderr) = east.run_to(6, "schedule")?;
        assert!(stderr.contains("[storage-unavailable]"), "{stderr}");
        east.run("schedule --skip-preflight")?;
        let failed = east.schedule_is(BackupSchedulePhase::FailedValidation).await?;
        let message = failed.status.unwrap_or_default().last_message;
        assert!(message.contains("BackupStorageLocation"), "{message}");
        assert!(east.velero_schedules().list(&ListParams::default()).await?.items.is_empty());
        store.start().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        Ok(())
    })
    .await
}

/// an error because of storage ends with the storage, and the restore is completed properly.
#[tokio::test]
async fn a_restore_waits_for_its_storage_and_then_completes() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, west) = two_hubs(lab, 1).await?;
        one_run(&east, &west).await?;
        store.stop()?;
        west.location_is("Unavailable").await?;
        let first = west.start_loop().await?;
        west.run("restore late --cleanup none --skip-preflight --yes")?;
        let error = west.restore_is("late", RestorePhase::Error).await?;
        let message = error.status.unwrap_or_default().last_message;
        assert!(message.contains("BackupStorageLocation"), "{message}");
        // A crash in the middle of the outage changes nothing.
        first.kill()?;
        let _second = west.start_loop().await?;
        store.start().await?;
        let done = west.restore_is("late", RestorePhase::Finished).await?;
        assert!(done.status.unwrap_or_default().completion_timestamp.is_some());
        Ok(())
    })
    .await
}

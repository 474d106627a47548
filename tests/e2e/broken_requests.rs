//! Requests that fail on their way: every part is made in the end, and nothing twice.

use std::time::Duration;

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup_lab::{Door, Fault, Lab, Loop, Mishap, until};
use anyhow::Result;
use kube::ResourceExt;
use kube::api::ListParams;

use crate::site::{DEADLINE, NAMESPACE, Site, backed_up};

/// What may go wrong by chance.
const MISHAPS: [Mishap; 6] = [
    Mishap::Answer(409),
    Mishap::Answer(429),
    Mishap::Answer(500),
    Mishap::Cut,
    Mishap::LoseAnswer,
    Mishap::Delay(Duration::from_millis(300)),
];

/// The loop behind a door of its hub.
async fn loop_behind(door: &Door, site: &Site) -> Result<Loop> {
    site.start_loop_with(&format!("--kubeconfig {}", door.kubeconfig().display())).await
}

/// A mishap for the next creation of a Velero restore.
fn creation(mishap: Mishap) -> Fault {
    Fault::on("POST", &format!("velero.io/v1/namespaces/{NAMESPACE}/restores"), mishap)
}

/// The operator says Finished and never restores the part whose creation failed.
///
/// Spec
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_could_not_be_created_at_first_is_restored_all_the_same() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let door = Door::to(&west.hub).await?;
        let _loop = loop_behind(&door, &west).await?;
        for let_through in [1, 2] {
            let name = format!("after-{let_through}");
            door.add(creation(Mishap::Delay(Duration::ZERO)).times(let_through));
            door.add(creation(Mishap::Answer(500)));
            west.run(&format!("restore {name} --cleanup none --yes --wait --timeout 2m"))?;
            assert_eq!(door.left(), 0, "no creation was refused");
            west.restore_is(&name, RestorePhase::Finished).await?;
            let made = west.velero_restores().list(&ListParams::default()).await?.items;
            let of_this = made.iter().filter(|restore| restore.name_any().starts_with(&format!("{name}-")));
            assert_eq!(of_this.count(), 3, "{name}");
        }
        assert_eq!(west.counts().await?.get("Policy"), east.counts().await?.get("Policy"));
        Ok(())
    })
    .await
}

/// Spec
#[tokio::test(flavor = "multi_thread")]
async fn an_activation_among_failing_requests_ends_with_the_same_six_restores() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let door = Door::to(&west.hub).await?;
        let _loop = loop_behind(&door, &west).await?;
        for seed in [1, 2] {
            let name = format!("seed-{seed}");
            door.at_random(seed, 8, &MISHAPS);
            west.run(&format!(
                "restore {name} --managed-clusters latest --cleanup none --yes --confirm west"
            ))?;
            // A watch that is cut in the middle is taken up again.
            door.cut();
            west.restore_is(&name, RestorePhase::Finished).await?;
            let made = west.velero_restores().list(&ListParams::default()).await?.items;
            let of_this = made.iter().filter(|restore| restore.name_any().starts_with(&format!("{name}-")));
            assert_eq!(
                of_this.count(),
                6,
                "seed {seed}: {:?}",
                made.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
            );
        }
        assert_eq!(west.counts().await?, east.counts().await?);
        Ok(())
    })
    .await
}

/// Spec: S-100, S-101
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_among_failing_requests_ends_with_the_same_five_schedules() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let door = Door::to(&east.hub).await?;
        let _loop = loop_behind(&door, &east).await?;
        for seed in [4, 5, 6] {
            door.at_random(seed, 8, &MISHAPS);
            let name = format!("seed-{seed}");
            east.run(&format!("schedule {name} --cron @daily --no-backup-on-start"))?;
            door.cut();
            east.schedule_is(BackupSchedulePhase::Enabled).await?;
            door.calm();
            let made = east.velero_schedules().list(&ListParams::default()).await?.items;
            assert_eq!(made.len(), 5, "seed {seed}");
            east.schedules().delete(&name, &Default::default()).await?;
            // The lab has no garbage collector: what the schedule owned goes here.
            for schedule in made {
                east.velero_schedules().delete(&schedule.name_any(), &Default::default()).await?;
            }
            until(DEADLINE, "the schedules to be gone", async || {
                Ok(east.velero_schedules().list(&ListParams::default()).await?.items.is_empty())
            })
            .await?;
        }
        Ok(())
    })
    .await
}

/// The operator takes backups it cannot list for none, and says Finished with nothing done.
///
/// Spec: R-154
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_cannot_list_backups_ends_no_restore() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        let door = Door::to(&west.hub).await?;
        let refused = 4;
        door.add(Fault::on("GET", "velero.io/v1/backups?", Mishap::Answer(500)).times(refused));
        west.run("restore all --cleanup none --yes --skip-preflight")?;
        let _loop = loop_behind(&door, &west).await?;
        until(DEADLINE, "the list to be refused", async || Ok(door.left() < refused)).await?;
        assert!(!west.restores().get("all").await?.phase().is_terminal());
        west.restore_is("all", RestorePhase::Finished).await?;
        assert_eq!(west.velero_restores().list(&ListParams::default()).await?.items.len(), 3);
        Ok(())
    })
    .await
}

//! `skipImmediately`, asked for twice.

use std::collections::BTreeMap;

use acmbackup::velero::Schedule;
use acmbackup_lab::{Lab, eventually};
use anyhow::Result;
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use crate::site::{DEADLINE, Site};

/// When Velero skipped last, by schedule; only if it has skipped in all five and none is to skip now.
fn skips(schedules: &[Schedule]) -> Option<BTreeMap<String, String>> {
    let skip = |schedule: &Schedule| {
        let skipped = schedule.status.as_ref()?.last_skipped.as_ref()?;
        (schedule.spec.skip_immediately == Some(false)).then(|| (schedule.name_any(), skipped.0.to_string()))
    };
    let skips: BTreeMap<String, String> = schedules.iter().filter_map(skip).collect();
    (skips.len() == 5).then_some(skips)
}

async fn ask(east: &Site, skip: bool) -> Result<()> {
    let patch = Patch::Merge(json!({"spec": {"skipImmediately": skip}}));
    for schedule in east.schedules().list(&ListParams::default()).await? {
        east.schedules().patch(&schedule.name_any(), &PatchParams::default(), &patch).await?;
    }
    Ok(())
}

async fn velero_skips(east: &Site, before: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    eventually(DEADLINE, "Velero to skip in all schedules", async || {
        let schedules = east.velero_schedules().list(&ListParams::default()).await?.items;
        Ok(skips(&schedules).filter(|now| now.iter().all(|(name, skip)| before.get(name) != Some(skip))))
    })
    .await
}

/// S-103, S-280: Velero turns the field off after each skip, and yet the second request is seen.
#[tokio::test]
async fn a_second_request_to_skip_reaches_velero() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 0).await?;
        let _loop = east.start_loop().await?;
        east.back_up().await?;
        ask(&east, true).await?;
        let first = velero_skips(&east, &BTreeMap::new()).await?;
        ask(&east, false).await?;
        eventually(DEADLINE, "the loop to note it", async || {
            let schedules = east.velero_schedules().list(&ListParams::default()).await?.items;
            let noted = schedules
                .iter()
                .filter(|one| one.annotations().values().any(|skip| first.values().any(|it| it == skip)));
            Ok((noted.count() == 5).then_some(()))
        })
        .await?;
        ask(&east, true).await?;
        velero_skips(&east, &first).await?;
        Ok(())
    })
    .await
}

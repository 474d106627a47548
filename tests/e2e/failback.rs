//! Two hubs change places and change back: what happens on one arrives on the other, and only one writes backups.

use acmbackup::api::{BackupSchedulePhase, RestorePhase};
use acmbackup::velero::{Backup, BackupPhase};
use acmbackup_lab::{Fill, Lab, Loop, Store, until};
use anyhow::Result;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::site::{DEADLINE, Site, two_hubs};

const POLICY: (&str, &str) = ("policy.open-cluster-management.io/v1", "Policy");

fn policies(site: &Site) -> Api<DynamicObject> {
    site.hub.objects(POLICY.0, POLICY.1, Some("policies"))
}

async fn make(site: &Site, name: &str) -> Result<()> {
    let metadata = json!({"name": name, "namespace": "policies"});
    let spec = json!({"disabled": false, "remediationAction": "inform", "policy-templates": []});
    site.hub
        .create(json!({"apiVersion": POLICY.0, "kind": POLICY.1, "metadata": metadata, "spec": spec}))
        .await
}

async fn change(site: &Site, name: &str, action: &str) -> Result<()> {
    let patch = Patch::Merge(json!({"spec": {"remediationAction": action}}));
    policies(site).patch(name, &PatchParams::default(), &patch).await?;
    Ok(())
}

/// The remediation action of each policy.
async fn actions(site: &Site) -> Result<Vec<(String, String)>> {
    let list = policies(site).list(&ListParams::default()).await?.items;
    let action = |policy: &DynamicObject| {
        policy.data.pointer("/spec/remediationAction").and_then(Value::as_str).map(str::to_owned)
    };
    Ok(list.iter().filter_map(|policy| Some((policy.metadata.name.clone()?, action(policy)?))).collect())
}

/// The lab has no garbage collector: what is deleted in the foreground goes here.
async fn collect_garbage(site: &Site) -> Result<()> {
    let doomed = policies(site).list(&ListParams::default()).await?.items;
    for policy in doomed.iter().filter(|policy| policy.metadata.deletion_timestamp.is_some()) {
        assert_eq!(policy.finalizers(), ["foregroundDeletion"], "{}", policy.name_any());
        let patch = Patch::Merge(json!({"metadata": {"finalizers": null}}));
        policies(site).patch(&policy.name_any(), &PatchParams::default(), &patch).await?;
    }
    Ok(())
}

/// Backs up the active hub and waits until the passive one has followed.
async fn next_run(active: &Site, passive: &Site) -> Result<()> {
    active.run("backup --wait --timeout 2m")?;
    all_seen(active, passive).await?;
    passive.run("wait restore/passive --for synced --timeout 2m")?;
    collect_garbage(passive).await?;
    Ok(())
}

/// Waits until a hub knows that many runs, whoever wrote them.
async fn runs(site: &Site, count: usize) -> Result<()> {
    let resources = ListParams::default().labels("velero.io/schedule-name=acm-resources-schedule");
    until(DEADLINE, &format!("{count} runs"), async || {
        let backups = site.backups().list(&resources).await?.items;
        let is_completed = |backup: &&Backup| {
            backup.status.as_ref().is_some_and(|status| status.phase == BackupPhase::Completed)
        };
        Ok(backups.iter().filter(is_completed).count() >= count)
    })
    .await
}

/// Waits until a hub knows every backup of another.
async fn all_seen(of: &Site, on: &Site) -> Result<()> {
    let names: Vec<String> =
        of.backups().list(&ListParams::default()).await?.iter().map(ResourceExt::name_any).collect();
    until(DEADLINE, "the backups to be seen", async || {
        let seen: Vec<String> =
            on.backups().list(&ListParams::default()).await?.iter().map(ResourceExt::name_any).collect();
        Ok(names.iter().all(|name| seen.contains(name)))
    })
    .await
}

/// Two hubs with a loop each, the second one following the first.
async fn following(lab: &Lab) -> Result<(Store, Site, Site, Loop, Loop)> {
    let (store, east, west) = two_hubs(lab, 2).await?;
    let (east_loop, west_loop) = (east.start_loop().await?, west.start_loop().await?);
    east.back_up().await?;
    west.completed_backups(5).await?;
    west.run("restore passive --sync --yes --wait --timeout 2m")?;
    Ok((store, east, west, east_loop, west_loop))
}

/// Spec, S-109, S-110, S-114, S-120, S-124
#[tokio::test]
async fn two_hubs_change_places_and_change_back() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west, east_loop, _west_loop) = following(lab).await?;

        make(&east, "policy-new").await?;
        change(&east, "policy-001", "enforce").await?;
        policies(&east).delete("policy-003", &DeleteParams::default()).await?;
        change(&west, "policy-002", "enforce").await?;
        next_run(&east, &west).await?;
        assert_eq!(actions(&west).await?, actions(&east).await?);

        change(&east, "policy-new", "enforce").await?;
        policies(&east).delete("policy-002", &DeleteParams::default()).await?;
        next_run(&east, &west).await?;
        assert_eq!(actions(&west).await?, actions(&east).await?);
        let policies_before = actions(&east).await?;

        // East is lost, west takes over and goes on.
        drop(east_loop);
        east.velero.kill()?;
        east.hub.stop_api_server()?;
        west.run("activate passive --yes --confirm west")?;
        west.restore_is("passive", RestorePhase::Finished).await?;
        assert_eq!(actions(&west).await?, policies_before);
        west.hub.fill(&Fill { policies: 0, applications: 0, ..Fill::new(3, "west-id") }).await?;
        west.run("schedule --managed-service-account --yes --wait --timeout 2m")?;
        runs(&west, 4).await?;

        // East comes back and finds that it does not write the backups any more.
        east.hub.start_api_server().await?;
        east.velero.start().await?;
        let _east_loop = east.start_loop().await?;
        let collision = east.schedule_is(BackupSchedulePhase::BackupCollision).await?;
        let message = collision.status.unwrap_or_default().last_message;
        assert!(message.contains("west-id"), "{message}");
        until(DEADLINE, "the schedules of east to be paused", async || {
            let schedules = east.velero_schedules().list(&ListParams::default()).await?.items;
            Ok(schedules.len() == 5 && schedules.iter().all(|schedule| schedule.spec.paused))
        })
        .await?;

        // East takes over again; now it is west that has to yield.
        west.run("pause --wait --timeout 1m")?;
        east.run(
            "restore back --managed-clusters latest --cleanup none --yes --confirm east --wait --timeout 2m",
        )?;
        assert_eq!(east.counts().await?, west.counts().await?);
        east.run("schedule --recreate --yes --wait --timeout 2m")?;
        runs(&east, 5).await?;
        all_seen(&east, &west).await?;
        let (_, told) = west.run_to(5, "resume")?;
        assert!(told.contains("hub east-id ") && told.contains("BackupCollision"), "{told}");
        west.run("resume --yes")?;
        west.schedule_is(BackupSchedulePhase::BackupCollision).await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        Ok(())
    })
    .await
}

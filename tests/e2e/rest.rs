//! What the loop costs when nothing happens, read from the API server's audit log.

use acmbackup::api::BackupSchedulePhase;
use acmbackup_lab::audit::counted;
use acmbackup_lab::{HubOptions, Lab, VeleroOptions, until};
use anyhow::Result;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::site::{DEADLINE, NAMESPACE, Site};

/// A renewal of the lease every second.
pub(crate) const EVERY_SECOND: &str =
    "--lease-duration 90s --lease-renew-deadline 60s --lease-retry-period 1s";

/// Between lease renewals there is nothing but watches. Spec: S-292, S-293, S-295
#[tokio::test]
async fn at_rest_the_loop_sends_watches_and_lease_renewals_only() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let audited = HubOptions { audit: true, ..HubOptions::default() };
        let east = Site::start_with(lab, &store, "east", (2, audited, VeleroOptions::default())).await?;
        let _loop = east.start_loop_with(EVERY_SECOND).await?;
        east.back_up().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        // Velero still moves its own objects for a while.
        is_quiet(&east).await
    })
    .await
}

/// Names that are taken are waited for: neither tried again nor told again, nor given anything. Spec: S-095, S-096, S-295
#[tokio::test]
async fn a_schedule_whose_names_are_taken_waits_without_a_request() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let audited = HubOptions { audit: true, ..HubOptions::default() };
        let east = Site::start_with(lab, &store, "east", (0, audited, VeleroOptions::default())).await?;
        east.hub.create(foreign_schedule()).await?;
        let _loop = east.start_loop_with(EVERY_SECOND).await?;
        east.hub.create(backup_schedule()).await?;
        let waiting = east.schedule_is(BackupSchedulePhase::Failed).await?;
        assert_eq!(waiting.metadata.finalizers, None, "S-025");
        let message = waiting.status.unwrap_or_default().last_message;
        assert!(message.contains("acm-resources-schedule"), "{message}");
        is_quiet(&east).await?;
        let requests = counted(&east.hub.requests_of_plugin()?);
        assert_eq!(requests.get("patch backupschedules/status"), Some(&1), "{requests:?}");
        for never in [
            "patch backupschedules",
            "create schedules",
            "create backups",
            "delete schedules",
            "create events",
        ] {
            assert_eq!(requests.get(never), None, "{never}: S-025, S-096");
        }

        let theirs = east.velero_schedules();
        theirs.delete("acm-resources-schedule", &DeleteParams::default()).await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        Ok(())
    })
    .await
}

fn foreign_schedule() -> Value {
    json!({"apiVersion": "velero.io/v1", "kind": "Schedule",
        "metadata": {"name": "acm-resources-schedule", "namespace": NAMESPACE},
        "spec": {"schedule": "@yearly", "template": {"includedNamespaces": ["nowhere"]}}})
}

fn backup_schedule() -> Value {
    json!({"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "hub", "namespace": NAMESPACE}, "spec": {"veleroSchedule": "@yearly"}})
}

/// What counts is the tail: a minute of renewals, longer than any of the loop's own periods.
async fn is_quiet(site: &Site) -> Result<()> {
    rests(site, 65).await
}

/// Waits until nothing but watches came between this many renewals of the lease.
pub(crate) async fn rests(site: &Site, renewals: usize) -> Result<()> {
    until(2 * DEADLINE, &format!("{renewals} renewals with nothing in between"), async || {
        let requests = site.hub.requests()?;
        let of_plugin = requests.iter().rev().filter(|request| request.is_of_plugin());
        let quiet = of_plugin.take_while(|r| r.resource == "leases" || r.verb == "watch");
        Ok(quiet.filter(|request| request.to_string() == "update leases").count() >= renewals)
    })
    .await
}

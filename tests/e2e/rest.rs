//! What the loop costs when nothing happens, read from the API server's audit log.

use acmbackup::api::BackupSchedulePhase;
use acmbackup_lab::{HubOptions, Lab, VeleroOptions, until};
use anyhow::{Context, Result};
use serde_json::Value;

use crate::site::{DEADLINE, Site};

/// Requests of the plugin's loop, in order: verb and resource.
fn requests_of_the_loop(site: &Site) -> Result<Vec<String>> {
    let log = std::fs::read_to_string(site.hub.audit_log()).context("read the audit log")?;
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = events.filter(|event| {
        event
            .get("userAgent")
            .and_then(Value::as_str)
            .is_some_and(|agent| agent.starts_with("kubectl-acmbackup"))
            && event.get("stage").and_then(Value::as_str) != Some("RequestReceived")
    });
    Ok(ours.map(|event| request(&event)).collect())
}

fn request(event: &Value) -> String {
    let verb = event.get("verb").and_then(Value::as_str).unwrap_or_default();
    let resource = event.pointer("/objectRef/resource").and_then(Value::as_str).unwrap_or_default();
    format!("{verb} {resource}")
}

/// Between lease renewals there is nothing but watches.
#[tokio::test]
async fn at_rest_the_loop_sends_watches_and_lease_renewals_only() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let audited = HubOptions { audit: true, ..HubOptions::default() };
        let east = Site::start_with(lab, &store, "east", (2, audited, VeleroOptions::default())).await?;
        let _loop = east
            .start_loop_with("--lease-duration 90s --lease-renew-deadline 60s --lease-retry-period 1s")
            .await?;
        east.back_up().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        // Velero still moves its own objects for a while; what counts is the tail: a minute of renewals, longer than
        // any of the loop's own periods.
        until(2 * DEADLINE, "sixty-five renewals with nothing in between", async || {
            let requests = requests_of_the_loop(&east)?;
            let quiet =
                requests.iter().rev().take_while(|r| r.ends_with(" leases") || r.starts_with("watch "));
            Ok(quiet.filter(|request| *request == "update leases").count() >= 65)
        })
        .await
    })
    .await
}

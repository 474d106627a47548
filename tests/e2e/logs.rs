//! `logs`: from the storage location, and what is said when it cannot be reached.

use acmbackup_lab::Lab;
use anyhow::{Context, Result, ensure};

use crate::site::backed_up;

#[tokio::test]
async fn the_logs_of_a_run_come_from_the_storage_location_part_by_part() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, _west) = backed_up(lab).await?;
        let log = east.run("logs run")?;
        let titles: Vec<&str> = log.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let mut order = titles.clone();
        order.dedup();
        ensure!(order == ["credentials", "managed-clusters", "resources-generic", "resources"], "{order:?}");
        ensure!(log.lines().all(|line| line.contains("level=")), "a line is no line of Velero's log");
        ensure!(log.contains("Setting up backup"), "the log does not begin with its beginning");

        let errors = east.run("logs run --level error")?;
        ensure!(errors.is_empty(), "a Completed run has errors: {errors}");
        ensure!(east.run("logs run --since 1ns")?.is_empty());

        let runs = east.run("get runs --no-headers")?;
        let id = runs.split_whitespace().next().context("no run")?.to_owned();
        east.run_to(4, "logs run/20200101000000")?;
        east.run_to(2, "logs schedule")?;

        let (_, verbose) = east.run_to(0, "logs run -vvv")?;
        ensure!(verbose.contains("downloadrequests"), "{verbose}");
        ensure!(!verbose.contains("X-Amz-Signature"), "a signed URL reached our own log");
        store.stop()?;
        let (_, said) = east.run_to(9, &format!("logs run/{id}"))?;
        ensure!(said.contains("cannot be reached from here"), "{said}");
        Ok(())
    })
    .await
}

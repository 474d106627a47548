//! What a user can choose: skip, a named run, dry runs.

use acmbackup::api::RestorePhase;
use acmbackup::velero;
use acmbackup_lab::{Lab, until};
use anyhow::{Context, Result};
use kube::ResourceExt;
use kube::api::ListParams;

use crate::site::{DEADLINE, Site, backed_up};

fn types_of(restores: &[acmbackup::velero::Restore]) -> Vec<&str> {
    let mut names: Vec<&str> = restores
        .iter()
        .filter_map(|restore| acmbackup::velero::BackupType::of_backup_name(&restore.spec.backup_name))
        .map(acmbackup::velero::BackupType::part)
        .collect();
    names.sort_unstable();
    names
}

/// R-203, rows "skip / L / skip" and "skip / skip / L".
#[tokio::test]
async fn skipped_parts_are_left_alone() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        let _loop = west.start_loop().await?;

        let only = "restore only-credentials --resources skip --cleanup none --yes --wait --timeout 2m";
        let (_, told) = west.run_to(0, only)?;
        assert!(told.contains("\nNext\n  kubectl acmbackup verify"), "{told}");
        west.restore_is("only-credentials", RestorePhase::Finished).await?;
        let made = west.velero_restores().list(&ListParams::default()).await?.items;
        assert_eq!(types_of(&made), ["credentials"]);
        let counts = west.counts().await?;
        assert_eq!(counts.get("Policy").copied().unwrap_or(0), 0, "{counts:?}");

        west.run("restore only-resources --credentials skip --cleanup none --yes --wait --timeout 2m")?;
        west.restore_is("only-resources", RestorePhase::Finished).await?;
        let made = west.velero_restores().list(&ListParams::default()).await?.items;
        assert_eq!(types_of(&made), ["credentials", "resources", "resources-generic"]);
        assert!(west.counts().await?.get("Policy").copied().unwrap_or(0) > 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_named_run_is_restored_even_when_a_newer_one_exists() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let runs = west.run("get runs --no-headers")?;
        let first = runs.split_whitespace().next().context("no run is listed")?.to_owned();
        let _east_loop = east.start_loop().await?;
        east.run("backup --wait --timeout 2m")?;
        until(DEADLINE, "the newer run to be seen", async || {
            Ok(west.run("get runs --no-headers")?.lines().count() >= 2)
        })
        .await?;

        let _loop = west.start_loop().await?;
        west.run(&format!("restore older --run {first} --cleanup none --yes --wait --timeout 2m"))?;
        let older = west.restore_is("older", RestorePhase::Finished).await?;
        let credentials = older.spec.velero_credentials_backup_name.unwrap_or_default();
        assert!(credentials.ends_with(&first), "{credentials} is not of run {first}");
        for restore in west.velero_restores().list(&ListParams::default()).await? {
            assert!(restore.spec.backup_name.ends_with(&first), "{}", restore.spec.backup_name);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_plan_says_what_the_loop_then_does_and_changes_nothing() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        let plan = west.run("plan -o json --managed-clusters latest")?;
        let plan: serde_json::Value = serde_json::from_str(&plan)?;
        let steps = plan.get("steps").and_then(|steps| steps.as_array()).context("no steps")?;
        assert_eq!(steps.len(), 6, "{plan:#}");
        west.run("restore not-made --dry-run=server --yes")?;
        assert!(west.restores().list(&ListParams::default()).await?.items.is_empty());
        assert!(west.velero_restores().list(&ListParams::default()).await?.items.is_empty());

        let _loop = west.start_loop().await?;
        west.run(
            "restore made --managed-clusters latest --cleanup none --yes --confirm west --wait --timeout 2m",
        )?;
        let mut planned: Vec<String> =
            steps.iter().filter_map(|step| step.get("backup")?.as_str().map(str::to_owned)).collect();
        let made = west.velero_restores().list(&ListParams::default()).await?;
        let mut made: Vec<String> = made.items.into_iter().map(|restore| restore.spec.backup_name).collect();
        planned.sort_unstable();
        made.sort_unstable();
        assert_eq!(planned, made);
        Ok(())
    })
    .await
}

/// R-203, rows "L / skip / L", "L / L / skip" and a named run: the hub is lost, and the loop is killed in the middle of each.
#[tokio::test]
async fn a_lost_hub_is_taken_over_part_by_part() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let wanted = east.counts().await?;
        let run = west.run("get runs --no-headers")?.split_whitespace().next().context("no run")?.to_owned();
        drop(east);

        let without_credentials =
            take_over(&west, "first", "--credentials skip --managed-clusters latest").await?;
        assert_eq!(
            without_credentials,
            ["managed-clusters", "resources", "resources-generic", "resources-generic"]
        );
        let counts = west.counts().await?;
        assert_eq!(counts.get("ManagedCluster"), wanted.get("ManagedCluster"));
        assert_eq!(counts.get("Secret (credentials)").copied().unwrap_or(0), 0, "{counts:?}");

        let without_resources =
            take_over(&west, "second", "--resources skip --managed-clusters latest").await?;
        assert_eq!(without_resources, ["credentials", "credentials", "managed-clusters"]);
        assert_eq!(west.counts().await?, wanted);

        let named = take_over(&west, "third", &format!("--run {run} --managed-clusters latest")).await?;
        assert_eq!(named.len(), 6, "{named:?}");
        assert_eq!(west.counts().await?, wanted);
        Ok(())
    })
    .await
}

/// Takes over with a loop that is killed once the first Velero restore is there; the parts that were restored.
async fn take_over(west: &Site, name: &str, flags: &str) -> Result<Vec<String>> {
    let made = async || {
        let all = west.velero_restores().list(&ListParams::default()).await?.items;
        let of_this = |restore: &velero::Restore| restore.name_any().starts_with(&format!("{name}-"));
        anyhow::Ok(all.into_iter().filter(of_this).collect::<Vec<_>>())
    };
    let first = west.start_loop().await?;
    west.run(&format!("restore {name} {flags} --cleanup none --yes --confirm west"))?;
    until(DEADLINE, "the first velero restore", async || Ok(!made().await?.is_empty())).await?;
    first.kill()?;
    let _second = west.start_loop().await?;
    west.restore_is(name, RestorePhase::Finished).await?;
    Ok(types_of(&made().await?).into_iter().map(str::to_owned).collect())
}

//! What `plan` says about objects that are here, and what a choice of backups becomes in the Restore.

use acmbackup::api::RestorePhase;
use acmbackup_lab::{HubOptions, Lab, until};
use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject};
use serde_json::{Value, json};

use crate::site::{DEADLINE, Site, backed_up, expect_code, plugin_on};
use crate::stage::{Stage, backup, remove, set};

/// `printf changed-here | base64`
const CHANGED: &str = "Y2hhbmdlZC1oZXJl";
const CREDENTIAL: &str = "cluster.open-cluster-management.io/type";

fn changes(west: &Site, flags: &str) -> Result<Value> {
    let plan: Value = serde_json::from_str(&west.run(&format!("plan --diff -o json {flags}"))?)?;
    plan.get("changes").cloned().with_context(|| format!("no changes in {plan:#}"))
}

fn changed(changes: &Value) -> Vec<String> {
    let name = |change: &Value| {
        ["kind", "namespace", "name"].map(|key| change[key].as_str().unwrap_or_default()).join(" ")
    };
    changes["changed"].as_array().into_iter().flatten().map(name).collect()
}

/// what is there is brought to the form of the backup.
#[tokio::test]
async fn a_diff_shows_what_a_restore_would_change_and_no_secret() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        let empty = changes(&west, "")?;
        assert_eq!(changed(&empty), [] as [&str; 0], "{empty:#}");
        assert!(empty["missing"].as_u64() > Some(0), "{empty:#}");

        let reconciler = west.start_loop().await?;
        west.run("restore first --cleanup none --yes --wait --timeout 2m")?;
        west.restore_is("first", RestorePhase::Finished).await?;
        reconciler.kill()?;
        let restored = changes(&west, "")?;
        assert_eq!(changed(&restored), [] as [&str; 0], "what was just restored is as in the backup");
        assert_eq!(restored["unknown"], json!([]), "{restored:#}");
        assert!(restored["unchanged"].as_u64() > Some(0), "{restored:#}");

        let secrets: Api<DynamicObject> = west.hub.objects("v1", "Secret", Some("cluster-001"));
        set(&secrets, "cluster-001-cloud", json!({"data": {"token": CHANGED}})).await?;
        let channels = "apps.open-cluster-management.io/v1";
        let channels = west.hub.objects(channels, "Channel", Some("shop-001-channel"));
        set(&channels, "shop-001", json!({"spec": {"pathname": "https://changed.example"}})).await?;

        let screen = west.run("plan --diff")?;
        assert!(screen.contains("2 objects would change"), "{screen}");
        assert!(screen.contains("-  pathname: https://changed.example"), "{screen}");
        assert!(screen.contains("*** (here)") && !screen.contains(CHANGED), "{screen}");
        let told = changes(&west, "")?;
        let wanted = [
            "secrets cluster-001 cluster-001-cloud",
            "channels.apps.open-cluster-management.io shop-001-channel shop-001",
        ];
        assert_eq!(changed(&told), wanted, "{told:#}");
        assert!(!told.to_string().contains(CHANGED));
        assert_eq!(changed(&changes(&west, "--exclude-resources secrets")?), wanted[1..]);

        check_ends_with_one_if_something_goes(&west).await
    })
    .await
}

async fn check_ends_with_one_if_something_goes(west: &Site) -> Result<()> {
    west.run("plan --check")?;
    let labels =
        json!({CREDENTIAL: "aws", "velero.io/backup-name": "acm-credentials-schedule-20200101000000"});
    let metadata = json!({"name": "left-over", "namespace": "cluster-001", "labels": labels});
    west.hub.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})).await?;
    let (screen, _) = west.run_to(1, "plan --check")?;
    assert!(screen.contains("left-over"), "{screen}");
    west.run("plan --check --cleanup none")?;
    // The activation data of a part that is left out stays out silently.
    west.run_to(1, "plan --check --cleanup none --credentials skip --managed-clusters latest")?;
    Ok(())
}

fn plan(west: &Site, flags: &str) -> Result<Value> {
    Ok(serde_json::from_str(&west.run(&format!("plan -o json --managed-clusters latest {flags}"))?)?)
}

/// What is left out because it is not served, with its number.
fn not_served(plan: &Value) -> Vec<(&str, u64)> {
    let left_out = plan["leftOut"].as_array().into_iter().flatten();
    left_out.filter_map(|left| Some((left["what"].as_str()?, left["objects"].as_u64()?))).collect()
}

#[tokio::test]
async fn a_plan_tells_from_storage_what_comes_and_what_is_left_out() -> Result<()> {
    Lab::run(async |lab| {
        let (store, _east, west) = backed_up(lab).await?;
        let full = plan(&west, "")?;
        assert_eq!(not_served(&full), [], "{full:#}");
        assert_eq!(full["steps"][5]["managedClusters"], 2, "{full:#}");
        assert_eq!(full["steps"][0]["names"], Value::Null, "names are for --details");
        let screen = west.run("plan --managed-clusters latest --details")?;
        for wanted in [" objects, 2 managed clusters", "   secrets/cluster-001-cloud in cluster-001"] {
            assert!(screen.contains(wanted), "{wanted}: {screen}");
        }
        let (_, told) = west.run_to(5, "restore take --managed-clusters latest --cleanup none")?;
        assert!(told.contains("2 managed clusters move from hub east-id to this hub"), "{told}");
        assert!(told.contains("this would move 2 managed clusters to west"), "{told}");

        let crds: Api<CustomResourceDefinition> = Api::all(west.hub.client());
        crds.delete("policies.policy.open-cluster-management.io", &DeleteParams::default()).await?;
        until(DEADLINE, "the kind to be left out of the plan", async || {
            Ok(not_served(&plan(&west, "")?) == [("policies.policy.open-cluster-management.io", 3)])
        })
        .await?;
        let (screen, _) = west.run_to(1, "plan --check --cleanup none")?;
        let wanted = "Left out  3 policies.policy.open-cluster-management.io: not served here";
        assert!(screen.contains(wanted), "{screen}");
        west.run("plan --check --cleanup none --no-contents")?;

        store.stop()?;
        let offline = plan(&west, "")?.to_string();
        assert!(offline.contains("storage-unreachable-from-here"), "{offline}");
        let unread = plan(&west, "--no-contents")?.to_string();
        assert!(!unread.contains("storage-unreachable-from-here"), "{unread}");
        Ok(())
    })
    .await
}

/// Two complete runs, and the first backup of a third.
async fn with_runs(stage: &Stage) -> Result<()> {
    let of = |part: &str, hour: u32| {
        let (stamp, started) = (format!("20261122{hour}0004"), format!("2026-11-22T{hour}:00:04Z"));
        backup((part, &stamp), &started, "east-id")
    };
    for hour in [10, 12] {
        for part in ["credentials", "resources", "resources-generic", "managed-clusters"] {
            stage.hub.create(of(part, hour)).await?;
        }
    }
    stage.hub.create(of("credentials", 14)).await
}

/// The hours of the backups that a Restore made with these flags names, credentials first; words stay words.
async fn named_by(stage: &Stage, flags: &str) -> Result<Vec<String>> {
    let arguments = format!("restore r1 --cleanup none --yes --confirm west {flags}");
    expect_code(&plugin_on(&stage.hub, &arguments).output()?, 0, &arguments)?;
    let made = stage.ours("Restore").get("r1").await?;
    remove(&stage.ours("Restore"), "r1").await?;
    let named = ["Credentials", "Resources", "ManagedClusters"].map(|part| {
        let field = made.data.pointer(&format!("/spec/velero{part}BackupName"));
        let name = field.and_then(Value::as_str).unwrap_or_default();
        let stamp = name.rsplit_once("-20261122").map(|(_, stamp)| stamp.trim_end_matches("0004"));
        stamp.unwrap_or(name).to_owned()
    });
    Ok(named.into())
}

#[tokio::test]
async fn a_pinned_choice_and_a_run_are_written_as_the_names_they_stand_for() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "west", HubOptions::default()).await?;
        with_runs(&stage).await?;
        for (flags, wanted) in [
            ("", ["latest", "latest", "skip"]),
            ("--pin", ["14", "12", "skip"]),
            ("--pin --managed-clusters latest", ["14", "12", "12"]),
            ("--run complete", ["12", "12", "skip"]),
            ("--run complete --managed-clusters latest", ["12", "12", "12"]),
            ("--run 20261122100004", ["10", "10", "skip"]),
            ("--as-of 2026-11-22T11:00:00Z", ["10", "10", "skip"]),
            ("--as-of 2026-11-22T15:00:00Z --resources skip", ["12", "skip", "skip"]),
            ("--credentials 20261122100004", ["10", "latest", "skip"]),
        ] {
            assert_eq!(named_by(&stage, flags).await?, wanted, "{flags}");
        }
        let early = "restore r1 --as-of 2026-11-22T09:00:00Z --yes";
        let (_, told) = expect_code(&plugin_on(&stage.hub, early).output()?, 4, early)?;
        assert!(told.contains("[incomplete-run]"), "{told}");
        let run = "restore r1 --run 20261122140004 --yes";
        let (_, told) = expect_code(&plugin_on(&stage.hub, run).output()?, 4, run)?;
        assert!(told.contains("[incomplete-run]"), "{told}");
        Ok(())
    })
    .await
}

//! `verify`: what it finds in real backups in a real store.

use acmbackup::cluster::clock;
use acmbackup::wire::Stamp;
use acmbackup_lab::{HubKind, HubOptions, Lab, Scope, crds, until};
use anyhow::{Context, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::old_hub::{minutes_ago, run_of};
use crate::site::{DEADLINE, NAMESPACE, Site, backed_up, expect_code, one_run, plugin_on, two_hubs};
use crate::stage::{Stage, set};

fn verdict(answer: &Value, name: &str) -> Result<String> {
    let groups = answer["groups"].as_array().context("no groups")?;
    let checks = groups.iter().flat_map(|group| group["checks"].as_array().into_iter().flatten());
    let check = checks
        .into_iter()
        .find(|check| check["name"] == name)
        .with_context(|| format!("no check {name}: {answer:#}"))?;
    Ok(check["result"].as_str().unwrap_or_default().to_owned())
}

fn output_of(site: &Site, arguments: &str) -> Result<(String, String)> {
    let output = site.plugin(arguments).output()?;
    Ok((String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

fn verify(site: &Site, flags: &str) -> Result<Value> {
    let output = site.plugin(&format!("verify -o json {flags}")).output()?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

const OLM: HubKind = HubKind {
    group: "operators.coreos.com",
    version: "v1alpha1",
    kind: "ClusterServiceVersion",
    plural: "clusterserviceversions",
    scope: Scope::Namespaced,
};

/// The backups hold an ApplicationSet in the namespace openshift-gitops.
async fn operators_are_found(west: &Site) -> Result<()> {
    west.hub.install_crds(&[crds::open(&OLM)?]).await?;
    west.hub.create_namespace("gitops").await?;
    let owned = json!([{"name": "applicationsets.argoproj.io", "kind": "ApplicationSet"}]);
    let metadata = json!({"name": "gitops.v1", "namespace": "gitops",
        "annotations": {"olm.targetNamespaces": "gitops"}});
    let api_version = format!("{}/{}", OLM.group, OLM.version);
    west.hub
        .create(json!({"apiVersion": api_version, "kind": OLM.kind, "metadata": metadata,
            "spec": {"customresourcedefinitions": {"owned": owned}}}))
        .await?;
    let (screen, _) = output_of(west, "verify")?;
    ensure!(
        screen.contains("applicationsets.argoproj.io in openshift-gitops: gitops.v1 works in gitops"),
        "{screen}"
    );
    let everywhere = Patch::Merge(json!({"metadata": {"annotations": {"olm.targetNamespaces": ""}}}));
    let operators = west.hub.objects(&api_version, OLM.kind, Some("gitops"));
    operators.patch("gitops.v1", &PatchParams::default(), &everywhere).await?;
    let answer = verify(west, "")?;
    ensure!(verdict(&answer, "operators")? == "ok", "{answer:#}");
    Ok(())
}

#[tokio::test]
async fn a_run_is_verified_from_its_writer_and_from_another_hub() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, west) = backed_up(lab).await?;
        let own = verify(&east, "--deep")?;
        for name in ["complete", "fresh", "expiry", "object lists", "managed clusters", "kinds", "hub"] {
            ensure!(verdict(&own, name)? == "ok", "{name}: {own:#}");
        }
        let other = verify(&west, "--details")?;
        ensure!(verdict(&other, "writer")? == "ok" && verdict(&other, "silence")? == "warn", "{other:#}");
        let clusters = &other["kinds"]["cluster.open-cluster-management.io/v1/ManagedCluster"];
        ensure!(clusters.as_u64().is_some_and(|clusters| clusters > 0), "{other:#}");

        west.run_to(1, "verify --max-age 1ns")?;
        west.run_to(4, "verify 20200101000000")?;
        west.run_to(4, "verify --as-of 1000h")?;

        let crds: Api<CustomResourceDefinition> = Api::all(west.hub.client());
        crds.delete("policies.policy.open-cluster-management.io", &DeleteParams::default()).await?;
        until(DEADLINE, "the kind to be gone from verify's view", async || {
            let (screen, _) = output_of(&west, "verify")?;
            Ok(screen.contains("policies.policy.open-cluster-management.io"))
        })
        .await?;
        west.run_to(1, "verify")?;

        operators_are_found(&west).await?;

        store.stop()?;
        nothing_is_claimed_unseen(&west)
    })
    .await
}

fn names_of_problems(answer: &Value) -> Vec<&str> {
    answer["problems"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect()
}

/// Without the storage each check that is not made says so, and nobody says that a hub could be rebuilt.
fn nothing_is_claimed_unseen(site: &Site) -> Result<()> {
    let offline = verify(site, "--deep")?;
    for name in ["object lists", "managed clusters", "tokens", "archives", "token validity", "kinds"] {
        ensure!(verdict(&offline, name)? == "skipped", "{name}: {offline:#}");
    }
    ensure!(names_of_problems(&offline).contains(&"storage-unreachable-from-here"), "{offline:#}");
    let (screen, _) = output_of(site, "verify")?;
    ensure!(screen.contains("but not all was checked") && !screen.contains("could be rebuilt"), "{screen}");
    Ok(())
}

/// A run by hand whose backup of managed clusters holds nothing, as Velero makes it before it knows the kinds.
async fn empty_run(east: &Site) -> Result<()> {
    let stamp = Stamp::from(clock::now()).to_string();
    for part in ["credentials", "resources", "resources-generic", "managed-clusters"] {
        let schedule = format!("acm-{part}-schedule");
        let labels = json!({"velero.io/schedule-name": schedule,
            "cluster.open-cluster-management.io/backup-cluster": "east-id"});
        let nobody = json!({"matchLabels": {"nobody": "has-this"}});
        let spec = match part {
            "managed-clusters" => json!({"storageLocation": "default", "labelSelector": nobody,
                "includedResources": ["managedclusters.cluster.open-cluster-management.io"]}),
            _ => json!({"storageLocation": "default", "includedResources": ["secrets"]}),
        };
        let metadata =
            json!({"name": format!("{schedule}-{stamp}"), "namespace": NAMESPACE, "labels": labels});
        let backup =
            json!({"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": metadata, "spec": spec});
        east.hub.create(backup).await?;
    }
    east.completed_backups(9).await?;
    Ok(())
}

#[tokio::test]
async fn missing_tokens_and_a_backup_of_nothing_are_found_in_real_storage() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, west) = two_hubs(lab, 2).await?;
        for cluster in ["cluster-001", "cluster-002"] {
            let secrets = east.hub.objects("v1", "Secret", Some(cluster));
            // The one of Hive has none.
            let _ = secrets.delete("auto-import-account", &DeleteParams::default()).await;
        }
        one_run(&east, &west).await?;
        let answer = verify(&west, "")?;
        ensure!(verdict(&answer, "tokens")? == "warn", "{answer:#}");
        ensure!(names_of_problems(&answer).contains(&"no-import-token"), "{answer:#}");
        let (_, told) = west.run_to(5, "restore take --managed-clusters latest --cleanup none")?;
        ensure!(told.contains("no import token and will stay Pending Import"), "{told}");

        empty_run(&east).await?;
        for storage in ["reached", "gone"] {
            let (answer, _) = east.run_to(1, "verify -o json")?;
            let answer: Value = serde_json::from_str(&answer)?;
            ensure!(verdict(&answer, "managed clusters")? == "fail", "{storage}: {answer:#}");
            ensure!(names_of_problems(&answer).contains(&"empty-backup"), "{storage}: {answer:#}");
            store.stop()?;
        }
        Ok(())
    })
    .await
}

/// Velero is not at work here: nothing can be read, and the rest is judged all the same.
#[tokio::test]
async fn a_run_is_judged_by_its_siblings_its_age_and_its_writers() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "west", HubOptions::default()).await?;
        let verify = |code: i32| -> Result<Value> {
            let output = plugin_on(&stage.hub, "verify -o json").output()?;
            Ok(serde_json::from_str(&expect_code(&output, code, "verify")?.0)?)
        };
        let run = run_of(&stage, "east-id", minutes_ago(60)).await?;
        let alone = verify(0)?;
        for (name, wanted) in [("spare run", "warn"), ("silence", "warn"), ("hub", "ok"), ("fresh", "ok")] {
            ensure!(verdict(&alone, name)? == wanted, "{name}: {alone:#}");
        }
        ensure!(names_of_problems(&alone).contains(&"single-run"), "{alone:#}");

        let of_part = |part: &str| format!("acm-{part}-schedule-{run}");
        let backups = stage.velero("Backup");
        set(&backups, &of_part("managed-clusters"), json!({"status": {"progress": {}}})).await?;
        let empty = verify(0)?;
        ensure!(verdict(&empty, "managed clusters")? == "warn", "{empty:#}");

        let over = json!({"status": {"expiration": minutes_ago(1).to_string()}});
        set(&backups, &of_part("credentials"), over).await?;
        let expired = verify(1)?;
        ensure!(verdict(&expired, "expiry")? == "fail", "{expired:#}");

        run_of(&stage, "north-id", minutes_ago(30)).await?;
        let contested = verify(1)?;
        ensure!(verdict(&contested, "hub")? == "fail", "{contested:#}");
        ensure!(names_of_problems(&contested).contains(&"collision"), "{contested:#}");
        Ok(())
    })
    .await
}

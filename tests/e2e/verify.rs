//! `verify`: what it finds in real backups in a real store.

use acmbackup_lab::{HubKind, Lab, Scope, crds, until};
use anyhow::{Context, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::site::{DEADLINE, Site, backed_up};

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
        screen.contains("applicationset.argoproj.io in openshift-gitops: gitops.v1 works in gitops"),
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
            Ok(screen.contains("policy.policy.open-cluster-management.io"))
        })
        .await?;
        west.run_to(1, "verify")?;

        operators_are_found(&west).await?;

        store.stop()?;
        let offline = verify(&west, "")?;
        ensure!(verdict(&offline, "object lists")? == "skipped", "{offline:#}");
        Ok(())
    })
    .await
}

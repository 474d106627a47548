//! CRDs without a schema, as older or hand-made ones may be.

use acmbackup_lab::{Hub, eventually, until};
use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;

use crate::site::{DEADLINE, NAMESPACE};

/// Opens the schema of a CRD and waits until the server goes by it.
pub(crate) async fn accept_anything(hub: &Hub, name: &str) -> Result<()> {
    let crds: Api<CustomResourceDefinition> = Api::all(hub.client());
    let open = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let crd = eventually(DEADLINE, "the schema to be opened", async || {
        let mut crd = crds.get(name).await?;
        for version in &mut crd.spec.versions {
            version.schema = Some(serde_json::from_value(open.clone())?);
        }
        Ok(Some(crds.replace(name, &PostParams::default(), &crd).await?))
    })
    .await?;
    let version = crd.spec.versions.first().context("a CRD without a version")?;
    let api_version = format!("{}/{}", crd.spec.group, version.name);
    let objects = hub.objects(&api_version, &crd.spec.names.kind, Some(NAMESPACE));
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let probe = json!({"apiVersion": api_version, "kind": crd.spec.names.kind,
        "metadata": {"name": "probe", "namespace": NAMESPACE}, "spec": 7});
    until(DEADLINE, "the open schema to be served", async || {
        objects.create(&dry_run, &serde_json::from_value(probe.clone())?).await?;
        Ok(true)
    })
    .await
}

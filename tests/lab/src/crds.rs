//! The CRDs of a hub.
//!
//! Kinds of the hub itself have an open schema: any field is kept. Velero's come from its binary, ours from the
//! library under test.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client};
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::assets::Assets;
use crate::hub_kinds::{HUB_KINDS, HubKind, Scope};
use crate::objects::{objects, unless_exists};
use crate::wait::until;

/// How long the API server may take to serve a new CRD.
const ESTABLISHED: Duration = Duration::from_secs(60);
/// CRDs created at once.
const AT_ONCE: usize = 16;

/// Everything a hub with all components serves: the hub's kinds, Velero's and ours.
///
/// # Errors
///
/// When Velero cannot be asked for its CRDs.
pub async fn all() -> Result<Vec<CustomResourceDefinition>> {
    let mut crds = of_hub()?;
    crds.extend(of_velero().await?.iter().cloned());
    crds.extend(own());
    Ok(crds)
}

/// The kinds of [`HUB_KINDS`].
///
/// # Errors
///
/// Never in practice: the table is constant.
pub fn of_hub() -> Result<Vec<CustomResourceDefinition>> {
    HUB_KINDS.iter().map(open).collect()
}

/// Those kinds of [`HUB_KINDS`] that `wanted` accepts by group and kind.
///
/// # Errors
///
/// Never in practice: the table is constant.
pub fn of_hub_where(wanted: impl Fn(&str, &str) -> bool) -> Result<Vec<CustomResourceDefinition>> {
    HUB_KINDS.iter().filter(|kind| wanted(kind.group, kind.kind)).map(open).collect()
}

/// Velero's own, as `velero install` would create them.
///
/// # Errors
///
/// When Velero cannot be run.
pub async fn of_velero() -> Result<&'static [CustomResourceDefinition]> {
    static CRDS: OnceCell<Vec<CustomResourceDefinition>> = OnceCell::const_new();
    Ok(CRDS.get_or_try_init(ask_velero).await?.as_slice())
}

/// Ours: BackupSchedule and Restore.
#[must_use]
pub fn own() -> Vec<CustomResourceDefinition> {
    acmbackup::api::crd::all()
}

/// Creates CRDs unless they exist, and waits until all are served.
pub(crate) async fn install(client: &Client, crds: &[CustomResourceDefinition]) -> Result<()> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let one = async |crd: &CustomResourceDefinition| -> Result<()> {
        unless_exists(api.create(&PostParams::default(), crd).await)?;
        let name = crd.metadata.name.as_deref().context("a CRD has a name")?;
        let established = async || Ok(is_established(&api.get(name).await?));
        until(ESTABLISHED, &format!("CRD {name} to be served"), established).await
    };
    stream::iter(crds.iter().map(one)).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let lists = crds.iter().map(async |crd| {
        until(ESTABLISHED, &format!("{} to be listed", crd.spec.names.plural), async || {
            can_list(client, crd).await
        })
        .await
    });
    stream::iter(lists).buffer_unordered(AT_ONCE).try_collect().await
}

/// The server builds the storage of a kind when it is first asked for, and asks for a second of patience meanwhile.
/// Done here for all kinds at once; Velero would wait for one after the other, forty seconds in its first backup.
async fn can_list(client: &Client, crd: &CustomResourceDefinition) -> Result<bool> {
    let version = crd.spec.versions.iter().find(|version| version.served).context("a CRD has a version")?;
    let kind = objects(client, &format!("{}/{}", crd.spec.group, version.name), &crd.spec.names.kind, None);
    kind.list_metadata(&ListParams::default().limit(1)).await?;
    Ok(true)
}

/// What `velero install` prints.
#[derive(Deserialize)]
struct CrdList {
    items: Vec<CustomResourceDefinition>,
}

fn is_established(crd: &CustomResourceDefinition) -> bool {
    let conditions = crd.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Established" && condition.status == "True")
}

async fn ask_velero() -> Result<Vec<CustomResourceDefinition>> {
    let velero = &Assets::find().await?.velero;
    let args = ["install", "--crds-only", "--dry-run", "-o", "json"];
    let output = Command::new(velero).args(args).output().await.context("run velero install")?;
    if !output.status.success() {
        bail!("velero install: {}", String::from_utf8_lossy(&output.stderr));
    }
    let list: CrdList = serde_json::from_slice(&output.stdout).context("read what velero install printed")?;
    Ok(list.items)
}

/// The CRD of a kind, which may be none of the hub's; any field is kept.
///
/// # Errors
///
/// Never in practice.
pub fn open(kind: &HubKind) -> Result<CustomResourceDefinition> {
    let HubKind { group, version, kind, plural, scope } = *kind;
    let scope = match scope {
        Scope::Cluster => "Cluster",
        Scope::Namespaced => "Namespaced",
    };
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            // The API server asks for it on groups of k8s.io.
            "annotations": {"api-approved.kubernetes.io": "unapproved, lab only"},
        },
        "spec": {
            "group": group,
            "scope": scope,
            "names": {
                "kind": kind,
                "listKind": format!("{kind}List"),
                "plural": plural,
                "singular": kind.to_lowercase(),
            },
            "versions": [{
                "name": version,
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                "subresources": {"status": {}},
            }],
        },
    });
    serde_json::from_value(crd).with_context(|| format!("CRD of {kind}.{group}"))
}

//! What Hive costs the loop: `cargo run -p acmbackup-lab --bin hive_figures -- PLUGIN [DEPLOYMENTS] [SECRETS]`.
//!
//! While there are ClusterDeployments the loop follows the metadata of all secrets and drops those outside of Hive's
//! namespaces. So there is a hub with nothing but unrelated secrets, and one with ClusterDeployments besides.
//! Prints Markdown. A benchmark, not a test.

use std::time::Duration;

use acmbackup_lab::audit::by_verb;
use acmbackup_lab::markdown::{head, row, size, thousands};
use acmbackup_lab::{Counted, Fill, Hub, HubOptions, Lab, Plugin, VeleroOptions, crds};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

const NAMESPACE: &str = "open-cluster-management-backup";
const ELSEWHERE: &str = "elsewhere";
const DEADLINE: Duration = Duration::from_secs(300);
/// Without a request but those of the lease for this long, the loop rests.
const QUIET: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 32;

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let plugin = Plugin::at(words.next().context("name the plugin's binary")?);
    let mut number = |usual| words.next().map_or(Ok(usual), |word| word.parse::<usize>());
    let (deployments, secrets) = (number(1000)?, number(20_000)?);
    println!("Measured: {}.\n", plugin.described()?);
    println!("{}", head(&["hub", "bytes from start to rest", "requests", "peak memory"]));
    for deployments in [0, deployments] {
        Lab::run(async |lab| on_a_hub(lab, &plugin, (deployments, secrets)).await).await?;
    }
    Ok(())
}

async fn on_a_hub(lab: &Lab, plugin: &Plugin, (deployments, secrets): (usize, usize)) -> Result<()> {
    let store = lab.store().await?;
    let hub = lab.hub_with("east", HubOptions { audit: true, ..HubOptions::default() }).await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::nothing("1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21")).await?;
    let _velero = hub.velero(&store, VeleroOptions::default()).await?;
    hub.create_namespace(ELSEWHERE).await?;
    let unrelated = stream::iter(0..secrets).map(|number| unrelated(&hub, number)).buffer_unordered(AT_ONCE);
    unrelated.try_collect::<()>().await?;
    let deployed = stream::iter(0..deployments).map(|number| deploy(&hub, number)).buffer_unordered(AT_ONCE);
    deployed.try_collect::<()>().await?;
    hub.create(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "schedule-acm", "namespace": NAMESPACE},
        "spec": {"veleroSchedule": "@daily", "veleroTtl": "120h"},
    }))
    .await?;

    let through = Counted::before(&hub).await?;
    let reconciler = plugin.start_loop(&hub, &format!("--kubeconfig {}", through.kubeconfig().display()))?;
    reconciler.holds_lease().await?;
    let requests = by_verb(&hub.requests_at_rest(QUIET, DEADLINE).await?);
    let hub =
        format!("{} unrelated secrets, {} ClusterDeployments", thousands(secrets), thousands(deployments));
    let peak = format!("{} MiB", reconciler.peak_mib().context("no figure for its memory")?);
    println!("{}", row(&[hub, size(through.bytes()), requests, peak]));
    Ok(())
}

/// As big as one of Helm's, of which there are many on a real hub.
async fn unrelated(hub: &Hub, number: usize) -> Result<()> {
    hub.create(json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": {"value": "x".repeat(2000)},
        "metadata": {"name": format!("secret-{number:05}"), "namespace": ELSEWHERE},
    }))
    .await
}

/// A cluster with the two secrets its ClusterDeployment names.
async fn deploy(hub: &Hub, number: usize) -> Result<()> {
    let name = format!("cluster-{number:04}");
    let (kubeconfig, pull) = (format!("{name}-admin-kubeconfig"), format!("{name}-pull-secret"));
    hub.create_namespace(&name).await?;
    for secret in [&kubeconfig, &pull] {
        hub.create(json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": {"value": "x"},
            "metadata": {"name": secret, "namespace": name},
        }))
        .await?;
    }
    hub.create(json!({
        "apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment",
        "metadata": {"name": name, "namespace": name},
        "spec": {
            "clusterName": name, "installed": true, "pullSecretRef": {"name": pull},
            "clusterMetadata": {"adminKubeconfigSecretRef": {"name": kubeconfig}},
        },
    }))
    .await
}

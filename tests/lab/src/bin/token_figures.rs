//! What tokens cost: `cargo run -p acmbackup-lab --bin token_figures -- PLUGIN [CLUSTERS...]`.
//!
//! A column per number of clusters, each on a hub of its own: what one more of anything costs must not grow with it.
//! Requests are read from the API server's audit log; bytes are counted between the loop and the API server, with TLS
//! around them. Prints Markdown. A benchmark, not a test.

use std::time::{Duration, Instant};

use acmbackup_lab::audit::by_verb;
use acmbackup_lab::markdown::{head, row, size, thousands};
use acmbackup_lab::{Counted, Fill, Hub, HubOptions, Lab, Plugin, VeleroOptions, crds, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

const NAMESPACE: &str = "open-cluster-management-backup";
const DEADLINE: Duration = Duration::from_secs(900);
/// Without a request but those of the lease for this long, the loop rests.
const QUIET: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 32;
const ROWS: [&str; 6] = [
    "from nothing: start, first lists, BackupSchedule with its first backups, all addons, works and accounts",
    "one token appears",
    "one more cluster joins",
    "a pass at rest",
    "BackupSchedule created → last account seen",
    "peak memory",
];

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let plugin = Plugin::at(words.next().context("name the plugin's binary")?);
    let numbers: Result<Vec<usize>, _> = words.map(|word| word.parse()).collect();
    let numbers = numbers.map(|given| if given.is_empty() { vec![350, 3500] } else { given })?;
    println!("Measured: {}.\n", plugin.described()?);
    let mut columns = Vec::new();
    for number in &numbers {
        columns.push(Lab::run(async |lab| on_a_hub(lab, &plugin, *number).await).await?);
    }
    let title = |number: &usize| format!("{} clusters", thousands(*number));
    println!("{}", head(&[vec!["what".to_owned()], numbers.iter().map(title).collect()].concat()));
    for (place, what) in ROWS.iter().enumerate() {
        let figures = columns.iter().filter_map(|column| column.get(place).cloned());
        println!("{}", row(&[vec![(*what).to_owned()], figures.collect()].concat()));
    }
    Ok(())
}

/// The figures of [`ROWS`].
async fn on_a_hub(lab: &Lab, plugin: &Plugin, clusters: usize) -> Result<[String; ROWS.len()]> {
    let store = lab.store().await?;
    let hub = lab.hub_with("east", HubOptions { audit: true, ..HubOptions::default() }).await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::nothing("1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21")).await?;
    let _velero = hub.velero(&store, VeleroOptions::default()).await?;
    let joined = stream::iter(1..=clusters).map(|number| join(&hub, number)).buffer_unordered(AT_ONCE);
    joined.try_collect::<()>().await?;

    let through = Counted::before(&hub).await?;
    let reconciler = plugin.start_loop(&hub, &format!("--kubeconfig {}", through.kubeconfig().display()))?;
    let spec = json!({"veleroSchedule": "@daily", "veleroTtl": "120h", "useManagedServiceAccount": true});
    let mut seen = Seen { counted: through, requests: 0, bytes: 0 };
    let begin = Instant::now();
    hub.create(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "schedule-acm", "namespace": NAMESPACE}, "spec": spec,
    }))
    .await?;
    has_account(&hub, clusters).await?;
    let last_account = format!("{:.1} s", begin.elapsed().as_secs_f64());
    let from_nothing = seen.since_the_last(&hub).await?;

    has_token(&hub, 1).await?;
    let one_token = seen.since_the_last(&hub).await?;

    join(&hub, clusters + 1).await?;
    has_account(&hub, clusters + 1).await?;
    let one_cluster = seen.since_the_last(&hub).await?;

    pass(&hub).await?;
    let at_rest = seen.since_the_last(&hub).await?;
    let peak = format!("{} MiB", reconciler.peak_mib().context("no figure for its memory")?);
    Ok([from_nothing, one_token, one_cluster, at_rest, last_account, peak])
}

/// The namespace comes with the cluster.
async fn join(hub: &Hub, number: usize) -> Result<()> {
    let name = name_of(number);
    hub.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await?;
    let cluster = "cluster.open-cluster-management.io/v1";
    hub.create(
        json!({"apiVersion": cluster, "kind": "ManagedCluster", "metadata": {"name": name}, "spec": {}}),
    )
    .await
}

fn name_of(number: usize) -> String {
    format!("cluster-{number:04}")
}

/// An annotation on the BackupSchedule changes nothing and is looked at.
async fn pass(hub: &Hub) -> Result<()> {
    let api = hub.objects("cluster.open-cluster-management.io/v1beta1", "BackupSchedule", Some(NAMESPACE));
    let patch = kube::api::Patch::Merge(json!({"metadata": {"annotations": {"look": "again"}}}));
    api.patch("schedule-acm", &Default::default(), &patch).await?;
    Ok(())
}

async fn has_account(hub: &Hub, number: usize) -> Result<()> {
    let account = ("authentication.open-cluster-management.io/v1beta1", "ManagedServiceAccount");
    let api = hub.objects(account.0, account.1, Some(&name_of(number)));
    until(DEADLINE, "the account", async || Ok(api.get_opt("auto-import-account").await?.is_some())).await
}

async fn has_token(hub: &Hub, number: usize) -> Result<()> {
    let labels = json!({"authentication.open-cluster-management.io/is-managed-serviceaccount": "true"});
    hub.create(json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"token": "t"}, "metadata": {
        "name": "auto-import-account", "namespace": name_of(number), "labels": labels,
    }}))
    .await
}

/// What was asked and answered up to now.
struct Seen {
    counted: Counted,
    requests: usize,
    bytes: u64,
}

impl Seen {
    /// Waits until the loop rests, and tells what it asked since the last time; the lease is in the bytes alone.
    async fn since_the_last(&mut self, hub: &Hub) -> Result<String> {
        let all = hub.requests_at_rest(QUIET, DEADLINE).await?;
        let requests = by_verb(all.get(self.requests..).unwrap_or_default());
        let now = self.counted.bytes();
        let bytes = now - std::mem::replace(&mut self.bytes, now);
        self.requests = all.len();
        Ok(format!("{requests}; {}", size(bytes)))
    }
}

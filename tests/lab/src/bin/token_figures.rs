//! What tokens cost: `cargo run -p acmbackup-lab --bin token_figures -- PLUGIN [CLUSTERS]`.
//!
//! Requests are read from the API server's audit log; bytes are counted between the loop and the API server, with TLS
//! around them. A benchmark, not a test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use acmbackup_lab::audit::counted;
use acmbackup_lab::{Fill, Hub, HubOptions, Lab, Plugin, Request, VeleroOptions, crds, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const NAMESPACE: &str = "open-cluster-management-backup";
const DEADLINE: Duration = Duration::from_secs(900);
/// Without a request but those of the lease for this long, the loop rests.
const QUIET: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 32;

#[tokio::main]
async fn main() -> Result<()> {
    let plugin = Plugin::at(std::env::args().nth(1).context("name the plugin's binary")?);
    let clusters = std::env::args().nth(2).map_or(Ok(3500), |number| number.parse::<usize>())?;
    Lab::run(async |lab| on_a_hub(lab, &plugin, clusters).await).await
}

async fn on_a_hub(lab: &Lab, plugin: &Plugin, clusters: usize) -> Result<()> {
    let store = lab.store().await?;
    let hub = lab.hub_with("east", HubOptions { audit: true, ..HubOptions::default() }).await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::nothing("1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21")).await?;
    let _velero = hub.velero(&store, VeleroOptions::default()).await?;
    let joined = stream::iter(1..=clusters).map(|number| join(&hub, number)).buffer_unordered(AT_ONCE);
    joined.try_collect::<()>().await?;

    let through = Counted::before(&hub).await?;
    let reconciler = plugin.start_loop(&hub, &format!("--kubeconfig {}", through.kubeconfig.display()))?;
    let spec = json!({"veleroSchedule": "@daily", "veleroTtl": "120h", "useManagedServiceAccount": true});
    let mut seen = Seen { counted: through, requests: 0, bytes: 0 };
    let begin = Instant::now();
    hub.create(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "schedule-acm", "namespace": NAMESPACE}, "spec": spec,
    }))
    .await?;
    has_account(&hub, clusters).await?;
    println!(
        "{clusters} clusters from nothing: the last account after {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    seen.report(&hub, "from nothing").await?;

    has_token(&hub, 1).await?;
    seen.report(&hub, "one token appears").await?;

    join(&hub, clusters + 1).await?;
    has_account(&hub, clusters + 1).await?;
    seen.report(&hub, "one more cluster joins").await?;

    pass(&hub).await?;
    seen.report(&hub, "a pass at rest").await?;
    println!("peak memory of the loop: {} MiB", reconciler.peak_mib().context("no figure for its memory")?);
    Ok(())
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
    /// Waits until the loop rests, and prints what it asked since the last time.
    async fn report(&mut self, hub: &Hub, what: &str) -> Result<()> {
        let all = resting(hub).await?;
        let new = all.get(self.requests..).unwrap_or_default();
        let now = self.counted.bytes.load(Ordering::Relaxed);
        let bytes = now - std::mem::replace(&mut self.bytes, now);
        println!("{what}: {} requests, {:.1} KiB both ways", new.len(), bytes as f64 / 1024.0);
        for (request, count) in counted(new) {
            println!("  {count:6} {request}");
        }
        self.requests = all.len();
        Ok(())
    }
}

async fn resting(hub: &Hub) -> Result<Vec<Request>> {
    let mut last = (hub.requests_of_plugin()?.len(), Instant::now());
    until(DEADLINE, "the loop to rest", async || {
        let now = hub.requests_of_plugin()?.len();
        if now != last.0 {
            last = (now, Instant::now());
        }
        Ok(last.1.elapsed() >= QUIET)
    })
    .await?;
    hub.requests_of_plugin()
}

/// A door to the API server that counts what passes.
struct Counted {
    bytes: Arc<AtomicU64>,
    kubeconfig: PathBuf,
}

impl Counted {
    async fn before(hub: &Hub) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let text = std::fs::read_to_string(hub.kubeconfig())?;
        let server =
            text.split("server:").nth(1).and_then(|rest| rest.lines().next()).context("no server")?;
        let address = server.trim().trim_matches('"').trim_start_matches("https://").to_owned();
        let kubeconfig = hub.folder().join("kubeconfig-counted");
        std::fs::write(&kubeconfig, text.replace(&address, &listener.local_addr()?.to_string()))?;
        let bytes = Arc::new(AtomicU64::new(0));
        tokio::spawn(pass_on(listener, address, Arc::clone(&bytes)));
        Ok(Self { bytes, kubeconfig })
    }
}

async fn pass_on(listener: TcpListener, address: String, bytes: Arc<AtomicU64>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(&address).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::spawn(count(from_client, to_server, Arc::clone(&bytes)));
        tokio::spawn(count(from_server, to_client, Arc::clone(&bytes)));
    }
}

async fn count(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    bytes: Arc<AtomicU64>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        bytes.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}

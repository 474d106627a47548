//! What a clean-up costs: `cargo run -p acmbackup-lab --bin cleanup_figures -- PLUGIN [LEFTOVERS...]`.
//!
//! Policies that an earlier restore made, and that are in no backup, go after a Restore. The lab has no garbage collector,
//! so this program takes its part once the Restore is Finished. What is Velero's and what is ours is told by the API
//! server's audit log. Prints Markdown. A benchmark, not a test.

use std::time::Duration;

use acmbackup::api::{BackupSchedule, Restore, RestorePhase};
use acmbackup::velero::Backup;
use acmbackup_lab::audit::by_verb;
use acmbackup_lab::markdown::{head, row, thousands};
use acmbackup_lab::{
    Fill, Hub, HubOptions, Lab, Loop, Passes, Plugin, Request, Velero, VeleroOptions, crds, until,
};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

const NAMESPACE: &str = "open-cluster-management-backup";
const DEADLINE: Duration = Duration::from_secs(180);
const AT_ONCE: usize = 32;
const OURS: &str = "cluster.open-cluster-management.io";
const HEAD: [&str; 8] = [
    "leftovers",
    "Restore created → Finished",
    "Velero's: created → its last restore Completed",
    "ours after that",
    "requests",
    "of them after that",
    "passes",
    "peak memory of the loop",
];
const POLICY: (&str, &str) = ("policy.open-cluster-management.io/v1", "Policy");

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let plugin = Plugin::at(words.next().context("name the plugin's binary")?);
    let numbers: Result<Vec<usize>, _> = words.map(|word| word.parse()).collect();
    let numbers = numbers.map(|given| if given.is_empty() { vec![3, 1000, 10_000] } else { given })?;
    println!("Measured: {}.\n", plugin.described()?);
    println!("{}", head(&HEAD));
    Lab::run(async |lab| on_a_hub(lab, &plugin, &numbers).await).await
}

async fn on_a_hub(lab: &Lab, plugin: &Plugin, numbers: &[usize]) -> Result<()> {
    let store = lab.store().await?;
    let hub = lab.hub_with("east", HubOptions { audit: true, ..HubOptions::default() }).await?;
    hub.install_crds(&crds::all().await?).await?;
    hub.fill(&Fill::new(12, "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21")).await?;
    let velero = hub.velero(&store, VeleroOptions::default()).await?;
    hub.create_namespace("leftovers").await?;
    for number in numbers {
        let passes = Passes::new()?;
        let reconciler = plugin.start_loop(&hub, &passes.flag())?;
        reconciler.holds_lease().await?;
        take_a_run(&hub, &velero).await?;
        one_cleanup(&hub, (&reconciler, passes), *number).await?;
        reconciler.terminate().await?;
    }
    Ok(())
}

/// A schedule must not be there when a Restore begins.
async fn take_a_run(hub: &Hub, velero: &Velero) -> Result<()> {
    let backups: Api<Backup> = Api::namespaced(hub.client(), NAMESPACE);
    if !backups.list(&ListParams::default()).await?.items.is_empty() {
        return Ok(());
    }
    let schedules: Api<BackupSchedule> = Api::namespaced(hub.client(), NAMESPACE);
    hub.create(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "schedule-acm", "namespace": NAMESPACE},
        "spec": {"veleroSchedule": "@daily", "veleroTtl": "120h", "useManagedServiceAccount": true},
    }))
    .await?;
    velero.completed_backups(5).await?;
    schedules.delete("schedule-acm", &DeleteParams::default()).await?;
    until(DEADLINE, "the schedule to go", async || Ok(schedules.get_opt("schedule-acm").await?.is_none()))
        .await
}

async fn one_cleanup(hub: &Hub, (reconciler, passes): (&Loop, Passes), number: usize) -> Result<()> {
    let made = stream::iter(0..number).map(|index| leave(hub, number, index)).buffer_unordered(AT_ONCE);
    made.try_collect::<()>().await?;
    let (before, passes_before, name) =
        (hub.requests()?.len(), passes.so_far().await?, format!("after-{number}"));
    hub.create(json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "CleanupRestored",
        },
    }))
    .await?;
    let restores: Api<Restore> = Api::namespaced(hub.client(), NAMESPACE);
    until(DEADLINE, "the Restore to be Finished", async || {
        Ok(restores.get(&name).await?.phase() == RestorePhase::Finished)
    })
    .await?;
    let made = passes.so_far().await? - passes_before;
    let peak = reconciler.peak_mib().context("no figure for its memory")?;
    let all = hub.requests()?;
    let moments = Moments::of(all.get(before..).unwrap_or_default())?;
    let gone = collect(hub).await?;
    println!("{}", row(&moments.cells((number, gone), made, peak)));
    Ok(())
}

/// When what happened, and what the plugin asked meanwhile.
struct Moments {
    created: Timestamp,
    restored: Timestamp,
    finished: Timestamp,
    requests: Vec<Request>,
}

impl Moments {
    fn of(all: &[Request]) -> Result<Self> {
        let is = |request: &&Request, (verb, group, resource): (&str, &str, &str)| {
            (request.verb.as_str(), request.group.as_str(), request.resource.as_str())
                == (verb, group, resource)
        };
        let created = all.iter().find(|request| is(request, ("create", OURS, "restores")));
        // Velero says Completed, and nothing else of a restore after that.
        let is_veleros =
            |request: &&Request| !request.is_of_plugin() && is(request, ("patch", "velero.io", "restores"));
        let is_status =
            |request: &&Request| request.is_of_plugin() && is(request, ("patch", OURS, "restores/status"));
        let last = |fits: &dyn Fn(&&Request) -> bool| all.iter().filter(fits).map(|request| request.at).max();
        Ok(Self {
            created: created.context("nobody created a Restore")?.at,
            restored: last(&is_veleros).context("Velero restored nothing")?,
            finished: last(&is_status).context("the loop wrote no status")?,
            requests: all
                .iter()
                .filter(|one| one.is_of_plugin() && one.resource != "leases")
                .cloned()
                .collect(),
        })
    }

    fn cells(&self, (number, gone): (usize, usize), passes: u64, peak: u64) -> [String; HEAD.len()] {
        let seconds = |time: SignedDuration| format!("{:.2} s", time.as_secs_f64());
        let after: Vec<Request> =
            self.requests.iter().filter(|one| one.at > self.restored).cloned().collect();
        [
            format!("{}, of which {} deleted", thousands(number), thousands(gone)),
            seconds(self.finished.duration_since(self.created)),
            seconds(self.restored.duration_since(self.created)),
            seconds(self.finished.duration_since(self.restored)),
            thousands(self.requests.len()),
            by_verb(&after),
            thousands(passes),
            format!("{peak} MiB"),
        ]
    }
}

async fn leave(hub: &Hub, number: usize, index: usize) -> Result<()> {
    let labels = json!({"velero.io/backup-name": "acm-resources-schedule-20200101000000"});
    let metadata =
        json!({"name": format!("left-{number}-{index}"), "namespace": "leftovers", "labels": labels});
    hub.create(json!({"apiVersion": POLICY.0, "kind": POLICY.1, "metadata": metadata, "spec": {}})).await
}

/// Does what the garbage collector would; answers how many objects were being deleted.
async fn collect(hub: &Hub) -> Result<usize> {
    let policies = hub.objects(POLICY.0, POLICY.1, Some("leftovers"));
    let dying: Vec<String> = policies
        .list_metadata(&ListParams::default())
        .await?
        .items
        .iter()
        .filter(|policy| policy.metadata.deletion_timestamp.is_some())
        .map(ResourceExt::name_any)
        .collect();
    let patch = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    let freed = stream::iter(&dying)
        .map(async |name| policies.patch(name, &PatchParams::default(), &patch).await.map(drop))
        .buffer_unordered(AT_ONCE);
    freed.try_collect::<()>().await?;
    Ok(dying.len())
}

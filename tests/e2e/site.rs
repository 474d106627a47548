//! One hub with Velero, and the plugin and the loop on it.

use std::process::{Command, Output};
use std::time::Duration;

use acmbackup::{api, velero};
use acmbackup_lab::{
    Fill, Hub, HubOptions, Lab, Loop, Plugin, Store, Velero, VeleroOptions, crds, eventually, until,
};
use anyhow::{Context, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::ListParams;

/// Namespace of Velero and of our objects on every hub.
pub(crate) const NAMESPACE: &str = "open-cluster-management-backup";
/// How long a hub may take for anything: far more than it needs on a slow day.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// One hub with Velero on it.
pub(crate) struct Site {
    pub(crate) hub: Hub,
    pub(crate) velero: Velero,
}

impl Site {
    /// A hub that manages `clusters` clusters.
    pub(crate) async fn start(lab: &Lab, store: &Store, name: &str, clusters: usize) -> Result<Self> {
        Self::start_with(lab, store, name, (clusters, HubOptions::default(), VeleroOptions::default())).await
    }

    pub(crate) async fn start_with(
        lab: &Lab,
        store: &Store,
        name: &str,
        (clusters, hub_options, velero_options): (usize, HubOptions, VeleroOptions),
    ) -> Result<Self> {
        let hub = lab.hub_with(name, hub_options).await?;
        hub.install_crds(&crds::own()).await?;
        Self::on(hub, store, clusters, velero_options).await
    }

    /// A hub that keeps an audit log and has these instead of our own two CRDs.
    pub(crate) async fn start_with_crds(
        lab: &Lab,
        store: &Store,
        name: &str,
        (clusters, own): (usize, Vec<CustomResourceDefinition>),
    ) -> Result<Self> {
        let hub = lab.hub_with(name, HubOptions { audit: true, ..HubOptions::default() }).await?;
        hub.install_crds(&own).await?;
        Self::on(hub, store, clusters, VeleroOptions::default()).await
    }

    /// A hub that has our own two CRDs.
    async fn on(hub: Hub, store: &Store, clusters: usize, options: VeleroOptions) -> Result<Self> {
        hub.install_crds(&crds::of_hub()?).await?;
        let id = format!("{}-id", hub.name());
        hub.fill(&if clusters == 0 { Fill::nothing(&id) } else { Fill::new(clusters, &id) }).await?;
        let velero = hub.velero(store, options).await?;
        Ok(Self { hub, velero })
    }

    /// The plugin on this hub.
    pub(crate) fn plugin(&self, arguments: &str) -> Command {
        plugin_on(&self.hub, arguments)
    }

    /// Runs the plugin and wants success.
    pub(crate) fn run(&self, arguments: &str) -> Result<String> {
        let output = self.plugin(arguments).output().context("start the plugin")?;
        ensure!(
            output.status.success(),
            "kubectl acmbackup {arguments} on {} ended with {}:\n{}{}",
            self.hub.name(),
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        Ok(text(&output.stdout))
    }

    /// Runs the plugin and wants this exit code; answers stdout and stderr.
    pub(crate) fn run_to(&self, code: i32, arguments: &str) -> Result<(String, String)> {
        let output = self.plugin(arguments).output().context("start the plugin")?;
        expect_code(&output, code, arguments)
    }

    /// Starts the loop and waits until it holds the lease.
    pub(crate) async fn start_loop(&self) -> Result<Loop> {
        self.start_loop_with("").await
    }

    pub(crate) async fn start_loop_with(&self, flags: &str) -> Result<Loop> {
        let reconciler = the_plugin().start_loop(&self.hub, flags)?;
        reconciler.holds_lease().await?;
        Ok(reconciler)
    }

    pub(crate) fn schedules(&self) -> Api<api::BackupSchedule> {
        Api::namespaced(self.hub.client(), NAMESPACE)
    }

    pub(crate) fn restores(&self) -> Api<api::Restore> {
        Api::namespaced(self.hub.client(), NAMESPACE)
    }

    pub(crate) fn backups(&self) -> Api<velero::Backup> {
        Api::namespaced(self.hub.client(), NAMESPACE)
    }

    pub(crate) fn velero_schedules(&self) -> Api<velero::Schedule> {
        Api::namespaced(self.hub.client(), NAMESPACE)
    }

    pub(crate) fn velero_restores(&self) -> Api<velero::Restore> {
        Api::namespaced(self.hub.client(), NAMESPACE)
    }

    /// Waits until a Restore is in the wanted phase; an unwanted final phase ends the wait at once.
    pub(crate) async fn restore_is(&self, name: &str, wanted: api::RestorePhase) -> Result<api::Restore> {
        eventually(DEADLINE, &format!("restore {name} to be {wanted}"), async || {
            let restore = self.restores().get(name).await?;
            Ok((restore.phase() == wanted).then_some(restore))
        })
        .await
    }

    /// Waits until the schedule of this hub is in the wanted phase.
    pub(crate) async fn schedule_is(&self, wanted: api::BackupSchedulePhase) -> Result<api::BackupSchedule> {
        eventually(DEADLINE, &format!("the schedule to be {wanted}"), async || {
            let found = self.schedules().list(&ListParams::default()).await?;
            Ok(found.items.into_iter().find(|schedule| schedule.phase() == wanted))
        })
        .await
    }

    /// Waits until `count` backups are Completed here.
    pub(crate) async fn completed_backups(&self, count: usize) -> Result<Vec<velero::Backup>> {
        self.velero.completed_backups(count).await
    }

    /// Waits until Velero says this about the storage location.
    pub(crate) async fn location_is(&self, phase: &str) -> Result<()> {
        let locations: Api<velero::BackupStorageLocation> = Api::namespaced(self.hub.client(), NAMESPACE);
        until(DEADLINE, &format!("the storage location to be {phase}"), async || {
            let found = locations.list(&ListParams::default()).await?;
            Ok(found.items.iter().any(|l| l.status.as_ref().is_some_and(|s| s.phase.as_str() == phase)))
        })
        .await
    }

    /// Makes a schedule, waits for Enabled and for the first run of five backups.
    pub(crate) async fn back_up(&self) -> Result<Vec<velero::Backup>> {
        self.run("schedule --cron @daily --ttl 72h --managed-service-account --wait --timeout 2m")?;
        self.completed_backups(5).await
    }

    /// Number of objects a takeover has to bring, by kind.
    pub(crate) async fn counts(&self) -> Result<std::collections::BTreeMap<String, usize>> {
        self.hub.count().await
    }
}

/// A store, a hub that manages `clusters` clusters, and an empty hub.
pub(crate) async fn two_hubs(lab: &Lab, clusters: usize) -> Result<(Store, Site, Site)> {
    let store = lab.store().await?;
    let (east, west) =
        tokio::try_join!(Site::start(lab, &store, "east", clusters), Site::start(lab, &store, "west", 0))?;
    Ok((store, east, west))
}

/// Backs up one hub once, and waits until the other sees it; the loop for it has ended.
pub(crate) async fn one_run(east: &Site, west: &Site) -> Result<()> {
    let _loop = east.start_loop().await?;
    east.back_up().await?;
    west.completed_backups(5).await?;
    Ok(())
}

/// A store, a hub with one run of backups in it, and an empty hub that sees them; no loop runs any more.
pub(crate) async fn backed_up(lab: &Lab) -> Result<(Store, Site, Site)> {
    let (store, east, west) = two_hubs(lab, 2).await?;
    one_run(&east, &west).await?;
    Ok((store, east, west))
}

/// The plugin with a hub's kubeconfig.
pub(crate) fn plugin_on(hub: &Hub, arguments: &str) -> Command {
    the_plugin().command(hub, arguments)
}

/// The plugin under test.
pub(crate) fn the_plugin() -> Plugin {
    Plugin::at(env!("CARGO_BIN_EXE_kubectl-acmbackup"))
}

/// Both streams of an output that ended with the wanted code.
pub(crate) fn expect_code(output: &Output, code: i32, arguments: &str) -> Result<(String, String)> {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    ensure!(
        output.status.code() == Some(code),
        "kubectl acmbackup {arguments}: wanted exit code {code}, got {}:\n{stdout}{stderr}",
        output.status
    );
    Ok((stdout, stderr))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

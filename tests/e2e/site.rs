//! One hub with Velero, and the plugin and the loop on it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use acmbackup::{api, velero};
use acmbackup_lab::{Fill, Hub, HubOptions, Lab, Store, Velero, VeleroOptions, crds, eventually, until};
use anyhow::{Context, Result, ensure};
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
        hub.install_crds(&crds::all().await?).await?;
        let id = format!("{name}-id");
        hub.fill(&if clusters == 0 { Fill::nothing(&id) } else { Fill::new(clusters, &id) }).await?;
        let velero = hub.velero(store, velero_options).await?;
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
        let reconciler = Loop::spawn(&self.hub, flags)?;
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
        eventually(DEADLINE, &format!("{count} backups to be Completed"), async || {
            let mut backups = self.backups().list(&ListParams::default()).await?.items;
            backups.retain(|backup| {
                backup.status.as_ref().is_some_and(|s| s.phase == velero::BackupPhase::Completed)
            });
            Ok((backups.len() >= count).then_some(backups))
        })
        .await
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

/// A store, a hub with one run of backups in it, and an empty hub that sees them; no loop runs any more.
pub(crate) async fn backed_up(lab: &Lab) -> Result<(Store, Site, Site)> {
    let store = lab.store().await?;
    let (east, west) =
        tokio::try_join!(Site::start(lab, &store, "east", 2), Site::start(lab, &store, "west", 0))?;
    let _loop = east.start_loop().await?;
    east.back_up().await?;
    west.completed_backups(5).await?;
    Ok((store, east, west))
}

/// The plugin with a hub's kubeconfig.
pub(crate) fn plugin_on(hub: &Hub, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-acmbackup"));
    command.args(arguments.split_whitespace()).env("KUBECONFIG", hub.kubeconfig()).stdin(Stdio::null());
    command
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

/// A loop in the background; killed when dropped.
pub(crate) struct Loop {
    child: Child,
    log: PathBuf,
}

impl Loop {
    pub(crate) fn spawn(hub: &Hub, flags: &str) -> Result<Self> {
        Self::start(hub, plugin_on(hub, &format!("run --log-format text {flags}")))
    }

    /// Starts a command that is, or becomes, the loop.
    pub(crate) fn start(hub: &Hub, mut command: Command) -> Result<Self> {
        let log = hub.folder().join(format!("loop-{}.log", acmbackup_lab::free_port()?));
        let child =
            command.stdout(Stdio::null()).stderr(File::create(&log)?).spawn().context("start the loop")?;
        Ok(Self { child, log })
    }

    pub(crate) async fn holds_lease(&self) -> Result<()> {
        until(DEADLINE, "the loop to hold the lease", async || Ok(self.log().contains("held by us"))).await
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGKILL: nothing is finished, the lease stays taken.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, as Kubernetes stops a pod; answers the exit code.
    pub(crate) async fn terminate(self) -> Result<i32> {
        self.end_by(&["TERM"]).await
    }

    /// Sends these signals and answers the exit code.
    pub(crate) async fn end_by(mut self, signals: &[&str]) -> Result<i32> {
        for signal in signals {
            self.signal(signal)?;
        }
        let status = eventually(DEADLINE, "the loop to end", async || Ok(self.child.try_wait()?)).await?;
        status.code().context("the loop was ended by the signal instead of ending itself")
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        ensure!(status.context("start kill")?.success(), "cannot send {signal} to the loop");
        Ok(())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The hubs that are shown, and the plugin on them.

use std::process::Command;
use std::time::Duration;

use acmbackup::velero::{Backup, BackupPhase};
use acmbackup_lab::{
    Fill, Hub, Lab, Loop, Plugin, Store, Terminal, Velero, VeleroOptions, as_in_a_window, crds, until,
};
use anyhow::{Result, ensure};
use kube::Api;
use kube::api::ListParams;

use crate::beside;

/// How long a hub may take for anything.
const DEADLINE: Duration = Duration::from_secs(120);

/// A hub with Velero and the loop on it; all of it ends when dropped.
pub(crate) struct Site {
    pub(crate) hub: Hub,
    velero: Velero,
    plugin: Plugin,
    _reconciler: Loop,
}

impl Site {
    pub(crate) async fn start(lab: &Lab, store: &Store, (name, fill): (&str, &Fill)) -> Result<Self> {
        let hub = lab.hub(name).await?;
        hub.install_crds(&crds::all().await?).await?;
        hub.fill(fill).await?;
        let velero = hub.velero(store, VeleroOptions::default()).await?;
        let plugin = Plugin::at(beside("kubectl-acmbackup")?);
        let reconciler = plugin.start_loop(&hub, "")?;
        Ok(Self { hub, velero, plugin, _reconciler: reconciler })
    }

    /// Types a command in a window of so many columns; answers the window once it has ended.
    pub(crate) async fn typed(&self, arguments: &str, columns: u16) -> Result<Terminal> {
        let mut shell = Command::new("/bin/sh");
        let prompt =
            format!("\x1b[2m{}\x1b[0m $ \x1b[1mkubectl acmbackup {arguments}\x1b[0m", self.hub.name());
        shell.args(["-c", r#"printf '%s\n' "$1"; shift; exec "$0" "$@""#]);
        shell.arg(self.plugin.program()).arg(prompt).args(arguments.split_whitespace());
        as_in_a_window(&mut shell);
        shell.env("KUBECONFIG", self.hub.kubeconfig());
        let mut window = Terminal::start(shell, (columns, 50))?;
        let code = window.ends_within(DEADLINE).await?;
        // What checks find on a hub of the lab is an answer, too.
        ensure!(
            code <= 1,
            "kubectl acmbackup {arguments} ended with {code}:\n{}",
            window.history().join("\n")
        );
        Ok(window)
    }

    /// Waits until this many backups are Completed as this hub sees them.
    pub(crate) async fn sees_backups(&self, wanted: usize) -> Result<()> {
        let backups: Api<Backup> = Api::namespaced(self.hub.client(), self.velero.namespace());
        let completed = |backup: &&Backup| {
            backup.status.as_ref().is_some_and(|status| status.phase == BackupPhase::Completed)
        };
        until(DEADLINE, "the backups to be there", async || {
            let found = backups.list(&ListParams::default()).await?;
            Ok(found.items.iter().filter(completed).count() >= wanted)
        })
        .await
    }
}

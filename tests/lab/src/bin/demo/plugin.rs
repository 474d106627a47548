//! The plugin as a user calls it: typed on the screen, run with the hub's kubeconfig.

use std::process::Command;

use acmbackup_lab::{Hub, Loop, Plugin};
use anyhow::{Context, Result, bail};

/// Builds the plugin beside this program.
pub(crate) fn build() -> Result<Plugin> {
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--bin", "kubectl-acmbackup"])
        .status()
        .context("cannot start cargo")?;
    if !built.success() {
        bail!("the plugin does not build");
    }
    let program = std::env::current_exe()?.with_file_name("kubectl-acmbackup");
    program.exists().then(|| Plugin::at(program)).context("the plugin is not beside the demo")
}

/// Shows the command line, runs it and lets it use the screen.
pub(crate) fn typed(plugin: &Plugin, hub: &Hub, arguments: &str) -> Result<()> {
    show(hub, arguments);
    let status = plugin.command(hub, arguments).status().context("cannot start the plugin")?;
    if !status.success() {
        bail!("kubectl acmbackup {arguments} on {} ended with {status}", hub.name());
    }
    Ok(())
}

/// Shows the command line and starts the loop in the background.
pub(crate) fn start_loop(plugin: &Plugin, hub: &Hub) -> Result<Loop> {
    show(hub, "run --log-format text &");
    plugin.start_loop(hub, "")
}

fn show(hub: &Hub, arguments: &str) {
    println!("\n\x1b[2m{}\x1b[0m $ \x1b[1mkubectl acmbackup {arguments}\x1b[0m", hub.name());
}

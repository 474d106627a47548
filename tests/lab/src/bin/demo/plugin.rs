//! The plugin as a user calls it: typed on the screen, run with the hub's kubeconfig.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use acmbackup_lab::Hub;
use anyhow::{Context, Result, bail};

/// The built plugin.
pub(crate) struct Plugin {
    program: PathBuf,
}

impl Plugin {
    /// Builds it beside this program.
    pub(crate) fn build() -> Result<Self> {
        let built = Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--bin", "kubectl-acmbackup"])
            .status()
            .context("cannot start cargo")?;
        if !built.success() {
            bail!("the plugin does not build");
        }
        let here = std::env::current_exe()?;
        let program = here.with_file_name("kubectl-acmbackup");
        program.exists().then_some(Self { program }).context("the plugin is not beside the demo")
    }

    /// Shows the command line, runs it and lets it use the screen.
    pub(crate) fn typed(&self, hub: &Hub, arguments: &str) -> Result<()> {
        println!("\n\x1b[2m{}\x1b[0m $ \x1b[1mkubectl acmbackup {arguments}\x1b[0m", hub.name());
        let status = self.command(hub, arguments).status().context("cannot start the plugin")?;
        if !status.success() {
            bail!("kubectl acmbackup {arguments} on {} ended with {status}", hub.name());
        }
        Ok(())
    }

    /// Starts the loop in the background; its log goes to a file in the hub's folder.
    pub(crate) fn start_loop(&self, hub: &Hub) -> Result<Loop> {
        let arguments = "run --log-format text";
        println!("\n\x1b[2m{}\x1b[0m $ \x1b[1mkubectl acmbackup {arguments} &\x1b[0m", hub.name());
        let log = hub.folder().join("loop.log");
        let child = self
            .command(hub, arguments)
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot start the loop")?;
        Ok(Loop { child, log })
    }

    fn command(&self, hub: &Hub, arguments: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments.split_whitespace()).env("KUBECONFIG", hub.kubeconfig()).stdin(Stdio::null());
        command
    }
}

/// The loop of one hub; killed when dropped.
pub(crate) struct Loop {
    child: Child,
    log: PathBuf,
}

impl Loop {
    /// What it has logged so far.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.log)?)
    }

    /// Most memory it has held so far, in MiB; `None` where the system does not tell.
    pub(crate) fn peak_memory_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // It may have ended by itself, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

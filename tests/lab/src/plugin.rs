//! The plugin under test, as a command and as the loop.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::hub::Hub;
use crate::markdown::size;
use crate::ports::free_port;
use crate::wait::{eventually, until};

/// How long the loop may take to get the lease, or to end: that of a dead loop has to run out first.
const PATIENCE: Duration = Duration::from_secs(120);

/// A built plugin.
#[derive(Clone, Debug)]
pub struct Plugin {
    program: PathBuf,
}

impl Plugin {
    /// The plugin in this file.
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Its file.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What is being measured: its file, its size and its version.
    ///
    /// # Errors
    ///
    /// When it cannot be run.
    pub fn described(&self) -> Result<String> {
        let bytes = std::fs::metadata(&self.program)?.len();
        let output = Command::new(&self.program).arg("--version").output()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(format!("`{}`, {}, `{version}`", self.program.display(), size(bytes)))
    }

    /// A call with the administrator's kubeconfig of a hub; arguments are separated by blanks.
    #[must_use]
    pub fn command(&self, hub: &Hub, arguments: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments.split_whitespace()).env("KUBECONFIG", hub.kubeconfig()).stdin(Stdio::null());
        command
    }

    /// Starts the loop on a hub, with these flags besides.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start_loop(&self, hub: &Hub, flags: &str) -> Result<Loop> {
        Loop::start(hub, self.command(hub, &format!("run --log-format text {flags}")))
    }
}

/// A loop in the background; killed when dropped.
#[derive(Debug)]
pub struct Loop {
    child: Child,
    log: PathBuf,
}

impl Loop {
    /// Starts a command that is, or becomes, the loop; its log goes to a file of its own in the hub's folder.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(hub: &Hub, mut command: Command) -> Result<Self> {
        let log = hub.folder().join(format!("loop-{}.log", free_port()?));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let child = command.spawn().context("start the loop")?;
        Ok(Self { child, log })
    }

    /// Waits until it holds the lease.
    ///
    /// # Errors
    ///
    /// When it takes too long.
    pub async fn holds_lease(&self) -> Result<()> {
        until(PATIENCE, "the loop to hold the lease", async || Ok(self.log().contains("held by us"))).await
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Most memory it has held so far, in MiB; `None` where the system does not tell.
    #[must_use]
    pub fn peak_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
    }

    /// SIGKILL: nothing is finished, the lease stays taken.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, as Kubernetes stops a pod; answers the exit code.
    ///
    /// # Errors
    ///
    /// When it does not end by itself in time.
    pub async fn terminate(self) -> Result<i32> {
        self.end_by(&["TERM"]).await
    }

    /// Sends these signals and answers the exit code.
    ///
    /// # Errors
    ///
    /// When it does not end by itself in time.
    pub async fn end_by(mut self, signals: &[&str]) -> Result<i32> {
        for signal in signals {
            self.signal(signal)?;
        }
        let status = eventually(PATIENCE, "the loop to end", async || Ok(self.child.try_wait()?)).await?;
        status.code().context("the loop was ended by the signal instead of ending itself")
    }

    /// Sends a signal by name.
    ///
    /// # Errors
    ///
    /// When it cannot be sent.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        ensure!(status.context("start kill")?.success(), "cannot send {signal} to the loop");
        Ok(())
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // It may have ended by itself, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

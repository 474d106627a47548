//! A person's shell: kubectl and the plugin on its path, and a folder to be in.

use std::path::Path;
use std::process::{Command, Stdio};

use acmbackup_lab::{Assets, Hub};
use anyhow::{Result, ensure};
use tempfile::TempDir;

/// A shell in a folder of its own, which is also its home and the first place on its path.
pub(crate) struct Shell {
    folder: TempDir,
}

impl Shell {
    pub(crate) async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::os::unix::fs::symlink(&Assets::find().await?.kubectl, folder.path().join("kubectl"))?;
        let plugin = env!("CARGO_BIN_EXE_kubectl-acmbackup");
        std::os::unix::fs::symlink(plugin, folder.path().join("kubectl-acmbackup"))?;
        Ok(Self { folder })
    }

    /// A line as it is typed; the context of the first hub is the current one, the others can be named.
    pub(crate) fn command(&self, line: &str, hubs: &[&Hub]) -> Result<Command> {
        let folder = self.folder.path();
        let folders = [folder, Path::new("/usr/bin"), Path::new("/bin")];
        let mut command = Command::new("/bin/bash");
        command
            .args(["-c", line])
            .current_dir(folder)
            .env("HOME", folder)
            .env("PATH", std::env::join_paths(folders)?)
            .env("KUBECONFIG", std::env::join_paths(hubs.iter().map(|hub| hub.kubeconfig()))?)
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Types a line where nobody answers questions, and wants success.
    pub(crate) fn run(&self, line: &str, hub: &Hub) -> Result<()> {
        let output = self.command(line, &[hub])?.output()?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        ensure!(
            output.status.success(),
            "{line}: {}\n{}{}",
            output.status,
            said(&output.stdout),
            said(&output.stderr)
        );
        Ok(())
    }
}

//! The program `acmbackup-lab`: what it starts it also ends.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use acmbackup_lab::until;
use anyhow::{Result, ensure};

#[tokio::test]
async fn down_leaves_no_process_and_no_file() -> Result<()> {
    let state = tempfile::tempdir()?;
    let up = lab(state.path(), &["up", "--clusters=1"])?;
    let shown = String::from_utf8(up.stdout)?;
    ensure!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let kubeconfig = state.path().join("kubeconfig");
    ensure!(shown.contains(&format!("export KUBECONFIG={}", kubeconfig.display())), "{shown}");
    ensure!(kubeconfig.is_file(), "there is a kubeconfig");
    let files = after(&shown, "# files and logs: ");
    let keeper = after(&shown, "# process ");
    ensure!(processes(&keeper)? > 5, "a hub is several processes");
    ensure!(!lab(state.path(), &["up"])?.status.success(), "there is one lab at a time");

    ensure!(lab(state.path(), &["down"])?.status.success(), "down works");
    none_left(&keeper).await?;
    ensure!(!Path::new(&files).exists() && !kubeconfig.exists(), "the files are gone");
    let status = lab(state.path(), &["status"])?;
    ensure!(String::from_utf8(status.stdout)?.contains("no lab is running"), "status knows");
    Ok(())
}

#[tokio::test]
async fn hubs_end_when_their_keeper_is_killed() -> Result<()> {
    let state = tempfile::tempdir()?;
    let shown = String::from_utf8(lab(state.path(), &["up", "--clusters=0", "--no-velero"])?.stdout)?;
    let keeper = after(&shown, "# process ");
    ensure!(Command::new("kill").args(["-9", &keeper]).status()?.success(), "the keeper runs");
    none_left(&keeper).await?;
    ensure!(lab(state.path(), &["down"])?.status.success(), "down tidies up");
    std::fs::remove_dir_all(after(&shown, "# files and logs: "))?;
    Ok(())
}

fn lab(state: &Path, args: &[&str]) -> Result<Output> {
    let program = env!("CARGO_BIN_EXE_acmbackup-lab");
    Ok(Command::new(program).args(args).env("ACMBACKUP_LAB_STATE", state).output()?)
}

/// The word that follows `label` in what `up` printed.
fn after(text: &str, label: &str) -> String {
    let rest = text.split_once(label).map_or("", |(_, rest)| rest);
    rest.split([';', '\n']).next().unwrap_or_default().to_owned()
}

async fn none_left(keeper: &str) -> Result<()> {
    until(Duration::from_secs(10), "the last process to end", async || Ok(processes(keeper)? == 0)).await
}

/// Living processes of the session the keeper made; everything it starts is in it.
fn processes(session: &str) -> Result<usize> {
    let listed = Command::new("ps").args(["-eo", "sess=,stat="]).output()?;
    let text = String::from_utf8(listed.stdout)?;
    let lines = text.lines().filter_map(|line| line.trim().split_once(' '));
    Ok(lines.filter(|(owner, state)| *owner == session && !state.trim().starts_with('Z')).count())
}

//! `cargo pictures`: makes what is in `docs/pictures/` again, from real runs in a real pseudo-terminal.

mod hubs;
mod shots;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use acmbackup_lab::{Lab, Terminal, as_in_a_window, moving, still};
use anyhow::{Context, Result, ensure};

/// Columns and rows the demo is recorded in.
const DEMO: (u16, u16) = (118, 36);
/// Longest pause of the recording.
const PAUSE: Duration = Duration::from_secs(2);
/// Time to read what a command has shown, before the next one.
const TO_READ: Duration = Duration::from_millis(2500);
/// How a command of the demo begins.
const TYPED: &str = "$ \u{1b}[1mkubectl acmbackup";
/// Where the story of the demo comes to its end.
const LAST_CHAPTER: &str = "\u{1b}[1m── 5.";

#[tokio::main]
async fn main() -> ExitCode {
    match make().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pictures: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn make() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    std::fs::create_dir_all(&folder)?;
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--bin", "kubectl-acmbackup", "--bin", "demo"])
        .status()
        .context("cannot start cargo")?;
    ensure!(built.success(), "the plugin does not build");
    Lab::run(async |lab| shots::take(lab, &folder).await).await?;
    demo(&folder).await
}

/// Records the demo: as a file of asciinema, as a moving picture, and its last chapter as a still one.
async fn demo(folder: &Path) -> Result<()> {
    let mut command = Command::new(beside("demo")?);
    as_in_a_window(&mut command);
    let mut window = Terminal::start(command, DEMO)?;
    let code = window.ends_within(Duration::from_secs(600)).await?;
    ensure!(code == 0, "the demo ended with {code}:\n{}", window.history().join("\n"));
    let recording = window.recording().without_pauses(PAUSE).pausing_before(TYPED, TO_READ);
    std::fs::write(folder.join("demo.cast"), recording.to_cast("kubectl acmbackup: cargo demo"))?;
    std::fs::write(folder.join("demo.svg"), moving(&recording)?)?;
    std::fs::write(folder.join("takeover.svg"), still(&recording.from(LAST_CHAPTER))?)?;
    println!("demo.cast demo.svg takeover.svg");
    Ok(())
}

/// A program that was built with this one.
fn beside(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    program.exists().then_some(program).with_context(|| format!("{name} is not beside this program"))
}

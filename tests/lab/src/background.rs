//! A lab that stays: hubs in the background, for trying things by hand.
//!
//! `up` starts this program once more as a keeper, which holds the hubs and a locked file; when the keeper ends, so
//! do the hubs. Whoever finds the file unlocked knows that nothing runs, whatever else an accident left behind.

mod keeper;
mod state;

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

pub use keeper::serve;
pub use state::{Running, State};

use crate::assets::Assets;
use crate::wait::{eventually, until};

/// How long the hubs may take to be ready, filled and all.
const READY: Duration = Duration::from_secs(600);
/// How long the keeper may take to end by itself.
const STOP: Duration = Duration::from_secs(20);
/// Name of the program's hidden subcommand that is the keeper.
pub const KEEPER_COMMAND: &str = "serve";

/// What to start.
#[derive(Clone, Debug, clap::Args)]
pub struct Wanted {
    /// Hubs; the first one is filled, the others are fresh and share its backups
    #[arg(long, default_value_t = 1)]
    pub hubs: usize,
    /// Managed clusters of the first hub
    #[arg(long, default_value_t = 3)]
    pub clusters: usize,
    /// Policies of the first hub
    #[arg(long, default_value_t = 3)]
    pub policies: usize,
    /// Applications of the first hub
    #[arg(long, default_value_t = 2)]
    pub applications: usize,
    /// Leave out Velero and the object store
    #[arg(long)]
    pub no_velero: bool,
}

impl Wanted {
    fn to_args(&self) -> Vec<String> {
        let Self { hubs, clusters, policies, applications, no_velero } = self;
        let mut args = vec![
            format!("--hubs={hubs}"),
            format!("--clusters={clusters}"),
            format!("--policies={policies}"),
            format!("--applications={applications}"),
        ];
        args.extend(no_velero.then(|| "--no-velero".to_owned()));
        args
    }
}

/// Starts a lab in the background and returns when it is ready.
///
/// # Errors
///
/// When one is running already, or it does not become ready; with the end of its log.
pub async fn up(wanted: &Wanted) -> Result<Running> {
    let state = State::new()?;
    if let Some(running) = state.running()? {
        bail!("a lab is running already (process {}); stop it with `acmbackup-lab down`", running.pid);
    }
    // Here, where the user sees what is being built.
    Assets::find().await?;
    state.clear()?;
    let mut keeper = start_keeper(&state, wanted)?;
    let ready = eventually(READY, "the hubs to be ready", async || {
        if let Some(status) = keeper.try_wait()? {
            return Ok(Some(Err(state.failure(&format!("the lab did not start ({status})")))));
        }
        Ok(state.running()?.filter(|running| running.ready).map(Ok))
    });
    match ready.await {
        Ok(result) => result,
        Err(error) => {
            down().await?;
            Err(error)
        }
    }
}

/// Stops the lab of the background; `false` when there is none.
///
/// # Errors
///
/// When it cannot be stopped.
pub async fn down() -> Result<bool> {
    let state = State::new()?;
    let Some(running) = state.running()? else {
        state.clear()?;
        return Ok(false);
    };
    let pid =
        i32::try_from(running.pid).ok().and_then(Pid::from_raw).context("the keeper has a process id")?;
    let gone = async || Ok(state.running()?.is_none());
    // It may end by itself this very moment: what counts is that it is gone.
    let _ = kill_process(pid, Signal::TERM);
    if until(STOP, "the lab to stop", gone).await.is_err() {
        let _ = kill_process(pid, Signal::KILL);
        until(STOP, "the lab to be killed", gone).await?;
        let _ = std::fs::remove_dir_all(&running.folder);
    }
    state.clear()?;
    Ok(true)
}

fn start_keeper(state: &State, wanted: &Wanted) -> Result<Child> {
    let log = File::create(state.log())?;
    Command::new(std::env::current_exe()?)
        .arg(KEEPER_COMMAND)
        .args(wanted.to_args())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("start the lab in the background")
}

//! What is known about the lab of the background, in files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::assets::env_path;
use crate::process::last_lines;
use crate::wait::until;

/// Longer than anybody looks at the lock.
const LOOK: Duration = Duration::from_secs(2);

/// The folder with the files of the lab of the background.
///
/// `$ACMBACKUP_LAB_STATE`, else `kubectl-acmbackup-lab` in `$XDG_STATE_HOME` or `~/.local/state`.
#[derive(Clone, Debug)]
pub struct State {
    folder: PathBuf,
}

/// A lab that runs in the background.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Running {
    /// The keeper's process.
    pub pid: u32,
    /// Whether everything is ready to be used.
    pub ready: bool,
    /// Where its files and logs are.
    pub folder: PathBuf,
    /// One file with a context per hub.
    pub kubeconfig: PathBuf,
    /// Names of the hubs, which are the names of the contexts.
    pub hubs: Vec<String>,
    /// Where the object store answers, if there is one.
    pub store: Option<String>,
}

impl State {
    /// Makes the folder, if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new() -> Result<Self> {
        let states = || env_path("XDG_STATE_HOME").or_else(|| Some(env_path("HOME")?.join(".local/state")));
        let own = env_path("ACMBACKUP_LAB_STATE").or_else(|| Some(states()?.join("kubectl-acmbackup-lab")));
        let folder = own.context("neither XDG_STATE_HOME nor HOME is set")?;
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The lab that runs, if one does.
    ///
    /// # Errors
    ///
    /// When the files cannot be read.
    pub fn running(&self) -> Result<Option<Running>> {
        // Shared, so that two who look do not take each other for a keeper.
        if self.open_lock()?.try_lock_shared().is_ok() {
            return Ok(None);
        }
        let text = fs::read_to_string(self.file()).context("a lab is starting or stopping")?;
        Ok(Some(serde_json::from_str(&text)?))
    }

    /// Marks this process as the keeper for as long as the returned value lives.
    pub(super) async fn lock(&self) -> Result<File> {
        let lock = self.open_lock()?;
        // Somebody who looks whether a lab runs holds it for a moment.
        let free = async || Ok(lock.try_lock().is_ok());
        until(LOOK, "another lab to stop", free).await?;
        Ok(lock)
    }

    /// Tells others about the lab.
    pub(super) fn write(&self, running: &Running) -> Result<()> {
        // Renamed, so that nobody reads half of it.
        let new = self.folder.join("lab.json.new");
        fs::write(&new, serde_json::to_string_pretty(running)?)?;
        Ok(fs::rename(new, self.file())?)
    }

    /// Removes what an earlier lab left.
    pub(super) fn clear(&self) -> Result<()> {
        for file in [self.file(), self.kubeconfig()] {
            if file.exists() {
                fs::remove_file(&file).with_context(|| format!("remove {}", file.display()))?;
            }
        }
        Ok(())
    }

    /// Where the keeper's output goes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("lab.log")
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// An error that shows the end of the keeper's output.
    pub(super) fn failure(&self, what: &str) -> anyhow::Error {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        anyhow!("{what}; the end of {}:\n{}", self.log().display(), last_lines(&text))
    }

    fn file(&self) -> PathBuf {
        self.folder.join("lab.json")
    }

    fn open_lock(&self) -> Result<File> {
        let path: &Path = &self.folder.join("lock");
        File::options().create(true).truncate(false).write(true).open(path).context("open the lab's lock")
    }
}

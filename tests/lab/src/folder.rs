//! The folder everything of one lab is in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::go_build::tell;

/// A temporary folder, removed on drop unless the test failed.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    keep: AtomicBool,
}

impl Folder {
    /// Makes a new one.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn create() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("acmbackup-lab-").tempdir().context("make a folder")?;
        Ok(Self { path: folder.keep(), keep: AtomicBool::new(false) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it stay on drop.
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.keep.load(Ordering::Relaxed) || std::thread::panicking() {
            tell(&format!("the lab's files are kept in {}\n", self.path.display()));
        } else {
            // Left-over files of a test that passed are not worth failing it.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

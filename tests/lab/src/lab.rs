//! A lab: hubs and stores that share one temporary folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use crate::assets::Assets;
use crate::folder::Folder;
use crate::hub::{Hub, HubOptions};
use crate::store::Store;

/// Where hubs and stores come from.
#[derive(Debug)]
pub struct Lab {
    folder: Arc<Folder>,
}

impl Lab {
    /// Makes the temporary folder and sees that all programs are there.
    ///
    /// The folder goes when the lab and everything from it is dropped, unless a test panics.
    ///
    /// # Errors
    ///
    /// When a program is missing and cannot be built.
    pub async fn new() -> Result<Self> {
        Assets::find().await?;
        Ok(Self { folder: Arc::new(Folder::create()?) })
    }

    /// Runs a test that returns a result: the temporary folder stays when it is an error.
    ///
    /// # Errors
    ///
    /// Those of `test`, and when a program is missing and cannot be built.
    pub async fn run<T>(test: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        let lab = Self::new().await?;
        let result = test(&lab).await;
        if result.is_err() {
            lab.keep();
        }
        result
    }

    /// The temporary folder; also a place for a test's own files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes the temporary folder stay.
    pub fn keep(&self) {
        self.folder.keep();
    }

    /// Starts a hub without any CRDs; hubs can be started at the same time.
    ///
    /// # Errors
    ///
    /// When it does not become ready; with the last lines of the log.
    pub async fn hub(&self, name: &str) -> Result<Hub> {
        self.hub_with(name, HubOptions::default()).await
    }

    /// Starts a hub with options.
    ///
    /// # Errors
    ///
    /// When it does not become ready; with the last lines of the log.
    pub async fn hub_with(&self, name: &str, options: HubOptions) -> Result<Hub> {
        Hub::start(&self.folder, name, options).await
    }

    /// Starts an object store.
    ///
    /// # Errors
    ///
    /// When it does not answer; with the last lines of its log.
    pub async fn store(&self) -> Result<Store> {
        self.store_named("store").await
    }

    /// Starts an object store besides the first.
    ///
    /// # Errors
    ///
    /// When it does not answer; with the last lines of its log.
    pub async fn store_named(&self, name: &str) -> Result<Store> {
        Store::start_in(&self.folder, name).await
    }
}

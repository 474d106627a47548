//! An S3 store on a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::answers;
use crate::assets::Assets;
use crate::folder::Folder;
use crate::ports::free_port;
use crate::process::Spec;
use crate::service::Service;

/// How long the store may take to start.
const START: Duration = Duration::from_secs(20);
/// How often its port may turn out to be taken by someone else.
const ATTEMPTS: usize = 3;
/// Access key of every store.
const ACCESS_KEY: &str = "lab-access-key";
/// Secret key of every store.
const SECRET_KEY: &str = "lab-secret-key";

/// An object store; a bucket is a folder, an object a file in it.
#[derive(Debug)]
pub struct Store {
    port: u16,
    buckets: PathBuf,
    credentials: PathBuf,
    service: Service,
    // Dropped after the process.
    _root: Arc<Folder>,
}

impl Store {
    pub(crate) async fn start_in(root: &Arc<Folder>, name: &str) -> Result<Self> {
        let assets = Assets::find().await?;
        let mut attempt = 1;
        loop {
            let store = Self::new(assets, root, name)?;
            match store.start().await {
                Ok(()) => return Ok(store),
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn new(assets: &Assets, root: &Arc<Folder>, name: &str) -> Result<Self> {
        let folder = root.path().join(name);
        let buckets = folder.join("buckets");
        fs::create_dir_all(&buckets)?;
        let credentials = folder.join("credentials");
        let keys = format!("aws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n");
        fs::write(&credentials, format!("[default]\n{keys}"))?;
        let port = free_port()?;
        let spec = Spec::new("versitygw", &assets.versitygw, &folder)
            .args(["--port", &format!("127.0.0.1:{port}"), "posix", &buckets.display().to_string()])
            .env("ROOT_ACCESS_KEY", ACCESS_KEY)
            .env("ROOT_SECRET_KEY", SECRET_KEY);
        let service = Service::new(spec);
        Ok(Self { port, buckets, credentials, service, _root: Arc::clone(root) })
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A file with its keys, as the AWS tools read it.
    #[must_use]
    pub fn credentials(&self) -> &Path {
        &self.credentials
    }

    /// The folder of a bucket, created if need be.
    ///
    /// Velero keeps a backup in `[PREFIX/]backups/NAME/`; removing that folder loses the backup.
    ///
    /// # Errors
    ///
    /// When it cannot be created.
    pub fn bucket(&self, name: &str) -> Result<PathBuf> {
        let folder = self.buckets.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("create bucket {name}"))?;
        Ok(folder)
    }

    /// Kills it; the buckets stay.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub fn stop(&self) -> Result<()> {
        self.service.kill()
    }

    /// Starts it (again), on the same port, and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it does not answer; with the last lines of its log.
    pub async fn start(&self) -> Result<()> {
        self.service.start()?;
        self.service.wait(START, "the object store to answer", async || Ok(answers(self.port).await)).await
    }
}

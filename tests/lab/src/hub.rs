//! A hub: etcd and an API server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use serde_json::json;

use crate::assets::Assets;
use crate::control_plane::ControlPlane;
use crate::crds;
use crate::folder::Folder;
use crate::kubeconfig::{self, Entry};
use crate::store::Store;
use crate::users::ADMIN;
use crate::velero::{Velero, VeleroOptions};

/// How long the API server may take to start.
const START: Duration = Duration::from_secs(60);
/// How often the ports may turn out to be taken by someone else.
const ATTEMPTS: usize = 3;

/// What can be chosen about a hub.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// Users besides `admin`, each with the groups it is in; none has any permission by itself.
    pub users: Vec<(String, Vec<String>)>,
    /// Whether the API server writes an audit log (metadata of every request), see [`Hub::requests`].
    pub audit: bool,
}

impl Default for HubOptions {
    /// Users `loop`, `viewer` and `nobody`, each in a group of that name with an `s`; no audit log.
    fn default() -> Self {
        let users = ["loop", "viewer", "nobody"].map(|user| (user.to_owned(), vec![format!("{user}s")]));
        Self { users: users.to_vec(), audit: false }
    }
}

/// A running hub; dropped, it is gone.
pub struct Hub {
    control_plane: ControlPlane,
    folder: PathBuf,
    options: HubOptions,
    kubeconfig: PathBuf,
    client: Client,
    // Dropped after the processes.
    root: Arc<Folder>,
}

impl Hub {
    /// Starts a hub and returns when its API server is ready.
    pub(crate) async fn start(root: &Arc<Folder>, name: &str, options: HubOptions) -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::try_start(root, name, &options).await {
                Err(error)
                    if attempt < ATTEMPTS && format!("{error:#}").contains("address already in use") =>
                {
                    attempt += 1;
                }
                result => return result.with_context(|| format!("start hub {name}")),
            }
        }
    }

    async fn try_start(root: &Arc<Folder>, name: &str, options: &HubOptions) -> Result<Self> {
        let folder = root.path().join(name);
        if folder.exists() {
            // What an earlier attempt left.
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let control_plane = ControlPlane::start(Assets::find().await?, name, &folder, options).await?;
        let admin = control_plane.access.entry(ADMIN);
        let kubeconfig = kubeconfig::write(&folder.join("kubeconfig"), &[admin])?;
        let client = kubeconfig::client(&kubeconfig).await?;
        let (options, root) = (options.clone(), Arc::clone(root));
        let hub = Self { control_plane, folder, options, kubeconfig, client, root };
        hub.wait_ready().await?;
        Ok(hub)
    }

    /// Its name, which is also the name of the context in its kubeconfig files.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.control_plane.access.hub
    }

    /// The folder its files and logs are in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A client with all permissions; it does not retry.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The administrator's kubeconfig file.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The kubeconfig file of a user of [`HubOptions::users`].
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub fn kubeconfig_for(&self, user: &str) -> Result<PathBuf> {
        if user != ADMIN && !self.options.users.iter().any(|(name, _)| name == user) {
            bail!("hub {} has no user {user}", self.name());
        }
        kubeconfig::write(&self.folder.join(format!("kubeconfig-{user}")), &[self.entry(user)])
    }

    /// A client of a user of [`HubOptions::users`].
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub async fn client_for(&self, user: &str) -> Result<Client> {
        kubeconfig::client(&self.kubeconfig_for(user)?).await
    }

    /// What a kubeconfig of `user` holds.
    pub(crate) fn entry(&self, user: &str) -> Entry {
        self.control_plane.access.entry(user)
    }

    /// The folder of the lab this hub belongs to.
    pub(crate) fn root(&self) -> &Arc<Folder> {
        &self.root
    }

    /// Kills the API server; etcd keeps what it knows.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub fn stop_api_server(&self) -> Result<()> {
        self.control_plane.api_server.kill()
    }

    /// Starts the API server again, on the same port, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it does not become ready; with the last lines of its log.
    pub async fn start_api_server(&self) -> Result<()> {
        self.control_plane.api_server.start()?;
        self.wait_ready().await
    }

    async fn wait_ready(&self) -> Result<()> {
        let ready = async || {
            let request = http::Request::get("/readyz").body(Vec::new())?;
            Ok(self.client.request_text(request).await? == "ok")
        };
        self.control_plane.api_server.wait(START, "the API server to be ready", ready).await
    }

    /// Creates a namespace unless it exists.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub async fn create_namespace(&self, name: &str) -> Result<()> {
        self.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await
    }

    /// Creates CRDs unless they exist, and waits until all are served.
    ///
    /// # Errors
    ///
    /// When the API server refuses one or does not serve it in time.
    pub async fn install_crds(&self, crds: &[CustomResourceDefinition]) -> Result<()> {
        crds::install(&self.client, crds)
            .await
            .with_context(|| format!("install CRDs on hub {}", self.name()))
    }

    /// Starts Velero on this hub, with a storage location in `store`, and waits until that is available.
    ///
    /// Installs Velero's CRDs. Those of the hub have to be there already: Velero learns the kinds when it starts.
    ///
    /// # Errors
    ///
    /// When Velero stops or its location does not become available.
    pub async fn velero(&self, store: &Store, options: VeleroOptions) -> Result<Velero> {
        Velero::start_on(self, store, options)
            .await
            .with_context(|| format!("start Velero on hub {}", self.name()))
    }
}

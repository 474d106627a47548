//! Velero on a hub.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acmbackup::velero::{Backup, BackupPhase};
use anyhow::Result;
use kube::api::ListParams;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::assets::Assets;
use crate::crds;
use crate::folder::Folder;
use crate::hub::Hub;
use crate::objects::{create, objects};
use crate::process::Spec;
use crate::service::Service;
use crate::store::Store;
use crate::wait::eventually;

/// How long Velero may take to start, or its location to become available.
const START: Duration = Duration::from_secs(60);
/// How long Velero may take to stop by itself.
const STOP: Duration = Duration::from_secs(15);
/// How long Velero may take for backups, or to see those of another hub.
const RUN: Duration = Duration::from_secs(120);
/// What Velero logs when its controllers run.
const RUNNING: &str = "Starting workers";

/// What can be chosen about Velero and its storage location.
#[derive(Clone, Debug)]
pub struct VeleroOptions {
    /// Namespace of Velero, of its backups and of ours.
    pub namespace: String,
    /// Bucket of the storage location; hubs that share backups have the same one.
    pub bucket: String,
    /// Folder in the bucket, if not the whole of it.
    pub prefix: Option<String>,
    /// How often the location is checked, whole seconds.
    pub validation: Duration,
    /// How often the bucket is looked at for backups of other hubs, whole seconds; zero for never.
    pub sync: Duration,
    /// Whether there is a storage location at all.
    pub location: bool,
    /// Whether to wait until the location is available; off for a store that is down.
    pub wait_available: bool,
    /// How it gets to the hub, such as through a [`Door`](crate::Door); `None` for directly.
    pub kubeconfig: Option<PathBuf>,
    /// More arguments for `velero server`.
    pub args: Vec<String>,
}

impl Default for VeleroOptions {
    fn default() -> Self {
        Self {
            namespace: "open-cluster-management-backup".to_owned(),
            bucket: "backups".to_owned(),
            prefix: None,
            validation: Duration::from_secs(2),
            sync: Duration::from_secs(2),
            location: true,
            wait_available: true,
            kubeconfig: None,
            args: Vec::new(),
        }
    }
}

/// A Velero server; dropped, it is gone.
pub struct Velero {
    namespace: String,
    client: Client,
    service: Service,
    // Dropped after the process.
    _root: Arc<Folder>,
}

impl Velero {
    pub(crate) async fn start_on(hub: &Hub, store: &Store, options: VeleroOptions) -> Result<Self> {
        let assets = Assets::find().await?;
        hub.install_crds(crds::of_velero().await?).await?;
        hub.create_namespace(&options.namespace).await?;
        let client = hub.client();
        create(&client, deployment(&options.namespace)).await?;
        if options.location {
            store.bucket(&options.bucket)?;
            create(&client, storage_location(store, &options)).await?;
        }
        let velero = Self {
            service: Service::new(spec(assets, hub, store, &options)?),
            namespace: options.namespace,
            client,
            _root: Arc::clone(hub.root()),
        };
        velero.start().await?;
        if options.location && options.wait_available {
            velero.wait_available().await?;
        }
        Ok(velero)
    }

    /// The namespace it works in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Where its output goes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.service.log()
    }

    /// Starts it unless it runs, and waits until its controllers do.
    ///
    /// # Errors
    ///
    /// When it stops or takes too long; with the last lines of its log.
    pub async fn start(&self) -> Result<()> {
        self.service.start()?;
        let running = async || Ok(self.service.output()?.contains(RUNNING));
        self.service.wait(START, "Velero to run its controllers", running).await
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub async fn stop(&self) -> Result<()> {
        self.service.stop(STOP).await
    }

    /// Kills it in the middle of whatever it does.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub fn kill(&self) -> Result<()> {
        self.service.kill()
    }

    /// Kills it and starts it again; it then knows the kinds the hub serves by now.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn restart(&self) -> Result<()> {
        self.kill()?;
        self.start().await
    }

    /// Waits until its storage location is available.
    ///
    /// # Errors
    ///
    /// When Velero stops or the location does not become available in time.
    pub async fn wait_available(&self) -> Result<()> {
        let locations = objects(&self.client, "velero.io/v1", "BackupStorageLocation", Some(&self.namespace));
        let available = async || {
            let location = locations.get("default").await?;
            Ok(location.data.pointer("/status/phase").and_then(Value::as_str) == Some("Available"))
        };
        self.service.wait(START, "the storage location to be available", available).await
    }

    /// Waits until at least `count` backups are Completed as its hub sees them; answers those that are.
    ///
    /// # Errors
    ///
    /// When it takes too long.
    pub async fn completed_backups(&self, count: usize) -> Result<Vec<Backup>> {
        let backups: Api<Backup> = Api::namespaced(self.client.clone(), &self.namespace);
        eventually(RUN, &format!("{count} backups to be Completed"), async || {
            let mut found = backups.list(&ListParams::default()).await?.items;
            found.retain(|one| one.status.as_ref().is_some_and(|s| s.phase == BackupPhase::Completed));
            Ok((found.len() >= count).then_some(found))
        })
        .await
    }
}

fn spec(assets: &Assets, hub: &Hub, store: &Store, options: &VeleroOptions) -> Result<Spec> {
    let scratch = hub.folder().join("velero");
    fs::create_dir_all(&scratch)?;
    let plugins = assets.velero_plugins.display().to_string();
    let server = ["--namespace", &options.namespace, "server", "--plugin-dir", &plugins];
    // Port 0: nobody asks it for metrics. The limits are those of a hub where nobody else is waiting.
    let local = ["--metrics-address", "127.0.0.1:0", "--profiler-address", "127.0.0.1:0"];
    let kubeconfig = options.kubeconfig.as_deref().unwrap_or(hub.kubeconfig());
    let fast = ["--client-qps", "1000", "--client-burst", "1000", "--item-operation-sync-frequency", "1s"];
    Ok(Spec::new("velero", &assets.velero, hub.folder())
        .args(server)
        .args(local)
        .args(fast)
        .args(options.args.clone())
        .env("KUBECONFIG", kubeconfig.display().to_string())
        // Restore plugins look for their Deployment there.
        .env("VELERO_NAMESPACE", &options.namespace)
        .env("AWS_SHARED_CREDENTIALS_FILE", store.credentials().display().to_string())
        // Settings of the user are read from the one, archives are put together in the other.
        .env("HOME", scratch.display().to_string())
        .env("TMPDIR", scratch.display().to_string()))
}

/// A restore action reads the image of this Deployment; nothing runs it.
fn deployment(namespace: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "velero", "namespace": namespace, "labels": {"component": "velero"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"component": "velero"}},
            "template": {
                "metadata": {"labels": {"component": "velero"}},
                "spec": {"containers": [{"name": "velero", "image": "velero/velero:v1.18.3"}]},
            },
        },
    })
}

/// The storage location as the OADP operator makes it.
fn storage_location(store: &Store, options: &VeleroOptions) -> Value {
    let bucket = json!({"bucket": options.bucket, "prefix": options.prefix.as_deref().unwrap_or_default()});
    json!({
        "apiVersion": "velero.io/v1",
        "kind": "BackupStorageLocation",
        "metadata": {
            "name": "default",
            "namespace": options.namespace,
            "labels": {"app.kubernetes.io/managed-by": "oadp-operator", "openshift.io/oadp": "True"},
            "ownerReferences": [{
                "apiVersion": "oadp.openshift.io/v1alpha1",
                "kind": "DataProtectionApplication",
                "name": "dpa",
                "uid": "5f0f2c8e-6f1b-4c59-9d5e-3f0b8a6d1c11",
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "provider": "aws",
            "default": true,
            "objectStorage": bucket,
            "config": {
                "region": "us-east-1",
                "s3ForcePathStyle": "true",
                "s3Url": store.url(),
                "checksumAlgorithm": "",
            },
            "validationFrequency": format!("{}s", options.validation.as_secs()),
            "backupSyncPeriod": format!("{}s", options.sync.as_secs()),
        },
    })
}

//! What the checks of `doctor` are made from.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::api;
use crate::api::crd_fields::FieldDifference;
use crate::velero::server::Server;
use crate::velero::{Backup, BackupStorageLocation, Schedule};

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// It may not be read.
    Forbidden,
    /// The server does not know the kind.
    NotServed,
    /// It was not read, because what it needs is missing.
    NotTried,
    /// Reading failed, in these words.
    Failed(String),
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "may not be read",
            Self::NotServed => "not served here",
            Self::NotTried => "skipped",
            Self::Failed(why) => why,
        })
    }
}

/// What was read, or why not, and how long that took.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact<T> {
    /// What was read.
    pub known: Result<T, Unknown>,
    /// Seconds it took.
    pub seconds: f64,
}

impl<T> Fact<T> {
    /// A fact nobody tried to read.
    pub fn not_tried() -> Self {
        Self { known: Err(Unknown::NotTried), seconds: 0.0 }
    }
}

/// The server, as it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Version of Kubernetes.
    pub version: String,
    /// How far its clock is ahead of ours; `None` if it did not say.
    pub ahead: Option<SignedDuration>,
}

/// A verb that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingVerb {
    /// API group; empty for the core group.
    pub group: String,
    /// Plural, or `plural/subresource`.
    pub resource: String,
    /// The verb.
    pub verb: String,
    /// It is needed in all namespaces, or the kind has none.
    pub everywhere: bool,
}

/// Which verbs were asked for, and which are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionAnswer {
    /// How many were asked for.
    pub asked: usize,
    /// What they are for, such as `schedule, restore and activate`.
    pub jobs: String,
    /// Those that are not allowed.
    pub missing: Vec<MissingVerb>,
}

/// What is installed on the hub beside Velero. `None` = the kind is not served, or there is no object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstalledHub {
    /// The cluster-backup component of the MultiClusterHub is enabled.
    pub cluster_backup: Option<bool>,
    /// The managed-service-account component of the MultiClusterEngine is enabled.
    pub service_account: Option<bool>,
}

/// A CRD of ours as installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crd {
    /// Its name.
    pub name: String,
    /// Versions it serves; empty if it is not installed.
    pub versions: Vec<String>,
    /// What it and this program know of each other's fields.
    pub difference: FieldDifference,
}

/// Restarts of Velero's pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restarts {
    /// How many, over all containers.
    pub count: i32,
    /// One of them ran out of memory.
    pub out_of_memory: bool,
}

/// Velero, as it runs on the hub.
#[derive(Debug, Clone, PartialEq)]
pub struct VeleroFacts {
    /// Velero servers of the namespace.
    pub servers: Fact<Vec<Server>>,
    /// Restarts of their pods.
    pub restarts: Fact<Restarts>,
    /// Versions of OADP, and the namespaces each is in.
    pub oadp: Fact<BTreeMap<String, Vec<String>>>,
    /// Number of managed clusters, the hub itself included.
    pub clusters: Fact<usize>,
    /// Kinds of velero.io/v1 the server serves, in the plural.
    pub kinds: Fact<Vec<String>>,
}

/// The lease of the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub holder: String,
    /// When it was renewed.
    pub renewed: Option<Timestamp>,
    /// Longer ago than it may be.
    pub overdue: bool,
    /// Image of the pod that holds it; `None` where that is no pod, or may not be read.
    pub image: Option<String>,
}

/// Everything `doctor` looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Name of the kubeconfig context.
    pub context: String,
    /// URL of the server.
    pub server: String,
    /// The server.
    pub reach: Fact<Reach>,
    /// The namespace worked in and why, or the problem name and message.
    pub namespace: Result<(String, String), (&'static str, String)>,
    /// That namespace exists.
    pub exists: Fact<bool>,
    /// What the user may do.
    pub permissions: Fact<PermissionAnswer>,
    /// Id of the hub.
    pub hub_id: Fact<String>,
    /// What is installed on the hub.
    pub installed: Fact<InstalledHub>,
    /// Our CRDs.
    pub crds: Fact<Vec<Crd>>,
    /// Velero, as it runs.
    pub velero: VeleroFacts,
    /// Storage locations of the namespace.
    pub locations: Fact<Vec<BackupStorageLocation>>,
    /// Secrets with credentials the locations name, and whether they exist.
    pub secrets: Fact<BTreeMap<String, bool>>,
    /// Who holds the lease; `None` = nobody.
    pub lease: Fact<Option<Lease>>,
    /// Our BackupSchedules.
    pub schedules: Fact<Vec<api::BackupSchedule>>,
    /// Our Restores.
    pub restores: Fact<Vec<api::Restore>>,
    /// Velero Schedules.
    pub velero_schedules: Fact<Vec<Schedule>>,
    /// Velero Backups.
    pub backups: Fact<Vec<Backup>>,
}

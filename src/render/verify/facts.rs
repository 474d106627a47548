//! What `verify` judges by, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::ResourceExt;

use crate::api;
use crate::plan::runs::{Run, Runs};
use crate::plan::writers::{Rhythm, Writer};
use crate::plan::{HubFacts, ServedApis};
use crate::render::contents::{Contents, LOCAL_CLUSTER};
use crate::velero::{Backup, BackupType};

/// What was read of the hub and of the storage location.
#[derive(Debug, Clone)]
pub struct Facts {
    /// When.
    pub now: Timestamp,
    /// All backups of the namespace.
    pub backups: Vec<Backup>,
    /// The runs they make up.
    pub runs: Runs,
    /// BackupSchedules of this hub.
    pub schedules: Vec<api::BackupSchedule>,
    /// Restores of this hub.
    pub restores: Vec<api::Restore>,
    /// The run that is verified.
    pub run: Run,
    /// How often its writer writes.
    pub rhythm: Rhythm,
    /// The hubs that wrote the runs.
    pub writers: Vec<Writer>,
    /// Age in seconds a run may have; `None` = two periods.
    pub max_age: Option<i64>,
    /// Who this hub is; `None` where that may not be read.
    pub hub: Option<HubFacts>,
    /// What this hub serves; `None` where it was not asked for.
    pub served: Option<ServedApis>,
    /// Operators installed on this hub; `None` where they may not be read, or were not asked for.
    pub operators: Option<Vec<Operator>>,
    /// Managed clusters this hub has, without itself; `None` where they may not be read.
    pub clusters_here: Option<usize>,
    /// What is in the backups, or why that is not known.
    pub contents: Result<Contents, String>,
    /// What is in the archives, or why that is not known; `None` where it was not asked for.
    pub deep: Option<Result<Deep, String>>,
}

/// An operator that OLM installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operator {
    /// Name and version.
    pub name: String,
    /// Where it works; empty = in all namespaces.
    pub namespaces: BTreeSet<String>,
    /// Group and kind of what it brings and works on.
    pub kinds: BTreeSet<(String, String)>,
}

/// What is in the archives of credentials and managed clusters. Secret values are never in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deep {
    /// When the tokens of each managed cluster end, the latest of several; `None` where that is not said.
    pub tokens: BTreeMap<String, Option<Timestamp>>,
    /// Managed clusters whose object names no API server.
    pub without_url: BTreeSet<String>,
    /// `namespace/name` of the kubeconfig secrets that Hive's clusters refer to.
    pub kubeconfigs: BTreeSet<String>,
}

impl Facts {
    /// The backup of a part of the run.
    pub(super) fn backup(&self, part: BackupType) -> Option<&Backup> {
        let name = self.run.parts.get(&part)?;
        self.backups.iter().find(|backup| backup.name_any() == *name)
    }

    /// Items that Velero counted in the backup of a part, for where its list cannot be read.
    pub(super) fn items(&self, part: BackupType) -> Option<i64> {
        self.backup(part)?.status.as_ref()?.items()
    }

    /// True if this hub wrote the run; `None` where that cannot be told.
    pub(super) fn is_ours(&self) -> Option<bool> {
        let (ours, theirs) = (&self.hub.as_ref()?.hub_id, self.run.hub.as_ref()?);
        Some(ours == theirs)
    }

    /// Name of the managed cluster that is the hub that wrote the run.
    pub(super) fn local_cluster(&self) -> &str {
        let ours = self.hub.as_ref().filter(|_| self.is_ours() == Some(true));
        ours.and_then(|hub| hub.local_cluster.as_deref()).unwrap_or(LOCAL_CLUSTER)
    }

    /// Seconds since the run.
    pub(super) fn age(&self) -> i64 {
        self.now.as_second() - self.run.started.as_second()
    }
}

//! What was restored, and what stays because of it.

use std::collections::BTreeSet;

use super::kinds;
use crate::plan::{ObjectKind, ServedApis};
use crate::velero::{Backup, BackupType};

/// A part that was restored well enough to be compared with. Spec
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Restored {
    pub(in crate::plan) part: BackupType,
    pub(in crate::plan) backup: String,
}

/// A restored part with its backup, whole.
pub(super) struct Reference<'a> {
    pub(super) part: BackupType,
    pub(super) backup: &'a Backup,
}

/// What holds for all parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mode {
    /// Objects that no restore made go too. Spec: R-433
    pub(super) everything: bool,
    /// Managed clusters are restored.
    pub(super) activates: bool,
    /// The backups just restored, as Velero writes them into labels; what is from one of them stays, whichever part it
    /// belongs to. Spec
    pub(super) kept: BTreeSet<String>,
    /// The ManagedCluster that is the hub itself. Spec: R-023
    pub(super) local_cluster: Option<String>,
}

impl Reference<'_> {
    /// The kinds its part is looked for in.
    pub(super) fn kinds(&self, served: &ServedApis) -> Vec<ObjectKind> {
        match self.part {
            BackupType::Credentials => kinds::of_credentials(),
            BackupType::Resources | BackupType::ManagedClusters => kinds::included(self.backup, served),
            BackupType::ResourcesGeneric => kinds::not_excluded(self.backup, served),
            BackupType::Validation => Vec::new(),
        }
    }

    /// The backup holds the credentials of Hive and those marked too. Spec: R-422
    pub(super) fn has_or_selectors(&self) -> bool {
        self.backup.spec.or_label_selectors.as_ref().is_some_and(|selectors| !selectors.is_empty())
    }

    /// Namespaces the backup leaves out. Spec: R-434
    pub(super) fn excluded_namespaces(&self) -> &[String] {
        self.backup.spec.excluded_namespaces.as_deref().unwrap_or_default()
    }
}

//! An object as the cleanup sees it: metadata, and of that only what a rule reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::keys;
use crate::plan::ObjectKind;

/// The labels a rule reads; the others of an object need not be kept.
pub const LABELS_READ: [&str; 7] = [
    keys::BACKUP,
    keys::CREDENTIAL_TYPE,
    keys::EXCLUDE_FROM_BACKUP,
    keys::HIVE_SECRET_TYPE,
    keys::INSTALLER_NAME,
    keys::LOCAL_CLUSTER,
    keys::VELERO_BACKUP_NAME,
];

/// What the searches found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Leftovers {
    /// The objects, in no particular order; one may be there twice.
    pub found: Vec<Leftover>,
    /// Kinds that could not be listed. Spec: R-437
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<Unlisted>,
}

/// An object some search matched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Leftover {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its namespace; empty for cluster-scoped kinds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Those of its labels that are in [`LABELS_READ`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Some controller wants to be asked before it goes. Spec: R-436
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_finalizers: bool,
    /// It is on its way out already.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_being_deleted: bool,
}

/// A kind that could not be listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Unlisted {
    /// `plural.group`.
    pub kind: String,
    /// The server's reason.
    pub why: String,
}

impl Leftover {
    /// A label it has; `None` without it, or if no rule reads it.
    pub(in crate::plan) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The backup it was last restored from, in Velero's spelling; `None` if it was never restored. Spec: R-013
    pub(in crate::plan) fn restored_from(&self) -> Option<&str> {
        self.label(keys::VELERO_BACKUP_NAME)
    }
}

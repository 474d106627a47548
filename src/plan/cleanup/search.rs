//! What is listed for the cleanup, and what of it counts. Spec: R-420…R-431

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reference::{Mode, Reference};
use crate::api::keys;
use crate::plan::{ObjectKind, ServedApis};
use crate::velero::BackupType;

/// Objects of one kind with certain labels, in all namespaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// The part of the restore it belongs to.
    pub part: BackupType,
    /// The kind.
    pub kind: ObjectKind,
    /// What the labels must be like; all of it.
    pub labels: Vec<Requirement>,
}

/// What a label must be like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Requirement {
    /// It is there.
    Exists(String),
    /// It is not there.
    Absent(String),
    /// It is not there, or has another value.
    NotIn(String, BTreeSet<String>),
}

impl Search {
    /// As the API server's `labelSelector` wants it.
    pub fn selector(&self) -> String {
        let parts: Vec<String> = self.labels.iter().map(ToString::to_string).collect();
        parts.join(",")
    }

    /// True if an object with these labels is one of those searched for.
    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.labels.iter().all(|requirement| match requirement {
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Absent(key) => !labels.contains_key(key),
            Requirement::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
        })
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exists(key) => f.write_str(key),
            Self::Absent(key) => write!(f, "!{key}"),
            Self::NotIn(key, values) => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                write!(f, "{key} notin ({})", values.join(","))
            }
        }
    }
}

/// The searches for one part; none for one that is not cleaned.
pub(super) fn of_part(reference: &Reference<'_>, mode: &Mode, served: &ServedApis) -> Vec<Search> {
    let kinds = reference.kinds(served);
    let sets = sets(reference, mode);
    let search = |kind: &ObjectKind, labels: &Vec<Requirement>| Search {
        part: reference.part,
        kind: kind.clone(),
        labels: labels.iter().cloned().chain(delta(mode)).collect(),
    };
    kinds.iter().flat_map(|kind| sets.iter().map(move |labels| search(kind, labels))).collect()
}

/// What is not from the backups just restored; unless everything is cleaned, only what was restored at all.
/// Spec
fn delta(mode: &Mode) -> impl Iterator<Item = Requirement> {
    let key = keys::VELERO_BACKUP_NAME.to_owned();
    let restored = (!mode.everything).then(|| Requirement::Exists(key.clone()));
    restored.into_iter().chain([Requirement::NotIn(key, mode.kept.clone())])
}

/// Which labels make an object belong to a part; any of the sets will do. Spec
fn sets(reference: &Reference<'_>, mode: &Mode) -> Vec<Vec<Requirement>> {
    let exists = |key: &str| Requirement::Exists(key.to_owned());
    let marked = || {
        let activation = BTreeSet::from([keys::BACKUP_ACTIVATION.to_owned()]);
        let passive = (!mode.activates).then(|| Requirement::NotIn(keys::BACKUP.to_owned(), activation));
        [exists(keys::BACKUP)].into_iter().chain(passive).collect::<Vec<_>>()
    };
    match reference.part {
        BackupType::Credentials if reference.has_or_selectors() => {
            vec![vec![exists(keys::CREDENTIAL_TYPE)], vec![exists(keys::HIVE_SECRET_TYPE)], marked()]
        }
        BackupType::Credentials => vec![vec![exists(keys::CREDENTIAL_TYPE)]],
        BackupType::ResourcesGeneric => vec![marked()],
        BackupType::Resources | BackupType::ManagedClusters => {
            vec![vec![Requirement::Absent(keys::BACKUP.to_owned())]]
        }
        BackupType::Validation => Vec::new(),
    }
}

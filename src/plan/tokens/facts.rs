//! What rules about tokens read. Nothing of a secret but its metadata is ever in it.

use std::collections::BTreeSet;

use kube::core::DynamicObject;
use serde::{Deserialize, Serialize};

use crate::api::BackupSchedule;

/// What rules about tokens read; a kind that is not served has no objects. Spec: S-132
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenFacts {
    /// BackupSchedules of the whole hub that want tokens, as `namespace/name`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub wanted_by: BTreeSet<String>,
    /// The hub's component that makes tokens is set up. Spec: S-150
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_installed: bool,
    /// ManagedServiceAccounts; `None` = the server does not serve the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<DynamicObject>>,
    /// Its addons on the managed clusters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addons: Vec<DynamicObject>,
    /// ManifestWorks made for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub works: Vec<DynamicObject>,
    /// Metadata of secrets with tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<DynamicObject>,
    /// Managed clusters that are not on their way out. Empty where only what is left matters.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub clusters: BTreeSet<String>,
    /// Namespaces that are not on their way out. Empty where only what is left matters.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub namespaces: BTreeSet<String>,
    /// Namespaces with a secret of Hive.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub hive_namespaces: BTreeSet<String>,
}

/// The BackupSchedules that want tokens, as `namespace/name`.
pub fn wanting<'a>(schedules: impl Iterator<Item = &'a BackupSchedule>) -> BTreeSet<String> {
    let wants = |schedule: &&BackupSchedule| {
        schedule.spec.use_managed_service_account && schedule.metadata.deletion_timestamp.is_none()
    };
    schedules.filter(wants).map(full_name).collect()
}

fn full_name(schedule: &BackupSchedule) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{}/{}", part(&schedule.metadata.namespace), part(&schedule.metadata.name))
}

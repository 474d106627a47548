//! The Velero Restores of the present cycle, in order, and what is left out. Spec: R-200…R-206

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};

use super::facts::Facts;
use super::reason::Picked;
use super::sync::Picks;
use crate::api::BackupChoice;
use crate::plan::latest::Unresolved;
use crate::velero::{BackupType, RestoreType};

/// A Velero Restore of the present cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedRestore {
    /// Its place in the order, from 1. Spec: R-200
    pub order: usize,
    /// What it restores.
    pub part: RestoreType,
    /// The backup it restores from.
    pub backup: String,
    /// Its name.
    pub name: String,
    /// It is there already.
    pub exists: bool,
    /// Why this backup.
    pub reason: Picked,
}

/// Something a user may expect to be restored and that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// What.
    pub what: RestoreType,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOutReason {
    /// No generic backup can be used. Spec: R-180
    NoGenericBackup,
    /// No generic backup belongs to the named resources backup. Spec
    NoGenericBackupNearby,
    /// Its part is skipped, so its activation data stays out too. Spec: R-204
    ActivationDataOfSkippedPart,
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoGenericBackup => "no usable backup of generic resources",
            Self::NoGenericBackupNearby => {
                "no backup of generic resources has the stamp of the named resources backup or started within 30s of it"
            }
            Self::ActivationDataOfSkippedPart => {
                "managed clusters are restored, but this part is skipped and its activation data with it"
            }
        })
    }
}

impl Serialize for LeftOutReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Picked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The Velero Restores for the backups of this cycle, in order. Spec: R-200…R-203
///
/// # Errors
/// When one backup was chosen for two parts: both would have one name.
pub(super) fn wanted(facts: &Facts<'_>, picks: &Picks) -> Result<Vec<WantedRestore>, Unresolved> {
    let mut names = BTreeSet::new();
    let mut wanted = Vec::new();
    for part in RestoreType::ALL.into_iter().filter(|part| is_activated(picks) || !part.is_active()) {
        let Some(pick) = picks.get(&part.backup_type()) else { continue };
        let name = part.velero_restore_name(facts.name, &pick.backup);
        if !names.insert(name.clone()) {
            return Err(Unresolved::ChosenTwice { name: pick.backup.clone() });
        }
        wanted.push(WantedRestore {
            order: wanted.len() + 1,
            part,
            backup: pick.backup.clone(),
            exists: facts.owned_named(&name).is_some(),
            name,
            reason: pick.why,
        });
    }
    Ok(wanted)
}

/// Managed clusters are restored in this cycle. Spec
fn is_activated(picks: &Picks) -> bool {
    picks.contains_key(&BackupType::ManagedClusters)
}

/// What a user may expect and does not get. Spec
pub(super) fn left_out(facts: &Facts<'_>, picks: &Picks) -> Vec<LeftOut> {
    let generic = (!picks.contains_key(&BackupType::ResourcesGeneric))
        .then(|| match facts.choice(BackupType::Resources) {
            BackupChoice::Skip => None,
            BackupChoice::Latest => Some(LeftOutReason::NoGenericBackup),
            BackupChoice::Name(_) => Some(LeftOutReason::NoGenericBackupNearby),
        })
        .flatten()
        .map(|reason| LeftOut { what: RestoreType::ResourcesGeneric, reason });
    let active = [RestoreType::ResourcesGenericActive, RestoreType::CredentialsActive]
        .into_iter()
        .filter(|part| is_activated(picks) && facts.choice(part.backup_type()) == BackupChoice::Skip)
        .map(|what| LeftOut { what, reason: LeftOutReason::ActivationDataOfSkippedPart });
    generic.into_iter().chain(active).collect()
}

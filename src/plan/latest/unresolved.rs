//! Why a choice means no backup.

use std::fmt;

use serde::Serialize;

use super::PassedOver;
use crate::velero::{BackupPhase, BackupType};

/// Why a choice means no backup. Spec
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "problem")]
pub enum Unresolved {
    /// The namespace holds no backup at all. Spec: R-153
    NoBackups {
        /// The namespace.
        namespace: String,
    },
    /// No backup of the type can be used.
    #[serde(rename_all = "camelCase")]
    NoneUsable {
        /// The type.
        backup_type: BackupType,
        /// Those of the type that are there, newest first.
        passed_over: Vec<PassedOver>,
    },
    /// The name is blank. Spec: R-151
    #[serde(rename_all = "camelCase")]
    Blank {
        /// The part it was given for.
        backup_type: BackupType,
    },
    /// There is no backup of this name. Spec: R-181
    #[serde(rename_all = "camelCase")]
    NotFound {
        /// The part it was given for.
        backup_type: BackupType,
        /// The name.
        name: String,
    },
    /// The name belongs to a backup of another type, or to an activation marker. Spec
    #[serde(rename_all = "camelCase")]
    OtherType {
        /// The part it was given for.
        backup_type: BackupType,
        /// The name.
        name: String,
        /// What it names; `None` for an activation marker.
        found: Option<BackupType>,
    },
    /// The backup did not end in a state that can be restored. Spec: R-174
    Unusable {
        /// The name.
        name: String,
        /// Where it stands.
        phase: BackupPhase,
    },
    /// The same backup was chosen for two parts, whose restores would get the same name.
    ChosenTwice {
        /// The name.
        name: String,
    },
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBackups { namespace } => write!(f, "no backup found in namespace {namespace}"),
            Self::NoneUsable { backup_type, passed_over } => none_usable(f, *backup_type, passed_over),
            Self::Blank { backup_type } => {
                write!(f, "the name of the {} backup is empty", backup_type.part())
            }
            Self::NotFound { backup_type, name } => {
                write!(f, "{} backup {name} not found", backup_type.part())
            }
            Self::OtherType { backup_type, name, found: Some(found) } => {
                write!(f, "{name} is a {} backup, expected one of {}", found.part(), backup_type.part())
            }
            Self::OtherType { backup_type, name, found: None } => {
                write!(f, "{name} is an activation marker, expected a backup of {}", backup_type.part())
            }
            Self::Unusable { name, phase: BackupPhase::Unset } => {
                write!(f, "backup {name} has not started, expected Completed or PartiallyFailed")
            }
            Self::Unusable { name, phase } => {
                write!(f, "backup {name} is {phase}, expected Completed or PartiallyFailed")
            }
            Self::ChosenTwice { name } => {
                write!(f, "backup {name} is chosen for two parts, expected one backup for each")
            }
        }
    }
}

impl std::error::Error for Unresolved {}

fn none_usable(
    f: &mut fmt::Formatter<'_>,
    backup_type: BackupType,
    passed_over: &[PassedOver],
) -> fmt::Result {
    write!(f, "no {} backup is Completed or PartiallyFailed", backup_type.part())?;
    passed_over.first().map_or(Ok(()), |newest| write!(f, "; {newest}"))
}

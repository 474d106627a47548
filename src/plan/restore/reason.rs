//! Why a step of the Restore side is taken.

use std::fmt;

use crate::plan::latest::Why;
use crate::velero::RestoreType;

/// Why a step of the Restore side is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreReason {
    /// A part is restored from the backup chosen for it.
    Restores {
        /// The part.
        part: RestoreType,
        /// Why that backup.
        why: Picked,
    },
    /// A backup that was chosen is gone. Spec: R-314
    Replaced,
    /// Hooks are accepted and never run. Spec: R-904
    HooksIgnored,
    /// The backup behind a Velero Restore of an earlier cycle is gone. Spec: R-830
    BackupGone,
    /// Other hubs must see who has the managed clusters. Spec: R-720
    Activated,
    /// A newer activation marker takes its place. Spec: R-725
    OlderMarker,
    /// The Restore is being deleted. Spec: R-803
    Deleted,
    /// Nothing of a deleted Restore is left. Spec: R-804
    NothingLeft,
    /// The installer must not remove the hub under a Restore. Spec: R-801
    HubWaits,
    /// The hub is being removed. Spec: R-115
    HubRemoved,
    /// Observability makes a new certificate on this hub. Spec: R-710
    StaleCertificate,
    /// A secret of an earlier restore is in the way. Spec: R-736
    OldImport,
    /// A managed cluster is not connected to this hub. Spec: R-737
    ImportNow,
}

/// Why a backup is restored in this cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    /// Chosen in this pass.
    Now(Why),
    /// Chosen when the cycle began; the choice stays until it ends. Spec: R-314
    Before,
    /// The backup chosen before is gone. Spec: R-314
    Instead,
}

impl fmt::Display for Picked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(why) => why.fmt(f),
            Self::Before => f.write_str("chosen when this cycle began"),
            Self::Instead => f.write_str("in place of the backup chosen before, which is gone"),
        }
    }
}

impl fmt::Display for RestoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restores { part, why } if part.is_active() => {
                write!(f, "{}: activation data of the same backup, {why}", part.part())
            }
            Self::Restores { part, why } => write!(f, "{}: {why}", part.part()),
            Self::Replaced => f.write_str("another backup takes the place of one that is gone"),
            Self::HooksIgnored => f.write_str("restore hooks are accepted and never run"),
            Self::BackupGone => f.write_str("its backup is gone and a newer restore took its place"),
            Self::Activated => f.write_str("tells other hubs that the managed clusters are here now"),
            Self::OlderMarker => f.write_str("a newer activation marker takes its place"),
            Self::Deleted => f.write_str("the Restore is being deleted"),
            Self::HubWaits => f.write_str("the hub must not be removed while the Restore is there"),
            Self::HubRemoved => f.write_str("the hub is being removed"),
            Self::StaleCertificate => f.write_str("it is of the old hub, observability makes a new one"),
            Self::OldImport => f.write_str("an earlier restore made it"),
            Self::ImportNow => f.write_str("the managed cluster is not connected to this hub"),
            Self::NothingLeft => f.write_str("the Restore is being deleted and nothing of it is left"),
        }
    }
}

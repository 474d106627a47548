//! From what was found to what goes, and why.

use std::collections::BTreeSet;
use std::fmt;

use super::leftover::Leftover;
use super::reference::{Mode, Reference};
use super::search::Search;
use crate::plan::removal::{self, Guard};
use crate::plan::{Action, Record, Step, Target, TargetKind};
use crate::velero::BackupType;

/// An object to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// The part of the restore it belongs to.
    pub part: BackupType,
    /// The object.
    pub object: Leftover,
    /// Why.
    pub reason: CleanupReason,
}

/// Why an object is removed after a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanupReason {
    /// The backup it was restored from earlier; `None` if no restore made it.
    pub restored_from: Option<String>,
    /// The backup just restored.
    pub backup: String,
}

impl fmt::Display for CleanupReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.restored_from {
            Some(earlier) => write!(f, "restored from {earlier} and not in {}", self.backup),
            None => write!(f, "not in {}", self.backup),
        }
    }
}

/// What goes, in the order of the parts, each object once. Spec: …R-439
pub(super) fn deletions(
    references: &[Reference<'_>],
    mode: &Mode,
    searches: &[Search],
    found: &[Leftover],
) -> Vec<Deletion> {
    let mut seen = BTreeSet::new();
    let mut deletions = Vec::new();
    for reference in references {
        let guard = Guard {
            part: reference.part,
            everything: mode.everything,
            kept: &mode.kept,
            local_cluster: mode.local_cluster.as_deref(),
            excluded_namespaces: reference.excluded_namespaces(),
        };
        let mine: Vec<&Search> = searches.iter().filter(|search| search.part == reference.part).collect();
        let mut gone: Vec<&Leftover> = found
            .iter()
            .filter(|object| {
                mine.iter().any(|search| search.kind == object.kind && search.matches(&object.labels))
            })
            .filter(|object| removal::spared(object, &guard).is_none())
            .collect();
        gone.sort_by_key(|object| (&object.kind, &object.namespace, &object.name));
        gone.retain(|object| seen.insert(object.uid.as_str()));
        deletions.extend(gone.into_iter().map(|object| deletion(reference, object)));
    }
    deletions
}

fn deletion(reference: &Reference<'_>, object: &Leftover) -> Deletion {
    let reason = CleanupReason {
        restored_from: object.restored_from().map(str::to_owned),
        backup: reference.backup.metadata.name.clone().unwrap_or_default(),
    };
    Deletion { part: reference.part, object: object.clone(), reason }
}

impl Deletion {
    /// The step that removes the object; its failure is told and stops nothing. Spec
    pub(in crate::plan) fn step(self) -> Step {
        let Self { part, object, reason } = self;
        let target = Target {
            kind: TargetKind::Other(object.kind),
            namespace: object.namespace,
            name: object.name,
            uid: Some(object.uid),
            resource_version: None,
        };
        let action = match (part, object.has_finalizers) {
            (BackupType::Credentials, _) => Action::Delete(target),
            (_, true) => Action::DetachAndDelete(target),
            (_, false) => Action::DeleteForeground(target),
        };
        Step::optional(action, reason).together().recording(Record::CleanedUp)
    }
}

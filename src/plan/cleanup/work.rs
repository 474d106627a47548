//! One cleanup from question to answer.

use std::collections::BTreeSet;

use super::deletions::{Deletion, deletions};
use super::leftover::Unlisted;
use super::reference::{Mode, Reference, Restored};
use super::search::{Search, of_part};
use crate::api::{self, BackupChoice, Cleanup};
use crate::plan::{HubSnapshot, OnRequest, Query};
use crate::velero::{BackupType, label_value};

/// The order of the cleanup. Spec: R-402
const ORDER: [BackupType; 4] = BackupType::DATA;

/// What a cleanup has to compare with.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Work<'a> {
    pub(in crate::plan) restore: &'a api::Restore,
    /// The parts that were restored; a part that is not here is not cleaned.
    pub(in crate::plan) restored: Vec<Restored>,
    /// Names of all backups whose objects stay. Spec: R-439
    pub(in crate::plan) kept: BTreeSet<String>,
}

/// What a cleanup comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// What goes, in order.
    pub deletions: Vec<Deletion>,
    /// Kinds that could not be looked at. Spec: R-437
    pub unlisted: Vec<Unlisted>,
}

impl Work<'_> {
    /// What goes. The one place where that is decided, for the loop, for `plan` and for questions. Spec: R-400…R-439
    ///
    /// # Errors
    /// The facts to ask for first.
    pub(in crate::plan) fn done(&self, hub: &HubSnapshot) -> Result<Cleaned, BTreeSet<Query>> {
        let cleanup = self.restore.spec.cleanup_before_restore.as_ref();
        let restored = self.comparable();
        if !matches!(cleanup, Some(Cleanup::CleanupRestored | Cleanup::CleanupAll)) || restored.is_empty() {
            return Ok(Cleaned::default());
        }
        let facts = &hub.on_request;
        let (Some(served), Some(this_hub)) = (&facts.removable, &facts.hub) else {
            return Err(questions(facts, &restored));
        };
        if restored.iter().any(|part| !facts.backups.contains_key(&part.backup)) {
            return Err(questions(facts, &restored));
        }
        let references = references(facts, &restored);
        let mode = Mode {
            everything: cleanup == Some(&Cleanup::CleanupAll),
            activates: self.restore.spec.managed_clusters_choice() != BackupChoice::Skip,
            kept: self.kept.iter().map(|name| label_value(name)).collect(),
            local_cluster: this_hub.local_cluster.clone(),
        };
        let searches: Vec<Search> =
            references.iter().flat_map(|reference| of_part(reference, &mode, served)).collect();
        if searches.is_empty() {
            return Ok(Cleaned::default());
        }
        let Some(leftovers) = &facts.leftovers else {
            return Err(BTreeSet::from([Query::Leftovers(searches)]));
        };
        Ok(Cleaned {
            deletions: deletions(&references, &mode, &searches, &leftovers.found),
            unlisted: leftovers.unlisted.clone(),
        })
    }

    /// The parts in order. Spec: R-402
    fn comparable(&self) -> Vec<&Restored> {
        let of = |part: BackupType| self.restored.iter().find(|restored| restored.part == part);
        ORDER.into_iter().filter_map(of).collect()
    }
}

/// All that can be asked for at once.
fn questions(facts: &OnRequest, restored: &[&Restored]) -> BTreeSet<Query> {
    let unknown = restored.iter().filter(|part| !facts.backups.contains_key(&part.backup));
    let mut queries: BTreeSet<Query> = unknown.map(|part| Query::Backup(part.backup.clone())).collect();
    queries.extend(facts.removable.is_none().then_some(Query::Removable));
    queries.extend(facts.hub.is_none().then_some(Query::Hub));
    queries
}

/// The parts whose backups are still there; without that of resources nothing generic is compared. Spec: R-403
fn references<'a>(facts: &'a OnRequest, restored: &[&Restored]) -> Vec<Reference<'a>> {
    let reference = |part: &&Restored| {
        let backup = facts.backups.get(&part.backup)?.as_ref()?;
        Some(Reference { part: part.part, backup })
    };
    let mut found: Vec<Reference<'_>> = restored.iter().filter_map(reference).collect();
    if !found.iter().any(|reference| reference.part == BackupType::Resources) {
        found.retain(|reference| reference.part != BackupType::ResourcesGeneric);
    }
    found
}

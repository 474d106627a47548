//! What a cleanup would remove, on screens and as JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::count;
use crate::api::Cleanup;
use crate::plan::cleanup::Deletion;

/// Objects named on a screen without `--details`, at most.
const NAMED_MAX: usize = 5;

/// What would be removed once the restore is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CleanupView {
    /// The policy of the Restore.
    pub policy: String,
    /// Number of objects; `None` where that could not be found out.
    pub deletions: Option<usize>,
    /// What the backups hold could not be read, so that some of them may stay.
    pub at_most: bool,
    /// The same by `plural.group`.
    pub by_kind: BTreeMap<String, usize>,
    /// Each of them.
    pub objects: Vec<DeletionView>,
}

/// One object that would be removed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeletionView {
    /// `plural.group`.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl CleanupView {
    /// A policy of which nothing more is known; only None certainly removes nothing.
    pub fn unknown(policy: &Cleanup) -> Self {
        let deletions = (*policy == Cleanup::None).then_some(0);
        Self { policy: policy.to_string(), deletions, ..Self::default() }
    }

    /// What the planner would remove.
    pub fn of(policy: &Cleanup, deletions: &[Deletion], at_most: bool) -> Self {
        let objects: Vec<DeletionView> = deletions.iter().map(deletion).collect();
        let mut by_kind = BTreeMap::new();
        for object in &objects {
            *by_kind.entry(object.kind.clone()).or_default() += 1;
        }
        let at_most = at_most && !objects.is_empty();
        Self { policy: policy.to_string(), deletions: Some(objects.len()), at_most, by_kind, objects }
    }

    /// It may remove something.
    pub fn may_remove(&self) -> bool {
        self.deletions != Some(0)
    }

    /// `3 objects`, `at most 3 objects`, or words for an unknown number.
    pub fn how_many(&self) -> String {
        let bound = if self.at_most { "at most " } else { "" };
        match self.deletions {
            Some(number) => format!("{bound}{}", count(number, "object")),
            None => "an unknown number of objects".to_owned(),
        }
    }

    /// The policy, and what it would do, in one line.
    pub(super) fn shown(&self) -> String {
        let bound = if self.at_most { "at most " } else { "" };
        match (Cleanup::from(self.policy.as_str()), self.deletions) {
            (Cleanup::None, _) => self.policy.clone(),
            (_, Some(0)) => format!("{}, nothing to remove", self.policy),
            (_, Some(number)) => format!("{}, {bound}{}", self.policy, count(number, "deletion")),
            (_, None) => format!("{}, what it would remove could not be found out", self.policy),
        }
    }

    /// What would be removed, a line each: objects if they are few or all are wanted, else numbers by kind.
    pub(super) fn lines(&self, details: bool) -> Vec<String> {
        if details {
            return self.objects.iter().map(|one| format!("{}  ({})", one.shown(), one.reason)).collect();
        }
        match self.objects.len() {
            0 => Vec::new(),
            1..=NAMED_MAX => {
                vec![self.objects.iter().map(DeletionView::shown).collect::<Vec<_>>().join("  ")]
            }
            _ => self.by_kind.iter().map(|(kind, number)| format!("{number} {kind}")).collect(),
        }
    }
}

impl DeletionView {
    fn shown(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{}/{}", self.kind, self.name),
            namespace => format!("{}/{} in {namespace}", self.kind, self.name),
        }
    }
}

fn deletion(deletion: &Deletion) -> DeletionView {
    let object = &deletion.object;
    DeletionView {
        kind: object.kind.resource(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        reason: deletion.reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::cleanup::CleanupReason;
    use crate::velero::BackupType;

    fn deletions(number: usize) -> Vec<Deletion> {
        let one = |number: usize| Deletion {
            part: BackupType::Credentials,
            object: serde_json::from_value(json!({
                "kind": {"group": "", "version": "v1", "kind": "Secret", "plural": "secrets"},
                "namespace": "apps", "name": format!("creds-{number}"), "uid": number.to_string(),
            }))
            .unwrap(),
            reason: CleanupReason { restored_from: Some("b1".to_owned()), backup: "b2".to_owned() },
        };
        (1..=number).map(one).collect()
    }

    #[test]
    fn few_objects_are_named_and_many_are_counted_by_kind() {
        let few = CleanupView::of(&Cleanup::CleanupRestored, &deletions(2), true);
        assert_eq!(few.shown(), "CleanupRestored, at most 2 deletions");
        assert_eq!(few.lines(false), ["secrets/creds-1 in apps  secrets/creds-2 in apps"]);
        assert_eq!(few.lines(true)[0], "secrets/creds-1 in apps  (restored from b1 and not in b2)");
        let many = CleanupView::of(&Cleanup::CleanupAll, &deletions(6), false);
        assert_eq!(
            (many.shown().as_str(), many.lines(false)),
            ("CleanupAll, 6 deletions", vec!["6 secrets".to_owned()])
        );
    }

    #[test]
    fn what_is_unknown_is_never_shown_as_nothing() {
        let unknown = CleanupView::unknown(&Cleanup::CleanupRestored);
        assert!(unknown.may_remove() && unknown.shown().contains("could not be found out"));
        assert!(!CleanupView::unknown(&Cleanup::None).may_remove());
        let nothing = CleanupView::of(&Cleanup::CleanupRestored, &[], true);
        assert_eq!(nothing.shown(), "CleanupRestored, nothing to remove");
        assert!(!nothing.may_remove());
    }
}

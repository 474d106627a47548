//! How far the take-over of managed clusters is, told from the Restore and the Velero Restores behind it.

use crate::api::{self, BackupChoice, RestorePhase};
use crate::plan::restore::{ImportTally, import_tally};
use crate::velero::RestoreType;

/// How far an activation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Activation {
    /// It comes after everything else.
    Waiting,
    /// It has ended, and says what became of the clusters.
    Ended(ImportTally),
}

/// `None` where no managed clusters are wanted, or it did not come to it.
///
/// `parts`: the parts there are Velero Restores of, and whether each has ended.
pub(super) fn activation(restore: &api::Restore, parts: &[(RestoreType, bool)]) -> Option<Activation> {
    if parts.is_empty() || restore.spec.managed_clusters_choice() == BackupChoice::Skip {
        return None;
    }
    let has_clusters =
        parts.iter().any(|(part, has_ended)| *part == RestoreType::ManagedClusters && *has_ended);
    match restore.phase() {
        RestorePhase::Error | RestorePhase::Unknown => None,
        RestorePhase::Finished | RestorePhase::FinishedWithErrors => {
            let messages = restore.status.as_ref()?.messages.as_deref().unwrap_or_default();
            has_clusters.then(|| Activation::Ended(import_tally(messages)))
        }
        _ => Some(Activation::Waiting),
    }
}

impl Activation {
    /// What is shown beside `activation`.
    pub(super) fn text(&self) -> String {
        let Self::Ended(tally) = self else { return "waiting".to_owned() };
        let counts = [(tally.available, "connected already"), (tally.imported, "being imported")];
        let told: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if told.is_empty() { "no cluster to import".to_owned() } else { told.join(", ") }
    }

    /// What keeps clusters from being imported; empty if nothing does.
    pub(super) fn problem(&self) -> String {
        match self {
            Self::Ended(ImportTally { problems, .. }) => match problems.as_slice() {
                [] => String::new(),
                [only] => only.clone(),
                [first, others @ ..] => format!("{first} (and {} more)", others.len()),
            },
            Self::Waiting => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CLUSTERS: (RestoreType, bool) = (RestoreType::ManagedClusters, true);

    fn of(clusters: &str, status: &Value, parts: &[(RestoreType, bool)]) -> Option<(String, String)> {
        let restore: api::Restore = serde_json::from_value(json!({
            "metadata": {"name": "r1"}, "spec": {"veleroManagedClustersBackupName": clusters}, "status": status,
        }))
        .unwrap();
        activation(&restore, parts).map(|found| (found.text(), found.problem()))
    }

    /// Spec: R-730
    #[test]
    fn the_clusters_come_last_and_are_counted() {
        let plain = |text: &str| Some((text.to_owned(), String::new()));
        assert_eq!(of("skip", &json!({"phase": "Running"}), &[CLUSTERS]), None);
        assert_eq!(of("latest", &json!({"phase": "Running"}), &[CLUSTERS]), plain("waiting"));
        assert_eq!(of("latest", &json!({"phase": "Error"}), &[CLUSTERS]), None);
        assert_eq!(of("latest", &json!({"phase": "Finished"}), &[CLUSTERS]), plain("no cluster to import"));
        let ignored = &json!({"phase": "FinishedWithErrors"});
        assert_eq!(of("latest", ignored, &[(RestoreType::Credentials, true)]), None, "it did not come to it");
        let messages = [
            "managed cluster a is already available",
            "managed cluster b: auto-import-secret created",
            "managed cluster c has no token secret and is not imported",
        ];
        let told = of("latest", &json!({"phase": "Finished", "messages": messages}), &[CLUSTERS]).unwrap();
        assert_eq!(told.0, "1 connected already, 1 being imported");
        assert_eq!(told.1, messages[2]);
    }
}

//! How far the cleanup after a restore is, told from the Restore and the Velero Restores behind it.

use crate::api::{self, BackupChoice, Cleanup, RestorePhase};
use crate::plan::cleanup::{Told, told};
use crate::velero::RestoreType;

/// How far a cleanup is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cleaning {
    /// Not everything is restored yet.
    Waiting,
    /// All is restored, and the Restore does not say yet that it has ended.
    AtWork,
    /// It has ended, and says what came of it.
    Ended(Told),
}

/// `None` where nothing is to be cleaned, nothing is known about it, or it did not come to it.
///
/// `parts`: the parts there are Velero Restores of, and whether each has ended.
pub(super) fn cleaning(restore: &api::Restore, parts: &[(RestoreType, bool)]) -> Option<Cleaning> {
    let spec = &restore.spec;
    if parts.is_empty() || spec.cleanup_before_restore.as_ref().is_none_or(|policy| *policy == Cleanup::None)
    {
        return None;
    }
    // Those of managed clusters are made last, once the credentials are there.
    let awaits_clusters = spec.managed_clusters_choice() != BackupChoice::Skip
        && parts.iter().all(|(part, _)| *part != RestoreType::ManagedClusters);
    let is_restored = !awaits_clusters && parts.iter().all(|(_, has_ended)| *has_ended);
    match restore.phase() {
        RestorePhase::Unset | RestorePhase::Started | RestorePhase::Running => {
            Some(if is_restored { Cleaning::AtWork } else { Cleaning::Waiting })
        }
        RestorePhase::Error | RestorePhase::Unknown => None,
        _ => told(restore.status.as_ref()?.last_message.as_str()).map(Cleaning::Ended),
    }
}

impl Cleaning {
    /// What is shown beside `cleanup`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Waiting => "waiting".to_owned(),
            Self::AtWork => "removing what the backups do not hold".to_owned(),
            Self::Ended(told) if told.problem.is_empty() => format!("{} removed", told.removed),
            Self::Ended(told) => format!("{} of {} removed", told.removed, told.of),
        }
    }

    /// What could not be removed, and why; empty if there is nothing.
    pub(super) fn problem(&self) -> &str {
        match self {
            Self::Ended(told) => &told.problem,
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn restore(clusters: &str, policy: &str, (phase, message): (&str, &str)) -> api::Restore {
        serde_json::from_value(json!({
            "metadata": {"name": "r1"},
            "spec": {"veleroManagedClustersBackupName": clusters, "cleanupBeforeRestore": policy},
            "status": {"phase": phase, "lastMessage": message},
        }))
        .unwrap()
    }

    fn of_passive(phase: &str, message: &str, has_ended: bool) -> Option<String> {
        let parts = [(RestoreType::Credentials, true), (RestoreType::Resources, has_ended)];
        let restore = restore("skip", "CleanupRestored", (phase, message));
        cleaning(&restore, &parts).map(|cleaning| cleaning.text())
    }

    /// Spec: R-128
    #[test]
    fn the_cleanup_comes_once_all_is_restored_and_before_the_restore_has_ended() {
        assert_eq!(of_passive("Running", "", false).unwrap(), "waiting");
        assert_eq!(of_passive("Running", "", true).unwrap(), "removing what the backups do not hold");
        assert_eq!(of_passive("Enabled", "all well; cleanup removed 3 objects", true).unwrap(), "3 removed");
        assert_eq!(of_passive("Enabled", "all well", true), None, "nobody says that anything was removed");
        assert_eq!(of_passive("Error", "", true), None);
    }

    #[test]
    fn while_managed_clusters_are_to_come_nothing_is_cleaned() {
        let (latest, none) = (("latest", "CleanupAll"), ("latest", "None"));
        let of = |(clusters, policy): (&str, &str), parts: &[(RestoreType, bool)]| {
            cleaning(&restore(clusters, policy, ("Running", "")), parts)
        };
        let passive = (RestoreType::Credentials, true);
        let clusters = (RestoreType::ManagedClusters, true);
        assert_eq!(of(latest, &[passive]), Some(Cleaning::Waiting));
        assert_eq!(of(latest, &[passive, clusters]), Some(Cleaning::AtWork));
        assert_eq!(of(none, &[passive, clusters]), None);
        assert_eq!(of(latest, &[]), None);
    }
}

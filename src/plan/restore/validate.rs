//! Checks of a Restore's spec, shared by the loop, the command line and an admission webhook.

use thiserror::Error;

use crate::api::{self, BackupChoice, Cleanup, RestoreSpec, keys};
use crate::wire::{DurationError, GoDuration};

/// What is wrong with a Restore's spec.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecProblem {
    /// A namespace that belongs to the system is the target of a mapping. Spec: R-050
    #[error("namespaceMapping {from}={to}: {to} is a system namespace and cannot be a target")]
    SystemNamespace {
        /// The source.
        from: String,
        /// The target.
        to: String,
    },
    /// A cleanup that does not exist. Spec: R-410
    #[error("CleanupBeforeRestore has the invalid value {0:?}, expected None, CleanupRestored or CleanupAll")]
    UnknownCleanup(String),
    /// CleanupAll without its confirmation. Spec: R-411
    #[error(
        "CleanupBeforeRestore CleanupAll needs the annotation {}=true on the Restore",
        keys::CLEANUP_ALL_CONFIRMED
    )]
    CleanupAllUnconfirmed,
    /// A part of a following Restore has no choice. Spec: R-052
    #[error("{field} is not set, expected {expected}")]
    SyncUnset {
        /// The field.
        field: &'static str,
        /// What it may say.
        expected: &'static str,
    },
    /// A part of a following Restore has a choice that cannot be followed. Spec: R-052
    #[error("{field} is {found:?}, expected {expected}")]
    SyncChoice {
        /// The field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        expected: &'static str,
    },
    /// A following Restore that would activate at once. Spec: R-053
    #[error(
        "veleroManagedClustersBackupName must be skip until the Restore is Enabled: create it passive, then activate it"
    )]
    SyncBornActive,
    /// Velero takes one kind of selector only. Spec: R-056
    #[error("labelSelector and orLabelSelectors exclude each other")]
    TwoSelectors,
    /// An interval that is no duration, or a negative one. Spec: R-140
    #[error("restoreSyncInterval {text:?}: {reason}")]
    BadInterval {
        /// What it says.
        text: String,
        /// Why it cannot be used.
        reason: String,
    },
}

/// Everything the admission webhook refuses; `old` is the object before an update. Spec: R-050, R-052…R-054
pub fn admission(old: Option<&api::Restore>, new: &api::Restore) -> Vec<SpecProblem> {
    if new.metadata.deletion_timestamp.is_some() || old.is_some_and(|old| old.spec == new.spec) {
        return Vec::new();
    }
    let mut problems = namespace_mapping(&new.spec);
    problems.extend(sync(&new.spec));
    problems.extend(born_active(old, new));
    problems
}

/// Everything worth refusing before a Restore is sent, beyond what the webhook refuses. Spec: R-055, R-056
pub fn before_sending(old: Option<&api::Restore>, new: &api::Restore) -> Vec<SpecProblem> {
    let mut problems = admission(old, new);
    problems.extend(cleanup(new));
    problems.extend(selectors(&new.spec));
    problems.extend(sync_interval(&new.spec).err());
    problems
}

/// Why the loop never starts this Restore; `None` lets it. Spec: R-055, R-410, R-411
pub fn refusal(restore: &api::Restore) -> Option<SpecProblem> {
    cleanup(restore).or_else(|| namespace_mapping(&restore.spec).into_iter().next())
}

/// Mappings into namespaces of the system. Spec: R-050
pub fn namespace_mapping(spec: &RestoreSpec) -> Vec<SpecProblem> {
    let is_system = |target: &str| {
        let target = target.trim().to_lowercase();
        matches!(target.as_str(), "default" | "openshift")
            || target.starts_with("kube-")
            || target.starts_with("openshift-")
    };
    spec.namespace_mapping
        .iter()
        .flatten()
        .filter(|(_, to)| is_system(to))
        .map(|(from, to)| SpecProblem::SystemNamespace { from: from.clone(), to: to.clone() })
        .collect()
}

/// A cleanup that is unknown or not confirmed; an absent one is `None`. Spec: R-051, R-410, R-411
pub fn cleanup(restore: &api::Restore) -> Option<SpecProblem> {
    match restore.spec.cleanup_before_restore.as_ref()? {
        Cleanup::Other(value) => Some(SpecProblem::UnknownCleanup(value.clone())),
        Cleanup::CleanupAll if !is_cleanup_all_confirmed(restore) => Some(SpecProblem::CleanupAllUnconfirmed),
        _ => None,
    }
}

fn is_cleanup_all_confirmed(restore: &api::Restore) -> bool {
    let annotations = restore.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(keys::CLEANUP_ALL_CONFIRMED)).is_some_and(|value| value == "true")
}

/// Why new backups cannot be followed although that was asked for. Spec: R-052, R-060
pub fn sync(spec: &RestoreSpec) -> Option<SpecProblem> {
    if !spec.sync_restore_with_new_backups {
        return None;
    }
    let latest = |field, value: &Option<String>| followed(field, value, "latest", &[BackupChoice::Latest]);
    let either = [BackupChoice::Skip, BackupChoice::Latest];
    let clusters = &spec.velero_managed_clusters_backup_name;
    followed("veleroManagedClustersBackupName", clusters, "skip or latest", &either)
        .or_else(|| latest("veleroCredentialsBackupName", &spec.velero_credentials_backup_name))
        .or_else(|| latest("veleroResourcesBackupName", &spec.velero_resources_backup_name))
}

fn followed(
    field: &'static str,
    value: &Option<String>,
    expected: &'static str,
    allowed: &[BackupChoice],
) -> Option<SpecProblem> {
    let Some(found) = value.clone() else { return Some(SpecProblem::SyncUnset { field, expected }) };
    (!allowed.contains(&BackupChoice::from_field(Some(&found)))).then_some(SpecProblem::SyncChoice {
        field,
        found,
        expected,
    })
}

/// Spec: R-053, R-054
fn born_active(old: Option<&api::Restore>, new: &api::Restore) -> Option<SpecProblem> {
    if !new.spec.sync_restore_with_new_backups || new.spec.managed_clusters_choice() == BackupChoice::Skip {
        return None;
    }
    let status = old.and_then(|old| old.status.as_ref());
    let may_activate = status.is_some_and(|status| {
        let has_clusters =
            status.velero_managed_clusters_restore_name.as_ref().is_some_and(|name| !name.is_empty());
        status.phase.is_enabled() || has_clusters
    });
    (!may_activate).then_some(SpecProblem::SyncBornActive)
}

/// Both kinds of selector at once. Spec: R-056
pub fn selectors(spec: &RestoreSpec) -> Option<SpecProblem> {
    let has_any = spec.or_label_selectors.as_ref().is_some_and(|selectors| !selectors.is_empty());
    (spec.label_selector.is_some() && has_any).then_some(SpecProblem::TwoSelectors)
}

/// How often to look for new backups at least: 30 minutes unless set. Spec: R-008, R-140
///
/// # Errors
/// When the text is no duration, or a negative one.
pub fn sync_interval(spec: &RestoreSpec) -> Result<std::time::Duration, SpecProblem> {
    const DEFAULT: std::time::Duration = std::time::Duration::from_secs(30 * 60);
    let Some(text) = spec.restore_sync_interval.as_deref() else { return Ok(DEFAULT) };
    let bad = |reason: String| SpecProblem::BadInterval { text: text.to_owned(), reason };
    let interval: GoDuration = text.parse().map_err(|why: DurationError| bad(why.to_string()))?;
    match interval.to_std() {
        Some(interval) if interval.is_zero() => Ok(DEFAULT),
        Some(interval) => Ok(interval),
        None => Err(bad("negative".to_owned())),
    }
}

/// [`sync_interval`] as screens show it: what the spec says, or the usual one where it says nothing the loop can use.
pub fn shown_sync_interval(spec: &RestoreSpec) -> &str {
    let is_used = |text: &&str| text.parse::<GoDuration>().is_ok_and(|interval| interval > GoDuration::ZERO);
    spec.restore_sync_interval.as_deref().filter(is_used).unwrap_or("30m")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn restore(clusters: &str, more: &Value) -> api::Restore {
        let mut object = json!({"metadata": {"name": "r"}, "spec": {
            "veleroManagedClustersBackupName": clusters,
            "veleroCredentialsBackupName": "Latest ",
            "veleroResourcesBackupName": "latest",
            "syncRestoreWithNewBackups": true,
        }});
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        serde_json::from_value(object).unwrap()
    }

    fn with_phase(clusters: &str, phase: &str) -> api::Restore {
        restore(clusters, &json!({"status": {"phase": phase, "lastMessage": ""}}))
    }

    /// R-050
    #[test]
    fn targets_of_the_system_are_refused_and_sources_are_not() {
        let mapping = |from: &str, to: &str| {
            let spec = json!({"namespaceMapping": {from: to}});
            namespace_mapping(&serde_json::from_value(spec).unwrap()).len()
        };
        for target in ["default", " OpenShift ", "kube-system", "openshift-config"] {
            assert_eq!(mapping("a", target), 1, "{target}");
        }
        for target in ["defaults", "openshiftx", "kube", "my-kube-system"] {
            assert_eq!(mapping("default", target), 0, "{target}");
        }
    }

    /// R-052
    #[test]
    fn following_needs_latest_everywhere_but_for_managed_clusters() {
        assert_eq!(sync(&restore(" Skip", &json!({})).spec), None);
        assert_eq!(sync(&restore("latest", &json!({})).spec), None);
        let named = sync(&restore("acm-managed-clusters-schedule-1", &json!({})).spec);
        assert!(matches!(named, Some(SpecProblem::SyncChoice { .. })), "{named:?}");
        let mut unset = restore("skip", &json!({}));
        unset.spec.velero_resources_backup_name = None;
        assert!(matches!(sync(&unset.spec), Some(SpecProblem::SyncUnset { .. })));
        unset.spec.sync_restore_with_new_backups = false;
        assert_eq!(sync(&unset.spec), None, "not asked for");
    }

    /// R-053
    #[test]
    fn a_following_restore_is_born_passive_and_activated_by_an_edit() {
        let active = restore("latest", &json!({}));
        assert_eq!(admission(None, &active), [SpecProblem::SyncBornActive]);
        assert_eq!(admission(Some(&with_phase("skip", "Started")), &active), [SpecProblem::SyncBornActive]);
        assert_eq!(admission(Some(&with_phase("skip", "EnabledWithErrors")), &active), []);
        assert_eq!(admission(None, &restore("skip", &json!({}))), []);
    }

    /// R-054: upstream refuses the removal of finalizers between activation and the first restore
    #[test]
    fn metadata_may_change_while_an_activation_begins() {
        let old = with_phase("latest", "Started");
        let mut new = old.clone();
        new.metadata.labels = Some([("a".to_owned(), "b".to_owned())].into());
        assert_eq!(admission(Some(&old), &new), []);
        let deleted = restore("latest", &json!({"metadata": {"deletionTimestamp": "2026-11-22T10:00:00Z"}}));
        assert_eq!(admission(Some(&with_phase("skip", "Started")), &deleted), []);
    }

    /// R-019, R-051, R-410, R-411, R-970
    #[test]
    fn cleanup_is_checked_by_case_and_confirmation() {
        let with = |value: &str| {
            let mut restore = restore("skip", &json!({}));
            restore.spec.cleanup_before_restore = Some(value.into());
            restore
        };
        assert_eq!(cleanup(&restore("skip", &json!({}))), None);
        assert_eq!(cleanup(&with("CleanupRestored")), None);
        assert!(matches!(cleanup(&with("none")), Some(SpecProblem::UnknownCleanup(_))));
        let mut all = with("CleanupAll");
        assert_eq!(cleanup(&all), Some(SpecProblem::CleanupAllUnconfirmed));
        all.metadata.annotations = Some([(keys::CLEANUP_ALL_CONFIRMED.to_owned(), "true".to_owned())].into());
        assert_eq!(cleanup(&all), None);
    }

    /// R-008, R-140
    #[test]
    fn the_interval_is_half_an_hour_unless_it_is_a_positive_duration() {
        let interval = |text: &str| {
            sync_interval(&RestoreSpec { restore_sync_interval: Some(text.to_owned()), ..Default::default() })
        };
        assert_eq!(interval("0s").unwrap().as_secs(), 1800);
        assert_eq!(interval("10m").unwrap().as_secs(), 600);
        assert!(interval("-10m").is_err() && interval("soon").is_err());
    }
}

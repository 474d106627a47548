//! What the five Velero Schedules contain.

use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::included::Kinds;
use crate::api::{BackupScheduleSpec, keys};
use crate::plan::HubFacts;
use crate::plan::validate::Terms;
use crate::velero::{BackupSpec, BackupType};
use crate::wire::{Cron, GoDuration};

/// Name of the hub among its managed clusters where none is marked. Spec: S-085
const DEFAULT_LOCAL_CLUSTER: &str = "local-cluster";
const MACHINE_API_NAMESPACE: &str = "openshift-machine-api";
/// What validation backups live longer than a cron gap. Spec: S-091
pub(in crate::plan) const VALIDATION_SURPLUS: GoDuration = GoDuration::from_secs(5 * 60);
/// How far ahead the longest cron gap is looked for. Spec: S-091
const GAP_HORIZON: GoDuration = GoDuration::from_secs(7 * 24 * 60 * 60);

/// What the templates are made from.
pub(super) struct Wishes<'a> {
    pub(super) namespace: &'a str,
    pub(super) spec: &'a BackupScheduleSpec,
    pub(super) terms: &'a Terms,
    pub(super) facts: &'a HubFacts,
    pub(super) kinds: &'a Kinds,
    pub(super) now: Timestamp,
}

impl Wishes<'_> {
    /// The template of one type. Spec: S-088, S-089
    pub(super) fn template(&self, backup_type: BackupType) -> BackupSpec {
        let common = BackupSpec {
            include_cluster_resources: Some(true),
            excluded_namespaces: self.excluded_namespaces(backup_type),
            included_resources: self.included_resources(backup_type),
            excluded_resources: self.excluded_resources(backup_type),
            ttl: self.ttl(backup_type),
            volume_snapshot_locations: non_empty(self.spec.volume_snapshot_locations.clone()),
            ..BackupSpec::default()
        };
        match backup_type {
            BackupType::Credentials => BackupSpec {
                include_cluster_resources: Some(false),
                or_label_selectors: Some(credential_selectors()),
                ..common
            },
            BackupType::ManagedClusters => common,
            BackupType::ResourcesGeneric => {
                BackupSpec { label_selector: Some(all_of([(keys::BACKUP, "Exists")])), ..common }
            }
            BackupType::Resources => BackupSpec { label_selector: Some(unmarked()), ..common },
            BackupType::Validation => BackupSpec {
                include_cluster_resources: None,
                included_namespaces: Some(vec![self.namespace.to_owned()]),
                ..common
            },
        }
    }

    /// Kinds to back up; `None` means all.
    pub(super) fn included_resources(&self, backup_type: BackupType) -> Option<Vec<String>> {
        match backup_type {
            BackupType::Credentials => Some(vec!["secret".to_owned(), "configmap".to_owned()]),
            BackupType::ManagedClusters => Some(self.kinds.managed_clusters.clone()),
            BackupType::ResourcesGeneric => None,
            BackupType::Resources => Some(self.kinds.resources.clone()),
            BackupType::Validation => Some(vec!["BackupSchedule".to_owned()]),
        }
    }

    /// Kinds to leave out; `None` means none.
    pub(super) fn excluded_resources(&self, backup_type: BackupType) -> Option<Vec<String>> {
        (backup_type == BackupType::ResourcesGeneric).then(|| self.kinds.generic_excluded.clone())
    }

    /// Namespaces to leave out; `None` means none.
    pub(super) fn excluded_namespaces(&self, backup_type: BackupType) -> Option<Vec<String>> {
        let local = self.facts.local_cluster.as_deref().unwrap_or(DEFAULT_LOCAL_CLUSTER);
        let mut namespaces = match backup_type {
            BackupType::ManagedClusters => vec![local, MACHINE_API_NAMESPACE],
            BackupType::Resources => vec![local, self.namespace],
            _ => return None,
        };
        if backup_type == BackupType::Resources {
            namespaces.extend(self.facts.chart_channel_namespaces.iter().map(String::as_str));
        }
        let mut seen = BTreeSet::new();
        Some(namespaces.into_iter().filter(|name| seen.insert(*name)).map(str::to_owned).collect())
    }

    /// Retention; `None` lets Velero decide. Spec: S-090, S-091
    pub(super) fn ttl(&self, backup_type: BackupType) -> Option<String> {
        match backup_type {
            BackupType::Validation => Some(validation_ttl(&self.terms.cron, self.now).to_string()),
            _ => (!self.terms.ttl.is_zero()).then(|| self.terms.ttl.to_string()),
        }
    }
}

/// The longest gap of the cron within a week, and never less than the next one, plus five minutes. Spec: S-091
fn validation_ttl(cron: &Cron, now: Timestamp) -> GoDuration {
    longest_gap(cron, now).unwrap_or(GoDuration::ZERO).saturating_add(VALIDATION_SURPLUS)
}

/// The longest gap of the cron within a week, and never less than the next one; `None` for one that never fires.
pub(in crate::plan) fn longest_gap(cron: &Cron, now: Timestamp) -> Option<GoDuration> {
    cron.longest_gap(now, GAP_HORIZON)
}

fn credential_selectors() -> Vec<LabelSelector> {
    [keys::HIVE_SECRET_TYPE, keys::CREDENTIAL_TYPE, keys::BACKUP]
        .map(|key| all_of([(key, "Exists")]))
        .to_vec()
}

fn unmarked() -> LabelSelector {
    all_of([(keys::ROOT_POLICY, "DoesNotExist"), (keys::BACKUP, "DoesNotExist")])
}

fn all_of<const N: usize>(expressions: [(&str, &str); N]) -> LabelSelector {
    let requirement = |(key, operator): (&str, &str)| LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: None,
    };
    LabelSelector { match_expressions: Some(expressions.map(requirement).to_vec()), match_labels: None }
}

fn non_empty(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ttl(cron: &str) -> String {
        validation_ttl(&Cron::parse(cron).unwrap(), "2026-11-22T10:00:00Z".parse().unwrap()).to_string()
    }

    /// S-091: the gap after the next run is one hour, the gap over night 23
    #[test]
    fn a_validation_backup_outlives_the_longest_gap_of_an_irregular_cron() {
        assert_eq!(ttl("0 11,12 * * *"), "23h5m0s");
        assert_eq!(ttl("0 */2 * * *"), "2h5m0s");
    }

    /// S-085, S-089
    #[test]
    fn a_hub_that_is_not_among_its_clusters_leaves_out_the_usual_name_once() {
        let spec = BackupScheduleSpec { velero_schedule: "@daily".to_owned(), ..Default::default() };
        let channels = ["acm".to_owned(), "charts".to_owned()].into();
        let wishes = Wishes {
            namespace: "acm",
            spec: &spec,
            terms: &crate::plan::validate::terms(&spec).unwrap(),
            facts: &HubFacts { chart_channel_namespaces: channels, ..HubFacts::default() },
            kinds: &super::super::included::kinds(&Default::default()),
            now: Timestamp::UNIX_EPOCH,
        };
        let left_out = |backup_type| wishes.template(backup_type).excluded_namespaces;
        assert_eq!(left_out(BackupType::Resources).unwrap(), ["local-cluster", "acm", "charts"]);
        assert_eq!(
            left_out(BackupType::ManagedClusters).unwrap(),
            ["local-cluster", "openshift-machine-api"]
        );
        assert_eq!(left_out(BackupType::Credentials), None);
        assert_eq!(wishes.template(BackupType::Credentials).ttl, None, "S-090: zero is absent");
    }

    /// S-091
    #[test]
    fn a_cron_that_never_fires_yields_five_minutes() {
        assert_eq!(ttl("0 0 30 2 *"), "5m0s");
    }
}

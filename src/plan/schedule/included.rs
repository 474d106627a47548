//! Which kinds go into which backup, from what the API server serves.

use std::collections::BTreeSet;

use crate::plan::ServedApis;

const EXCLUDED_GROUPS: [&str; 10] = [
    "internal.open-cluster-management.io",
    "operator.open-cluster-management.io",
    "work.open-cluster-management.io",
    "search.open-cluster-management.io",
    "admission.hive.openshift.io",
    "proxy.open-cluster-management.io",
    "action.open-cluster-management.io",
    "view.open-cluster-management.io",
    "clusterview.open-cluster-management.io",
    "velero.io",
];
const INCLUDED_GROUPS: [&str; 3] = ["argoproj.io", "app.k8s.io", "core.observatorium.io"];
const ACTIVATION_GROUP: &str = "agent-install.openshift.io";
const HUB_SUFFIX: &str = ".open-cluster-management.io";
const HIVE_SUFFIX: &str = ".hive.openshift.io";
const EXCLUDED_KINDS: [&str; 5] = [
    "clustermanagementaddon.addon.open-cluster-management.io",
    "backupschedule.cluster.open-cluster-management.io",
    "restore.cluster.open-cluster-management.io",
    "clusterclaim.cluster.open-cluster-management.io",
    "discoveredcluster.discovery.open-cluster-management.io",
];
/// What makes managed clusters belong to a hub; listed whether served or not. Spec: S-073
const ACTIVATION_KINDS: [&str; 13] = [
    "clusterdeployment.hive.openshift.io",
    "machinepool.hive.openshift.io",
    "managedcluster.cluster.open-cluster-management.io",
    "klusterletaddonconfig.agent.open-cluster-management.io",
    "managedclusteraddon.addon.open-cluster-management.io",
    "clusterpool.hive.openshift.io",
    "clusterclaim.hive.openshift.io",
    "clustercurator.cluster.open-cluster-management.io",
    "bmceventsubscription.metal3.io",
    "hostfirmwaresettings.metal3.io",
    "clustersync.hiveinternal.openshift.io",
    "clusterimageset.hive.openshift.io",
    "multiclusterobservability.observability.open-cluster-management.io",
];
/// Stands for "no kind at all": Velero takes an empty list for every kind of the cluster. Spec: S-079
const NOTHING: &str = "none.open-cluster-management.io";

/// The three lists of kinds in the templates. Spec: S-076
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) managed_clusters: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) generic_excluded: Vec<String>,
}

/// The lists for a hub that serves these kinds.
pub(super) fn kinds(served: &ServedApis) -> Kinds {
    let activation = activation(served);
    let (hive, resources) =
        general(served, &activation).into_iter().partition(|entry| entry.ends_with(HIVE_SUFFIX));
    let managed_clusters: Vec<String> = activation.into_iter().chain::<Vec<String>>(hive).collect();
    let mut generic_excluded = vec!["secret".to_owned(), "configmap".to_owned()];
    generic_excluded.extend(managed_clusters.iter().cloned());
    generic_excluded.push("namespace".to_owned());
    Kinds { managed_clusters, resources: or_nothing(resources), generic_excluded }
}

fn or_nothing(entries: Vec<String>) -> Vec<String> {
    if entries.is_empty() { vec![NOTHING.to_owned()] } else { entries }
}

/// The fixed kinds, then those of the activation group that are served now. Spec: S-073, S-074
fn activation(served: &ServedApis) -> Vec<String> {
    let served = entries(served, |group| group == ACTIVATION_GROUP);
    without_repeats(ACTIVATION_KINDS.into_iter().map(str::to_owned).chain(served))
}

/// Kinds of the selected groups that are not excluded and not activation data. Spec: S-075
fn general(served: &ServedApis, activation: &[String]) -> Vec<String> {
    without_repeats(
        entries(served, is_general)
            .filter(|entry| !EXCLUDED_KINDS.contains(&entry.as_str()) && !activation.contains(entry)),
    )
}

/// True for a group whose kinds go into some backup, so that it has to be read. Spec: S-070, S-071
pub fn is_selected(group: &str) -> bool {
    group == ACTIVATION_GROUP || is_general(group)
}

/// Spec: S-071
fn is_general(group: &str) -> bool {
    let selected =
        INCLUDED_GROUPS.contains(&group) || group.ends_with(HUB_SUFFIX) || group.ends_with(HIVE_SUFFIX);
    selected && !EXCLUDED_GROUPS.contains(&group)
}

/// `kind.group` of every served kind of the chosen groups, without subresources. Spec: S-070, S-078
fn entries<'a>(
    served: &'a ServedApis,
    choose: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = String> + 'a {
    served.versions.iter().filter(move |version| choose(&version.group)).flat_map(|version| {
        let kinds = version.resources.iter().filter(|resource| !resource.name.contains('/'));
        kinds.map(|resource| format!("{}.{}", resource.kind.to_lowercase(), version.group))
    })
}

/// The first occurrence keeps its place.
fn without_repeats(entries: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    entries.filter(|entry| seen.insert(entry.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ServedResource, ServedVersion};

    fn served(groups: &[(&str, &str, &str)]) -> ServedApis {
        let version = |(group, name, kind): &(&str, &str, &str)| ServedVersion {
            group: (*group).to_owned(),
            version: "v1".to_owned(),
            resources: vec![ServedResource { name: (*name).to_owned(), kind: (*kind).to_owned() }],
        };
        ServedApis { versions: groups.iter().map(version).collect() }
    }

    fn resources(groups: &[(&str, &str, &str)]) -> Vec<String> {
        kinds(&served(groups)).resources
    }

    /// S-071
    #[test]
    fn bare_and_foreign_groups_are_not_selected() {
        let groups = [
            ("hive.openshift.io", "checkpoints", "Checkpoint"),
            ("open-cluster-management.io", "things", "Thing"),
            ("hiveinternal.openshift.io", "things", "Thing"),
            ("evilopen-cluster-management.io", "things", "Thing"),
            ("apps", "deployments", "Deployment"),
            ("argoproj.io", "applications", "Application"),
            ("admission.cluster.open-cluster-management.io", "reviews", "Review"),
        ];
        let expected = ["application.argoproj.io", "review.admission.cluster.open-cluster-management.io"];
        assert_eq!(resources(&groups), expected);
    }

    /// S-071 (a)
    #[test]
    fn every_excluded_group_stays_out() {
        for group in EXCLUDED_GROUPS {
            assert_eq!(resources(&[(group, "things", "Thing")]), [NOTHING], "{group}");
        }
    }

    /// S-071, S-150: what tokens are made of is served by a selected group, and so never left out of discovery
    #[test]
    fn every_group_a_rule_asks_about_has_to_be_read() {
        for group in ["authentication.open-cluster-management.io", ACTIVATION_GROUP, "argoproj.io"] {
            assert!(is_selected(group), "{group}");
        }
        for group in ["metrics.k8s.io", "velero.io", "hive.openshift.io"] {
            assert!(!is_selected(group), "{group}");
        }
    }

    /// S-072
    #[test]
    fn excluded_kinds_stay_out_of_every_list() {
        let group = "cluster.open-cluster-management.io";
        let kinds = kinds(&served(&[(group, "restores", "Restore"), (group, "placements", "Placement")]));
        assert_eq!(kinds.resources, ["placement.cluster.open-cluster-management.io"]);
        assert!(!kinds.managed_clusters.iter().any(|entry| entry.starts_with("restore.")));
    }

    /// S-074
    #[test]
    fn agent_install_kinds_follow_the_fixed_activation_list() {
        let kinds = kinds(&served(&[("agent-install.openshift.io", "infraenvs", "InfraEnv")]));
        assert_eq!(kinds.managed_clusters.len(), 14);
        assert_eq!(kinds.managed_clusters.last().unwrap(), "infraenv.agent-install.openshift.io");
        assert_eq!(kinds.resources, [NOTHING]);
    }

    /// S-074: a kind that is no longer served leaves the list
    #[test]
    fn agent_install_kinds_are_not_remembered() {
        assert_eq!(kinds(&served(&[])).managed_clusters, ACTIVATION_KINDS);
    }

    /// S-076
    #[test]
    fn hive_entries_go_with_managed_clusters() {
        let kinds = kinds(&served(&[("extra.hive.openshift.io", "things", "Thing")]));
        assert_eq!(kinds.managed_clusters.last().unwrap(), "thing.extra.hive.openshift.io");
        assert_eq!(kinds.generic_excluded.first().unwrap(), "secret");
        assert_eq!(kinds.generic_excluded.last().unwrap(), "namespace");
        assert!(kinds.generic_excluded.contains(&"thing.extra.hive.openshift.io".to_owned()));
    }

    /// S-078
    #[test]
    fn a_scale_subresource_is_no_kind() {
        let group = "apps.open-cluster-management.io";
        let groups = [(group, "subscriptions", "Subscription"), (group, "subscriptions/scale", "Scale")];
        assert_eq!(resources(&groups), ["subscription.apps.open-cluster-management.io"]);
    }

    /// S-070
    #[test]
    fn a_kind_of_two_versions_is_listed_once() {
        let group = "apps.open-cluster-management.io";
        let twice = [(group, "channels", "Channel"), (group, "channels", "Channel")];
        assert_eq!(resources(&twice), ["channel.apps.open-cluster-management.io"]);
    }

    /// S-079: Velero reads an empty list as "every kind of the cluster"
    #[test]
    fn no_kind_at_all_is_never_an_empty_list() {
        assert_eq!(resources(&[]), [NOTHING]);
    }
}

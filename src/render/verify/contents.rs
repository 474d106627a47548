//! Is in the backups what a hub is made of?

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Contents, Deep, Facts};
use crate::render::checks::{Check, Group};
use crate::render::text::count;
use crate::velero::BackupType;
use crate::velero::object_list::ObjectList;

const CLUSTER_GROUP: &str = "cluster.open-cluster-management.io";
const HIVE_GROUP: &str = "hive.openshift.io";
const TOKEN_SECRETS: &str = "auto-import-account";
/// Names shown of a long list.
const SHOWN: usize = 5;

/// Kinds whose names have to be kept of an object list: group and kind.
pub const KEPT_KINDS: [(&str, &str); 3] =
    [(CLUSTER_GROUP, "ManagedCluster"), (HIVE_GROUP, "ClusterDeployment"), ("", "Secret")];

pub(super) fn group(facts: &Facts) -> Group {
    let mut checks = Vec::new();
    match &facts.contents {
        Err(why) => checks.push(
            Check::skipped("object lists", format!("object lists: {why}"))
                .problem("storage-unreachable-from-here"),
        ),
        Ok(contents) => {
            checks.push(readable(contents));
            checks.push(clusters(facts, contents));
            checks.extend(empty_parts(contents));
            checks.push(imported(facts, contents));
        }
    }
    checks.extend(facts.deep.iter().flat_map(|deep| match deep {
        Err(why) => vec![
            Check::skipped("archives", format!("archives: {why}")).problem("storage-unreachable-from-here"),
        ],
        Ok(deep) => archives(facts, deep),
    }));
    Group { name: "contents", checks }
}

fn readable(contents: &Contents) -> Check {
    let objects: usize = contents.lists.values().map(ObjectList::total).sum();
    Check::ok(
        "object lists",
        format!("object lists read from the storage location ({})", count(objects, "object")),
    )
}

impl Contents {
    /// Number of objects of each kind in all parts, by `group/version/Kind`.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (kind, count) in self.lists.values().flat_map(|list| &list.counts) {
            *counts.entry(kind.as_str()).or_default() += count;
        }
        counts
    }

    /// Names of a kind in all parts.
    fn names(&self, group: &str, kind: &str) -> BTreeSet<&str> {
        self.lists.values().flat_map(|list| list.names_of(group, kind)).collect()
    }

    /// Managed clusters, without the hub itself.
    fn clusters(&self, local: &str) -> BTreeSet<&str> {
        let mut clusters = self.names(CLUSTER_GROUP, "ManagedCluster");
        clusters.remove(local);
        clusters
    }

    /// Clusters that Hive made: it can always reach them.
    fn of_hive(&self) -> BTreeSet<&str> {
        let deployments = self.names(HIVE_GROUP, "ClusterDeployment");
        deployments.into_iter().filter_map(|name| Some(name.split_once('/')?.0)).collect()
    }

    /// Managed clusters with a token in the backup.
    fn with_token(&self) -> BTreeSet<&str> {
        let secrets = self.names("", "Secret").into_iter().filter_map(|name| name.split_once('/'));
        secrets.filter(|(_, name)| name.starts_with(TOKEN_SECRETS)).map(|(namespace, _)| namespace).collect()
    }
}

/// Velero calls a backup of no objects Completed, as when it was started before the kinds were served.
fn clusters(facts: &Facts, contents: &Contents) -> Check {
    let all = contents.clusters(facts.local_cluster());
    let hive = contents.of_hive();
    let here = facts.clusters_here.filter(|_| facts.is_ours() == Some(true)).unwrap_or(0);
    let of_hive = all.iter().filter(|cluster| hive.contains(*cluster)).count();
    let told = count(all.len(), "managed cluster");
    match (all.len(), here) {
        (0, 0) => {
            Check::warn("managed clusters", "no managed cluster is in the backup").problem("empty-backup")
        }
        (0, here) => Check::fail(
            "managed clusters",
            format!("no managed cluster is in the backup, and this hub has {here}"),
        )
        .problem("empty-backup")
        .hint("restart Velero: it looks for kinds when it starts, and every five minutes"),
        _ => Check::ok(
            "managed clusters",
            format!("{told}: {of_hive} made by Hive, {} imported", all.len() - of_hive),
        ),
    }
}

/// Parts that are never empty on a hub that works; the generic resources may be.
fn empty_parts(contents: &Contents) -> Vec<Check> {
    let is_empty = |part: &BackupType| contents.lists.get(part).is_some_and(|list| list.total() == 0);
    let parts = [BackupType::Credentials, BackupType::Resources].into_iter().filter(is_empty);
    parts
        .map(|part| {
            Check::warn("items", format!("{} is {} and holds nothing", part.part(), "Completed"))
                .problem("empty-backup")
        })
        .collect()
}

fn imported(facts: &Facts, contents: &Contents) -> Check {
    let (hive, tokens) = (contents.of_hive(), contents.with_token());
    let imported: Vec<&str> =
        contents.clusters(facts.local_cluster()).into_iter().filter(|name| !hive.contains(name)).collect();
    let without: Vec<&str> = imported.iter().copied().filter(|name| !tokens.contains(name)).collect();
    if without.is_empty() {
        return Check::ok("tokens", format!("{} with a token", count(imported.len(), "imported cluster")));
    }
    let told =
        format!("{} without a token will stay Pending Import", count(without.len(), "imported cluster"));
    named(Check::warn("tokens", told), &without)
        .problem("no-import-token")
        .hint("kubectl acmbackup schedule --managed-service-account keeps tokens in every run")
}

fn archives(facts: &Facts, deep: &Deep) -> Vec<Check> {
    let over: Vec<&str> = deep
        .tokens
        .iter()
        .filter(|(_, ends)| ends.is_some_and(|ends| ends <= facts.now))
        .map(|(cluster, _)| cluster.as_str())
        .collect();
    let tokens = match over.len() {
        0 => Check::ok("token validity", format!("{} still valid", count(deep.tokens.len(), "token"))),
        n => {
            named(Check::fail("token validity", format!("tokens of {} are over", count(n, "cluster"))), &over)
                .problem("no-import-token")
                .hint("verify a newer run, or import these clusters by hand")
        }
    };
    let without: Vec<&str> = deep.without_url.iter().map(String::as_str).collect();
    let urls = match without.len() {
        0 => Check::ok("api servers", "every managed cluster names its API server"),
        n => named(
            Check::warn("api servers", format!("{} without the URL of an API server", count(n, "cluster"))),
            &without,
        )
        .problem("no-import-token"),
    };
    let mut checks = vec![tokens, urls];
    if let Ok(contents) = &facts.contents {
        let secrets = contents.names("", "Secret");
        let lost: Vec<&str> =
            deep.kubeconfigs.iter().map(String::as_str).filter(|name| !secrets.contains(name)).collect();
        checks.push(match lost.len() {
            0 => Check::ok(
                "kubeconfigs",
                format!("{} of Hive present", count(deep.kubeconfigs.len(), "kubeconfig")),
            ),
            n => named(
                Check::fail("kubeconfigs", format!("{} of Hive missing", count(n, "kubeconfig"))),
                &lost,
            )
            .problem("empty-backup"),
        });
    }
    checks
}

fn named(check: Check, names: &[&str]) -> Check {
    let check = names.iter().take(SHOWN).fold(check, |check, name| check.detail(*name));
    match names.len().saturating_sub(SHOWN) {
        0 => check,
        more => check.detail(format!("and {more} more")),
    }
}

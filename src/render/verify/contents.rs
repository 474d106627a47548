//! Is in the backups what a hub is made of?

use super::facts::{Deep, Facts};
use crate::render::checks::{Check, Group};
use crate::render::contents::Contents;
use crate::render::text::count;
use crate::velero::BackupType;

/// Names shown of a long list.
const SHOWN: usize = 5;

pub(super) fn group(facts: &Facts) -> Group {
    let mut checks = match &facts.contents {
        Err(why) => without_lists(facts, why),
        Ok(contents) => with_lists(facts, contents),
    };
    checks.extend(match &facts.deep {
        None => Vec::new(),
        Some(Err(why)) => without_archives(why),
        Some(Ok(deep)) => archives(facts, deep),
    });
    Group { name: "contents", checks }
}

fn with_lists(facts: &Facts, contents: &Contents) -> Vec<Check> {
    let objects = count(contents.total(), "object");
    let read = Check::ok("object lists", format!("object lists read from the storage location ({objects})"));
    let is_empty = |part: BackupType| contents.lists.get(&part).is_some_and(|list| list.total() == 0);
    let mut checks = vec![read, clusters(facts, contents)];
    checks.extend(empty_parts(is_empty));
    checks.push(imported(facts, contents));
    checks
}

/// Of each check that was not made there is a line. Velero's own count tells at least what is empty.
fn without_lists(facts: &Facts, why: &str) -> Vec<Check> {
    let lists = unread("object lists", why);
    let clusters = match facts.items(BackupType::ManagedClusters) {
        Some(0) => no_cluster(facts),
        _ => Check::skipped("managed clusters", "managed clusters not counted"),
    };
    let mut checks = vec![lists, clusters];
    checks.extend(empty_parts(|part| facts.items(part) == Some(0)));
    checks.push(Check::skipped("tokens", "tokens of imported clusters not looked for"));
    checks
}

/// A check that reads what Velero wrote into the storage, which cannot be reached.
fn unread(what: &'static str, why: &str) -> Check {
    Check::skipped(what, format!("{what}: {why}")).problem("storage-unreachable-from-here")
}

fn without_archives(why: &str) -> Vec<Check> {
    vec![
        unread("archives", why),
        Check::skipped("token validity", "tokens not looked at"),
        Check::skipped("api servers", "URLs of API servers not looked for"),
        Check::skipped("kubeconfigs", NO_KUBECONFIGS),
    ]
}

const NO_KUBECONFIGS: &str = "kubeconfigs of Hive not looked for";

/// Velero calls a backup of no objects Completed, as when it was started before the kinds were served.
fn clusters(facts: &Facts, contents: &Contents) -> Check {
    let clusters = contents.clusters(facts.local_cluster());
    match clusters.count() {
        0 => no_cluster(facts),
        all => Check::ok(
            "managed clusters",
            format!(
                "{}: {} made by Hive, {} imported",
                count(all, "managed cluster"),
                clusters.of_hive.len(),
                clusters.imported()
            ),
        ),
    }
}

fn no_cluster(facts: &Facts) -> Check {
    let told = "no managed cluster is in the backup";
    let here = facts.clusters_here.filter(|here| facts.is_ours() == Some(true) && *here > 0);
    let check = match here {
        None => Check::warn("managed clusters", told),
        Some(here) => Check::fail("managed clusters", format!("{told}, and this hub has {here}"))
            .hint("restart Velero: it looks for kinds when it starts, and every five minutes"),
    };
    check.problem("empty-backup")
}

/// Parts that are never empty on a hub that works; the generic resources may be.
fn empty_parts(is_empty: impl Fn(BackupType) -> bool) -> Vec<Check> {
    let parts = [BackupType::Credentials, BackupType::Resources].into_iter().filter(|part| is_empty(*part));
    let told = |part: BackupType| format!("{} holds nothing", part.part());
    parts.map(|part| Check::warn("items", told(part)).problem("empty-backup")).collect()
}

fn imported(facts: &Facts, contents: &Contents) -> Check {
    let clusters = contents.clusters(facts.local_cluster());
    let without: Vec<&str> = clusters.without_token.iter().copied().collect();
    if without.is_empty() {
        let imported = count(clusters.imported(), "imported cluster");
        return Check::ok("tokens", format!("{imported} with a token"));
    }
    let told =
        format!("{} without a token will stay Pending Import", count(without.len(), "imported cluster"));
    let check = named(Check::warn("tokens", told), &without).problem("no-import-token");
    match facts.is_ours() {
        Some(true) => {
            check.hint("kubectl acmbackup schedule --managed-service-account   keeps tokens in every run")
        }
        _ => check
            .hint("schedule --managed-service-account, on the hub that wrote the run, keeps tokens in it"),
    }
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
    vec![tokens, urls, kubeconfigs(facts, deep)]
}

fn kubeconfigs(facts: &Facts, deep: &Deep) -> Check {
    let Ok(contents) = &facts.contents else { return Check::skipped("kubeconfigs", NO_KUBECONFIGS) };
    let secrets = contents.names("", "Secret");
    let wanted = deep.kubeconfigs.iter().map(String::as_str);
    let lost: Vec<&str> = wanted.filter(|name| !secrets.contains(name)).collect();
    match lost.len() {
        0 => {
            let present = count(deep.kubeconfigs.len(), "kubeconfig");
            Check::ok("kubeconfigs", format!("{present} of Hive present"))
        }
        n => named(Check::fail("kubeconfigs", format!("{} of Hive missing", count(n, "kubeconfig"))), &lost)
            .problem("empty-backup"),
    }
}

fn named(check: Check, names: &[&str]) -> Check {
    let check = names.iter().take(SHOWN).fold(check, |check, name| check.detail(*name));
    match names.len().saturating_sub(SHOWN) {
        0 => check,
        more => check.detail(format!("and {more} more")),
    }
}

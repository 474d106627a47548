//! What each job of a user takes: the verbs of the commands, as `permissions` holds those of the loop.

use futures::stream::{self, StreamExt, TryStreamExt};
use kube::Client;

use super::error::Error;
use super::permissions::{
    CLUSTER_READS, CLUSTER_WRITES, LEASE, Permission, READS, READS_AROUND, WRITES, is_allowed,
};
use crate::api::GROUP;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Make backups.
    Schedule,
    /// Restore from them.
    Restore,
    /// Take over managed clusters.
    Activate,
    /// Look closer: describe, logs, verify.
    Look,
    /// Remove what is over or named: prune, delete.
    TidyUp,
    /// Run the loop; `snapshot` reads what it reads.
    Run,
}

/// A verb on a kind, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verb {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Plural, or `plural/subresource`.
    pub resource: &'static str,
    /// The verb.
    pub verb: &'static str,
    /// In all namespaces, or of a kind without namespaces.
    pub everywhere: bool,
}

const fn on(group: &'static str, resource: &'static str, verbs: &'static [&'static str]) -> Permission {
    Permission { group, resource, verbs, why: "commands" }
}

const VELERO: &str = "velero.io";
const LIST: &[&str] = &["list"];

/// What every command reads in its namespace. What a command reads beyond its job and can do without, such as what a
/// cleanup would remove, is not in these tables: it says what it could not find out.
const LOOKS: &[Permission] = &[
    on(GROUP, "backupschedules", LIST),
    on(GROUP, "restores", LIST),
    on(VELERO, "schedules", LIST),
    on(VELERO, "backups", LIST),
    on(VELERO, "backupstoragelocations", LIST),
    on("coordination.k8s.io", "leases", &["get"]),
];

/// What commands read everywhere.
const LOOKS_EVERYWHERE: &[Permission] =
    &[on("config.openshift.io", "clusterversions", LIST), on(VELERO, "backupstoragelocations", LIST)];

const SCHEDULES: &[Permission] = &[
    on(GROUP, "backupschedules", &["create", "patch", "delete", "watch"]),
    on(VELERO, "schedules", &["delete"]),
    on(VELERO, "backups", &["create", "watch"]),
];
const RESTORES: &[Permission] = &[
    on(GROUP, "restores", &["create", "watch"]),
    on(VELERO, "restores", &["list", "watch"]),
    on(VELERO, "deletebackuprequests", LIST),
];
const ACTIVATES: &[Permission] = &[
    on(GROUP, "restores", &["patch", "watch"]),
    on(VELERO, "restores", &["list", "watch"]),
    on(VELERO, "deletebackuprequests", LIST),
];
/// What is behind an object, what was told of it, and what Velero stored.
const LOOKS_CLOSER: &[Permission] = &[
    on(GROUP, "restores", &["watch"]),
    on(VELERO, "backups", &["watch"]),
    on(VELERO, "restores", &["list", "watch"]),
    on(VELERO, "deletebackuprequests", LIST),
    on(VELERO, "downloadrequests", &["create", "list", "watch", "delete"]),
    on("", "events", LIST),
];
const TIDIES_UP: &[Permission] = &[
    on(GROUP, "backupschedules", &["delete", "watch"]),
    on(GROUP, "restores", &["delete", "watch"]),
    on(VELERO, "restores", &["list", "watch", "delete"]),
    on(VELERO, "backups", &["watch"]),
    on(VELERO, "deletebackuprequests", &["list", "create"]),
];

impl Job {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Restore => "restore",
            Self::Activate => "activate",
            Self::Look => "look",
            Self::TidyUp => "tidy-up",
            Self::Run => "run",
        }
    }

    /// The verbs it takes: in the namespace, and everywhere.
    fn permissions(self) -> (Vec<Permission>, Vec<Permission>) {
        let here: &[&[Permission]] = match self {
            Self::Schedule => &[LOOKS, SCHEDULES],
            Self::Restore => &[LOOKS, RESTORES],
            Self::Activate => &[LOOKS, ACTIVATES],
            Self::Look => &[LOOKS, LOOKS_CLOSER],
            Self::TidyUp => &[LOOKS, TIDIES_UP],
            Self::Run => &[READS, WRITES, LEASE],
        };
        let everywhere: &[&[Permission]] = match self {
            Self::Run => &[READS_AROUND, CLUSTER_READS, CLUSTER_WRITES],
            _ => &[LOOKS_EVERYWHERE],
        };
        (here.concat(), everywhere.concat())
    }
}

/// All verbs of these jobs, each once, sorted.
pub fn verbs(jobs: &[Job]) -> Vec<Verb> {
    let each = |permissions: Vec<Permission>, everywhere: bool| {
        permissions.into_iter().flat_map(move |Permission { group, resource, verbs, .. }| {
            verbs.iter().map(move |verb| Verb { group, resource, verb, everywhere })
        })
    };
    let mut all: Vec<Verb> = jobs
        .iter()
        .map(|job| job.permissions())
        .flat_map(|(here, everywhere)| each(here, false).chain(each(everywhere, true)))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Which of these verbs this user lacks.
///
/// # Errors
///
/// The server cannot be asked.
pub async fn missing(client: &Client, verbs: &[Verb], namespace: &str) -> Result<Vec<Verb>, Error> {
    let answers = stream::iter(verbs.iter().map(|wanted| async move {
        let Verb { group, resource, everywhere, .. } = *wanted;
        let permission = Permission { group, resource, verbs: &[], why: "" };
        let namespace = (!everywhere).then_some(namespace);
        let allowed = is_allowed(client, &permission, wanted.verb, namespace).await?;
        Ok::<_, Error>((!allowed).then_some(*wanted))
    }));
    let answers: Vec<Option<Verb>> = answers.buffered(8).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_asked_for_once() {
        let all = verbs(&[Job::Schedule, Job::Restore, Job::Activate]);
        let has = |resource: &str, verb: &str| {
            all.iter().filter(|v| v.resource == resource && v.verb == verb && v.group == GROUP).count()
        };
        assert_eq!((has("restores", "create"), has("restores", "patch"), has("restores", "list")), (1, 1, 1));
        assert_eq!(has("restores", "delete"), 0, "none of these jobs deletes a restore");
    }

    #[test]
    fn the_loop_needs_what_its_own_table_says() {
        let all = verbs(&[Job::Run]);
        assert!(all.iter().any(|v| v.resource == "restores/status" && v.verb == "patch" && !v.everywhere));
        assert!(all.iter().any(|v| v.resource == "managedclusters" && v.everywhere));
    }
}

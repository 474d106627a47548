//! The one table of verbs the loop needs. The roles are made from it (`roles.rs`).

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Client;
use kube::api::{Api, PostParams};

use super::error::Error;
use crate::api::GROUP;

/// Verbs on one kind, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// API group; empty = the core one, `*` = any.
    pub group: &'static str,
    /// Plural, or `plural/subresource`; `*` = any.
    pub resource: &'static str,
    /// Verbs.
    pub verbs: &'static [&'static str],
    /// The rules that need them, and the code that goes by them.
    pub why: &'static str,
}

const OURS: &str = GROUP;
const VELERO: &str = "velero.io";
const ADDON: &str = "addon.open-cluster-management.io";
const ACCOUNTS: &str = "authentication.open-cluster-management.io";
const CLUSTER: &str = "cluster.open-cluster-management.io";
const WORK: &str = "work.open-cluster-management.io";
const OPERATOR: &str = "operator.open-cluster-management.io";
const HIVE: &str = "hive.openshift.io";
const READ: &[&str] = &["list", "watch"];

/// What every pass reads in its namespace; a loop that may not read this must not start.
pub const READS: &[Permission] = &[
    row(OURS, "backupschedules", READ, "S-023: what is asked for"),
    row(OURS, "restores", READ, "R-120, S-032: what is asked for, and what blocks a schedule"),
    row(VELERO, "schedules", READ, "S-024: the set that is there"),
    row(VELERO, "backups", READ, "S-250, R-203: runs, and what latest stands for"),
    row(VELERO, "restores", READ, "R-230: what is being restored"),
    row(VELERO, "backupstoragelocations", READ, "S-034, R-130: whether there is storage"),
    row(VELERO, "deletebackuprequests", READ, "S-230, S-252: what is being deleted already"),
];

/// The same in other namespaces, where two rules look too; without it they see their own namespace only.
pub const READS_AROUND: &[Permission] = &[
    row(VELERO, "backups", READ, "S-111: collisions"),
    row(VELERO, "backupstoragelocations", READ, "S-033, R-130: storage in the wrong place"),
];

/// What passes write in their namespace. Spec: S-026
///
/// `get` reads an object again that somebody was faster to make or to change.
pub const WRITES: &[Permission] = &[
    row(OURS, "backupschedules", &["get"], "S-272: a status that met another change"),
    row(OURS, "backupschedules/status", &["patch"], "S-031"),
    row(
        OURS,
        "restores",
        &["get", "patch"],
        "R-141: a status that met another change; R-801, R-804: finalizers",
    ),
    row(OURS, "restores", &["delete"], "R-115: of a hub that is being removed"),
    row(OURS, "restores/status", &["patch"], "R-141"),
    row(VELERO, "schedules", &["get", "create", "patch", "delete"], "S-085, S-098, S-101"),
    row(VELERO, "backups", &["get", "create", "delete"], "S-093: first runs; R-720: markers; S-230, R-724"),
    row(VELERO, "restores", &["get", "create", "delete"], "R-203, R-230; R-803: of a deleted Restore"),
    row(VELERO, "deletebackuprequests", &["get", "create"], "S-230, S-252"),
    row("events.k8s.io", "events", &["create", "patch"], "R-900"),
];

/// The lease, in its own namespace. It shows by itself whether it may be taken. Spec: S-020
pub const LEASE: &[Permission] =
    &[row("coordination.k8s.io", "leases", &["get", "create", "update"], "S-020: one loop per hub")];

/// Reads everywhere without which a rule knows less.
pub const CLUSTER_READS: &[Permission] = &[
    row("apiextensions.k8s.io", "customresourcedefinitions", READ, "S-070, S-021: new kinds are noticed"),
    row("config.openshift.io", "clusterversions", READ, "S-140: the id of this hub"),
    row(
        "",
        "namespaces",
        &["get", "list", "watch"],
        "S-140: an id for hubs without one; S-156: clusters joining",
    ),
    row(
        "apps",
        "deployments",
        &["list"],
        "S-021: what the hub is like at the start: one Velero in a namespace",
    ),
    row(CLUSTER, "managedclusters", READ, "S-143: the hub itself; S-156: who needs tokens"),
    row("apps.open-cluster-management.io", "channels", READ, "S-088: namespaces of charts"),
    row(ADDON, "clustermanagementaddons", READ, "S-150: whether tokens can be made"),
    row(ADDON, "managedclusteraddons", READ, "S-157, S-190"),
    row(ACCOUNTS, "managedserviceaccounts", READ, "S-163, S-180, S-190"),
    row(WORK, "manifestworks", READ, "S-160, S-190"),
    row(
        "",
        "secrets",
        READ,
        "S-156: clusters of Hive; S-166, S-180, R-730: tokens and imports; S-201, S-207: what is to be labelled",
    ),
    row(OURS, "backupschedules", &["list"], "S-193: who else wants tokens, before they are removed"),
    row(OURS, "restores", &["list"], "R-805: whom the installer still waits for"),
    row(OPERATOR, "internalhubcomponents", READ, "R-113: the installer that waits for Restores"),
    row("", "configmaps", READ, "R-331: volumes that are waited for; S-201: what is to be labelled"),
    row("", "persistentvolumeclaims", &["get"], "R-331"),
    row(HIVE, "clusterdeployments", READ, "S-201: what refers to secrets"),
    row(HIVE, "clusterpools", READ, "S-203: secrets of pools"),
];

/// Writes everywhere.
pub const CLUSTER_WRITES: &[Permission] = &[
    row(ADDON, "managedclusteraddons", &["create", "delete"], "S-157, S-190"),
    row(ACCOUNTS, "managedserviceaccounts", &["create", "patch", "delete"], "S-163, S-164, S-190"),
    row(WORK, "manifestworks", &["create", "delete"], "S-158, S-162, S-190"),
    row("", "secrets", &["patch"], "S-180: marks on tokens; S-201, S-207: labels"),
    row("", "configmaps", &["patch"], "S-201: labels"),
    row(HIVE, "clusterdeployments", &["patch"], "S-202: those of pools may be restored"),
    row(OPERATOR, "internalhubcomponents", &["patch"], "R-801, R-804: finalizers"),
    row(CLUSTER, "managedclusters", &["patch"], "R-737: import now"),
    row(
        "",
        "secrets",
        &["get", "create", "delete"],
        "R-735…R-737: a token becomes an import; R-710; S-164, S-190",
    ),
];

/// What a cleanup after a restore needs, everywhere; without it objects are left as they are, and that is told.
///
/// A backup may hold any kind, so that no list of kinds would do. What makes the difference between a loop that can
/// remove and one that can take over a cluster is `patch`: it is needed to take finalizers off, and granted for the
/// groups of a hub only.
pub const CLEANUP: &[Permission] = &[
    row("*", "*", &["list", "delete"], "R-420, R-430, R-431: what the backups do not hold"),
    detached("addon.open-cluster-management.io"),
    detached("agent-install.openshift.io"),
    detached("agent.open-cluster-management.io"),
    detached("app.k8s.io"),
    detached("apps.open-cluster-management.io"),
    detached("argoproj.io"),
    detached("authentication.open-cluster-management.io"),
    detached("cluster.open-cluster-management.io"),
    detached("core.observatorium.io"),
    detached("extensions.hive.openshift.io"),
    detached("hive.openshift.io"),
    detached("hiveinternal.openshift.io"),
    detached("imageregistry.open-cluster-management.io"),
    detached("metal3.io"),
    detached("observability.open-cluster-management.io"),
    detached("policy.open-cluster-management.io"),
    detached("siteconfig.open-cluster-management.io"),
    detached("submarineraddon.open-cluster-management.io"),
    detached("tower.ansible.com"),
];

const fn detached(group: &'static str) -> Permission {
    row(group, "*", &["patch"], "R-436: finalizers come off before a deletion")
}

const fn row(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    why: &'static str,
) -> Permission {
    Permission { group, resource, verbs, why }
}

/// Which of these verbs are missing, as `verb resource.group`; `namespace` `None` = everywhere.
///
/// # Errors
///
/// The server cannot be asked.
pub async fn missing(
    client: &Client,
    permissions: &[Permission],
    namespace: Option<&str>,
) -> Result<Vec<String>, Error> {
    let asked = permissions
        .iter()
        .flat_map(|permission| permission.verbs.iter().map(move |verb| (permission, *verb)));
    let answers = stream::iter(asked.map(|(permission, verb)| async move {
        let allowed = is_allowed(client, permission, verb, namespace).await?;
        Ok::<_, Error>((!allowed).then(|| format!("{verb} {}.{}", permission.resource, permission.group)))
    }));
    let answers: Vec<Option<String>> = answers.buffered(8).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

pub(super) async fn is_allowed(
    client: &Client,
    permission: &Permission,
    verb: &str,
    namespace: Option<&str>,
) -> Result<bool, Error> {
    let (resource, subresource) = match permission.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (permission.resource, None),
    };
    let attributes = ResourceAttributes {
        group: Some(permission.group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource,
        verb: Some(verb.to_owned()),
        namespace: namespace.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await;
    let answer = answer.map_err(Error::on("create", "selfsubjectaccessreviews.authorization.k8s.io"))?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

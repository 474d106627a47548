//! The one table of verbs the loop needs.

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Client;
use kube::api::{Api, PostParams};

use super::error::Error;
use crate::api::GROUP;

/// Verbs on one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// API group.
    pub group: &'static str,
    /// Plural, or `plural/subresource`.
    pub resource: &'static str,
    /// Verbs.
    pub verbs: &'static [&'static str],
}

const ADDON: &str = "addon.open-cluster-management.io";
const ACCOUNTS: &str = "authentication.open-cluster-management.io";
const WORK: &str = "work.open-cluster-management.io";
const HIVE: &str = "hive.openshift.io";
const READ: &[&str] = &["list", "watch"];

/// What every pass reads; a loop that may not read this must not start.
pub const READS: &[Permission] = &[
    Permission { group: GROUP, resource: "backupschedules", verbs: READ },
    Permission { group: GROUP, resource: "restores", verbs: READ },
    Permission { group: "velero.io", resource: "schedules", verbs: READ },
    Permission { group: "velero.io", resource: "backups", verbs: READ },
    Permission { group: "velero.io", resource: "restores", verbs: READ },
    Permission { group: "velero.io", resource: "backupstoragelocations", verbs: READ },
    Permission { group: "velero.io", resource: "deletebackuprequests", verbs: READ },
];

/// What passes write in their namespace; the lease shows by itself whether it may be taken. Spec: S-026
pub const WRITES: &[Permission] = &[
    Permission { group: GROUP, resource: "backupschedules/status", verbs: &["patch"] },
    Permission { group: GROUP, resource: "restores", verbs: &["get", "patch", "delete"] },
    Permission { group: GROUP, resource: "restores/status", verbs: &["patch"] },
    Permission { group: "velero.io", resource: "schedules", verbs: &["get", "create", "patch", "delete"] },
    Permission { group: "velero.io", resource: "backups", verbs: &["get", "create", "delete"] },
    Permission { group: "velero.io", resource: "restores", verbs: &["get", "create", "delete"] },
    Permission { group: "velero.io", resource: "deletebackuprequests", verbs: &["get", "create"] },
    Permission { group: "events.k8s.io", resource: "events", verbs: &["create", "patch"] },
];

/// Cluster-wide reads without which a rule knows less.
pub const CLUSTER_READS: &[Permission] = &[
    Permission { group: "apiextensions.k8s.io", resource: "customresourcedefinitions", verbs: READ },
    Permission { group: "config.openshift.io", resource: "clusterversions", verbs: READ },
    Permission { group: "", resource: "namespaces", verbs: &["get", "list", "watch"] },
    Permission { group: "cluster.open-cluster-management.io", resource: "managedclusters", verbs: READ },
    Permission { group: "apps.open-cluster-management.io", resource: "channels", verbs: READ },
    Permission { group: ADDON, resource: "clustermanagementaddons", verbs: READ },
    Permission { group: ADDON, resource: "managedclusteraddons", verbs: READ },
    Permission { group: ACCOUNTS, resource: "managedserviceaccounts", verbs: READ },
    Permission { group: WORK, resource: "manifestworks", verbs: READ },
    Permission { group: "", resource: "secrets", verbs: READ },
    Permission { group: "", resource: "configmaps", verbs: READ },
    Permission { group: HIVE, resource: "clusterdeployments", verbs: READ },
    Permission { group: HIVE, resource: "clusterpools", verbs: READ },
];

/// What preparation writes everywhere. Spec: S-026
pub const CLUSTER_WRITES: &[Permission] = &[
    Permission { group: ADDON, resource: "managedclusteraddons", verbs: &["create", "delete"] },
    Permission { group: ACCOUNTS, resource: "managedserviceaccounts", verbs: &["create", "patch", "delete"] },
    Permission { group: WORK, resource: "manifestworks", verbs: &["create", "delete"] },
    Permission { group: "", resource: "secrets", verbs: &["patch", "delete"] },
    Permission { group: "", resource: "configmaps", verbs: &["patch"] },
    Permission { group: HIVE, resource: "clusterdeployments", verbs: &["patch"] },
];

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

//! What must hold before the first pass: kinds that are served, and leave to read them.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use kube::{Client, ResourceExt};

use super::feeds::Reach;
use crate::api;
use crate::cluster::discovery::missing_of;
use crate::cluster::list::items;
use crate::cluster::{Class, Error, permissions};
use crate::velero::server::servers;

/// How often missing kinds are looked for without a sign that they came. Spec: R-102
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(30);

const INSTALLER: &str = "operator.open-cluster-management.io";
const OURS: &[&str] = &["backupschedules", "restores"];
const VELERO: &[&str] =
    &["schedules", "backups", "restores", "backupstoragelocations", "deletebackuprequests"];

/// Kinds the loop cannot do without that the server does not serve, as `plural.group`; ours first.
///
/// # Errors
///
/// The server cannot be asked.
pub(super) async fn missing_kinds(client: &Client) -> Result<Vec<String>, Error> {
    let (ours, velero) = futures::try_join!(
        missing_of(client, api::GROUP, api::VERSION, OURS),
        missing_of(client, "velero.io", "v1", VELERO)
    )?;
    Ok([ours, velero].concat())
}

/// How far the loop may look, or which verbs it lacks to work at all.
///
/// # Errors
///
/// The server cannot be asked.
pub(super) async fn reach(
    client: &Client,
    namespace: Option<String>,
    writes: bool,
) -> Result<Result<Reach, Vec<String>>, Error> {
    let here = namespace.as_deref();
    let mut lacking = permissions::missing(client, permissions::READS, here).await?;
    if writes {
        lacking.extend(permissions::missing(client, permissions::WRITES, here).await?);
    }
    if !lacking.is_empty() {
        return Ok(Err(lacking));
    }
    let around = permissions::missing(client, permissions::READS_AROUND, None).await?;
    let sees_installer = sees_installer(client).await?;
    Ok(Ok(Reach { namespace, sees_all: around.is_empty(), sees_installer }))
}

/// A hub without an installer is none the worse; every pass asks whether one has come. Spec: R-113
async fn sees_installer(client: &Client) -> Result<bool, Error> {
    let is_served = missing_of(client, INSTALLER, "v1", &["internalhubcomponents"]).await?.is_empty();
    let may = permissions::CLUSTER_READS.iter().filter(|permission| permission.group == INSTALLER);
    let may: Vec<_> = may.copied().collect();
    Ok(is_served && permissions::missing(client, &may, None).await?.is_empty())
}

/// A namespace with several Velero servers, and their names; none is known of where Deployments may not be read.
///
/// # Errors
///
/// The server cannot be asked.
pub(super) async fn crowded(
    client: &Client,
    namespace: Option<&str>,
) -> Result<Option<(String, Vec<String>)>, Error> {
    let deployments = match items::<Deployment>(client, namespace).await {
        Err(error) if error.class() == Class::Forbidden => {
            tracing::info!("whether several Velero servers work here is not known: {error}");
            Vec::new()
        }
        found => found?,
    };
    let mut by_namespace: BTreeMap<String, Vec<Deployment>> = BTreeMap::new();
    for deployment in deployments {
        by_namespace.entry(deployment.namespace().unwrap_or_default()).or_default().push(deployment);
    }
    let names = |found: Vec<Deployment>| servers(&found).into_iter().map(|server| server.name).collect();
    let mut found = by_namespace.into_iter().map(|(namespace, found)| (namespace, names(found)));
    Ok(found.find(|(_, names): &(String, Vec<String>)| names.len() > 1))
}

/// True if CRDs may be watched.
///
/// # Errors
///
/// The server cannot be asked.
pub(super) async fn may_watch_crds(client: &Client) -> Result<bool, Error> {
    let crds = permissions::CLUSTER_READS.iter().filter(|p| p.resource == "customresourcedefinitions");
    let crds: Vec<_> = crds.copied().collect();
    Ok(permissions::missing(client, &crds, None).await?.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::Class;
    use crate::cluster::fake;

    /// A server that serves all kinds the loop needs, but answers for `group` with a code of its own.
    fn server(group: &'static str, code: u16) -> Client {
        fake::server(move |request| {
            let path = request.uri().path().trim_start_matches("/apis/");
            if path.starts_with(group) { fake::refusal(code) } else { (200, kinds(path)) }
        })
    }

    fn kinds(group_version: &str) -> String {
        let kind = |plural: &&str| json!({"name": plural, "singularName": "", "namespaced": true, "kind": "", "verbs": []});
        let all: Vec<Value> = OURS.iter().chain(VELERO).map(kind).collect();
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": all})
            .to_string()
    }

    fn deployments(all: &[(&str, &str)]) -> String {
        let one = |(namespace, name): &(&str, &str)| {
            let pod = json!({"spec": {"containers": [{"name": "velero"}]}});
            json!({"metadata": {"namespace": namespace, "name": name}, "spec": {"selector": {}, "template": pod}})
        };
        let items: Vec<Value> = all.iter().map(one).collect();
        json!({"metadata": {}, "items": items}).to_string()
    }

    #[tokio::test]
    async fn several_velero_servers_are_too_many_in_one_namespace_only() {
        let of = |answer: (u16, String)| fake::server(move |_| answer.clone());
        let apart = of((200, deployments(&[("a", "velero"), ("b", "velero")])));
        assert_eq!(crowded(&apart, None).await.unwrap(), None);
        let together = of((200, deployments(&[("a", "velero"), ("b", "velero"), ("b", "second")])));
        let names = ["second", "velero"].map(str::to_owned).to_vec();
        assert_eq!(crowded(&together, None).await.unwrap(), Some(("b".to_owned(), names)));
        assert_eq!(crowded(&of(fake::refusal(403)), Some("a")).await.unwrap(), None);
        assert!(crowded(&of(fake::refusal(500)), Some("a")).await.is_err());
    }

    /// One request per group and no list of objects; trouble is not taken for an answer. Spec: R-102, S-021
    #[tokio::test]
    async fn kinds_that_are_not_served_are_missing_and_trouble_is_no_such_answer() {
        assert!(missing_kinds(&server("nothing", 404)).await.unwrap().is_empty());
        let missing = missing_kinds(&server("velero.io", 404)).await.unwrap();
        assert_eq!(missing.len(), VELERO.len(), "{missing:?}");
        assert_eq!(missing.first().map(String::as_str), Some("schedules.velero.io"));
        for code in [403, 429, 500, 503] {
            let error = missing_kinds(&server("velero.io", code)).await.unwrap_err();
            assert_ne!(error.class(), Class::KindMissing, "{code}");
        }
    }
}

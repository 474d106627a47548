//! What is installed on a hub beside our own objects: deployments, components, CRDs.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ListParams};
use kube::client::Body;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};
use kube::{Client, ResourceExt};
use serde_json::Value;

use super::clock;
use super::error::{Class, Error};
use super::list::items;
use crate::api::{crd, crd_fields};
use crate::velero::server::{Server, servers};

/// Prefix of the name OLM gives the installed version of OADP.
const OADP_PREFIX: &str = "oadp-operator.";

/// The server's version, and how far its clock is ahead of ours.
///
/// # Errors
///
/// It does not answer.
pub async fn reach(client: &Client) -> Result<(String, Option<SignedDuration>), Error> {
    let what = "the server's version";
    let request = http::Request::get("/version").body(Body::empty());
    let request = request.map_err(|error| Error::new("read", what, kube::Error::HttpError(error)))?;
    let sent = clock::now();
    let answer = client.send(request).await.map_err(Error::on("read", what))?;
    // The date is of whole seconds, and of some moment between sending and receiving.
    let middle = sent + clock::now().duration_since(sent) / 2;
    let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let ahead = date.map(|date| date.timestamp().duration_since(middle));
    let info = client.apiserver_version().await.map_err(Error::on("read", what))?;
    Ok((info.git_version, ahead))
}

/// The Velero servers of a namespace.
///
/// # Errors
///
/// Its Deployments cannot be read.
pub async fn velero_servers(client: &Client, namespace: &str) -> Result<Vec<Server>, Error> {
    Ok(servers(&items::<Deployment>(client, Some(namespace)).await?))
}

/// Restarts of the pods of these servers, and whether one ran out of memory.
///
/// # Errors
///
/// The pods cannot be read.
pub async fn restarts(client: &Client, namespace: &str, servers: &[Server]) -> Result<(i32, bool), Error> {
    let pods: Vec<Pod> = items(client, Some(namespace)).await?;
    let ours = pods.iter().filter(|pod| servers.iter().any(|server| is_pod_of(pod, server)));
    let states = ours.filter_map(|pod| pod.status.as_ref()?.container_statuses.as_ref()).flatten();
    Ok(states.fold((0, false), |(count, out_of_memory), container| {
        let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
        let died_of_it = last.is_some_and(|end| end.reason.as_deref() == Some("OOMKilled"));
        (count + container.restart_count, out_of_memory || died_of_it)
    }))
}

/// Whether a pod is one of a Velero server.
pub fn is_pod_of(pod: &Pod, server: &Server) -> bool {
    let wanted = &server.pod_labels;
    !wanted.is_empty() && wanted.iter().all(|(key, value)| pod.labels().get(key) == Some(value))
}

/// Image of the pod that holds a lease; `None` where the holder is no pod of the namespace, or it may not be read.
pub async fn image_of_holder(client: &Client, namespace: &str, holder: &str) -> Option<String> {
    let pod = holder.split('_').next().filter(|pod| !pod.is_empty())?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pod = pods.get_opt(pod).await.inspect_err(|error| tracing::info!("pod {pod}: {error}")).ok()??;
    pod.spec?.containers.into_iter().next()?.image
}

/// Whether a component of a MultiClusterHub or MultiClusterEngine is enabled; `None` without such an object.
///
/// # Errors
///
/// It cannot be read.
pub async fn component(client: &Client, kind: [&str; 3], names: &[&str]) -> Result<Option<bool>, Error> {
    let found = dynamic(client, kind).list(&ListParams::default()).await.map(|list| list.items);
    let found = if_served(found.map_err(Error::on("list", kind[2])))?;
    let of = |object: &DynamicObject| {
        let components = object.data.pointer("/spec/overrides/components").and_then(Value::as_array).cloned();
        let is_meant = |component: &Value| {
            component.get("name").and_then(Value::as_str).is_some_and(|name| names.contains(&name))
        };
        let enabled = |component: &Value| component.get("enabled").and_then(Value::as_bool) == Some(true);
        components.iter().flatten().any(|component| is_meant(component) && enabled(component))
    };
    Ok(found.first().map(of))
}

/// Versions of OADP that OLM installed, and the namespaces each is in.
///
/// # Errors
///
/// They cannot be read.
pub async fn oadp_versions(client: &Client) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let kind = ["operators.coreos.com", "v1alpha1", "ClusterServiceVersion"];
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(kind[0], kind[1], kind[2]));
    let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(client.clone(), &resource);
    let found = api.list_metadata(&ListParams::default()).await.map(|list| list.items);
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in if_served(found.map_err(Error::on("list", "clusterserviceversions.operators.coreos.com")))?
    {
        let name = object.name_any();
        // OLM copies an operator that watches all namespaces into each of them.
        let is_copy = object.labels().contains_key("olm.copiedFrom");
        if let (Some(version), false) = (name.strip_prefix(OADP_PREFIX), is_copy) {
            versions.entry(version.to_owned()).or_default().push(object.namespace().unwrap_or_default());
        }
    }
    Ok(versions)
}

/// Number of ManagedClusters.
///
/// # Errors
///
/// They cannot be read.
pub async fn managed_clusters(client: &Client) -> Result<usize, Error> {
    let kind = ["cluster.open-cluster-management.io", "v1", "ManagedCluster"];
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(kind[0], kind[1], kind[2]));
    let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(client.clone(), &resource);
    let found = api.list_metadata(&ListParams::default()).await.map(|list| list.items.len());
    found.map_err(Error::on("list", "managedclusters.cluster.open-cluster-management.io"))
}

/// Plurals of the kinds of a group and version; empty where it is not served.
///
/// # Errors
///
/// The server cannot be asked.
pub async fn kinds_of(client: &Client, group_version: &str) -> Result<Vec<String>, Error> {
    match client.list_api_group_resources(group_version).await.map_err(Error::on("discover", group_version)) {
        Ok(list) => Ok(list.resources.into_iter().map(|resource| resource.name).collect()),
        Err(error) if matches!(error.class(), Class::KindMissing | Class::NotFound) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// One of our CRDs as installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstalledCrd {
    /// Its name.
    pub name: String,
    /// Versions it serves; empty if it is not installed.
    pub versions: Vec<String>,
    /// What it and this program know of each other's fields; nothing if it is not installed.
    pub difference: crd_fields::FieldDifference,
}

/// Our CRDs as installed, BackupSchedule first.
///
/// # Errors
///
/// They cannot be read.
pub async fn crds(client: &Client) -> Result<Vec<InstalledCrd>, Error> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut found = Vec::new();
    for ours in crd::all() {
        let name = ours.name_any();
        let installed = api.get_opt(&name).await.map_err(Error::on("get", format!("CRD {name}")))?;
        found.push(match installed {
            None => InstalledCrd { name, ..InstalledCrd::default() },
            Some(installed) => InstalledCrd {
                name,
                difference: crd_fields::compare(&ours, &installed),
                versions: installed.spec.versions.into_iter().filter(|v| v.served).map(|v| v.name).collect(),
            },
        });
    }
    Ok(found)
}

/// Whether these secrets exist; their contents are not read.
///
/// # Errors
///
/// They cannot be asked for.
pub async fn secrets_exist(
    client: &Client,
    namespace: &str,
    names: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, bool>, Error> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut found = BTreeMap::new();
    for name in names {
        let there = api.get_metadata_opt(&name).await;
        let there = there.map_err(Error::on("get", format!("secret {namespace}/{name}")))?;
        found.insert(name, there.is_some());
    }
    Ok(found)
}

fn dynamic(client: &Client, [group, version, kind]: [&str; 3]) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind)))
}

/// A kind that is not served has no objects; any other failure stays one.
fn if_served<T>(listed: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match listed {
        Err(error) if error.class() == Class::KindMissing => Ok(Vec::new()),
        answer => answer,
    }
}

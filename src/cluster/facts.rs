//! Facts the planner asks for: who this hub is, and what it serves.

use std::collections::BTreeSet;

use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta};

use super::discovery::{removable, served};
use super::error::{Class, Error};
use super::leftovers;
use super::on_hub::{awaited_volumes, import_facts, internal_hubs, restores_elsewhere};
use super::write::Place;
use crate::api::keys;
use crate::plan::{HubFacts, OnRequest, Query};
use crate::velero;

/// Reads the facts asked for and leaves the others empty.
///
/// `namespace` is the one of the snapshot's subject; `hub_id` replaces the id of the hub where it is given.
///
/// # Errors
///
/// Any read that fails; a kind that is not served is a fact, not a failure.
pub async fn answer(
    client: &Client,
    queries: &BTreeSet<Query>,
    (namespace, hub_id): (&str, Option<&str>),
) -> Result<OnRequest, Error> {
    let mut facts = OnRequest::default();
    for query in queries {
        match query {
            Query::Hub => facts.hub = Some(hub_facts(client, hub_id).await?),
            Query::Served => facts.served = Some(served(client).await?),
            Query::InternalHubs => facts.internal_hubs = Some(internal_hubs(client).await?),
            Query::RestoresElsewhere => {
                facts.restores_elsewhere = Some(restores_elsewhere(client, namespace).await?);
            }
            Query::Volumes => facts.volumes = Some(awaited_volumes(client).await),
            Query::Imports => facts.imports = Some(import_facts(client).await?),
            Query::Removable => facts.removable = Some(removable(client).await?),
            Query::Backup(name) => {
                let backup = backup(client, namespace, name).await?;
                facts.backups.insert(name.clone(), backup);
            }
            Query::Leftovers(searches) => facts.leftovers = Some(leftovers::find(client, searches).await?),
        }
    }
    Ok(facts)
}

/// A backup with all it says about its contents; `None` if it is gone. Spec: R-403
async fn backup(client: &Client, namespace: &str, name: &str) -> Result<Option<velero::Backup>, Error> {
    let backups: Api<velero::Backup> = Api::namespaced(client.clone(), namespace);
    let backup = backups.get_opt(name).await;
    backup.map_err(Error::on("get", Place::of::<velero::Backup>(namespace, name).to_string()))
}

/// Reads who this hub is. Spec: S-088, S-140, S-143
///
/// # Errors
///
/// Any read that fails; a kind that is not served is a fact, not a failure.
pub async fn hub_facts(client: &Client, hub_id: Option<&str>) -> Result<HubFacts, Error> {
    let (id, local_cluster, chart_channel_namespaces) =
        futures::try_join!(id_of_hub(client, hub_id), local_cluster(client), chart_namespaces(client))?;
    Ok(HubFacts { hub_id: id, local_cluster, chart_channel_namespaces })
}

/// The OpenShift cluster id, or `unknown` where the kind is not served. Spec: S-140
///
/// # Errors
///
/// It cannot be read.
pub async fn id_of_hub(client: &Client, given: Option<&str>) -> Result<String, Error> {
    if let Some(id) = given {
        return Ok(id.to_owned());
    }
    let versions = api_of::<DynamicObject>(client, ["config.openshift.io", "v1", "ClusterVersion"]);
    let listed = versions.list(&ListParams::default()).await.map(|list| list.items);
    let found = if_served(listed, "clusterversions.config.openshift.io")?;
    let id =
        found.first().map(|version| version.data.pointer("/spec/clusterID").cloned().unwrap_or_default());
    Ok(match id {
        Some(id) => id.as_str().unwrap_or_default().to_owned(),
        None => keys::HUB_ID_UNKNOWN.to_owned(),
    })
}

/// The ManagedCluster that is the hub itself; the alphabetically first of several. Spec: S-143
async fn local_cluster(client: &Client) -> Result<Option<String>, Error> {
    let kind = ["cluster.open-cluster-management.io", "v1", "ManagedCluster"];
    let clusters = api_of::<PartialObjectMeta<DynamicObject>>(client, kind);
    let params = ListParams::default().labels(&format!("{}=true", keys::LOCAL_CLUSTER));
    let listed = clusters.list_metadata(&params).await.map(|list| list.items);
    let found = if_served(listed, "managedclusters.cluster.open-cluster-management.io")?;
    Ok(found.iter().map(kube::ResourceExt::name_any).min())
}

/// Namespaces of the Channels named `charts-v1`. Spec: S-088
async fn chart_namespaces(client: &Client) -> Result<BTreeSet<String>, Error> {
    let kind = ["apps.open-cluster-management.io", "v1", "Channel"];
    let channels = api_of::<PartialObjectMeta<DynamicObject>>(client, kind);
    let params = ListParams::default().fields("metadata.name=charts-v1");
    let listed = channels.list_metadata(&params).await.map(|list| list.items);
    let found = if_served(listed, "channels.apps.open-cluster-management.io")?;
    Ok(found.iter().filter_map(kube::ResourceExt::namespace).collect())
}

fn api_of<K>(client: &Client, [group, version, kind]: [&str; 3]) -> Api<K>
where
    K: kube::Resource<DynamicType = ApiResource>,
{
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    Api::all_with(client.clone(), &resource)
}

/// A kind that is not served has no objects; any other failure stays one.
fn if_served<T>(listed: kube::Result<Vec<T>>, name: &str) -> Result<Vec<T>, Error> {
    match listed.map_err(Error::on("list", name)) {
        Err(error) if error.class() == Class::KindMissing => Ok(Vec::new()),
        answer => answer,
    }
}

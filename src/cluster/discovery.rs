//! Which kinds the server serves, in the order discovery returns them.

use kube::Client;
use kube::core::discovery::v2::{APIGroupDiscovery, APIResourceDiscovery, APIVersionDiscovery};

use super::error::Error;
use crate::plan::{ServedApis, ServedResource, ServedVersion};

/// Reads every group, version and kind. Spec: S-070
///
/// # Errors
///
/// Any part that cannot be read; a list with a hole would silently shrink the backups. Spec: S-079
pub async fn served(client: &Client) -> Result<ServedApis, Error> {
    let aggregated =
        client.list_api_groups_aggregated().await.map_err(Error::on("discover", "API groups"))?;
    let mut versions = Vec::new();
    for group in &aggregated.items {
        for version in &group.versions {
            versions.push(one_version(client, group, version).await?);
        }
    }
    // A server without aggregated discovery answers with another list, which reads as an empty one.
    if versions.is_empty() { classic(client).await } else { Ok(ServedApis { versions }) }
}

/// Reads which kinds can be listed and deleted, the core group's too; groups that do not answer are left out.
///
/// # Errors
///
/// The server cannot be asked at all.
pub async fn removable(client: &Client) -> Result<ServedApis, Error> {
    let (core, named) =
        futures::try_join!(client.list_core_api_versions_aggregated(), client.list_api_groups_aggregated())
            .map_err(Error::on("discover", "API groups"))?;
    let fresh = |version: &&APIVersionDiscovery| version.freshness.as_deref() != Some("Stale");
    let versions: Vec<ServedVersion> = core
        .items
        .iter()
        .chain(&named.items)
        .flat_map(|group| group.versions.iter().filter(fresh).map(move |version| (group, version)))
        .map(|(group, version)| in_answer(group, version, is_removable))
        .collect();
    // An older server: one without a verb is refused by the server later, and told.
    if versions.is_empty() { classic(client).await } else { Ok(ServedApis { versions }) }
}

fn is_removable(resource: &APIResourceDiscovery) -> bool {
    ["list", "delete"].iter().all(|verb| resource.verbs.iter().any(|has| has == verb))
}

fn in_answer(
    group: &APIGroupDiscovery,
    version: &APIVersionDiscovery,
    wanted: fn(&APIResourceDiscovery) -> bool,
) -> ServedVersion {
    let resources = version.resources.iter().filter(|resource| wanted(resource)).filter_map(|resource| {
        let kind = resource.response_kind.as_ref()?.kind.clone()?;
        Some(ServedResource { name: resource.resource.clone()?, kind })
    });
    ServedVersion {
        group: group.metadata.as_ref().and_then(|meta| meta.name.clone()).unwrap_or_default(),
        version: version.version.clone().unwrap_or_default(),
        resources: resources.collect(),
    }
}

async fn one_version(
    client: &Client,
    group: &APIGroupDiscovery,
    version: &APIVersionDiscovery,
) -> Result<ServedVersion, Error> {
    let answer = in_answer(group, version, |_| true);
    if version.freshness.as_deref() == Some("Stale") {
        return classic_version(client, answer.group, answer.version).await;
    }
    Ok(answer)
}

async fn classic(client: &Client) -> Result<ServedApis, Error> {
    let groups = client.list_api_groups().await.map_err(Error::on("discover", "API groups"))?;
    let mut versions = Vec::new();
    for group in groups.groups {
        for version in group.versions {
            versions.push(classic_version(client, group.name.clone(), version.version).await?);
        }
    }
    Ok(ServedApis { versions })
}

async fn classic_version(client: &Client, group: String, version: String) -> Result<ServedVersion, Error> {
    let path = format!("{group}/{version}");
    let list = client.list_api_group_resources(&path).await.map_err(Error::on("discover", &path))?;
    let resources =
        list.resources.into_iter().map(|r| ServedResource { name: r.name, kind: r.kind }).collect();
    Ok(ServedVersion { group, version, resources })
}

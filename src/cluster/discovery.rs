//! Which kinds the server serves, in the order discovery returns them.

use kube::Client;
use kube::core::discovery::v2::{APIGroupDiscovery, APIResourceDiscovery, APIVersionDiscovery};

use super::error::{Class, Error};
use crate::plan::{ServedApis, ServedResource, ServedVersion};

/// Reads groups, versions and kinds: all that are `needed`, and of the others what comes along. Spec: S-070
///
/// # Errors
///
/// Any part of a needed group that cannot be read; a list with a hole would silently shrink the backups. Spec: S-079
pub async fn served(client: &Client, needed: fn(&str) -> bool) -> Result<ServedApis, Error> {
    let aggregated =
        client.list_api_groups_aggregated().await.map_err(Error::on("discover", "API groups"))?;
    let mut versions = Vec::new();
    for group in &aggregated.items {
        for version in &group.versions {
            versions.extend(one_version(client, group, version, needed).await?);
        }
    }
    // A server without aggregated discovery answers with another list, which reads as an empty one.
    let is_old = aggregated.items.iter().all(|group| group.versions.is_empty());
    if is_old { classic(client, needed).await } else { Ok(ServedApis { versions }) }
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
    if versions.is_empty() { classic(client, |_| true).await } else { Ok(ServedApis { versions }) }
}

/// The kinds of `wanted`, as plurals, that the server does not serve, each with its group. Everybody may ask this.
///
/// # Errors
///
/// The server cannot be asked.
pub async fn missing_of(
    client: &Client,
    group: &str,
    version: &str,
    wanted: &[&str],
) -> Result<Vec<String>, Error> {
    let path = format!("{group}/{version}");
    let served = match client.list_api_group_resources(&path).await.map_err(Error::on("discover", &path)) {
        Ok(list) => list.resources.into_iter().map(|resource| resource.name).collect(),
        Err(error) if matches!(error.class(), Class::KindMissing | Class::NotFound) => Vec::new(),
        Err(error) => return Err(error),
    };
    let is_missing = |plural: &&&str| !served.iter().any(|name| name == **plural);
    Ok(wanted.iter().filter(is_missing).map(|plural| format!("{plural}.{group}")).collect())
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

/// A stale version is asked for itself if it is needed; else it is left out, whoever serves it may be away for long.
async fn one_version(
    client: &Client,
    group: &APIGroupDiscovery,
    version: &APIVersionDiscovery,
    needed: fn(&str) -> bool,
) -> Result<Option<ServedVersion>, Error> {
    let answer = in_answer(group, version, |_| true);
    match version.freshness.as_deref() {
        Some("Stale") if needed(&answer.group) => {
            classic_version(client, answer.group, answer.version).await.map(Some)
        }
        Some("Stale") => Ok(None),
        _ => Ok(Some(answer)),
    }
}

async fn classic(client: &Client, needed: fn(&str) -> bool) -> Result<ServedApis, Error> {
    let groups = client.list_api_groups().await.map_err(Error::on("discover", "API groups"))?;
    let mut versions = Vec::new();
    for group in groups.groups.into_iter().filter(|group| needed(&group.name)) {
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::fake::{self, Answer};
    use crate::plan::schedule::is_selected;

    const GROUP: &str = "cluster.open-cluster-management.io";
    const SECOND: &str = "policy.open-cluster-management.io";

    /// A server that answers paths from a table; any other path is not there.
    fn server(answers: Vec<(String, Answer)>) -> Client {
        fake::server(move |request| {
            let found = answers.iter().find(|(path, _)| path == request.uri().path());
            found.map_or_else(|| fake::refusal(404), |(_, answer)| answer.clone())
        })
    }

    fn unavailable(path: &str, code: u16) -> (String, Answer) {
        (path.to_owned(), fake::refusal(code))
    }

    /// One group in the answer for all groups; a stale one comes without its kinds.
    fn group(name: &str, freshness: &str, kinds: &[&str]) -> Value {
        let resource = |kind: &&str| {
            json!({"resource": format!("{}s", kind.to_lowercase()), "scope": "Namespaced",
                "responseKind": {"group": "", "version": "", "kind": kind}, "verbs": ["list", "delete"]})
        };
        let resources: Vec<Value> = kinds.iter().map(resource).collect();
        json!({"metadata": {"name": name},
            "versions": [{"version": "v1", "freshness": freshness, "resources": resources}]})
    }

    fn aggregated(groups: &[Value]) -> (String, Answer) {
        let list = json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {}, "items": groups});
        ("/apis".to_owned(), (200, list.to_string()))
    }

    /// What a server without aggregated discovery answers.
    fn classic_groups(names: &[&str]) -> (String, Answer) {
        let group = |name: &&str| {
            let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
            json!({"name": name, "versions": [version], "preferredVersion": version})
        };
        let groups: Vec<Value> = names.iter().map(group).collect();
        let list = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups});
        ("/apis".to_owned(), (200, list.to_string()))
    }

    fn classic_kinds(name: &str, kinds: &[&str]) -> (String, Answer) {
        let resource = |kind: &&str| {
            json!({"name": format!("{}s", kind.to_lowercase()), "singularName": "", "namespaced": true,
                "kind": kind, "verbs": ["list"]})
        };
        let resources: Vec<Value> = kinds.iter().map(resource).collect();
        let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{name}/v1"),
            "resources": resources});
        (format!("/apis/{name}/v1"), (200, list.to_string()))
    }

    fn kinds(served: &ServedApis) -> Vec<String> {
        let all = served.versions.iter().flat_map(|version| {
            version.resources.iter().map(|resource| format!("{}.{}", resource.kind, version.group))
        });
        all.collect()
    }

    /// Spec: S-070, S-077
    #[tokio::test]
    async fn all_kinds_come_in_one_answer_in_its_order() {
        let groups =
            [group(SECOND, "Current", &["Policy"]), group(GROUP, "Current", &["Placement", "Channel"])];
        let served = served(&server(vec![aggregated(&groups)]), is_selected).await.unwrap();
        let wanted = [format!("Policy.{SECOND}"), format!("Placement.{GROUP}"), format!("Channel.{GROUP}")];
        assert_eq!(kinds(&served), wanted);
    }

    /// A group whose server was away comes marked as stale and may come empty. Spec: S-079
    #[tokio::test]
    async fn a_stale_group_is_asked_itself() {
        let all = aggregated(&[group(GROUP, "Current", &["Placement"]), group(SECOND, "Stale", &[])]);
        let served =
            served(&server(vec![all, classic_kinds(SECOND, &["Policy"])]), is_selected).await.unwrap();
        assert_eq!(kinds(&served), [format!("Placement.{GROUP}"), format!("Policy.{SECOND}")]);
    }

    /// Neither fewer kinds nor none, which Velero takes for everything. Spec: S-079, S-150
    #[tokio::test]
    async fn a_stale_group_that_does_not_answer_is_a_failure() {
        for code in [404, 500, 503] {
            let all = aggregated(&[group(GROUP, "Current", &["Placement"]), group(SECOND, "Stale", &[])]);
            let asked = unavailable(&format!("/apis/{SECOND}/v1"), code);
            assert!(served(&server(vec![all, asked]), is_selected).await.is_err(), "{code}");
        }
    }

    /// One broken server beside the hub, such as that of metrics, stops no backups. Spec: S-070, S-079
    #[tokio::test]
    async fn a_stale_group_nothing_is_backed_up_of_is_left_out() {
        const METRICS: &str = "metrics.k8s.io";
        let away = unavailable(&format!("/apis/{METRICS}/v1"), 503);
        let all = aggregated(&[group(METRICS, "Stale", &[]), group(GROUP, "Current", &["Placement"])]);
        let found = served(&server(vec![all, away.clone()]), is_selected).await.unwrap();
        assert_eq!(kinds(&found), [format!("Placement.{GROUP}")]);
        let older = vec![classic_groups(&[METRICS, GROUP]), away, classic_kinds(GROUP, &["Placement"])];
        let found = served(&server(older), is_selected).await.unwrap();
        assert_eq!(kinds(&found), [format!("Placement.{GROUP}")]);
        let only = vec![aggregated(&[group(METRICS, "Stale", &[])])];
        assert_eq!(served(&server(only), is_selected).await.unwrap(), ServedApis::default());
    }

    /// Spec: S-079, S-150
    #[tokio::test]
    async fn groups_nobody_can_list_are_a_failure() {
        for (code, class) in [(403, Class::Forbidden), (503, Class::Busy)] {
            let error = served(&server(vec![unavailable("/apis", code)]), is_selected).await.unwrap_err();
            assert_eq!(error.class(), class, "{error}");
        }
    }

    /// Spec: S-070
    #[tokio::test]
    async fn an_older_server_is_asked_group_by_group() {
        let answers = vec![
            classic_groups(&[GROUP, SECOND]),
            classic_kinds(GROUP, &["Placement"]),
            classic_kinds(SECOND, &["Policy"]),
        ];
        let served = served(&server(answers), is_selected).await.unwrap();
        assert_eq!(kinds(&served), [format!("Placement.{GROUP}"), format!("Policy.{SECOND}")]);
    }

    /// Spec: S-079, S-150
    #[tokio::test]
    async fn an_older_server_with_a_group_that_does_not_answer_is_a_failure() {
        for code in [404, 503] {
            let answers = vec![
                classic_groups(&[GROUP, SECOND]),
                classic_kinds(GROUP, &["Placement"]),
                unavailable(&format!("/apis/{SECOND}/v1"), code),
            ];
            assert!(served(&server(answers), is_selected).await.is_err(), "{code}");
        }
    }

    /// What cannot be asked cannot be searched for leftovers either.
    #[tokio::test]
    async fn a_stale_group_has_nothing_to_remove() {
        let stale = group(SECOND, "Stale", &["Policy"]);
        let named = aggregated(&[group(GROUP, "Current", &["Placement"]), stale]);
        let core = ("/api".to_owned(), aggregated(&[]).1);
        let found = removable(&server(vec![core, named])).await.unwrap();
        assert_eq!(kinds(&found), [format!("Placement.{GROUP}")]);
    }
}

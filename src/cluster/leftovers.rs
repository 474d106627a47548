//! What a restore may leave over: the metadata of objects with certain labels, of many kinds at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::Client;
use kube::api::ListParams;
use kube::core::Request;
use serde::{Deserialize, Deserializer};

use super::error::{Class, Error};
use super::list::decoded;
use crate::plan::ObjectKind;
use crate::plan::cleanup::{LABELS_READ, Leftover, Leftovers, Search, Unlisted};

/// Kinds listed at the same time, at most.
const IN_FLIGHT: usize = 16;
/// Objects per page: what bounds the memory while a kind is read.
const PAGE: u32 = 500;

/// Lists what the searches ask for; a kind the server cannot list is told and left out. Spec: R-437
///
/// # Errors
///
/// The server cannot be reached.
pub async fn find(client: &Client, searches: &[Search]) -> Result<Leftovers, Error> {
    let answers = stream::iter(searches).map(|search| one(client, search)).buffered(IN_FLIGHT);
    let answers: Vec<Result<Vec<Leftover>, Unlisted>> = answers.try_collect().await?;
    let (mut found, mut unlisted) = (Vec::new(), BTreeSet::new());
    for answer in answers {
        match answer {
            Ok(objects) => found.extend(objects),
            Err(kind) => {
                tracing::warn!("a cleanup leaves {} as they are, cannot list them: {}", kind.kind, kind.why);
                unlisted.insert(kind);
            }
        }
    }
    Ok(Leftovers { found, unlisted: unlisted.into_iter().collect() })
}

async fn one(client: &Client, search: &Search) -> Result<Result<Vec<Leftover>, Unlisted>, Error> {
    match listed(client, search).await {
        Ok(objects) => Ok(Ok(objects)),
        // Of a kind that is not served there is nothing.
        Err(error) if error.class() == Class::KindMissing => Ok(Ok(Vec::new())),
        Err(error) if matches!(error.class(), Class::Unreachable | Class::Timeout | Class::Unauthorized) => {
            Err(error)
        }
        Err(error) => Ok(Err(Unlisted { kind: search.kind.resource(), why: error.cause() })),
    }
}

/// Page by page. Read from etcd: the watch cache may not know yet what Velero has just restored.
async fn listed(client: &Client, search: &Search) -> Result<Vec<Leftover>, Error> {
    let name = search.kind.resource();
    let path = format!("{}/{}", root_of(&search.kind), search.kind.plural);
    let mut params = ListParams::default().labels(&search.selector()).limit(PAGE);
    let mut found = Vec::new();
    loop {
        let request = Request::new(&path).list_metadata(&params);
        let request = request.map_err(|error| Error::new("list", &name, kube::Error::BuildRequest(error)))?;
        let page = decoded(client, request, &name, PhantomData::<Page>).await?;
        found.extend(page.items.into_iter().flatten().map(|item| leftover(&search.kind, item.metadata)));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params.continue_token = Some(token),
            None => return Ok(found),
        }
    }
}

fn root_of(kind: &ObjectKind) -> String {
    let root = if kind.group.is_empty() { "/api" } else { "/apis" };
    format!("{root}/{}", kind.api_version())
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: ListMeta,
    /// `null` where there are none.
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

/// What of an object's metadata a rule reads; the rest is never kept.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    #[serde(deserialize_with = "labels_read")]
    labels: BTreeMap<String, String>,
    finalizers: Vec<String>,
    deletion_timestamp: Option<String>,
}

fn labels_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let mut labels = BTreeMap::<String, String>::deserialize(deserializer)?;
    labels.retain(|key, _| LABELS_READ.contains(&key.as_str()));
    Ok(labels)
}

fn leftover(kind: &ObjectKind, metadata: Metadata) -> Leftover {
    Leftover {
        kind: kind.clone(),
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        labels: metadata.labels,
        has_finalizers: !metadata.finalizers.is_empty(),
        is_being_deleted: metadata.deletion_timestamp.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake;
    use crate::plan::cleanup::Requirement;
    use crate::velero::BackupType;

    fn search(kind: [&str; 4]) -> Search {
        Search {
            part: BackupType::Resources,
            kind: ObjectKind::new(kind),
            labels: vec![Requirement::Exists("velero.io/backup-name".to_owned())],
        }
    }

    fn searches() -> [Search; 2] {
        [
            search(["apps.open-cluster-management.io", "v1", "Channel", "channels"]),
            search(["policy.open-cluster-management.io", "v1", "Policy", "policies"]),
        ]
    }

    /// A server that has one policy and answers for channels with `code`.
    fn without_channels(code: u16) -> Client {
        fake::server(move |request| match request.uri().path() {
            path if path.ends_with("/channels") => fake::refusal(code),
            _ => page(&["p"], ""),
        })
    }

    fn page(names: &[&str], more: &str) -> fake::Answer {
        let items: Vec<_> =
            names.iter().map(|name| json!({"metadata": {"name": name, "uid": name}})).collect();
        (200, json!({"metadata": {"continue": more}, "items": items}).to_string())
    }

    fn names(leftovers: &Leftovers) -> Vec<&str> {
        leftovers.found.iter().map(|object| object.name.as_str()).collect()
    }

    /// Spec: R-437: forbidden or broken is told, not served is nothing; the other kinds are found all the same
    #[tokio::test]
    async fn a_kind_that_cannot_be_listed_is_told_and_one_that_is_not_served_has_no_objects() {
        for (code, is_told) in [(403, true), (405, true), (500, true), (404, false)] {
            let leftovers = find(&without_channels(code), &searches()).await.unwrap();
            assert_eq!(names(&leftovers), ["p"], "{code}");
            let told: Vec<&str> = leftovers.unlisted.iter().map(|kind| kind.kind.as_str()).collect();
            let channels = ["channels.apps.open-cluster-management.io"];
            assert_eq!(told, if is_told { &channels[..] } else { &[] }, "{code}");
        }
    }

    /// Spec: R-437: it would take every kind for one that cannot be listed
    #[tokio::test]
    async fn a_server_that_cannot_be_reached_is_an_error() {
        let nowhere = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        let client = Client::try_from(nowhere).unwrap();
        assert_eq!(find(&client, &searches()).await.unwrap_err().class(), Class::Unreachable);
        assert!(find(&without_channels(401), &searches()).await.is_err());
    }

    #[tokio::test]
    async fn a_kind_is_read_to_its_last_page() {
        let server = fake::server(|request| {
            let query = request.uri().query().unwrap_or_default();
            assert!(query.contains("limit=500") && query.contains("labelSelector=velero.io"), "{query}");
            match query {
                second if second.contains("continue=second") => page(&["b"], "third"),
                third if third.contains("continue=third") => page(&["c"], ""),
                _ => page(&["a"], "second"),
            }
        });
        let leftovers = find(&server, &searches()[..1]).await.unwrap();
        assert_eq!((names(&leftovers), leftovers.unlisted.len()), (vec!["a", "b", "c"], 0));
    }

    /// As the server answers for a kind without objects.
    #[test]
    fn a_list_of_nothing_is_null() {
        let page: Page = serde_json::from_str(r#"{"metadata":{},"items":null}"#).unwrap();
        assert!(page.items.is_none());
    }

    #[test]
    fn of_an_object_only_what_a_rule_reads_is_kept() {
        let page: Page = serde_json::from_str(
            r#"{"metadata":{"continue":"more"},"items":[{"metadata":{"name":"n","uid":"u","labels":{
            "velero.io/backup-name":"b","app":"x"},"managedFields":[{"manager":"m"}],"finalizers":["f"]}}]}"#,
        )
        .unwrap();
        let kind = ObjectKind::new(["hive.openshift.io", "v1", "ClusterPool", "clusterpools"]);
        let object = leftover(&kind, page.items.unwrap().remove(0).metadata);
        let labels = BTreeMap::from([("velero.io/backup-name".to_owned(), "b".to_owned())]);
        assert_eq!((object.labels, object.has_finalizers, object.is_being_deleted), (labels, true, false));
        assert_eq!(page.metadata.continue_.as_deref(), Some("more"));
        assert_eq!(kind.resource(), "clusterpools.hive.openshift.io");
        assert_eq!(root_of(&ObjectKind::new(["", "v1", "Secret", "secrets"])), "/api/v1");
    }
}

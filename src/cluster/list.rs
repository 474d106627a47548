//! Lists, unpaged and decoded while they arrive, so that memory holds only what a rule reads.
//!
//! Paging is slower: the server answers only the first page from its cache.

use std::io::BufReader;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::ListParams;
use kube::core::Request;
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::blocking::Blocking;
use super::error::{Class, Error};
use super::guard::Guarded;
use crate::plan::Unreadable;

const READ_BYTES: usize = 64 * 1024;

/// What a list request returned.
#[derive(Debug, Clone)]
pub struct Listed<K> {
    /// The objects, without their managed fields.
    pub items: Vec<K>,
    /// Objects that do not decode.
    pub unreadable: Vec<Unreadable>,
    /// Where a watch goes on.
    pub resource_version: String,
}

/// What can be listed and watched.
pub trait Object: Resource + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static {}

impl<K> Object for K where K: Resource + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static {}

/// Kinds of ours and of Velero, which can be listed by their type alone.
pub trait Kind: Object + Resource<DynamicType = ()> {}

impl<K> Kind for K where K: Object + Resource<DynamicType = ()> {}

/// Which objects a list or a watch is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Path of the collection.
    pub path: String,
    /// `plural.group`, as errors name it.
    pub name: String,
    /// The server sends metadata alone.
    pub metadata_only: bool,
    /// Label selector; `None` = any.
    pub labels: Option<String>,
    /// Field selector; `None` = any.
    pub fields: Option<String>,
    /// Most objects a list returns; `None` = all. A watch has no limit.
    pub limit: Option<u32>,
}

impl Scope {
    /// All objects of a kind in one namespace; `None` = in all of them.
    pub fn of<K: Kind>(namespace: Option<&str>) -> Self {
        Self {
            path: K::url_path(&(), namespace),
            name: plural::<K>(),
            metadata_only: K::metadata_api(),
            ..Self::default()
        }
    }
}

/// `plural.group` of a kind, as errors name it.
pub fn plural<K: Resource<DynamicType = ()>>() -> String {
    format!("{}.{}", K::plural(&()), K::group(&()))
}

/// Lists objects.
///
/// # Errors
///
/// Anything but an answer; a kind that is not served is [`Class::KindMissing`].
pub async fn list<K: Object>(client: &Client, scope: &Scope) -> Result<Listed<K>, Error> {
    let name = scope.name.as_str();
    let params = ListParams {
        label_selector: scope.labels.clone(),
        field_selector: scope.fields.clone(),
        limit: scope.limit,
        ..ListParams::default()
    };
    let request = Request::new(scope.path.as_str());
    let request = if scope.metadata_only { request.list_metadata(&params) } else { request.list(&params) };
    let request = request.map_err(|error| Error::new("list", name, kube::Error::BuildRequest(error)))?;
    Ok(sort_out(decoded::<Envelope<K>>(client, request, name).await?))
}

/// The answer to a request, decoded while it arrives; `name` is what errors are about.
///
/// # Errors
///
/// Anything but an answer that decodes.
pub(super) async fn decoded<T: DeserializeOwned + Send + 'static>(
    client: &Client,
    request: http::Request<Vec<u8>>,
    name: &str,
) -> Result<T, Error> {
    let body = client.request_stream(request).await.map_err(Error::on("list", name))?;
    let body = Blocking::new(Box::pin(body));
    let decoded = tokio::task::spawn_blocking(move || {
        serde_json::from_reader::<_, T>(BufReader::with_capacity(READ_BYTES, body))
    });
    match decoded.await {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(error)) if error.is_io() => {
            Err(Error::new("list", name, kube::Error::ReadEvents(error.into())))
        }
        Ok(Err(error)) => Err(Error::new("list", name, kube::Error::SerdeError(error))),
        Err(_) => Err(Error::timed_out("list", name)),
    }
}

/// The objects of a list; those that do not decode are named in the log and left out.
///
/// # Errors
///
/// As [`list`].
pub async fn items<K: Kind>(client: &Client, namespace: Option<&str>) -> Result<Vec<K>, Error> {
    let listed = list::<K>(client, &Scope::of::<K>(namespace)).await?;
    warn_of(&listed);
    Ok(listed.items)
}

/// Names the objects that are left out.
pub(super) fn warn_of<K: Kind>(listed: &Listed<K>) {
    for object in &listed.unreadable {
        tracing::warn!("left out, because it cannot be read: {}", describe::<K>(object));
    }
}

/// As [`items`] in all namespaces, or in `namespace` where all are forbidden.
///
/// # Errors
///
/// As [`list`].
pub async fn items_everywhere<K: Kind>(client: &Client, namespace: &str) -> Result<Vec<K>, Error> {
    match items::<K>(client, None).await {
        Err(error) if error.class() == Class::Forbidden => items::<K>(client, Some(namespace)).await,
        answer => answer,
    }
}

#[derive(Deserialize)]
#[serde(bound = "K: Object")]
struct Envelope<K> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(deserialize_with = "maybe_null")]
    items: Option<Vec<Item<K>>>,
}

/// An empty list of metadata has `null` for its items; one without any items at all is no list.
fn maybe_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// One object, stripped as soon as it is decoded.
struct Item<K>(Guarded<K>);

impl<'de, K: Object> Deserialize<'de> for Item<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut guarded = Guarded::<K>::deserialize(deserializer)?;
        if let Ok(object) = &mut guarded.0 {
            object.meta_mut().managed_fields = None;
        }
        Ok(Self(guarded))
    }
}

fn sort_out<K: Object>(envelope: Envelope<K>) -> Listed<K> {
    let listed = envelope.items.unwrap_or_default();
    let mut items = Vec::with_capacity(listed.len());
    let mut unreadable = Vec::new();
    for Item(Guarded(item)) in listed {
        match item {
            Ok(object) => items.push(object),
            Err(object) => unreadable.push(*object),
        }
    }
    let resource_version = envelope.metadata.resource_version.unwrap_or_default();
    Listed { items, unreadable, resource_version }
}

/// `plural.group namespace/name: why` of an object that does not decode.
pub(crate) fn describe<K: Kind>(object: &Unreadable) -> String {
    format!("{} {}/{}: {}", plural::<K>(), object.namespace(), object.name(), object.why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::velero;

    #[test]
    fn an_empty_list_of_metadata_is_a_list_and_something_else_is_not() {
        let decoded = |json| serde_json::from_str::<Envelope<velero::Backup>>(json).map(sort_out);
        assert!(decoded(r#"{"metadata":{"resourceVersion":"7"},"items":null}"#).unwrap().items.is_empty());
        assert!(decoded("{}").is_err(), "an answer that is no list must not read as an empty one");
    }

    #[test]
    fn one_malformed_object_does_not_hide_the_others() {
        let json = r#"{"kind":"BackupList","metadata":{"resourceVersion":"7"},"items":[
            {"metadata":{"name":"good","namespace":"acm","managedFields":[{"manager":"x"}]},"spec":{}},
            {"metadata":{"name":"bad","namespace":"acm"},"spec":{"includedResources":7}}]}"#;
        let listed = sort_out::<velero::Backup>(serde_json::from_str(json).unwrap());
        assert_eq!(listed.items.len(), 1);
        assert_eq!(listed.items[0].metadata.managed_fields, None);
        let told = describe::<velero::Backup>(&listed.unreadable[0]);
        assert!(told.starts_with("backups.velero.io acm/bad: spec.includedResources"), "{told}");
        assert_eq!(listed.resource_version, "7");
    }
}

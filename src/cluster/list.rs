//! Lists, unpaged and decoded while they arrive, so that memory holds only what a rule reads.
//!
//! Paging is slower: the server answers only the first page from its cache.

use std::fmt::{self, Formatter};
use std::io::BufReader;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::ListParams;
use kube::core::{PartialObjectMeta, Request};
use kube::{Client, Resource};
use serde::Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::blocking::Blocking;
use super::error::{Class, Error};
use super::guard::Guarded;
use crate::plan::Unreadable;
use crate::{api, velero};

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

/// Kinds that can be listed by their type alone.
pub trait Kind: Object + Resource<DynamicType = ()> {
    /// The object without what nothing here reads.
    fn trimmed(self) -> Self {
        self
    }
}

impl Kind for api::BackupSchedule {}
impl Kind for api::Restore {}
impl Kind for velero::Schedule {}
impl Kind for velero::Restore {}
impl Kind for velero::BackupStorageLocation {}
impl Kind for velero::DeleteBackupRequest {}
impl Kind for Deployment {}
impl Kind for Pod {}
impl<K> Kind for PartialObjectMeta<K> where Self: Object + Resource<DynamicType = ()> {}

/// There may be thousands, and no rule reads what they contain; the one Backup of which it does is read alone.
impl Kind for velero::Backup {
    fn trimmed(mut self) -> Self {
        let storage_location = self.spec.storage_location.take();
        self.spec = velero::BackupSpec { storage_location, ..Default::default() };
        if let Some(status) = &mut self.status {
            status.other.clear();
        }
        self
    }
}

/// Which objects a list or a watch is about, and how much of each is kept.
#[derive(Clone)]
pub struct Scope<K> {
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
    /// Takes from each object what is not read, before the next one arrives.
    pub trim: Arc<dyn Fn(K) -> K + Send + Sync>,
}

impl<K: Kind> Scope<K> {
    /// All objects of a kind in one namespace; `None` = in all of them.
    pub fn of(namespace: Option<&str>) -> Self {
        Self {
            path: K::url_path(&(), namespace),
            name: plural::<K>(),
            metadata_only: K::metadata_api(),
            labels: None,
            fields: None,
            limit: None,
            trim: Arc::new(K::trimmed),
        }
    }

    /// Only the object of this name: the server finds it by its key instead of sending thousands.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        // No object has another name, and no word of a user becomes part of a selector.
        let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        Self { fields: is_plain.then(|| format!("metadata.name={name}")), ..self }
    }
}

impl<K: Object> Scope<K> {
    /// What is kept of an object that has arrived.
    pub(super) fn keep(&self, mut object: K) -> K {
        object.meta_mut().managed_fields = None;
        (self.trim)(object)
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
pub async fn list<K: Object>(client: &Client, scope: &Scope<K>) -> Result<Listed<K>, Error> {
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
    decoded(client, request, name, Listing(scope.clone())).await
}

/// The answer to a request, decoded while it arrives; `name` is what errors are about.
///
/// # Errors
///
/// Anything but an answer that decodes.
pub(super) async fn decoded<T: Send + 'static>(
    client: &Client,
    request: http::Request<Vec<u8>>,
    name: &str,
    form: impl for<'de> DeserializeSeed<'de, Value = T> + Send + 'static,
) -> Result<T, Error> {
    let body = client.request_stream(request).await.map_err(Error::on("list", name))?;
    let body = Blocking::new(Box::pin(body));
    let decoded = tokio::task::spawn_blocking(move || {
        let reader = BufReader::with_capacity(READ_BYTES, body);
        form.deserialize(&mut serde_json::Deserializer::from_reader(reader))
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
    items_of(client, &Scope::of(namespace)).await
}

/// As [`items`], of a scope.
///
/// # Errors
///
/// As [`list`].
pub async fn items_of<K: Kind>(client: &Client, scope: &Scope<K>) -> Result<Vec<K>, Error> {
    let listed = list(client, scope).await?;
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

/// Reads a list.
struct Listing<K>(Scope<K>);

impl<'de, K: Object> DeserializeSeed<'de> for Listing<K> {
    type Value = Listed<K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listed<K>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: Object> Visitor<'de> for Listing<K> {
    type Value = Listed<K>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Listed<K>, M::Error> {
        let (mut metadata, mut items) = (ListMeta::default(), None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "metadata" => metadata = map.next_value()?,
                "items" => items = Some(map.next_value_seed(Items(&self.0))?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        // An answer that is no list must not read as an empty one.
        let (items, unreadable) = items.ok_or_else(|| M::Error::missing_field("items"))?;
        Ok(Listed { items, unreadable, resource_version: metadata.resource_version.unwrap_or_default() })
    }
}

/// Reads the objects of a list one by one.
struct Items<'s, K>(&'s Scope<K>);

impl<'de, K: Object> DeserializeSeed<'de> for Items<'_, K> {
    type Value = (Vec<K>, Vec<Unreadable>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, K: Object> Visitor<'de> for Items<'_, K> {
    type Value = (Vec<K>, Vec<Unreadable>);

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("objects")
    }

    /// An empty list of metadata has `null` for its items.
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Default::default())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Self::Value, S::Error> {
        let (mut items, mut unreadable) = (Vec::new(), Vec::new());
        while let Some(text) = sequence.next_element::<Box<RawValue>>()? {
            match Guarded::<K>::from_text(text.get()).map_err(S::Error::custom)?.0 {
                Ok(object) => items.push(self.0.keep(object)),
                Err(object) => unreadable.push(*object),
            }
        }
        Ok((items, unreadable))
    }
}

/// `plural.group namespace/name: why` of an object that does not decode.
pub(crate) fn describe<K: Kind>(object: &Unreadable) -> String {
    format!("{} {}/{}: {}", plural::<K>(), object.namespace(), object.name(), object.why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::velero;

    fn backups(json: &str) -> serde_json::Result<Listed<velero::Backup>> {
        Listing(Scope::of(None)).deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    #[test]
    fn an_empty_list_of_metadata_is_a_list_and_something_else_is_not() {
        assert!(backups(r#"{"metadata":{"resourceVersion":"7"},"items":null}"#).unwrap().items.is_empty());
        assert!(backups("{}").is_err(), "an answer that is no list must not read as an empty one");
        assert!(backups(r#"{"items":7}"#).is_err());
    }

    #[test]
    fn one_malformed_object_does_not_hide_the_others() {
        let json = r#"{"kind":"BackupList","metadata":{"resourceVersion":"7"},"items":[
            {"metadata":{"name":"good","namespace":"acm","managedFields":[{"manager":"x"}]},"spec":{}},
            {"metadata":{"name":"bad","namespace":"acm"},"spec":{"includedResources":7}}]}"#;
        let listed = backups(json).unwrap();
        assert_eq!(listed.items.len(), 1);
        assert_eq!(listed.items[0].metadata.managed_fields, None);
        let told = describe::<velero::Backup>(&listed.unreadable[0]);
        assert!(told.starts_with("backups.velero.io acm/bad: spec.includedResources"), "{told}");
        assert_eq!(listed.resource_version, "7");
    }

    #[test]
    fn one_object_is_asked_for_by_its_name_unless_no_object_has_such_a_name() {
        let asked = |name: &str| Scope::<velero::Backup>::of(Some("acm")).named(name).fields;
        assert_eq!(asked("acm-1").as_deref(), Some("metadata.name=acm-1"));
        assert_eq!(asked("a,metadata.namespace=b"), None, "no word of a user is a selector");
    }

    #[test]
    fn of_a_backup_what_it_contains_is_not_kept() {
        let json = r#"{"items":[{"metadata":{"name":"b"},"spec":{"storageLocation":"s3","includedResources":["a"]},
            "status":{"phase":"Completed","formatVersion":"1.1.0"}}]}"#;
        let kept = serde_json::to_value(&backups(json).unwrap().items[0]).unwrap();
        assert_eq!(kept["spec"], serde_json::json!({"storageLocation": "s3"}));
        assert_eq!(kept["status"], serde_json::json!({"phase": "Completed"}));
    }
}

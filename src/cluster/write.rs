//! Writes of any kind, strictly validated, answering with the object the server has.

use http::Method;
use kube::core::{ApiResource, DynamicObject, TypeMeta};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::error::Error;
use crate::api::keys::FIELD_MANAGER;

/// An object, or the place for a new one.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its kind.
    pub resource: ApiResource,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// How to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// For real.
    #[default]
    Real,
    /// The server goes through it and stores nothing.
    ServerDryRun,
}

impl Place {
    /// The place of an object of a kind known by its type.
    pub fn of<K: kube::Resource<DynamicType = ()>>(namespace: &str, name: &str) -> Self {
        let resource = ApiResource::erase::<K>(&());
        Self { resource, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Objects of its kind in its namespace; everywhere if that is empty.
    pub fn api(&self, client: &Client) -> Api<DynamicObject> {
        match self.namespace.as_str() {
            "" => Api::all_with(client.clone(), &self.resource),
            namespace => Api::namespaced_with(client.clone(), namespace, &self.resource),
        }
    }

    pub(super) fn collection(&self) -> String {
        let ApiResource { group, version, plural, .. } = &self.resource;
        let root =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        match self.namespace.as_str() {
            "" => format!("{root}/{plural}"),
            namespace => format!("{root}/namespaces/{namespace}/{plural}"),
        }
    }

    pub(super) fn path(&self, subresource: &str) -> String {
        format!("{}/{}{subresource}", self.collection(), self.name)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let velero = if self.resource.group == "velero.io" { "velero " } else { "" };
        let kind = self.resource.kind.to_lowercase();
        match self.namespace.as_str() {
            "" => write!(f, "{velero}{kind} {}", self.name),
            namespace => write!(f, "{velero}{kind} {namespace}/{}", self.name),
        }
    }
}

/// Creates an object; the server refuses fields it does not know.
///
/// # Errors
///
/// The server refused or did not answer.
pub async fn create(
    client: &Client,
    place: &Place,
    object: &Value,
    mode: Mode,
) -> Result<DynamicObject, Error> {
    let uri = format!("{}?{}", place.collection(), query(mode));
    let target = (Method::POST, uri, "application/json");
    Ok(as_sent(send(client, ("create", place), target, object).await?, place))
}

/// Changes the given fields by a JSON merge patch; the server refuses fields it does not know.
///
/// # Errors
///
/// The server refused or did not answer.
pub async fn patch(
    client: &Client,
    place: &Place,
    change: &Value,
    mode: Mode,
) -> Result<DynamicObject, Error> {
    let uri = format!("{}?{}", place.path(""), query(mode));
    let target = (Method::PATCH, uri, MERGE_PATCH);
    Ok(as_sent(send(client, ("update", place), target, change).await?, place))
}

/// An answer of metadata alone has a kind of its own; nobody reads who wrote which field.
fn as_sent(mut answer: DynamicObject, place: &Place) -> DynamicObject {
    let ApiResource { api_version, kind, .. } = place.resource.clone();
    answer.types = Some(TypeMeta { api_version, kind });
    answer.metadata.managed_fields = None;
    answer
}

/// Changes the status by a JSON merge patch. Fields an older CRD does not know are dropped.
///
/// # Errors
///
/// The server refused or did not answer.
pub async fn patch_status(client: &Client, place: &Place, change: &Value) -> Result<DynamicObject, Error> {
    let uri = format!("{}?fieldManager={FIELD_MANAGER}", place.path("/status"));
    send(client, ("update status of", place), (Method::PATCH, uri, MERGE_PATCH), change).await
}

/// Which object a deletion is about, and what becomes of what it owns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deletion<'a> {
    /// Only the object with this uid.
    pub uid: Option<&'a str>,
    /// Only if nobody has changed it since.
    pub resource_version: Option<&'a str>,
    /// What it owns goes first.
    pub foreground: bool,
}

impl Deletion<'_> {
    /// The server reads its parameters from the body alone once there is one, so a dry run must be asked for here.
    fn options(&self, mode: Mode) -> Value {
        let mut preconditions = serde_json::Map::new();
        for (field, value) in [("uid", self.uid), ("resourceVersion", self.resource_version)] {
            preconditions.extend(value.map(|value| (field.to_owned(), json!(value))));
        }
        let policy = if self.foreground { "Foreground" } else { "Background" };
        let mut options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy, "preconditions": preconditions
        });
        if let (Mode::ServerDryRun, Some(fields)) = (mode, options.as_object_mut()) {
            fields.insert("dryRun".to_owned(), json!(["All"]));
        }
        options
    }
}

/// Deletes an object.
///
/// Returns the object as it goes on existing while finalizers hold it; `None` once it is gone.
///
/// # Errors
///
/// The server refused or did not answer; an object that is not there is an error too.
pub async fn delete(
    client: &Client,
    place: &Place,
    deletion: Deletion<'_>,
    mode: Mode,
) -> Result<Option<DynamicObject>, Error> {
    let target = (Method::DELETE, place.path(""), "application/json");
    let answer: Value = send(client, ("delete", place), target, &deletion.options(mode)).await?;
    Ok(serde_json::from_value(answer).ok().filter(|object: &DynamicObject| object.metadata.name.is_some()))
}

/// Of secrets nothing but metadata comes back: no value of theirs ever is in memory. Works are large, of thousands of
/// clusters, and no rule reads into one.
fn accepted(place: &Place) -> &'static str {
    match place.resource.plural.as_str() {
        "secrets" | "manifestworks" => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        _ => "application/json",
    }
}

const MERGE_PATCH: &str = "application/merge-patch+json";

pub(super) fn query(mode: Mode) -> String {
    let dry_run = if mode == Mode::ServerDryRun { "&dryRun=All" } else { "" };
    format!("fieldManager={FIELD_MANAGER}&fieldValidation=Strict{dry_run}")
}

async fn send<T: serde::de::DeserializeOwned>(
    client: &Client,
    (verb, place): (&'static str, &Place),
    (method, uri, content_type): (Method, String, &str),
    body: &Value,
) -> Result<T, Error> {
    let request = http::Request::builder()
        .method(method)
        .uri(uri)
        .header(http::header::CONTENT_TYPE, content_type)
        .header(http::header::ACCEPT, accepted(place))
        .body(body.to_string().into_bytes())
        .map_err(|error| Error::new(verb, place.to_string(), kube::Error::HttpError(error)))?;
    client.request(request).await.map_err(Error::on(verb, place.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api, velero};

    #[test]
    fn a_dry_run_of_a_deletion_is_asked_for_in_the_body() {
        let deletion = Deletion { uid: Some("u"), ..Deletion::default() };
        assert_eq!(deletion.options(Mode::ServerDryRun)["dryRun"], json!(["All"]));
        assert_eq!(deletion.options(Mode::Real).get("dryRun"), None);
    }

    #[test]
    fn places_lead_to_the_servers_paths_and_read_like_words() {
        let place = Place::of::<velero::Restore>("acm", "r1");
        assert_eq!(place.path("/status"), "/apis/velero.io/v1/namespaces/acm/restores/r1/status");
        assert_eq!(place.to_string(), "velero restore acm/r1");
        assert_eq!(Place::of::<api::Restore>("acm", "r1").to_string(), "restore acm/r1");
    }

    #[test]
    fn a_patched_secret_comes_back_without_its_values() {
        let place = Place::of::<k8s_openapi::api::core::v1::Secret>("c1", "s");
        assert!(accepted(&place).contains("as=PartialObjectMetadata"));
        assert_eq!(accepted(&Place::of::<velero::Restore>("acm", "r1")), "application/json");
    }

    #[test]
    fn every_write_is_strict() {
        assert!(query(Mode::Real).contains("fieldValidation=Strict"));
        assert!(query(Mode::ServerDryRun).ends_with("&dryRun=All"));
    }
}

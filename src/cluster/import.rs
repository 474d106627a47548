//! The secret that imports a managed cluster. The token passes through here and nowhere else.
//!
//! Bodies are handled as text of our own: the client would log one that it cannot read.

use http::{Method, Request};
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use serde_json::{Value, json};

use super::error::{Class, Error};
use super::write::{Mode, Place, query};
use crate::api::keys;
use crate::plan::{Failure, Import, Outcome};
use crate::wire::yaml;

/// How often the import controller tries. Spec: R-737
const RETRIES: &str = "5";

/// Creates the secret from the one that holds the token. Spec
pub(super) async fn import(client: &Client, import: &Import) -> Outcome {
    match copy(client, import).await {
        Ok(()) => Outcome::Done(None),
        Err(message) => Outcome::Failed(Failure { message }),
    }
}

async fn copy(client: &Client, import: &Import) -> Result<(), String> {
    let from = Place::of::<Secret>(&import.cluster, &import.token_from);
    let text = send(client, ("get", &from), (Method::GET, from.path("")), String::new()).await?;
    let unusable = || format!("secret {} holds no usable token", import.token_from);
    let token = serde_json::from_str(&text).ok().and_then(|secret| token_of(&secret)).ok_or_else(unusable)?;
    let to = Place::of::<Secret>(&import.cluster, keys::AUTO_IMPORT_SECRET);
    let uri = format!("{}?{}", to.collection(), query(Mode::Real));
    send(client, ("create", &to), (Method::POST, uri), secret(import, &token).to_string()).await.map(drop)
}

async fn send(
    client: &Client,
    (verb, place): (&'static str, &Place),
    (method, uri): (Method, String),
    body: String,
) -> Result<String, String> {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body.into_bytes())
        .map_err(|_| format!("{verb} {place}: no such address"))?;
    client.request_text(request).await.map_err(|error| in_words(&Error::new(verb, place.to_string(), error)))
}

fn in_words(error: &Error) -> String {
    match error.class() {
        Class::NotFound => "it is gone".to_owned(),
        Class::AlreadyExists => "another one was made meanwhile".to_owned(),
        _ => error.to_string(),
    }
}

/// The token in a secret: the data key `token`, a scalar in YAML; `None` if it is anything else or empty. Spec: R-735
fn token_of(secret: &Secret) -> Option<String> {
    let text = String::from_utf8(secret.data.as_ref()?.get("token")?.0.clone()).ok()?;
    match yaml::from_str::<Value>(&text).ok()? {
        Value::String(token) => Some(token),
        Value::Bool(_) | Value::Number(_) => Some(text.trim().to_owned()),
        _ => None,
    }
    .filter(|token| !token.is_empty())
}

/// Spec
fn secret(import: &Import, token: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": keys::AUTO_IMPORT_SECRET,
            "namespace": import.cluster,
            "labels": {keys::AUTO_IMPORT_BY_RESTORE: "true"},
            "annotations": {keys::AUTO_IMPORT_KEPT: ""},
        },
        "type": "Opaque",
        "stringData": {"autoImportRetry": RETRIES, "server": import.server, "token": token},
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;

    use super::*;

    fn token(text: &str) -> Option<String> {
        let data = [("token".to_owned(), ByteString(text.as_bytes().to_vec()))].into();
        token_of(&Secret { data: Some(data), ..Secret::default() })
    }

    /// Spec: R-735
    #[test]
    fn a_token_is_a_yaml_scalar_that_is_not_empty() {
        assert_eq!(token("eyJhbGciOi.x-y_z\n").as_deref(), Some("eyJhbGciOi.x-y_z"));
        assert_eq!(token("\"quoted\"").as_deref(), Some("quoted"));
        assert_eq!(token("123").as_deref(), Some("123"));
        for bad in ["", "  \n", "''", "{a: b}", "- a", "\"open"] {
            assert_eq!(token(bad), None, "{bad}");
        }
        assert_eq!(token_of(&Secret::default()), None);
    }

    /// Spec
    #[test]
    fn the_secret_says_where_how_and_that_a_restore_made_it() {
        let import = Import {
            cluster: "c1".into(),
            server: "https://c1:6443".into(),
            token_from: "auto-import-account".into(),
        };
        let wanted = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {
                "name": "auto-import-secret", "namespace": "c1",
                "labels": {"cluster.open-cluster-management.io/restore-auto-import-secret": "true"},
                "annotations": {"managedcluster-import-controller.open-cluster-management.io/keeping-auto-import-secret": ""},
            },
            "stringData": {"autoImportRetry": "5", "server": "https://c1:6443", "token": "t"},
        });
        assert_eq!(secret(&import, "t"), wanted);
    }
}

//! Kubeconfig files and clients for them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::{Body, ConfigExt};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tower::{BoxError, ServiceBuilder};

/// One context: a hub as one of its users sees it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Name of the context and of the cluster.
    pub(crate) context: String,
    pub(crate) server: String,
    /// Authority that signed the server's certificate, PEM.
    pub(crate) authority: String,
    pub(crate) user: String,
    pub(crate) token: String,
}

/// Writes a kubeconfig with one context per entry; the first one is current.
///
/// # Errors
///
/// When the file cannot be written.
pub(crate) fn write(path: &Path, entries: &[Entry]) -> Result<PathBuf> {
    let text = serde_yaml::to_string(&document(entries))?;
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    Ok(path.to_owned())
}

/// Makes a client for the current context of a kubeconfig file.
///
/// Put together by hand because the ready-made one waits 40 ms for the network in most requests (no TCP_NODELAY)
/// and tries again for minutes when a server says it is not ready. A proxy of the environment is not used either:
/// the hub is on this machine.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) async fn client(path: &Path) -> Result<Client> {
    let kubeconfig = Kubeconfig::read_from(path)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    let https = config.rustls_https_connector_with_connector(http)?;
    let hyper = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .map_err(BoxError::from)
        .service(hyper);
    Ok(Client::new(service, config.default_namespace))
}

fn document(entries: &[Entry]) -> Value {
    let clusters = entries.iter().map(|entry| {
        let authority = base64(entry.authority.as_bytes());
        json!({"name": entry.context,
               "cluster": {"server": entry.server, "certificate-authority-data": authority}})
    });
    let users = entries.iter().map(|entry| json!({"name": user(entry), "user": {"token": entry.token}}));
    let contexts = entries.iter().map(
        |entry| json!({"name": entry.context, "context": {"cluster": entry.context, "user": user(entry)}}),
    );
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": clusters.collect::<Vec<_>>(),
        "users": users.collect::<Vec<_>>(),
        "contexts": contexts.collect::<Vec<_>>(),
        "current-context": entries.first().map(|entry| entry.context.as_str()),
    })
}

fn user(entry: &Entry) -> String {
    format!("{}@{}", entry.user, entry.context)
}

fn base64(bytes: &[u8]) -> String {
    // The one place that needs base64; Kubernetes' own type for it knows how.
    serde_json::to_value(k8s_openapi::ByteString(bytes.to_vec()))
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

//! From the user's flags to a client.

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use tower::{BoxError, ServiceBuilder};
use tower_http::decompression::DecompressionLayer;

use super::config::{IN_CLUSTER, Resolved, resolve};
use super::error::Error;
use super::transport::Transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach the server, as kubectl's flags of the same names say.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The kubeconfig file; `None` = `KUBECONFIG`, `~/.kube/config`, in-cluster.
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig context; `None` = the current one.
    pub context: Option<String>,
    /// The kubeconfig cluster; `None` = the context's.
    pub cluster: Option<String>,
    /// The kubeconfig user; `None` = the context's.
    pub user: Option<String>,
    /// URL of the server; `None` = the cluster's.
    pub server: Option<String>,
    /// Name the server's certificate must carry; `None` = its host.
    pub tls_server_name: Option<String>,
    /// PEM file of the authority; `None` = the cluster's.
    pub certificate_authority: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure_skip_tls_verify: bool,
    /// User to act as.
    pub as_user: Option<String>,
    /// Groups to act as; only with a user.
    pub as_groups: Vec<String>,
    /// Uid to act as; only with a user.
    pub as_uid: Option<String>,
    /// Limit for a request other than a watch; `None` = none.
    pub request_timeout: Option<Duration>,
    /// A credential plugin may neither ask nor print.
    pub unattended: bool,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One command: short trouble is sat out for about two seconds.
    OneShot,
    /// The loop, which comes back by itself.
    Loop,
}

/// A client and where it leads.
#[derive(Clone)]
pub struct Connection {
    /// The client.
    pub client: Client,
    /// Name of the kubeconfig context; `in-cluster` in a pod.
    pub context: String,
    /// URL of the server.
    pub server: String,
    /// Namespace the context names; `None` if it names none.
    pub context_namespace: Option<String>,
}

impl Connection {
    /// This is a pod of the hub, where the context tells nothing of which hub that is.
    pub fn is_in_pod(&self) -> bool {
        self.context == IN_CLUSTER
    }
}

/// Builds a client; nothing is sent yet.
///
/// # Errors
///
/// The kubeconfig is missing, unreadable, or names what does not exist.
pub async fn connect(options: &ConnectOptions, purpose: Purpose) -> Result<Connection, Error> {
    let Resolved { config, context, namespace, proxy } = resolve(options).await?;
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let limits = Limits { request: options.request_timeout, retries: purpose == Purpose::OneShot };
    let client = match proxy.intercept(&config.cluster_url).filter(|_| !is_loopback(&config.cluster_url)) {
        Some(found) => build(&config, tunnel(&found), limits),
        None => build(&config, tcp(), limits),
    };
    let client = client.map_err(|error| Error::config(format!("context {context}"), error))?;
    Ok(Connection { client, context, server, context_namespace: namespace })
}

#[derive(Clone, Copy)]
struct Limits {
    request: Option<Duration>,
    retries: bool,
}

/// Without nodelay each request waits 40 ms for a delayed acknowledgement (kube-rs/kube#2056).
pub(super) fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(Duration::from_secs(30)));
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector
}

/// A connection through a proxy, with the credentials its URL holds.
pub(super) fn tunnel(proxy: &Intercept) -> Tunnel<HttpConnector> {
    let tunnel = Tunnel::new(proxy.uri().clone(), tcp());
    match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    }
}

/// Nobody means the proxy for a server on this machine; client-go has the same exception.
fn is_loopback(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn build<C>(config: &Config, connector: C, limits: Limits) -> kube::Result<Client>
where
    C: tower::Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: hyper_util::client::legacy::connect::Connection
        + hyper::rt::Read
        + hyper::rt::Write
        + Send
        + Unpin
        + 'static,
    C::Future: Send + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
{
    let https = config.rustls_https_connector_with_connector(connector)?;
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(https);
    let transport = Transport::new(http, limits.request, limits.retries);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new().gzip(!config.disable_compression))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(tower::service_fn(move |request| transport.clone().send(request)));
    Ok(Client::new(service, config.default_namespace.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_this_machine_is_never_reached_through_a_proxy() {
        for server in ["https://127.0.0.1:6443", "https://localhost:6443", "https://[::1]:6443"] {
            assert!(is_loopback(&server.parse().unwrap()), "{server}");
        }
        assert!(!is_loopback(&"https://10.0.0.1:6443".parse().unwrap()));
    }
}

//! From kubeconfig, flags and environment to a client configuration.

use std::path::{Path, PathBuf};

use http::{HeaderName, HeaderValue};
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};

use super::client::ConnectOptions;
use super::error::{Error, root_of};

/// What stands for a context in a pod.
pub(super) const IN_CLUSTER: &str = "in-cluster";

/// Everything needed to build a client.
pub(super) struct Resolved {
    pub config: Config,
    /// Name of the kubeconfig context; `in-cluster` without one.
    pub context: String,
    /// Namespace the context names.
    pub namespace: Option<String>,
    pub proxy: Matcher,
}

/// Finds the configuration: kubeconfig as `KUBECONFIG` lists it, then `~/.kube/config`, then in-cluster.
pub(super) async fn resolve(options: &ConnectOptions) -> Result<Resolved, Error> {
    let mut resolved = match kubeconfig(options)? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, options).await?,
        None => without_kubeconfig(options)?,
    };
    apply_flags(&mut resolved.config, options)?;
    Ok(resolved)
}

/// The contexts of the kubeconfig, sorted; none if there is no kubeconfig.
///
/// # Errors
///
/// A kubeconfig cannot be read.
pub fn contexts(options: &ConnectOptions) -> Result<Vec<String>, Error> {
    let found = kubeconfig(options)?.map(|config| config.contexts).unwrap_or_default();
    let mut names: Vec<String> = found.into_iter().map(|context| context.name).collect();
    names.sort();
    Ok(names)
}

/// The merged kubeconfig; `None` if there is none anywhere.
fn kubeconfig(options: &ConnectOptions) -> Result<Option<Kubeconfig>, Error> {
    if let Some(path) = &options.kubeconfig {
        return read(path).map(Some);
    }
    let mut merged: Option<Kubeconfig> = None;
    for path in kubeconfig_paths().into_iter().filter(|path| path.exists()) {
        let next = read(&path)?;
        merged = Some(match merged {
            Some(first) => {
                first.merge(next).map_err(|error| Error::config(path.display().to_string(), error))?
            }
            None => next,
        });
    }
    Ok(merged)
}

fn read(path: &Path) -> Result<Kubeconfig, Error> {
    // The errors around the cause name the file once more.
    Kubeconfig::read_from(path)
        .map_err(|error| Error::config(format!("kubeconfig {}", path.display()), root_of(&error)))
}

fn kubeconfig_paths() -> Vec<PathBuf> {
    match std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()) {
        Some(list) => std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    }
}

async fn from_kubeconfig(kubeconfig: Kubeconfig, options: &ConnectOptions) -> Result<Resolved, Error> {
    let context = options.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
    if context.is_empty() {
        return without_context(kubeconfig, options).await;
    }
    let Some(named) = kubeconfig.contexts.iter().find(|named| named.name == context) else {
        let mut known: Vec<&str> = kubeconfig.contexts.iter().map(|named| named.name.as_str()).collect();
        known.sort_unstable();
        let why = format!("it does not exist; there are: {}", known.join(", "));
        return Err(Error::config(format!("context {context}"), why));
    };
    let entry = named.context.clone();
    let namespace = entry.as_ref().and_then(|context| context.namespace.clone());
    let cluster = options.cluster.clone().or_else(|| entry.map(|context| context.cluster));
    let proxy = proxy_of(&kubeconfig, cluster.as_deref());
    let choice = KubeConfigOptions {
        context: Some(context.clone()),
        cluster: options.cluster.clone(),
        user: options.user.clone(),
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &choice)
        .await
        .map_err(|error| Error::config(format!("context {context}"), error))?;
    Ok(Resolved { config, context, namespace: namespace.filter(|ns| !ns.is_empty()), proxy })
}

/// A kubeconfig without current-context is as good as none, unless the flags name the server.
async fn without_context(kubeconfig: Kubeconfig, options: &ConnectOptions) -> Result<Resolved, Error> {
    match (&options.server, &options.cluster) {
        (None, Some(_)) => Err(Error::config("kubeconfig", "no context is chosen: use --context")),
        (None, None) if !kubeconfig.contexts.is_empty() => {
            Err(Error::config("kubeconfig", "it has no current-context: use --context"))
        }
        _ => without_kubeconfig(options),
    }
}

fn without_kubeconfig(options: &ConnectOptions) -> Result<Resolved, Error> {
    if let Some(context) = &options.context {
        return Err(Error::config(format!("context {context}"), "there is no kubeconfig"));
    }
    if let Some(server) = &options.server {
        let config = Config::new(parse_server(server)?);
        let proxy = Matcher::from_env();
        return Ok(Resolved { config, context: server.clone(), namespace: None, proxy });
    }
    let config = Config::incluster().map_err(|_| {
        Error::config(
            "kubeconfig",
            "none found: KUBECONFIG is not set, ~/.kube/config is not there, and this is no pod",
        )
    })?;
    let namespace = Some(config.default_namespace.clone());
    Ok(Resolved { config, context: IN_CLUSTER.to_owned(), namespace, proxy: Matcher::from_env() })
}

/// The cluster's own proxy goes before the environment's, and NO_PROXY only limits the latter.
fn proxy_of(kubeconfig: &Kubeconfig, cluster: Option<&str>) -> Matcher {
    let named = kubeconfig.clusters.iter().find(|named| Some(named.name.as_str()) == cluster);
    let own = named.and_then(|named| named.cluster.as_ref()).and_then(|cluster| cluster.proxy_url.clone());
    match own.filter(|url| !url.is_empty()) {
        Some(url) => Matcher::builder().all(url).build(),
        None => Matcher::from_env(),
    }
}

fn apply_flags(config: &mut Config, options: &ConnectOptions) -> Result<(), Error> {
    if let Some(server) = &options.server {
        config.cluster_url = parse_server(server)?;
    }
    if let Some(path) = &options.certificate_authority {
        config.root_cert = None;
        config.root_cert_file = Some(path.clone());
    }
    config.accept_invalid_certs |= options.insecure_skip_tls_verify;
    config.tls_server_name = options.tls_server_name.clone().or(config.tls_server_name.take());
    if let Some(plugin) = config.auth_info.exec.as_mut().filter(|_| options.unattended) {
        plugin.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    if options.as_user.is_some() {
        config.auth_info.impersonate = options.as_user.clone();
        config.auth_info.impersonate_groups = Some(options.as_groups.clone()).filter(|g| !g.is_empty());
        config.auth_info.impersonate_uid = options.as_uid.clone();
    }
    let agent = HeaderValue::from_static(concat!("kubectl-acmbackup/", env!("CARGO_PKG_VERSION")));
    config.headers.push((HeaderName::from_static("user-agent"), agent));
    Ok(())
}

fn parse_server(server: &str) -> Result<http::Uri, Error> {
    server.parse().map_err(|error: http::uri::InvalidUri| Error::config(format!("server {server}"), error))
}

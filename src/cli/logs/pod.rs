//! What Velero's pod says about an object, for as long as the storage location has no log of it.

use futures::{AsyncBufRead, AsyncBufReadExt, TryStreamExt};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{Api, ListParams, LogParams};
use kube::core::Selector;
use kube::{Client, ResourceExt};

use super::command::Printer;
use super::parts::Part;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cluster::Error;

/// Velero's pod; `None` where there is none that runs.
///
/// # Errors
///
/// It cannot be looked for.
pub(super) async fn find(client: &Client, namespace: &str) -> Result<Option<Pod>> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let place = format!("deployment {namespace}/velero");
    let found = deployments.get_opt("velero").await.map_err(Error::on("get", place))?;
    let Some(deployment) = found else { return Ok(None) };
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let params = ListParams::default().labels(&text_of(deployment.spec.selector)?);
    let pods = pods.list(&params).await.map_err(Error::on("list", "pods"))?;
    let runs = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running");
    Ok(pods.items.into_iter().find(runs))
}

fn text_of(selector: LabelSelector) -> Result<String> {
    let selector: Result<Selector, _> = selector.try_into();
    let unreadable = |error: kube::core::ParseExpressionError| {
        CliError::new(Exit::Invalid, "cannot read the selector of deployment velero").why(error.to_string())
    };
    Ok(selector.map_err(unreadable)?.to_string())
}

/// Prints the pod's lines about `part`, those since a moment if one is given; with `follow` until the pod ends. False
/// once nobody reads any more.
///
/// # Errors
///
/// The log cannot be read.
pub(super) async fn show(
    client: &Client,
    pod: &Pod,
    (part, follow, since_time): (&Part, bool, Option<Timestamp>),
    printer: &mut Printer,
) -> Result<bool> {
    let namespace = pod.namespace().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let params =
        LogParams { follow, since_time, container: Some("velero".to_owned()), ..LogParams::default() };
    let place = format!("log of pod {namespace}/{}", pod.name_any());
    let log = pods.log_stream(&pod.name_any(), &params).await.map_err(Error::on("read", &place))?;
    lines_of(log, part, printer).await.map_err(|error| Error::unreadable(place, error.to_string()).into())
}

async fn lines_of(log: impl AsyncBufRead, part: &Part, printer: &mut Printer) -> std::io::Result<bool> {
    let log = std::pin::pin!(log);
    let mut lines = log.lines();
    while let Some(line) = lines.try_next().await? {
        if line.contains(&part.name) && !printer.print(&part.title, &line) {
            return Ok(false);
        }
    }
    Ok(true)
}

//! `--logs`: the snapshot, events and logs in one archive.

use futures::AsyncReadExt;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams, LogParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::names::Names;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::session::{Hub, Session};
use crate::cluster::{Error, inventory, lease};
use crate::render::Mark;
use crate::wire::yaml;

/// No log is longer than this in the archive; its end tells most.
const LINES_MAX: i64 = 20_000;

/// A file of the archive.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) text: String,
}

/// Events and logs, each with its file name; what cannot be read is said and left out.
pub(super) async fn extras(hub: &Hub, session: &Session) -> Vec<Entry> {
    let mut entries = Vec::new();
    let left_out = |what: &str, error: &Error| {
        session.note(Mark::Attention, &format!("{what} left out: {error}"));
    };
    match events(hub).await {
        Ok(text) => entries.push(Entry { name: "events.yaml".to_owned(), text }),
        Err(error) => left_out("events", &error),
    }
    let pods = pods(hub).await.inspect_err(|error| left_out("logs", error));
    if pods.as_ref().is_ok_and(Vec::is_empty) {
        session.note(Mark::Attention, "no logs: neither Velero nor the loop has a pod here");
    }
    for (name, pod) in pods.unwrap_or_default() {
        match log(hub.client(), &pod).await {
            Ok(text) => entries.push(Entry { name: format!("{name}-{}.log", pod.name_any()), text }),
            Err(error) => left_out("log", &error),
        }
    }
    entries
}

async fn events(hub: &Hub) -> Result<String, Error> {
    let api: Api<Event> = Api::namespaced(hub.client().clone(), hub.namespace());
    let found = api.list(&ListParams::default()).await.map_err(Error::on("list", "events"))?;
    let told: Vec<Value> = found
        .items
        .iter()
        .map(|event| {
            json!({
                "at": crate::cluster::events::happened(event), "type": event.type_, "reason": event.reason,
                "about": {"kind": event.involved_object.kind, "namespace": event.involved_object.namespace,
                          "name": event.involved_object.name},
                "note": event.message,
            })
        })
        .collect();
    yaml::to_string(&told).map_err(|error| Error::unreadable("events", error.to_string()))
}

/// The pods of Velero, and the one that holds the lease.
async fn pods(hub: &Hub) -> Result<Vec<(&'static str, Pod)>, Error> {
    let (client, namespace) = (hub.client(), hub.namespace());
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let all = api.list(&ListParams::default()).await.map_err(Error::on("list", "pods"))?.items;
    let servers = inventory::velero_servers(client, namespace).await?;
    let held = lease::read(client).await?;
    let holder = held.map(|held| held.identity.split('_').next().unwrap_or_default().to_owned());
    let role = |pod: &Pod| match () {
        () if servers.iter().any(|server| inventory::is_pod_of(pod, server)) => Some("velero"),
        () if Some(pod.name_any()) == holder => Some("loop"),
        () => None,
    };
    Ok(all.into_iter().filter_map(|pod| Some((role(&pod)?, pod))).collect())
}

async fn log(client: &Client, pod: &Pod) -> Result<String, Error> {
    let namespace = pod.namespace().unwrap_or_default();
    let place = format!("log of pod {namespace}/{}", pod.name_any());
    let container =
        pod.spec.as_ref().and_then(|spec| spec.containers.first()).map(|first| first.name.clone());
    let params = LogParams { container, tail_lines: Some(LINES_MAX), ..LogParams::default() };
    let api: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let mut stream = api.log_stream(&pod.name_any(), &params).await.map_err(Error::on("read", &place))?;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes).await;
    read.map_err(|error| Error::unreadable(place, error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The entries as a `.tar.gz`, with names hidden where that was asked for.
pub(super) fn pack(entries: &[Entry], names: Option<&Names>) -> Result<Vec<u8>> {
    let packed = |error: std::io::Error| CliError::new(Exit::Defect, format!("cannot pack: {error}"));
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut archive = tar::Builder::new(gzip);
    for Entry { name, text } in entries {
        let (name, text) = match names {
            Some(names) => (names.hide(name), names.hide(text)),
            None => (name.clone(), text.clone()),
        };
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, text.as_bytes()).map_err(packed)?;
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).map_err(packed)
}

//! Kubernetes Events about one object.

use k8s_openapi::api::core::v1::Event;
use kube::Client;
use kube::api::{Api, ListParams};

use super::error::Error;

/// Events about the objects of this name in a namespace, oldest first; `kind` tells those of one kind from the rest.
///
/// # Errors
///
/// They cannot be read.
pub async fn events_of(
    client: &Client,
    namespace: &str,
    (kind, name): (&str, &str),
) -> Result<Vec<Event>, Error> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let params = ListParams::default().fields(&format!("involvedObject.name={name}"));
    let found = api.list(&params).await.map_err(Error::on("list", "events"))?;
    let mut events: Vec<Event> = found.items;
    events.retain(|event| event.involved_object.kind.as_deref() == Some(kind));
    events.sort_by_key(happened);
    Ok(events)
}

/// When an Event happened last; `None` if it does not say.
pub fn happened(event: &Event) -> Option<jiff::Timestamp> {
    let series =
        event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let first = event.event_time.as_ref().map(|time| time.0);
    series.or(last).or(first)
}

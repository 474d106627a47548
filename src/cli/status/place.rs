//! What `status` reads, and where.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cli::captured::Capture;
use crate::cli::error::Result;
use crate::cli::session::{Hub, Session};
use crate::cluster::list::{Kind, items};
use crate::cluster::namespace::{Found, Reason};
use crate::cluster::{self, Class, facts, inventory, lease, namespace};
use crate::render::status::{LoopView, Observed, Unread};
use crate::{api, velero};

/// What was read, and where.
pub(super) struct Place {
    pub(super) observed: Observed,
    pub(super) namespace: String,
    pub(super) reason: String,
    /// `None` for a captured state.
    pub(super) context: Option<String>,
    pub(super) captured_at: Option<Timestamp>,
}

impl Place {
    /// The hub as it is.
    pub(super) async fn live(hub: &Hub, session: &Session) -> Result<Self> {
        let observed = observe(hub, session).await?;
        let (namespace, reason) = (hub.found.namespace.clone(), hub.found.reason.to_string());
        let context = Some(hub.connection.context.clone());
        Ok(Self { observed, namespace, reason, context, captured_at: None })
    }

    /// All namespaces with something to show, by name.
    pub(super) async fn everywhere(session: &Session) -> Result<Vec<Self>> {
        let connection = session.connect().await?;
        let client = &connection.client;
        let (schedules, restores, locations) = tokio::join!(
            namespaces::<api::BackupSchedule>(client),
            namespaces::<api::Restore>(client),
            namespaces::<velero::BackupStorageLocation>(client),
        );
        let names: BTreeSet<String> = [schedules?, restores?, locations?].into_iter().flatten().collect();
        let mut places = Vec::new();
        for namespace in names {
            let found = Found { namespace, reason: Reason::InUse };
            let hub = Hub { connection: connection.clone(), found };
            let place = Self::live(&hub, session).await?;
            places.push(Self { reason: "one of all".to_owned(), ..place });
        }
        Ok(places)
    }

    /// A hub as a file holds it.
    pub(super) fn captured(capture: Capture) -> Self {
        let Capture { captured_at, held, hub, .. } = capture;
        let namespace = hub.subject.namespace;
        let here = hub
            .velero
            .storage_locations
            .into_iter()
            .filter(|l| l.metadata.namespace.as_ref() == Some(&namespace));
        let lease = held.map(|held| LoopView {
            kind: "lease",
            holder: held.holder,
            renewed_at: held.renewed_at,
            overdue: held.overdue,
        });
        let observed = Observed {
            no_namespace: false,
            hub_id: hub.on_request.hub.map(|hub| hub.hub_id).ok_or(Unread::NotCaptured),
            schedules: Ok(hub.schedules),
            restores: Ok(hub.restores),
            locations: Ok(here.collect()),
            velero_schedules: Ok(hub.velero.schedules),
            backups: Ok(hub.velero.backups),
            servers: Err(Unread::NotCaptured),
            // Without a moment the file is of an older make, which held no lease.
            lease: if captured_at.is_some() { Ok(lease) } else { Err(Unread::NotCaptured) },
        };
        let reason = captured_at.map(|at| format!("captured at {at}"));
        let reason = reason.unwrap_or_else(|| "captured".to_owned());
        Self { observed, namespace, reason, context: None, captured_at }
    }
}

/// Reads everything at once; what may not be read or is not served is left open.
async fn observe(hub: &Hub, session: &Session) -> Result<Observed> {
    let (client, here) = (hub.client(), Some(hub.namespace()));
    let (hub_id, schedules, restores, locations, velero_schedules, backups, held, servers) = tokio::join!(
        facts::id_of_hub(client, None),
        items(client, here),
        items(client, here),
        items(client, here),
        items(client, here),
        items(client, here),
        lease::read(client),
        inventory::velero_servers(client, hub.namespace()),
    );
    let now = session.now();
    let held = open(held)?.map(|held| {
        held.map(|holder| LoopView {
            kind: "lease",
            overdue: holder.is_overdue(now),
            renewed_at: holder.renewed,
            holder: holder.identity,
        })
    });
    let locations: std::result::Result<Vec<_>, _> = open(locations)?;
    // Asked only where nothing leads to storage: one that holds some exists.
    let no_namespace = match &locations {
        Ok(all) if all.is_empty() => open(namespace::exists(client, hub.namespace()).await)? == Ok(false),
        _ => false,
    };
    Ok(Observed {
        no_namespace,
        hub_id: open(hub_id)?,
        schedules: open(schedules)?,
        restores: open(restores)?,
        locations,
        velero_schedules: open(velero_schedules)?,
        backups: open(backups)?,
        lease: held,
        servers: open(servers)?,
    })
}

fn open<T>(read: std::result::Result<T, cluster::Error>) -> Result<std::result::Result<T, Unread>> {
    match read.map_err(|error| (error.class(), error)) {
        Ok(value) => Ok(Ok(value)),
        Err((Class::Forbidden, _)) => Ok(Err(Unread::Forbidden)),
        Err((Class::KindMissing, _)) => Ok(Err(Unread::NotServed)),
        Err((_, error)) => Err(error.into()),
    }
}

/// Namespaces with objects of a kind; none where it is not served.
async fn namespaces<K: Kind>(client: &kube::Client) -> Result<Vec<String>> {
    let found = match items::<K>(client, None).await {
        Err(error) if error.class() == Class::KindMissing => Vec::new(),
        found => found?,
    };
    Ok(found.iter().filter_map(|object| object.meta().namespace.clone()).collect())
}

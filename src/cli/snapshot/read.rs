//! What `snapshot` reads: all the planner reads, for every object it may be asked about.

use kube::ResourceExt;

use crate::cli::captured::{Capture, Held};
use crate::cli::error::Result;
use crate::cli::session::{Hub, Session};
use crate::cluster::list::items;
use crate::cluster::observe::{Reader, decide, observe, velero_state};
use crate::cluster::{Class, Error, inventory, lease};
use crate::plan::{HubSnapshot, LoopOptions, Query, Subject, SubjectKind};
use crate::render::Mark;

/// Reads everything.
pub(super) async fn capture(hub: &Hub, session: &Session) -> Result<Capture> {
    let (client, namespace) = (hub.client(), hub.namespace());
    let subject =
        Subject { kind: SubjectKind::Restore, namespace: namespace.to_owned(), name: String::new() };
    let observed = match observe(client, &subject, &LoopOptions::default()).await {
        Err(error) if error.class() == Class::KindMissing => what_is_served(hub, subject, session).await?,
        observed => observed?,
    };
    let now = session.now();
    let held = match lease::read(client).await {
        Err(error) if error.class() == Class::Forbidden => None,
        held => held?,
    };
    let (version, _) = inventory::reach(client).await?;
    Ok(Capture {
        api_version: "acmbackup/v1".to_owned(),
        kind: "Snapshot".to_owned(),
        captured_at: Some(now),
        client: env!("CARGO_PKG_VERSION").to_owned(),
        kubernetes: version,
        held: held.map(|held| Held {
            overdue: held.is_overdue(now),
            renewed_at: held.renewed,
            holder: held.identity,
        }),
        hub: with_facts(hub, observed, session).await?,
    })
}

/// What there is of a hub that lacks kinds, which is just when a report is wanted.
async fn what_is_served(hub: &Hub, subject: Subject, session: &Session) -> Result<HubSnapshot> {
    let (client, here) = (hub.client(), Some(hub.namespace()));
    Ok(HubSnapshot {
        subject,
        schedules: if_served(items(client, here).await, session)?,
        restores: if_served(items(client, here).await, session)?,
        velero: if_served(velero_state(client, hub.namespace()).await, session)?,
        ..HubSnapshot::default()
    })
}

fn if_served<T: Default>(read: Result<T, Error>, session: &Session) -> Result<T> {
    match read {
        Err(error) if error.class() == Class::KindMissing => {
            session.note(Mark::Attention, &format!("left out, not served here: {}", error.object));
            Ok(T::default())
        }
        read => Ok(read?),
    }
}

/// Adds the facts the planner asks for about any of the objects, and those every screen shows.
async fn with_facts(hub: &Hub, mut snapshot: HubSnapshot, session: &Session) -> Result<HubSnapshot> {
    let usual = [Query::Hub, Query::Served].into();
    let reader = Reader::new(hub.client().clone(), None);
    snapshot.on_request.fill(reader.answer(hub.namespace(), &usual).await?);
    let subject = snapshot.subject.clone();
    let schedules = snapshot.schedules.iter().map(|object| (SubjectKind::BackupSchedule, object.name_any()));
    let restores = snapshot.restores.iter().map(|object| (SubjectKind::Restore, object.name_any()));
    let subjects: Vec<(SubjectKind, String)> = schedules.chain(restores).collect();
    for (kind, name) in subjects {
        snapshot.subject = Subject { kind, name, ..subject.clone() };
        snapshot = decide(&reader, snapshot, session.now()).await?.0;
    }
    snapshot.subject = subject;
    Ok(snapshot)
}

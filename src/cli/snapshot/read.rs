//! What `snapshot` reads: all the planner reads, for every object it may be asked about.

use kube::ResourceExt;

use crate::cli::captured::{Capture, Held};
use crate::cli::error::Result;
use crate::cli::session::{Hub, Session};
use crate::cluster::observe::{Reader, decide, observe};
use crate::cluster::{Class, inventory, lease};
use crate::plan::{HubSnapshot, LoopOptions, Query, Subject, SubjectKind};

/// Reads everything.
pub(super) async fn capture(hub: &Hub, session: &Session) -> Result<Capture> {
    let (client, namespace) = (hub.client(), hub.namespace());
    let subject =
        Subject { kind: SubjectKind::Restore, namespace: namespace.to_owned(), name: String::new() };
    let observed = observe(client, &subject, &LoopOptions::default()).await?;
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

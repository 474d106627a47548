//! What `describe` reads: the hub, or a captured state.

use std::path::Path;

use jiff::Timestamp;

use super::command::Planned;
use crate::cli::captured::{self, Capture};
use crate::cli::error::Result;
use crate::cli::noun::Noun;
use crate::cli::session::{Hub, Session};
use crate::cli::writers;
use crate::cluster::Class;
use crate::cluster::events::{events_of, happened};
use crate::cluster::observe::{Reader, decide, observe, velero_state};
use crate::plan::{self, Decision, HubSnapshot, LoopOptions, Subject, SubjectKind};
use crate::render::Mark;
use crate::render::describe::EventView;

/// Where the object is.
pub(super) struct Source {
    pub(super) snapshot: HubSnapshot,
    pub(super) captured_at: Option<Timestamp>,
    /// `None` for a captured state.
    hub: Option<Hub>,
}

impl Source {
    pub(super) async fn captured(file: &Path) -> Result<Self> {
        let Capture { captured_at, hub, .. } = captured::read(file).await?;
        Ok(Self { snapshot: hub, captured_at, hub: None })
    }

    pub(super) async fn live(session: &Session, noun: Noun) -> Result<Self> {
        let hub = session.hub_or_default().await?;
        let namespace = hub.namespace();
        let subject =
            Subject { kind: SubjectKind::default(), namespace: namespace.to_owned(), name: String::new() };
        let snapshot = match noun {
            Noun::Schedule | Noun::Restore => {
                observe(hub.client(), &subject, &LoopOptions::default()).await?
            }
            // Backups are there where our own kinds may not be.
            Noun::Backup | Noun::Run => {
                let velero = velero_state(hub.client(), namespace).await?;
                HubSnapshot { subject, velero, ..HubSnapshot::default() }
            }
        };
        Ok(Self { snapshot, captured_at: None, hub: Some(hub) })
    }

    pub(super) fn context(&self) -> Option<&str> {
        self.hub.as_ref().map(|hub| hub.connection.context.as_str())
    }

    /// Id of the hub; `None` where it is not known.
    pub(super) async fn hub_id(&self, planned: &HubSnapshot) -> Option<String> {
        match (&planned.on_request.hub, &self.hub) {
            (Some(facts), _) => Some(facts.hub_id.clone()),
            (None, Some(hub)) => writers::id_of(hub).await,
            (None, None) => None,
        }
    }

    /// The hub with the facts the planner asked for, and what the loop would do with the object.
    pub(super) async fn planned(&self, noun: Noun, name: &str, now: Timestamp) -> Result<Planned> {
        let kind = match noun {
            Noun::Schedule => SubjectKind::BackupSchedule,
            Noun::Restore => SubjectKind::Restore,
            Noun::Backup | Noun::Run => return Ok((self.snapshot.clone(), None)),
        };
        let mut snapshot = self.snapshot.clone();
        snapshot.subject.kind = kind;
        snapshot.subject.name = name.to_owned();
        match &self.hub {
            Some(hub) => {
                let reader = Reader::new(hub.client().clone(), None);
                match decide(&reader, snapshot.clone(), now).await {
                    Ok((snapshot, plan)) => Ok((snapshot, Some(plan))),
                    // What the loop would do is a part of the answer, not a condition for it.
                    Err(error) if error.class() == Class::Forbidden => Ok((snapshot, None)),
                    Err(error) => Err(error.into()),
                }
            }
            None => match plan::plan(&snapshot, now) {
                Decision::Do(plan) => Ok((snapshot, Some(plan))),
                Decision::NeedMore(_) => Ok((snapshot, None)),
            },
        }
    }

    /// What happened to the object; nothing in a captured state.
    pub(super) async fn events(&self, noun: Noun, name: &str, session: &Session) -> Result<Vec<EventView>> {
        let kind = match noun {
            Noun::Schedule => "BackupSchedule",
            Noun::Restore => "Restore",
            Noun::Backup => "Backup",
            Noun::Run => return Ok(Vec::new()),
        };
        let Some(hub) = &self.hub else { return Ok(Vec::new()) };
        let found = match events_of(hub.client(), hub.namespace(), (kind, name)).await {
            Err(error) if error.class() == Class::Forbidden => {
                session.note(Mark::Attention, "list events is forbidden: what happened is not shown");
                Vec::new()
            }
            found => found?,
        };
        let view = |event: k8s_openapi::api::core::v1::Event| EventView {
            at: happened(&event),
            type_: event.type_.unwrap_or_default(),
            reason: event.reason.unwrap_or_default(),
            note: event.message.unwrap_or_default(),
        };
        Ok(found.into_iter().map(view).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::namespace::{Found, Reason};
    use crate::cluster::{Connection, fake};
    use crate::plan::HubFacts;

    fn source() -> Source {
        let versions = json!([{"metadata": {"name": "version"}, "spec": {"clusterID": "east"}}]);
        let answer = json!({"metadata": {}, "items": versions}).to_string();
        let connection = Connection {
            client: fake::server(move |_| (200, answer.clone())),
            context: "hub-east".to_owned(),
            server: String::new(),
            context_namespace: None,
        };
        let found = Found { namespace: "acm".to_owned(), reason: Reason::Given };
        Source { snapshot: HubSnapshot::default(), captured_at: None, hub: Some(Hub { connection, found }) }
    }

    #[tokio::test]
    async fn the_hub_is_known_though_no_plan_asked_who_it_is() {
        let mut planned = HubSnapshot::default();
        assert_eq!(source().hub_id(&planned).await.as_deref(), Some("east"));
        assert_eq!(Source { hub: None, ..source() }.hub_id(&planned).await, None, "a captured state");
        planned.on_request.hub = Some(HubFacts { hub_id: "asked".to_owned(), ..HubFacts::default() });
        assert_eq!(source().hub_id(&planned).await.as_deref(), Some("asked"));
    }
}

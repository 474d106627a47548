//! What the API server's audit log says about one user.

use std::collections::BTreeSet;

use acmbackup::cluster::permissions::Permission;
use acmbackup_lab::Hub;
use anyhow::{Context, Result};
use serde::Deserialize;

/// Requests of a user.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    used: BTreeSet<Use>,
    /// Requests the server refused for lack of permission, as `verb resource.group in namespace`.
    pub(crate) refused: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    verb: String,
    group: String,
    /// Plural, or `plural/subresource`.
    resource: String,
    /// Empty: in all namespaces, or a kind outside of any.
    namespace: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    user: User,
    object_ref: Option<Object>,
    #[serde(rename = "requestURI")]
    uri: String,
    response_status: Option<Status>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    resource: String,
    subresource: Option<String>,
    api_group: String,
    namespace: String,
}

#[derive(Deserialize)]
struct Status {
    code: Option<u16>,
}

impl Audit {
    /// What `user` has done on a hub so far; the hub must keep an audit log.
    pub(crate) fn of(hub: &Hub, user: &str) -> Result<Self> {
        let log = std::fs::read_to_string(hub.audit_log()).context("read the audit log")?;
        // The last line may be in the making.
        let events = log.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok());
        let mut audit = Self::default();
        for event in events.filter(|event| event.user.username == user) {
            audit.take(event);
        }
        Ok(audit)
    }

    fn take(&mut self, event: Event) {
        let is_refused = event.response_status.is_some_and(|status| status.code == Some(403));
        let place = event.object_ref.unwrap_or_default();
        let resource = match place.subresource {
            Some(subresource) => format!("{}/{subresource}", place.resource),
            None => place.resource,
        };
        if is_refused {
            self.refused.insert(format!("{} {}", event.verb, event.uri));
        } else if !resource.is_empty() {
            let (verb, group, namespace) = (event.verb, place.api_group, place.namespace);
            self.used.insert(Use { verb, group, resource, namespace });
        }
    }

    /// Verbs of `rows` this user never used in `namespace`; `None` = beyond any single namespace.
    pub(crate) fn unused<'a>(
        &self,
        rows: impl Iterator<Item = &'a Permission>,
        namespace: Option<&str>,
    ) -> Vec<String> {
        let is_place = |used: &Use| namespace.is_none_or(|namespace| used.namespace == namespace);
        let is_used = |row: &Permission, verb: &str| {
            self.used.iter().any(|used| {
                is_place(used)
                    && used.verb == verb
                    && matches(row.group, &used.group)
                    && matches(row.resource, &used.resource)
            })
        };
        let verbs = rows.flat_map(|row| row.verbs.iter().map(move |verb| (row, *verb)));
        let unused = verbs.filter(|(row, verb)| !is_used(row, verb));
        unused.map(|(row, verb)| format!("{verb} {}.{} ({})", row.resource, row.group, row.why)).collect()
    }

    /// True if the user has done this, anywhere.
    pub(crate) fn has(&self, verb: &str, resource: &str, group: &str) -> bool {
        self.used.iter().any(|used| used.verb == verb && used.resource == resource && used.group == group)
    }
}

fn matches(granted: &str, used: &str) -> bool {
    granted == "*" || granted == used
}

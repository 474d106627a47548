//! What the API server's audit log says about one user.

use std::collections::BTreeSet;

use acmbackup::cluster::permissions::Permission;
use acmbackup_lab::{Hub, Request};
use anyhow::Result;

/// Requests of a user.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    granted: Vec<Request>,
    /// Requests the server refused for lack of permission: verb and URI.
    pub(crate) refused: BTreeSet<String>,
}

impl Audit {
    /// What `user` has done on a hub so far; the hub must keep an audit log.
    pub(crate) fn of(hub: &Hub, user: &str) -> Result<Self> {
        let mut requests = hub.requests()?;
        requests.retain(|request| request.user == user);
        let (refused, granted) = requests.into_iter().partition(|request| request.code == 403);
        let told = |request: Request| format!("{} {}", request.verb, request.uri);
        Ok(Self { granted, refused: Vec::into_iter(refused).map(told).collect() })
    }

    /// Verbs of `rows` this user never used in `namespace`; `None` = beyond any single namespace.
    pub(crate) fn unused<'a>(
        &self,
        rows: impl Iterator<Item = &'a Permission>,
        namespace: Option<&str>,
    ) -> Vec<String> {
        let is_place = |used: &Request| namespace.is_none_or(|namespace| used.namespace == namespace);
        let is_used = |row: &Permission, verb: &str| {
            self.granted.iter().any(|used| {
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
        self.granted.iter().any(|used| used.verb == verb && used.resource == resource && used.group == group)
    }
}

fn matches(granted: &str, used: &str) -> bool {
    granted == "*" || granted == used
}

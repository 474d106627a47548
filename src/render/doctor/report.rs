//! What `doctor` found, and how it is shown.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::observed::{Fact, Observed, Unknown};
use super::{client, crds, hub, reconciler, role, state, storage, velero};
use crate::render::checks::{Check, Checks, Group};
use crate::render::style::Style;
use crate::wire::yaml;

/// All checks, and roles that grant what is missing.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The checks.
    #[serde(flatten)]
    pub checks: Checks,
    /// Roles that grant what is missing; empty if nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Value>,
}

/// The check of a fact, or why it cannot be made.
pub(super) fn check<T>(fact: &Fact<T>, name: &'static str, judge: impl FnOnce(&T) -> Check) -> Check {
    let check = match &fact.known {
        Ok(known) => judge(known),
        Err(Unknown::Failed(why)) => Check::fail(name, format!("{name} cannot be read")).detail(why.clone()),
        Err(Unknown::Forbidden) => Check::warn(name, format!("{name} may not be read")).problem("forbidden"),
        Err(why) => Check::skipped(name, format!("{name}: {why}")),
    };
    Check { seconds: fact.seconds, ..check }
}

impl Report {
    /// Judges what was observed.
    pub fn of(observed: &Observed, now: Timestamp) -> Self {
        let group = |name, checks| Group { name, checks };
        let groups = vec![
            group("client", client::checks(observed)),
            group("permissions", role::checks(observed)),
            group("hub", hub::checks(observed)),
            group("crds", crds::checks(observed)),
            group("velero", velero::checks(&observed.velero)),
            group("storage", storage::checks(observed, now)),
            group("loop", reconciler::checks(observed, now)),
            group("state", state::checks(observed)),
        ];
        Self { checks: Checks::of(groups), roles: role::roles(observed) }
    }

    /// Completes commands to try with flags that lead to the same hub.
    #[must_use]
    pub fn leading_to(self, flags: &str) -> Self {
        Self { checks: self.checks.leading_to(flags), ..self }
    }

    /// The checks as a person reads them.
    pub fn screen(&self, style: &Style) -> String {
        let mut text = format!("{}\n{}\n", self.checks.screen(style), self.checks.summary());
        if !self.roles.is_empty() {
            text.push_str("\nWhat is missing, for kubectl apply -f - by somebody who may:\n");
            for role in &self.roles {
                let role = yaml::to_string(role).unwrap_or_else(|_| role.to_string());
                text.push_str(&format!("---\n{role}"));
            }
        }
        text
    }
}

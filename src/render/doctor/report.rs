//! Groups of checks, and how they are shown.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::observed::{Fact, Observed, Unknown};
use super::{client, crds, hub, reconciler, role, state, storage, velero};
use crate::plan::{Note, Severity};
use crate::render::style::{Mark, Style};
use crate::render::text::{count, harmless, width, wrap};
use crate::wire::yaml;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// All well.
    Ok,
    /// Its precondition failed.
    Skipped,
    /// Deserves a look.
    Warn,
    /// Does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Stable name.
    pub name: &'static str,
    /// How it ended.
    pub result: Verdict,
    /// What was found, in one line.
    pub message: String,
    /// Stable name of the problem; `None` where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// Lines that belong to the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do about it; empty where all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Seconds the reading took.
    pub seconds: f64,
}

/// Checks that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Stable name.
    pub name: &'static str,
    /// The checks, in the order they are shown.
    pub checks: Vec<Check>,
}

/// All checks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Nothing failed.
    pub success: bool,
    /// The groups.
    pub groups: Vec<Group>,
    /// Roles that grant what is missing; empty if nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Value>,
}

impl Check {
    /// A check that went well.
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Ok, message)
    }

    /// A check whose precondition failed.
    pub(super) fn skipped(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Skipped, message)
    }

    /// A check that found something worth a look.
    pub(super) fn warn(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Warn, message)
    }

    /// A check that failed.
    pub(super) fn fail(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Fail, message)
    }

    fn new(name: &'static str, result: Verdict, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { name, result, message, problem: None, details: vec![], hint: String::new(), seconds: 0.0 }
    }

    pub(super) fn problem(self, problem: &'static str) -> Self {
        Self { problem: Some(problem), ..self }
    }

    pub(super) fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    pub(super) fn took<T>(self, fact: &Fact<T>) -> Self {
        Self { seconds: fact.seconds, ..self }
    }
}

/// The check of a fact, or why it cannot be made.
pub(super) fn check<T>(fact: &Fact<T>, name: &'static str, judge: impl FnOnce(&T) -> Check) -> Check {
    let check = match &fact.known {
        Ok(known) => judge(known),
        Err(Unknown::Failed(why)) => Check::fail(name, format!("{name} cannot be read")).detail(why.clone()),
        Err(Unknown::Forbidden) => Check::warn(name, format!("{name} may not be read")).problem("forbidden"),
        Err(why) => Check::skipped(name, format!("{name}: {why}")),
    };
    check.took(fact)
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
        let mut report = Self { success: true, groups, roles: role::roles(observed) };
        report.success = report.count(Verdict::Fail) == 0;
        report
    }

    /// What deserves attention, as notes.
    pub fn problems(&self) -> Vec<Note> {
        let note = |check: &Check| {
            let severity = match check.result {
                Verdict::Fail => Severity::Error,
                Verdict::Warn => Severity::Warning,
                Verdict::Ok | Verdict::Skipped => return None,
            };
            let name = check.problem.map(str::to_owned);
            Some(Note { name, severity, subject: check.name.to_owned(), message: check.message.clone() })
        };
        self.groups.iter().flat_map(|group| &group.checks).filter_map(note).collect()
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.groups.iter().flat_map(|group| &group.checks).filter(|check| check.result == verdict).count()
    }

    /// The checks as a person reads them.
    pub fn screen(&self, style: &Style) -> String {
        let mut text = String::new();
        for group in &self.groups {
            text.push_str(&format!("{}\n", style.bold(group.name)));
            let lines = group.checks.iter().map(|check| check.lines(style));
            text.extend(lines);
        }
        text.push_str(&format!("\n{}\n", self.summary()));
        if !self.roles.is_empty() {
            text.push_str("\nWhat is missing, for kubectl apply -f - by somebody who may:\n");
            for role in &self.roles {
                let role = yaml::to_string(role).unwrap_or_else(|_| role.to_string());
                text.push_str(&format!("---\n{role}"));
            }
        }
        text
    }

    fn summary(&self) -> String {
        let (failed, warned) = (self.count(Verdict::Fail), self.count(Verdict::Warn));
        format!("{failed} failed, {}, {} ok", count(warned, "warning"), self.count(Verdict::Ok))
    }
}

impl Check {
    fn lines(&self, style: &Style) -> String {
        let mark = match self.result {
            Verdict::Ok => Mark::Good,
            Verdict::Warn => Mark::Attention,
            Verdict::Fail => Mark::Bad,
            Verdict::Skipped => Mark::Neutral,
        };
        let name = self.problem.map(|p| format!("   {}", style.dim(format!("[{p}]")))).unwrap_or_default();
        let mark = style.mark(mark);
        let gap = " ".repeat(mark_width(style).saturating_sub(width(&mark)));
        let indent = mark_width(style) + 3;
        let margin = " ".repeat(indent);
        let room = style.width.map(|columns| columns.saturating_sub(indent));
        let fold = |text: &str| wrap(&harmless(text), room).join(&format!("\n{margin}"));
        let mut text = format!("  {mark}{gap} {}{name}\n", fold(&self.message));
        let hint = Some(&self.hint).filter(|hint| !hint.is_empty());
        for line in self.details.iter().chain(hint) {
            text.push_str(&format!("{margin}{}\n", fold(line)));
        }
        text
    }
}

/// Columns of the widest mark.
fn mark_width(style: &Style) -> usize {
    if style.unicode { 1 } else { 4 }
}

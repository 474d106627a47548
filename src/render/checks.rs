//! Checks in groups, as `doctor` and `verify` show them.

use schemars::JsonSchema;
use serde::Serialize;

use super::hint::leading_to;
use super::style::{Mark, Style};
use super::text::{count, harmless, width, wrap};
use crate::plan::{Note, Severity};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Stable name.
    pub name: &'static str,
    /// The checks, in the order they are shown.
    pub checks: Vec<Check>,
}

/// Checks in groups.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// Nothing failed.
    pub success: bool,
    /// The groups, in the order they are shown.
    pub groups: Vec<Group>,
}

impl Check {
    /// A check that went well.
    pub fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Ok, message)
    }

    /// A check whose precondition failed.
    pub fn skipped(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Skipped, message)
    }

    /// A check that found something worth a look.
    pub fn warn(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Warn, message)
    }

    /// A check that failed.
    pub fn fail(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Verdict::Fail, message)
    }

    fn new(name: &'static str, result: Verdict, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { name, result, message, problem: None, details: vec![], hint: String::new(), seconds: 0.0 }
    }

    /// Names the problem.
    #[must_use]
    pub fn problem(self, problem: &'static str) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// Adds a line that belongs to the message.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// Says what to do about it; three blanks stand between a command and what it is good for.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

impl Checks {
    /// The result of these groups.
    pub fn of(groups: Vec<Group>) -> Self {
        let mut checks = Self { success: true, groups };
        checks.success = checks.count(Verdict::Fail) == 0;
        checks
    }

    /// What deserves attention, as notes.
    pub fn problems(&self) -> Vec<Note> {
        let note = |check: &Check| {
            let severity = match check.result {
                Verdict::Fail => Severity::Error,
                Verdict::Warn => Severity::Warning,
                Verdict::Skipped if check.problem.is_some() => Severity::Warning,
                Verdict::Ok | Verdict::Skipped => return None,
            };
            let name = check.problem.map(str::to_owned);
            Some(Note {
                name,
                severity,
                subject: check.name.to_owned(),
                message: check.message.clone(),
                hint: check.hint.clone(),
            })
        };
        self.groups.iter().flat_map(|group| &group.checks).filter_map(note).collect()
    }

    /// Number of checks that were not made.
    pub fn skipped(&self) -> usize {
        self.count(Verdict::Skipped)
    }

    /// Completes commands to try with flags that lead to the same hub.
    #[must_use]
    pub fn leading_to(mut self, flags: &str) -> Self {
        for check in self.groups.iter_mut().flat_map(|group| &mut group.checks) {
            check.hint = leading_to(&check.hint, flags);
        }
        self
    }

    /// Names of the checks that fail.
    pub fn failing(&self) -> Vec<&'static str> {
        let checks = self.groups.iter().flat_map(|group| &group.checks);
        checks.filter(|check| check.result == Verdict::Fail).map(|check| check.name).collect()
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.groups.iter().flat_map(|group| &group.checks).filter(|check| check.result == verdict).count()
    }

    /// The groups, one line per check and more where there is something to say.
    pub fn screen(&self, style: &Style) -> String {
        let mut text = String::new();
        for group in &self.groups {
            text.push_str(&format!("{}\n", style.bold(group.name)));
            text.extend(group.checks.iter().map(|check| check.lines(style)));
        }
        text
    }

    /// `1 failed, 2 warnings, 12 ok`
    pub fn summary(&self) -> String {
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
        let folded = |text: &str| wrap(text, room).join(&format!("\n{margin}"));
        let fold = |text: &str| folded(&harmless(text));
        let mut text = format!("  {mark}{gap} {}\n", folded(&format!("{}{name}", harmless(&self.message))));
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

//! Checks in groups, as `doctor` and `verify` show them.

use serde::Serialize;

use super::style::{Mark, Style};
use super::text::{count, harmless, width, wrap};
use crate::plan::{Note, Severity};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All well.
    Ok,
    /// Deserves a look.
    Warn,
    /// Not good enough.
    Fail,
    /// Could not be made, because what it needs failed or was not asked for.
    Skipped,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Stable name: that of the problem it looks for.
    pub name: &'static str,
    /// How it ended.
    pub result: Outcome,
    /// What was found, in one line.
    pub message: String,
    /// What exactly, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What it means and what to do, line by line.
    pub hint: Vec<String>,
    /// How long it took, in seconds; `None` for one that only looks at what was read already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// Checks that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Its checks, in the order they were made.
    pub checks: Vec<Check>,
}

/// All checks of a command.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Checks {
    /// No check failed.
    pub success: bool,
    /// The groups, in the order they are shown.
    pub groups: Vec<Group>,
}

impl Check {
    /// A check that ended well.
    pub fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Outcome::Ok, message)
    }

    /// A check that found something to look at.
    pub fn warn(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Outcome::Warn, message)
    }

    /// A check that failed.
    pub fn fail(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Outcome::Fail, message)
    }

    /// A check that was not made.
    pub fn skipped(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Outcome::Skipped, message)
    }

    fn new(name: &'static str, result: Outcome, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { name, result, message, details: Vec::new(), hint: Vec::new(), seconds: None }
    }

    /// Adds a line of what exactly was found.
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// Adds a line of what it means or what to do.
    #[must_use]
    pub fn hint(mut self, line: impl Into<String>) -> Self {
        self.hint.push(line.into());
        self
    }
}

impl Checks {
    /// The result of these groups; those without a check are left out.
    pub fn of(groups: Vec<Group>) -> Self {
        let groups: Vec<Group> = groups.into_iter().filter(|group| !group.checks.is_empty()).collect();
        let success =
            groups.iter().flat_map(|group| &group.checks).all(|check| check.result != Outcome::Fail);
        Self { success, groups }
    }

    /// How many checks ended this way.
    pub fn number_of(&self, result: Outcome) -> usize {
        self.groups.iter().flat_map(|group| &group.checks).filter(|check| check.result == result).count()
    }

    /// `1 failed, 1 warning, 12 ok`
    pub fn tally(&self) -> String {
        let failed = self.number_of(Outcome::Fail);
        let warnings = self.number_of(Outcome::Warn);
        let ok = self.number_of(Outcome::Ok);
        let mut parts = Vec::new();
        parts.extend((failed > 0).then(|| format!("{failed} failed")));
        parts.extend((warnings > 0).then(|| count(warnings, "warning")));
        parts.push(format!("{ok} ok"));
        parts.join(", ")
    }

    /// What deserves attention, as notes.
    pub fn problems(&self) -> Vec<Note> {
        let note = |check: &Check| {
            let severity = match check.result {
                Outcome::Fail => Severity::Error,
                Outcome::Warn => Severity::Warning,
                Outcome::Ok | Outcome::Skipped => return None,
            };
            let warning = Note::warning(check.name, "", check.message.clone());
            Some(Note { severity, ..warning })
        };
        self.groups.iter().flat_map(|group| &group.checks).filter_map(note).collect()
    }

    /// The groups as a screen.
    pub fn text(&self, style: &Style) -> String {
        self.groups.iter().map(|group| group.text(style)).collect()
    }
}

impl Group {
    fn text(&self, style: &Style) -> String {
        let lines: String = self.checks.iter().map(|check| check.text(style)).collect();
        format!("{}\n{lines}", style.bold(self.name))
    }
}

impl Check {
    fn text(&self, style: &Style) -> String {
        let mark = mark_of(self.result);
        let tag = match self.result {
            Outcome::Ok => String::new(),
            Outcome::Skipped => format!("   {}", style.dim("skipped")),
            Outcome::Warn | Outcome::Fail => format!("   {}", style.dim(format!("[{}]", self.name))),
        };
        let plain = Style { color: false, ..*style };
        let indent = " ".repeat(width(&plain.mark(mark)) + 3);
        let fold = |text: &str, indent: &str| {
            let room = style.width.map(|columns| columns.saturating_sub(indent.len()));
            wrap(&harmless(text), room).join(&format!("\n{indent}"))
        };
        let mut text = format!("  {} {}{tag}\n", style.mark(mark), fold(&self.message, &indent));
        let further = format!("{indent}  ");
        for line in &self.details {
            text.push_str(&format!("{further}{}\n", fold(line, &further)));
        }
        for line in &self.hint {
            text.push_str(&format!("{indent}{}\n", fold(line, &indent)));
        }
        text
    }
}

fn mark_of(result: Outcome) -> Mark {
    match result {
        Outcome::Ok => Mark::Good,
        Outcome::Warn => Mark::Attention,
        Outcome::Fail => Mark::Bad,
        Outcome::Skipped => Mark::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn sample() -> Checks {
        let storage = vec![
            Check::ok("storage-unavailable", "default is Available"),
            Check::fail("kind-not-served", "1 kind is not served here")
                .detail("argocds.argoproj.io   4 objects\u{1b}[2J")
                .hint("install the operator that owns it"),
            Check::warn("expires-soon", "expires in 3h"),
            Check::skipped("storage-secret", "credentials secret"),
        ];
        Checks::of(vec![Group { name: "storage", checks: storage }, Group { name: "none", checks: vec![] }])
    }

    #[test]
    fn each_check_is_a_line_and_only_trouble_carries_its_name() {
        insta::assert_snapshot!(sample().text(&Style::plain(Timestamp::UNIX_EPOCH)), @r"
        storage
          ok default is Available
          FAIL 1 kind is not served here   [kind-not-served]
                 argocds.argoproj.io   4 objects?[2J
               install the operator that owns it
          warn expires in 3h   [expires-soon]
          - credentials secret   skipped
        ");
        assert_eq!(sample().tally(), "1 failed, 1 warning, 1 ok");
    }

    #[test]
    fn only_a_failure_makes_the_whole_fail() {
        assert!(!sample().success);
        let warned = vec![Group { name: "g", checks: vec![Check::warn("n", "m")] }];
        assert!(Checks::of(warned).success);
    }
}

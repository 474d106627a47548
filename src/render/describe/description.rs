//! What a description holds, and how it is shown.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{HubSnapshot, Note, Plan};
use crate::render::age;
use crate::render::line::columns;
use crate::render::problems::{next, problems};
use crate::render::style::Style;
use crate::render::table::Table;
use crate::render::text::{harmless, wrap};

/// What a description is made from.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The hub.
    pub hub: &'a HubSnapshot,
    /// What the loop would do now; `None` where it has nothing to do with the object, or it cannot be told.
    pub plan: Option<&'a Plan>,
    /// The moment it is seen.
    pub now: Timestamp,
}

/// One object and everything around it, as `-o json` shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// The object, as `type/name`.
    pub object: String,
    /// Where it stands; empty if nobody has looked at it.
    pub phase: String,
    /// What the object itself says.
    pub facts: Vec<Line>,
    /// What was chosen for each part, and what that means.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<Chosen>,
    /// Velero's objects behind it.
    pub behind: Vec<Behind>,
    /// Why it is where it is, one sentence for each rule.
    pub why: Vec<String>,
    /// What happened to it, oldest first.
    pub events: Vec<EventView>,
    /// What to do next; commands as typed after `kubectl acmbackup`.
    #[serde(skip)]
    pub next: Vec<(String, String)>,
    /// What deserves attention.
    #[serde(skip)]
    pub problems: Vec<Note>,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// What.
    pub name: &'static str,
    /// How much, or which.
    pub value: String,
}

/// What was chosen for a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Chosen {
    /// The part.
    pub part: &'static str,
    /// What the user wrote; empty for a part nobody can choose.
    pub choice: String,
    /// The backup that is meant; `None` if none is.
    pub backup: Option<String>,
    /// Why this one, or why none.
    pub reason: String,
}

/// An object of Velero behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Behind {
    /// Its kind: `schedule`, `backup`, `restore` or `deletebackuprequest`.
    pub kind: &'static str,
    /// The part it is about; empty where that is unknown.
    pub part: &'static str,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub phase: String,
    /// Items done; `None` where unknown.
    pub items: Option<i64>,
    /// Errors; `None` where there is no such number.
    pub errors: Option<i64>,
    /// Warnings; `None` where there is no such number.
    pub warnings: Option<i64>,
    /// What Velero says about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

/// A Kubernetes Event about the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventView {
    /// When it happened last; `None` if that was not said.
    #[schemars(with = "Option<Time>")]
    pub at: Option<Timestamp>,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub type_: String,
    /// In one word.
    pub reason: String,
    /// In words.
    pub note: String,
}

impl Description {
    /// The description as a person reads it; `next` are whole commands.
    pub fn screen(&self, commands: &[(String, String)], style: &Style) -> String {
        let mut text = format!("{}\n", style.bold(harmless(&self.object)));
        let facts = self.facts.iter().map(|line| vec![line.name.to_owned(), shown(line, style)]).collect();
        text.push_str(&columns(2, facts));
        if !self.chosen.is_empty() {
            text.push_str(&section("Chosen", &self.chosen_table(style), style));
        }
        text.push_str(&section("Why", &bullets(&self.why, style), style));
        if !self.behind.is_empty() {
            text.push_str(&section("Velero", &self.behind_table(style), style));
        }
        if !self.events.is_empty() {
            text.push_str(&section("Events", &self.events_table(style), style));
        }
        if !self.problems.is_empty() {
            text.push_str(&format!("\n{}", problems(&self.problems, style)));
        }
        text.push_str(&next(commands, style));
        text
    }

    fn chosen_table(&self, style: &Style) -> String {
        let mut table = Table::new(["PART", "CHOICE", "BACKUP", "REASON"]).cutting("REASON");
        for chosen in &self.chosen {
            let backup = chosen.backup.as_deref().unwrap_or_default();
            table.row([chosen.part, chosen.choice.as_str(), backup, chosen.reason.as_str()]);
        }
        table.render(&narrower(style))
    }

    fn behind_table(&self, style: &Style) -> String {
        let titles = ["KIND", "PART", "NAME", "STATUS", "ITEMS", "ERRORS", "WARNINGS"];
        let mut table = Table::new(titles).with_phases(&["STATUS"]);
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        for object in &self.behind {
            let Behind { kind, part, name, phase, items, errors, warnings, .. } = object;
            let phase = if phase.is_empty() { "New".to_owned() } else { phase.clone() };
            let numbers = [number(*items), number(*errors), number(*warnings)];
            let words = [(*kind).to_owned(), (*part).to_owned(), name.clone(), phase];
            table.row(words.into_iter().chain(numbers));
        }
        let said = self
            .behind
            .iter()
            .flat_map(|object| object.messages.iter().map(|message| format!("{}: {message}", object.name)));
        let said: Vec<String> = said.collect();
        table.render(&narrower(style)) + &bullets(&said, style)
    }

    fn events_table(&self, style: &Style) -> String {
        let mut table = Table::new(["AGE", "TYPE", "REASON", "NOTE"]).cutting("NOTE");
        for event in &self.events {
            let age = age::age_or_none(event.at, style.now);
            table.row([age.as_str(), &event.type_, &event.reason, &event.note]);
        }
        table.render(&narrower(style))
    }
}

/// Phases are coloured, everything else is as it came.
fn shown(line: &Line, style: &Style) -> String {
    match line.name {
        "Phase" if line.value.is_empty() => "not processed yet".to_owned(),
        "Phase" => style.phase(&line.value),
        _ if line.value.is_empty() => "<none>".to_owned(),
        _ => harmless(&line.value).into_owned(),
    }
}

fn section(title: &str, body: &str, style: &Style) -> String {
    let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
    format!("\n{}\n{body}", style.bold(title))
}

/// Sentences, one below the other, wrapped where the terminal ends.
fn bullets(sentences: &[String], style: &Style) -> String {
    let room = style.width.map(|columns| columns.saturating_sub(4));
    let lines = sentences.iter().map(|sentence| wrap(&harmless(sentence), room).join("\n  ") + "\n");
    lines.collect()
}

/// What is left of the width inside a section.
fn narrower(style: &Style) -> Style {
    Style { width: style.width.map(|columns| columns.saturating_sub(2)), ..*style }
}

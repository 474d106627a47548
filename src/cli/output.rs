//! What goes to standard output, and in which form.

use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::{CliError, Result};
use super::exit::Exit;
use super::session::Hub;
use crate::plan::Note;
use crate::wire::yaml;

/// Forms of the answer of a reading command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table with more columns
    Wide,
    /// Names only, as type/name
    Name,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Forms of the answer of a writing command, or of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ObjectFormat {
    /// Names only, as type/name
    Name,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// Forms of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

impl From<DataFormat> for ObjectFormat {
    fn from(format: DataFormat) -> Self {
        match format {
            DataFormat::Json => Self::Json,
            DataFormat::Yaml => Self::Yaml,
        }
    }
}

/// Writes text to standard output; a reader that went away is no error.
///
/// # Errors
///
/// Standard output cannot be written.
pub fn print(text: &str) -> Result<()> {
    use std::io::{ErrorKind, Write, stdout};
    match stdout().lock().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::new(Exit::Defect, format!("cannot write the answer: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a value as JSON or YAML.
///
/// # Errors
///
/// The value has no such form, or standard output cannot be written.
pub fn print_data(value: &impl Serialize, format: DataFormat) -> Result<()> {
    let text = match format {
        DataFormat::Json => {
            serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| e.to_string())
        }
        DataFormat::Yaml => yaml::to_string(value).map_err(|e| e.to_string()),
    };
    print(&text.map_err(|error| CliError::new(Exit::Defect, format!("cannot write the answer: {error}")))?)
}

/// What every answer says beside its own keys (cli.md, section 5).
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// Kind of the answer, such as `Latest`.
    pub kind: &'static str,
    /// Namespace worked in.
    pub namespace: &'a str,
    /// Id of the hub; `None` if it was not read.
    pub hub_id: Option<&'a str>,
    /// Name of the context; `None` for a captured state.
    pub context: Option<&'a str>,
    /// When it was read.
    pub now: Timestamp,
    /// What deserves attention.
    pub problems: &'a [Note],
}

impl<'a> Frame<'a> {
    /// The frame of an answer about a live hub.
    pub fn of(kind: &'static str, hub: &'a Hub, now: Timestamp) -> Self {
        let context = Some(hub.connection.context.as_str());
        Self { kind, namespace: hub.namespace(), hub_id: None, context, now, problems: &[] }
    }

    /// The envelope with the answer's own keys in it.
    pub fn around(&self, body: &impl Serialize) -> Value {
        let mut envelope = json!({
            "apiVersion": "acmbackup/v1", "kind": self.kind, "namespace": self.namespace,
            "hub": {"id": self.hub_id, "context": self.context},
            "observedAt": to_second(self.now).to_string(),
            "problems": self.problems.iter().map(problem_entry).collect::<Vec<_>>(),
        });
        if let (Some(fields), Ok(Value::Object(body))) =
            (envelope.as_object_mut(), serde_json::to_value(body))
        {
            fields.extend(body);
        }
        envelope
    }
}

/// A moment without fractions of a second, as the API writes it.
pub fn to_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

fn problem_entry(note: &Note) -> Map<String, Value> {
    let name = note.name.clone().unwrap_or_default();
    let entry = json!({
        "name": name, "severity": note.severity, "subject": note.subject, "message": note.message,
    });
    entry.as_object().cloned().unwrap_or_default()
}

/// Several server objects as one List.
pub fn list_of(objects: Vec<Value>) -> Value {
    let mut list = Map::from_iter([
        ("apiVersion".to_owned(), json!("v1")),
        ("kind".to_owned(), json!("List")),
        ("metadata".to_owned(), json!({"resourceVersion": ""})),
    ]);
    list.insert("items".to_owned(), Value::Array(objects));
    Value::Object(list)
}

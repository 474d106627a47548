//! What goes to standard output, and in which form.

use clap::ValueEnum;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::{CliError, Result};
use super::exit::Exit;
use super::session::{Hub, Session};
use crate::plan::{Note, Severity};
use crate::render::hint::{hint, leading_to};
use crate::render::text::harmless_json;
use crate::wire::yaml;

/// Forms of the answer of a command that lists.
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
    /// The schema of the JSON; contacts nothing
    Jsonschema,
}

/// Forms of the answer of a writing command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ObjectFormat {
    /// Names only, as type/name
    Name,
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// The schema of the JSON; contacts nothing
    Jsonschema,
}

/// Forms of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScreenFormat {
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// The schema of the JSON; contacts nothing
    Jsonschema,
}

/// Forms of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFormat {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

impl Format {
    /// The form of data; `None` for tables and names.
    pub fn data(self) -> Option<DataFormat> {
        match self {
            Self::Json | Self::Jsonschema => Some(DataFormat::Json),
            Self::Yaml => Some(DataFormat::Yaml),
            Self::Wide | Self::Name => None,
        }
    }
}

impl ObjectFormat {
    /// The form of data; `None` for names.
    pub fn data(self) -> Option<DataFormat> {
        match self {
            Self::Json | Self::Jsonschema => Some(DataFormat::Json),
            Self::Yaml => Some(DataFormat::Yaml),
            Self::Name => None,
        }
    }
}

impl From<ScreenFormat> for DataFormat {
    fn from(format: ScreenFormat) -> Self {
        match format {
            ScreenFormat::Json | ScreenFormat::Jsonschema => Self::Json,
            ScreenFormat::Yaml => Self::Yaml,
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
pub fn print_data(value: &impl Serialize, format: impl Into<DataFormat>) -> Result<()> {
    let text = match format.into() {
        DataFormat::Json => {
            let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string());
            text.map(|text| harmless_json(&text).into_owned() + "\n")
        }
        DataFormat::Yaml => yaml::to_string(value).map_err(|e| e.to_string()),
    };
    print(&text.map_err(|error| CliError::new(Exit::Defect, format!("cannot write the answer: {error}")))?)
}

/// What every answer says beside its own keys.
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
    /// When it was read, and which flags lead there.
    pub session: &'a Session,
    /// What deserves attention.
    pub problems: &'a [Note],
}

impl<'a> Frame<'a> {
    /// The frame of an answer about a live hub.
    pub fn of(kind: &'static str, hub: &'a Hub, session: &'a Session) -> Self {
        let context = Some(hub.connection.context.as_str());
        Self { kind, namespace: hub.namespace(), hub_id: None, context, session, problems: &[] }
    }

    /// The envelope with the answer's own keys in it.
    pub fn around(&self, body: &impl Serialize) -> Value {
        let leading = self.session.globals.leading();
        json!(Envelope {
            api_version: "acmbackup/v1",
            kind: self.kind,
            namespace: self.namespace,
            hub: HubName { id: self.hub_id, context: self.context },
            observed_at: to_second(self.session.now()),
            problems: self.problems.iter().map(|note| Problem::of(note, &leading)).collect(),
            body,
        })
    }
}

/// What surrounds every answer that is not an object of the server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a, T> {
    /// Always `acmbackup/v1`: within it keys are only added.
    api_version: &'a str,
    /// Kind of the answer.
    kind: &'a str,
    /// Namespace worked in.
    namespace: &'a str,
    /// The hub it is about.
    hub: HubName<'a>,
    /// When it was read.
    #[schemars(with = "Time")]
    observed_at: Timestamp,
    /// What deserves attention.
    problems: Vec<Problem<'a>>,
    #[serde(flatten)]
    body: T,
}

/// A hub.
#[derive(Debug, Serialize, JsonSchema)]
struct HubName<'a> {
    /// Its id; null if it was not read.
    id: Option<&'a str>,
    /// Name of the context; null for a captured state.
    context: Option<&'a str>,
}

/// Something that deserves attention.
#[derive(Debug, Serialize, JsonSchema)]
struct Problem<'a> {
    /// Stable name; empty for a plain remark.
    name: &'a str,
    /// How bad it is.
    severity: Severity,
    /// What it is about; empty for the answer as a whole.
    subject: &'a str,
    /// In one sentence.
    message: &'a str,
    /// What to do about it; empty for a plain remark.
    hint: String,
}

impl<'a> Problem<'a> {
    /// The commands of its hint lead to the same hub with the flags in `leading`.
    fn of(note: &'a Note, leading: &str) -> Self {
        let name = note.name.as_deref().unwrap_or_default();
        let own = Some(note.hint.clone()).filter(|own| !own.is_empty());
        let hint = own.or_else(|| hint(name)).map(|hint| leading_to(&hint, leading)).unwrap_or_default();
        Self { name, severity: note.severity, subject: &note.subject, message: &note.message, hint }
    }
}

/// A moment without fractions of a second, as the API writes it.
pub fn to_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
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

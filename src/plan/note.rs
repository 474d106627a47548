//! What a person should know about a plan, beside its steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Deserves a look.
    Warning,
    /// Something does not work.
    Error,
}

/// What a person should know; also one entry of `problems[]` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Stable name from the list of problem names, such as `older-run`; `None` for plain remarks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, such as `managed-clusters`; empty for the plan as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// In one sentence.
    pub message: String,
    /// What to do about it; empty where the page of problems says that.
    #[serde(skip)]
    pub hint: String,
}

impl Note {
    /// A remark without a problem behind it.
    pub fn info(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: None,
            severity: Severity::Info,
            subject: subject.into(),
            message: message.into(),
            hint: String::new(),
        }
    }

    /// A warning under a stable problem name.
    pub fn warning(name: &str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            name: Some(name.to_owned()),
            severity: Severity::Warning,
            subject: subject.into(),
            message: message.into(),
            hint: String::new(),
        }
    }
}

//! A captured state instead of a live hub: what `snapshot` writes and `--from` reads.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::{CliError, Result};
use super::exit::Exit;
use crate::plan::HubSnapshot;
use crate::wire::yaml;

/// A hub at one moment, as a file holds it; every field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Capture {
    /// Always `acmbackup/v1`.
    pub api_version: String,
    /// Always `Snapshot`.
    pub kind: String,
    /// When it was captured; `None` = it answers for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<Timestamp>,
    /// The program that captured it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client: String,
    /// Version of Kubernetes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kubernetes: String,
    /// Who held the lease; `None` = nobody, or it was not captured.
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// The hub.
    #[serde(flatten)]
    pub hub: HubSnapshot,
}

/// Who held the lease.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Held {
    /// The identity of the holder.
    pub holder: String,
    /// When it was renewed last.
    pub renewed_at: Option<Timestamp>,
    /// Longer ago than it may be.
    pub overdue: bool,
}

/// Reads a snapshot; `-` is standard input.
///
/// # Errors
///
/// Exit 2 if it cannot be read.
pub async fn read(file: &Path) -> Result<Capture> {
    let text = read_text(file).await?;
    parse(&text)
        .map_err(|why| CliError::new(Exit::Usage, format!("{} is not a snapshot: {why}", called(file))))
}

/// What a file is called in messages.
pub fn called(file: &Path) -> String {
    match file.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => file.display().to_string(),
    }
}

/// Reads the text of a snapshot.
///
/// # Errors
///
/// Why it is none, with line and column.
pub fn parse(text: &str) -> Result<Capture, String> {
    let capture: Capture = yaml::from_str(text).map_err(|error| error.to_string())?;
    match capture.kind.as_str() {
        "" | "Snapshot" => Ok(capture),
        other => Err(format!("its kind is {other}")),
    }
}

/// Reads a file; `-` is standard input.
///
/// # Errors
///
/// Exit 2 if it cannot be read.
pub async fn read_text(file: &Path) -> Result<String> {
    let path = file.to_owned();
    // On a thread of its own, because Ctrl-C is heard only while nothing blocks.
    let reading = tokio::task::spawn_blocking(move || match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    });
    let text = reading.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    text.map_err(|error| CliError::new(Exit::Usage, format!("cannot read {}: {error}", called(file))))
}

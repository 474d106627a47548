//! A captured state instead of a live hub: `--from SNAPSHOT`.

use std::path::Path;

use super::error::{CliError, Result};
use super::exit::Exit;
use crate::plan::HubSnapshot;
use crate::wire::yaml;

/// Reads a snapshot; `-` is standard input.
///
/// # Errors
///
/// Exit 2 if it cannot be read.
pub async fn read(file: &Path) -> Result<HubSnapshot> {
    let text = read_text(file).await?;
    yaml::from_str(&text)
        .map_err(|error| CliError::new(Exit::Usage, format!("{} is not a snapshot: {error}", file.display())))
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
    text.map_err(|error| CliError::new(Exit::Usage, format!("cannot read {}: {error}", file.display())))
}

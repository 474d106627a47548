//! The `snapshot` command.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::archive::{self, Entry};
use super::names::Names;
use super::read::capture;
use super::redact::clean;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::session::Session;
use crate::wire::{Stamp, yaml};

/// Write what the planner sees to a file, for reports and tests
///
/// Objects, storage locations, served kinds and facts about the hub, never the value of a secret. latest, plan,
/// status, get and describe answer for it with --from, as they would have answered when it was written.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup snapshot
  kubectl acmbackup snapshot --redact-names --logs --out report.tar.gz
  kubectl acmbackup snapshot --out - | kubectl acmbackup status --from -")]
pub struct SnapshotArgs {
    /// Write here instead of acmbackup-STAMP.yaml; - is standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write a .tar.gz with events and the logs of Velero and the loop, too
    #[arg(long)]
    logs: bool,
    /// Replace the names of namespaces and clusters
    #[arg(long)]
    redact_names: bool,
}

/// Writes the file.
///
/// # Errors
///
/// The hub cannot be read, or the file is there already.
pub async fn run(args: SnapshotArgs, session: &Session) -> Result<Exit> {
    let file = file_of(&args, session);
    refuse_file(&file)?;
    let hub = session.hub_or_default().await?;
    let mut value = json!(capture(&hub, session).await?);
    clean(&mut value);
    let names = args.redact_names.then(|| Names::of(&value));
    if let Some(names) = &names {
        names.hide_in(&mut value);
    }
    let text = yaml::to_string(&value);
    let text = text.map_err(|error| CliError::new(Exit::Defect, format!("cannot write it: {error}")))?;
    let bytes = match args.logs {
        false => text.into_bytes(),
        true => {
            let mut entries = vec![Entry { name: "snapshot.yaml".to_owned(), text }];
            entries.extend(archive::extras(&hub, session).await);
            archive::pack(&entries, names.as_ref())?
        }
    };
    write(&file, &bytes)?;
    match file.to_str() {
        Some("-") => Ok(Exit::Done),
        _ => output::print(&format!("{}\n", file.display())).map(|()| Exit::Done),
    }
}

fn file_of(args: &SnapshotArgs, session: &Session) -> PathBuf {
    let extension = if args.logs { "tar.gz" } else { "yaml" };
    let usual = || PathBuf::from(format!("acmbackup-{}.{extension}", Stamp::from(session.now())));
    args.out.clone().unwrap_or_else(usual)
}

fn refuse_file(file: &Path) -> Result<()> {
    if file.to_str() == Some("-") {
        return Ok(());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(CliError::new(Exit::Usage, format!("{} is no folder", folder.display())));
    }
    if !file.exists() {
        return Ok(());
    }
    Err(CliError::new(Exit::Refused, format!("{} is there already", file.display()))
        .try_("name another one with --out"))
}

/// Never over another file, and for nobody else to read.
fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let written = match file.to_str() {
        Some("-") => std::io::stdout().lock().write_all(bytes),
        _ => create(file).and_then(|mut file| file.write_all(bytes)),
    };
    written.map_err(|error| CliError::new(Exit::Refused, format!("cannot write {}: {error}", file.display())))
}

fn create(file: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

//! `latest`: which backups `latest` means right now.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use kube::Client;

use super::captured::{self, Capture};
use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::moment::Moment;
use super::output::{self, Format, Frame};
use super::session::Session;
use super::writers;
use crate::cluster::list::items;
use crate::cluster::observe::backups_only;
use crate::cluster::{Class, Error};
use crate::plan::latest::{Candidates, unsynced};
use crate::plan::{Note, validate};
use crate::render::latest::{Latest, Part};
use crate::velero::{Backup, BackupStorageLocation, BackupType};

/// A part whose latest backup is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartName {
    /// Secrets and configmaps
    Credentials,
    /// Policies, applications and the rest of the hub
    Resources,
    /// Objects marked for backup by a label
    ResourcesGeneric,
    /// What makes managed clusters belong to a hub
    ManagedClusters,
}

impl From<PartName> for BackupType {
    fn from(part: PartName) -> Self {
        match part {
            PartName::Credentials => Self::Credentials,
            PartName::Resources => Self::Resources,
            PartName::ResourcesGeneric => Self::ResourcesGeneric,
            PartName::ManagedClusters => Self::ManagedClusters,
        }
    }
}

/// Show which backups `latest` means right now
///
/// One row per part that a restore would use now. Each part is chosen on its own: the newest backup that is
/// Completed or PartiallyFailed. Ends with 4 if a part has none.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup latest
  kubectl acmbackup latest --all
  kubectl acmbackup latest resources -o name
  kubectl acmbackup latest --as-of 6h")]
pub struct LatestArgs {
    /// Only this part
    #[arg(value_enum, value_name = "PART")]
    part: Option<PartName>,
    /// List newer backups that were passed over, too
    #[arg(long)]
    all: bool,
    /// Answer for a moment in the past: RFC 3339, or an age such as 6h
    #[arg(long, value_name = "TIME")]
    as_of: Option<Moment>,
    /// Answer for a captured state; - reads standard input
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<Format>,
}

/// Prints what `latest` means.
///
/// # Errors
///
/// The backups cannot be read, or a part has none that can be used.
pub async fn run(args: LatestArgs, session: &Session) -> Result<Exit> {
    let source = Source::read(&args, session).await?;
    let session = &session.at(source.captured_at);
    let now = session.now();
    let mut candidates = Candidates::in_namespace(&source.backups, &source.namespace);
    let as_of = args.as_of.map(|moment| moment.before(now));
    if let Some(moment) = as_of {
        candidates = candidates.ended_by(moment);
    }
    let mut latest = Latest::of(&candidates, now);
    if let Some(part) = args.part {
        let part = BackupType::from(part).part();
        latest.parts.retain(|entry| entry.part == part);
        latest.notes.retain(|note| note.subject == part);
    }
    // What was in the storage at a moment in the past, nobody knows.
    if args.as_of.is_none() {
        latest.notes.extend(source.unsynced());
    }
    show(&latest, &args, (session, &source))?;
    match latest.parts.iter().find(|part| part.backup.is_none()) {
        Some(part) => Err(as_of.into_iter().fold(none_usable(part, session), |error, moment| {
            error.why(format!("only what had ended by {moment:.0} counts"))
        })),
        None => Ok(Exit::Done),
    }
}

/// Backups, and where they are from.
struct Source {
    namespace: String,
    /// `None` if it was not read.
    hub_id: Option<String>,
    context: Option<String>,
    backups: Vec<Backup>,
    /// Empty where they may not be read.
    locations: Vec<BackupStorageLocation>,
    captured_at: Option<Timestamp>,
}

impl Source {
    async fn read(args: &LatestArgs, session: &Session) -> Result<Self> {
        if let Some(file) = &args.from {
            let Capture { captured_at, hub, .. } = captured::read(file).await?;
            return Ok(Self {
                captured_at,
                namespace: hub.subject.namespace,
                hub_id: hub.on_request.hub.map(|facts| facts.hub_id),
                context: None,
                backups: hub.velero.backups,
                locations: hub.velero.storage_locations,
            });
        }
        let hub = session.hub().await?;
        let (client, namespace) = (hub.client(), hub.namespace());
        let (backups, locations) =
            futures::try_join!(backups_only(client, namespace), readable_locations(client, namespace))?;
        let hub_id = match args.output {
            Some(format) if format.data().is_some() => writers::id_of(&hub).await,
            _ => None,
        };
        let context = Some(hub.connection.context);
        Ok(Self { namespace: hub.found.namespace, hub_id, context, backups, locations, captured_at: None })
    }

    /// A warning about the storage location a restore would use. Spec: R-155
    fn unsynced(&self) -> Option<Note> {
        unsynced(validate::storage(&self.locations, &self.namespace, true).ok()?)
    }
}

/// Whoever may list backups only is told what `latest` means all the same.
async fn readable_locations(client: &Client, namespace: &str) -> Result<Vec<BackupStorageLocation>, Error> {
    match items(client, Some(namespace)).await {
        Err(error) if error.class() == Class::Forbidden => Ok(Vec::new()),
        listed => listed,
    }
}

fn show(latest: &Latest, args: &LatestArgs, (session, source): (&Session, &Source)) -> Result<()> {
    let style = session.out();
    match (args.output, args.output.and_then(Format::data)) {
        (_, Some(format)) => output::print_data(&frame(latest, session, source), format),
        (Some(Format::Name), _) => {
            let names = latest.parts.iter().filter_map(|part| part.backup.as_ref());
            output::print(
                &names
                    .map(|name| format!("backup.velero.io/{}\n", crate::render::text::harmless(name)))
                    .collect::<String>(),
            )
        }
        _ => {
            output::print(&latest.table(&style, args.output.is_some()))?;
            let text = latest.remarks(args.all, &hints(latest, session), &session.err());
            session.tell(&text);
            Ok(())
        }
    }
}

fn frame(latest: &Latest, session: &Session, source: &Source) -> serde_json::Value {
    let frame = Frame {
        kind: "Latest",
        namespace: &source.namespace,
        hub_id: source.hub_id.as_deref(),
        context: source.context.as_deref(),
        session,
        problems: &latest.notes,
    };
    frame.around(latest)
}

/// What to do about parts that do not fit together.
fn hints(latest: &Latest, session: &Session) -> Vec<(String, String)> {
    let running =
        latest.parts.iter().flat_map(|part| &part.passed_over).find(|passed| is_running(&passed.phase));
    let wait =
        running.map(|passed| (session.command(&format!("wait backup/{}", passed.backup)), String::new()));
    let whole = latest
        .complete_run
        .as_ref()
        .filter(|_| !latest.consistent)
        .map(|run| (session.command("restore --run complete"), format!("uses {run} for all parts")));
    wait.into_iter().chain(whole).collect()
}

fn is_running(phase: &str) -> bool {
    !matches!(phase, "Failed" | "FailedValidation" | "Deleting")
}

/// There is no backup to restore a part from.
pub(super) fn none_usable(part: &Part, session: &Session) -> Box<CliError> {
    let error =
        CliError::named(problem::NO_BACKUP, Exit::NotFound, format!("no usable backup for {}", part.part));
    let error = match part.passed_over.as_slice() {
        [] => error.why(part.reason.clone()),
        passed => {
            let told: Vec<String> =
                passed.iter().take(5).map(|p| format!("{} is {}", p.backup, p.phase)).collect();
            error.why(format!(
                "{} cannot be used: {}",
                crate::render::text::count(passed.len(), "backup"),
                told.join(", ")
            ))
        }
    };
    let error = match part.passed_over.iter().find(|passed| is_running(&passed.phase)) {
        Some(passed) => error.try_(session.command(&format!("wait backup/{}", passed.backup))),
        None => error,
    };
    error.try_(session.command("get backups -o wide"))
}

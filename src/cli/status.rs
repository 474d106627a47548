//! `status`: the hub on one screen.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::captured::{self, Capture};
use super::error::Result;
use super::exit::Exit;
use super::output::{self, DataFormat, Frame};
use super::session::{Hub, Session};
use crate::cluster::list::items;
use crate::cluster::{self, Class, facts, lease};
use crate::plan::Severity;
use crate::render::status::{LoopView, Observed, Role, Status, Unread};

/// Show this hub on one screen
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup status
  kubectl acmbackup status --check -o json")]
pub struct StatusArgs {
    /// End with 1 if any problem is an error
    #[arg(long)]
    check: bool,
    /// Show a captured state; - reads standard input
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<DataFormat>,
}

/// Shows the screen.
///
/// # Errors
///
/// The server cannot be reached, or no single namespace was found.
pub async fn run(args: &StatusArgs, session: &Session) -> Result<Exit> {
    let place = Place::read(args, session).await?;
    let session = &session.at(place.captured_at);
    let status = Status::of(&place.observed, &place.namespace, session.now());
    let commands = next_commands(&status, session);
    let status = status.with_next(commands);
    match args.output {
        Some(format) => {
            let frame = Frame {
                kind: "Status",
                namespace: &place.namespace,
                hub_id: status.hub_id.as_deref(),
                context: place.context.as_deref(),
                now: session.now(),
                problems: &status.problems,
            };
            output::print_data(&frame.around(&json!(status)), format)?;
        }
        None => {
            let hub = place.context.as_deref().unwrap_or("captured");
            let namespace = format!("{} ({})", place.namespace, place.reason);
            output::print(&status.screen(hub, &namespace, &session.out()))?;
        }
    }
    let bad = status.problems.iter().any(|note| note.severity == Severity::Error);
    Ok(if args.check && bad { Exit::No } else { Exit::Done })
}

/// What was read, and where.
struct Place {
    observed: Observed,
    namespace: String,
    reason: String,
    context: Option<String>,
    captured_at: Option<Timestamp>,
}

impl Place {
    async fn read(args: &StatusArgs, session: &Session) -> Result<Self> {
        if let Some(file) = &args.from {
            return Ok(Self::captured(captured::read(file).await?));
        }
        let hub = session.hub_or_default().await?;
        let observed = observe(&hub, session).await?;
        let (namespace, reason) = (hub.found.namespace, hub.found.reason.to_string());
        let context = Some(hub.connection.context);
        Ok(Self { observed, namespace, reason, context, captured_at: None })
    }

    fn captured(capture: Capture) -> Self {
        let Capture { captured_at, held, hub, .. } = capture;
        let namespace = hub.subject.namespace;
        let here = hub
            .velero
            .storage_locations
            .into_iter()
            .filter(|l| l.metadata.namespace.as_ref() == Some(&namespace));
        let lease = held.map(|held| LoopView {
            kind: "lease",
            holder: held.holder,
            renewed_at: held.renewed_at,
            overdue: held.overdue,
        });
        let observed = Observed {
            hub_id: hub.on_request.hub.map(|hub| hub.hub_id).ok_or(Unread::NotCaptured),
            schedules: Ok(hub.schedules),
            restores: Ok(hub.restores),
            locations: Ok(here.collect()),
            velero_schedules: Ok(hub.velero.schedules),
            backups: Ok(hub.velero.backups),
            // Without a moment the file is of an older make, which held no lease.
            lease: if captured_at.is_some() { Ok(lease) } else { Err(Unread::NotCaptured) },
        };
        let reason = captured_at.map(|at| format!("captured at {at}"));
        let reason = reason.unwrap_or_else(|| "captured".to_owned());
        Self { observed, namespace, reason, context: None, captured_at }
    }
}

/// Reads everything at once; what may not be read or is not served is left open.
async fn observe(hub: &Hub, session: &Session) -> Result<Observed> {
    let (client, here) = (hub.client(), Some(hub.namespace()));
    let (hub_facts, schedules, restores, locations, velero_schedules, backups, held) = tokio::join!(
        facts::hub_facts(client, None),
        items(client, here),
        items(client, here),
        items(client, here),
        items(client, here),
        items(client, here),
        lease::read(client),
    );
    let now = session.now();
    let held = open(held)?.map(|held| {
        held.map(|holder| LoopView {
            kind: "lease",
            overdue: holder.is_overdue(now),
            renewed_at: holder.renewed,
            holder: holder.identity,
        })
    });
    Ok(Observed {
        hub_id: open(hub_facts)?.map(|facts| facts.hub_id),
        schedules: open(schedules)?,
        restores: open(restores)?,
        locations: open(locations)?,
        velero_schedules: open(velero_schedules)?,
        backups: open(backups)?,
        lease: held,
    })
}

fn open<T>(read: std::result::Result<T, cluster::Error>) -> Result<std::result::Result<T, Unread>> {
    match read.map_err(|error| (error.class(), error)) {
        Ok(value) => Ok(Ok(value)),
        Err((Class::Forbidden, _)) => Ok(Err(Unread::Forbidden)),
        Err((Class::KindMissing, _)) => Ok(Err(Unread::NotServed)),
        Err((_, error)) => Err(error.into()),
    }
}

fn next_commands(status: &Status, session: &Session) -> Vec<(String, String)> {
    let command = |rest: &str, remark: &str| (session.command(rest), remark.to_owned());
    let restore = status.restore.as_ref();
    let is = |problem: &str| status.problems.iter().any(|note| note.name.as_deref() == Some(problem));
    if is("crd-missing") {
        return vec![command("install --crds-only", "where no MultiClusterHub does it")];
    }
    if is("velero-missing") {
        return Vec::new();
    }
    match (status.role, restore) {
        (Role::Contested, _) => vec![
            ("kubectl acmbackup pause".to_owned(), "on the other hub, if this one should go on".to_owned()),
            command("schedule --recreate", "then, here"),
        ],
        (Role::Passive, Some(restore)) if restore.phase == "Enabled" => vec![
            command("plan --managed-clusters latest", "what taking over would do"),
            command("activate", "take over the managed clusters"),
        ],
        (Role::Passive | Role::Activating, Some(restore)) => {
            vec![command(&format!("wait restore/{}", restore.name), "until it has settled")]
        }
        (Role::Idle, _) if status.last_run.is_some() => vec![
            command("latest", "what a restore would use"),
            command("restore --sync", "follow the hub that writes the backups"),
            command("schedule", "make backups of this hub"),
        ],
        (Role::Idle, _) => vec![command("schedule", "make backups of this hub")],
        (Role::Active, _) if status.schedule.as_ref().is_some_and(|schedule| schedule.phase == "Paused") => {
            vec![command("resume", "make backups again")]
        }
        (Role::Active, _) if status.schedule.is_none() => {
            vec![command("schedule", "so that this hub writes the backups")]
        }
        _ => Vec::new(),
    }
}

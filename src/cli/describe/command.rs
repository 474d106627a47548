//! The `describe` command.

use std::path::PathBuf;

use clap::Args;
use kube::ResourceExt;
use schemars::JsonSchema;
use serde::Serialize;

use super::read::Source;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, only_one, subject};
use crate::cli::output::{self, Frame, ScreenFormat};
use crate::cli::session::Session;
use crate::plan::latest::Candidates;
use crate::plan::runs::Runs;
use crate::plan::{HubSnapshot, Plan};
use crate::render::describe::{self, Description, Seen};

/// Show one object, what is behind it, and why it is in its phase
///
/// What was chosen and what that means now, the Velero objects behind it, events, and what the loop will do next.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup describe schedule
  kubectl acmbackup describe restore/restore-acm-passive
  kubectl acmbackup describe run/20261122100004
  kubectl acmbackup describe restore/restore-acm-passive --from snapshot.yaml")]
pub struct DescribeArgs {
    /// schedule, restore, backup or run, and the name if there are several
    #[arg(value_name = "TYPE [NAME]", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Describe it in a captured state; - reads standard input
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<ScreenFormat>,
}

/// The description as data.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Answer<'a> {
    #[serde(flatten)]
    description: &'a Description,
    /// What to do next, as commands.
    next: Vec<String>,
}

/// Shows the description.
///
/// # Errors
///
/// The object is not there, or the hub cannot be read.
pub async fn run(args: DescribeArgs, session: &Session) -> Result<Exit> {
    let subject = subject(&args.words)?;
    let noun = subject.noun;
    let source = match &args.from {
        Some(file) => Source::captured(file).await?,
        None => Source::live(session, noun).await?,
    };
    let session = &session.at(source.captured_at);
    let namespace = source.snapshot.subject.namespace.clone();
    let names = noun.names(&source.snapshot);
    let name = only_one(noun, subject.name.as_deref(), &names, &namespace)
        .map_err(|error| error.try_(session.command(&format!("get {}s", noun.singular()))))?;
    let (snapshot, plan) = source.planned(noun, &name, session.now()).await?;
    let seen = Seen { hub: &snapshot, plan: plan.as_ref(), now: session.now() };
    let mut description = describe_one((noun, &name), seen)?;
    description.events = source.events(noun, &name, session).await?;
    show(&description, (&args, session), (&source, &snapshot)).await
}

fn describe_one((noun, name): (Noun, &str), seen: Seen<'_>) -> Result<Description> {
    let hub = seen.hub;
    let described = match noun {
        Noun::Schedule => {
            hub.schedules.iter().find(|s| s.name_any() == name).map(|s| describe::schedule(s, seen))
        }
        Noun::Restore => {
            hub.restores.iter().find(|r| r.name_any() == name).map(|r| describe::restore(r, seen))
        }
        Noun::Backup => Candidates::of(hub).named(name).map(|backup| describe::backup(backup, seen)),
        Noun::Run => Runs::of(&Candidates::of(hub)).find(name).map(|run| describe::run(run, seen)),
    };
    described.ok_or_else(|| CliError::new(Exit::NotFound, format!("{} {name} not found", noun.singular())))
}

async fn show(
    description: &Description,
    (args, session): (&DescribeArgs, &Session),
    (source, snapshot): (&Source, &HubSnapshot),
) -> Result<Exit> {
    let commands: Vec<(String, String)> =
        description.next.iter().map(|(rest, remark)| (session.command(rest), remark.clone())).collect();
    match args.output {
        None => output::print(&description.screen(&commands, &session.out()))?,
        Some(format) => {
            let hub_id = source.hub_id(snapshot).await;
            let frame = Frame {
                kind: "Description",
                namespace: &snapshot.subject.namespace,
                hub_id: hub_id.as_deref(),
                context: source.context(),
                session,
                problems: &description.problems,
            };
            let next = commands.into_iter().map(|(command, _)| command).collect();
            output::print_data(&frame.around(&Answer { description, next }), format)?;
        }
    }
    Ok(Exit::Done)
}

/// What a description is of, with the plan of the loop for it.
pub(super) type Planned = (HubSnapshot, Option<Plan>);

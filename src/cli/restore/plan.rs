//! The `plan` command: what a restore would do, from the planner the loop uses.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::args::RestoreFlags;
use super::choice::Choices;
use super::command::{default_name, resolved};
use super::preview;
use crate::api;
use crate::cli::captured;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, Subject};
use crate::cli::output::{self, DataFormat, Frame};
use crate::cli::session::{Hub, Session};
use crate::plan::{self, Decision, HubSnapshot};
use crate::render::plan::{PlanView, old_hub_note};
use crate::wire::yaml;

/// Show what a restore would do
///
/// Takes the flags of restore, an existing restore/NAME, or an object from a file. Changes nothing.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup plan
  kubectl acmbackup plan --managed-clusters latest
  kubectl acmbackup plan restore/restore-acm-passive --managed-clusters latest
  kubectl acmbackup plan -f restore.yaml")]
pub struct PlanArgs {
    /// An existing restore, with the parts that are given changed
    #[arg(value_name = "restore/NAME", conflicts_with = "filename")]
    subject: Option<Subject>,
    /// A Restore that need not exist yet; - reads standard input
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
    /// Plan on a captured state instead of the live hub
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// End with 1 if something would silently be left out
    #[arg(long)]
    check: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<DataFormat>,
    #[command(flatten)]
    flags: RestoreFlags,
}

/// Shows the plan.
///
/// # Errors
///
/// Wrong values, no usable backup, or the hub cannot be read.
pub async fn run(args: PlanArgs, session: &Session) -> Result<Exit> {
    let choices = Choices::of(&args.flags)?;
    let (snapshot, hub) = observed(&args, session).await?;
    let now = session.now();
    let restore = match (&args.filename, &args.subject) {
        (Some(file), _) => from_file(file, &snapshot)?,
        (None, Some(subject)) => edited(existing(subject, &snapshot)?, &args.flags),
        (None, None) => resolved((&default_name(session), &args.flags), choices, &snapshot, session)?.0,
    };
    preview::usable(&snapshot, &restore, now)?;
    let stopped = match &hub {
        Some(hub) => preview::stopped(hub, &snapshot, &restore, now).await?,
        None => match plan::plan(&preview::with(&snapshot, &restore), now) {
            Decision::Do(plan) => preview::bad_end(plan),
            Decision::NeedMore(_) => None,
        },
    };
    let mut view = preview::view(&snapshot, &restore, stopped.as_ref(), now);
    if let Some(hub) = hub.as_ref().filter(|_| view.activates)
        && let Some(sentence) = preview::old_hub(hub, &snapshot, session).await?
    {
        view.warnings.push(old_hub_note(sentence));
    }
    show(&view, &args, (session, hub.as_ref()), &snapshot)?;
    Ok(if args.check && view.matters() { Exit::No } else { Exit::Done })
}

async fn observed(args: &PlanArgs, session: &Session) -> Result<(HubSnapshot, Option<Hub>)> {
    if let Some(file) = &args.from {
        return Ok((captured::read(file)?, None));
    }
    let hub = session.hub().await?;
    Ok((preview::read(&hub, "").await?, Some(hub)))
}

fn existing(subject: &Subject, snapshot: &HubSnapshot) -> Result<api::Restore> {
    let Some(name) = subject.name.as_ref().filter(|_| subject.noun == Noun::Restore) else {
        return Err(CliError::new(Exit::Usage, "expected restore/NAME"));
    };
    let found = snapshot.restores.iter().find(|restore| restore.metadata.name.as_ref() == Some(name));
    found.cloned().ok_or_else(|| {
        let message = format!("restore {}/{name} not found", snapshot.subject.namespace);
        CliError::new(Exit::NotFound, message).try_("kubectl acmbackup get restores")
    })
}

/// An existing restore as it would be after an edit of the parts that were given, such as an activation.
fn edited(mut restore: api::Restore, flags: &RestoreFlags) -> api::Restore {
    let spec = &mut restore.spec;
    for (field, given) in [
        (&mut spec.velero_managed_clusters_backup_name, &flags.managed_clusters),
        (&mut spec.velero_credentials_backup_name, &flags.credentials),
        (&mut spec.velero_resources_backup_name, &flags.resources),
    ] {
        if let Some(choice) = given {
            *field = Some(choice.to_lowercase());
        }
    }
    restore
}

fn from_file(file: &std::path::Path, snapshot: &HubSnapshot) -> Result<api::Restore> {
    let text = captured::read_text(file)?;
    let wrong =
        |why: String| CliError::new(Exit::Usage, format!("{} holds no Restore: {why}", file.display()));
    let mut restore: api::Restore = yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if restore.metadata.name.is_none() {
        return Err(wrong("it has no name".to_owned()));
    }
    restore.metadata.namespace.get_or_insert_with(|| snapshot.subject.namespace.clone());
    Ok(restore)
}

fn show(
    view: &PlanView,
    args: &PlanArgs,
    (session, hub): (&Session, Option<&Hub>),
    snapshot: &HubSnapshot,
) -> Result<()> {
    let context = hub.map(|hub| hub.connection.context.as_str());
    if let Some(format) = args.output {
        let frame = Frame {
            kind: "Plan",
            namespace: &snapshot.subject.namespace,
            hub_id: None,
            context,
            now: session.now(),
            problems: &view.warnings,
        };
        return output::print_data(&frame.around(&json!(view)), format);
    }
    let place = context.map(|context| format!(" on {context}")).unwrap_or_default();
    let state = match args.subject {
        Some(_) => "",
        None => ", not created",
    };
    output::print(&view.screen(&format!("Restore {}{place}{state}", view.name), &session.out()))
}

//! The `plan` command: what a restore would do, from the planner the loop uses.

use std::path::PathBuf;

use clap::Args;

use super::args::RestoreFlags;
use super::choice::{Choices, by_run, nothing_to_restore};
use super::command::{default_name, resolved};
use super::contents::{Extent, complete};
use super::{cleanup, diff, file, preview};
use crate::api::{self, BackupChoice};
use crate::cli::captured::{self, Capture};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, Subject, subject, the_one};
use crate::cli::output::{self, Frame, ScreenFormat};
use crate::cli::session::{Hub, Session};
use crate::cli::writers;
use crate::plan::latest::Candidates;
use crate::plan::restore::velero_restores;
use crate::plan::{self, Decision, HubSnapshot};
use crate::render::plan::PlanView;
use crate::velero::BackupType;

/// Show what a restore would do
///
/// Takes the flags of restore, an existing restore/NAME, or an object from a file. Changes nothing.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup plan
  kubectl acmbackup plan --managed-clusters latest
  kubectl acmbackup plan restore/restore-acm-passive --managed-clusters latest
  kubectl acmbackup plan --diff
  kubectl acmbackup plan -f restore.yaml")]
pub struct PlanArgs {
    /// An existing restore, with the parts that are given changed
    #[arg(value_name = "restore NAME", num_args = 0..=2, conflicts_with = "filename")]
    words: Vec<String>,
    /// A Restore that need not exist yet; - reads standard input
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
    /// Plan on a captured state instead of the live hub
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// Name every object that would be restored or removed
    #[arg(long)]
    details: bool,
    /// Show what would change in objects that are here; values of secrets are masked
    #[arg(long, conflicts_with_all = ["from", "no_contents"])]
    diff: bool,
    /// Do not read from the storage location what the backups hold
    #[arg(long)]
    no_contents: bool,
    /// End with 1 if anything would be removed or silently left out
    #[arg(long)]
    check: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<ScreenFormat>,
    #[command(flatten)]
    flags: RestoreFlags,
}

/// Shows the plan.
///
/// # Errors
///
/// Wrong values, no usable backup, or the hub cannot be read.
pub async fn run(args: PlanArgs, session: &Session) -> Result<Exit> {
    let subject = named(&args.words)?;
    refuse_ignored(&args)?;
    let wanted = match (&args.filename, subject) {
        (Some(file), _) => Wanted::InFile(Box::new(file::read(file).await?)),
        (None, Some(subject)) => Wanted::Existing(subject),
        (None, None) => Wanted::New(Choices::of(&args.flags)?),
    };
    let (capture, hub) = observed(&args, session).await?;
    let session = &session.at(capture.captured_at);
    let snapshot = capture.hub;
    let now = session.now();
    let restore = match wanted {
        Wanted::InFile(restore) => file::inside(*restore, &snapshot.subject.namespace)?,
        Wanted::Existing(subject) => edited(existing(&subject, &snapshot)?, &args.flags, &snapshot)?,
        Wanted::New(choices) => {
            resolved((&default_name(session), &args.flags), choices, &snapshot, session)?.0
        }
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
    match &hub {
        Some(hub) => complete(&mut view, (hub, &snapshot, &restore), extent(&args), now).await,
        None => view.cleanup = cleanup::captured(&snapshot, &restore, now),
    }
    if let Some(hub) = hub.as_ref().filter(|_| view.activates) {
        let warnings = preview::old_hubs(hub, &snapshot, &view, session).await;
        view.warnings.extend(warnings);
    }
    if let Some(hub) = hub.as_ref().filter(|_| args.diff) {
        view.changes = Some(diff::changes(hub, &snapshot, &velero_restores(&snapshot, &restore, now)).await);
    }
    show(&view, &args, (session, hub.as_ref()), &snapshot).await?;
    Ok(if args.check && view.matters() { Exit::No } else { Exit::Done })
}

fn extent(args: &PlanArgs) -> Extent {
    match (args.no_contents, args.details) {
        (true, _) => Extent::Nothing,
        (false, false) => Extent::Everything,
        (false, true) => Extent::EveryObject,
    }
}

/// What a plan is asked for.
enum Wanted {
    /// An object that need not exist yet.
    InFile(Box<api::Restore>),
    /// An object of the hub.
    Existing(Subject),
    /// What the flags say.
    New(Choices),
}

/// The existing restore that is named; `None` without any word.
fn named(words: &[String]) -> Result<Option<Subject>> {
    let found = match words {
        [] => None,
        // Only restores are planned, so their noun may be left out.
        [name] if !name.contains('/') && Noun::parse(name).is_none() => {
            Some(Subject { noun: Noun::Restore, name: Some(name.clone()) })
        }
        words => Some(subject(words)?),
    };
    if found.as_ref().is_some_and(|found| found.noun != Noun::Restore) {
        return Err(CliError::new(Exit::Usage, "only a restore can be planned: expected restore/NAME"));
    }
    Ok(found)
}

/// Flags that would change nothing are refused: an object says itself what it restores.
fn refuse_ignored(args: &PlanArgs) -> Result<()> {
    let given = args.flags.given();
    let (what, why, ignored) = match (&args.filename, args.words.first()) {
        (Some(_), _) => ("--filename", "the file says what is restored", given),
        (None, Some(_)) => {
            let ignored = given.into_iter().filter(|flag| !PARTS.contains(flag)).collect();
            ("restore/NAME", "of an existing restore only the parts can be changed", ignored)
        }
        (None, None) => return Ok(()),
    };
    if ignored.is_empty() {
        return Ok(());
    }
    let message = format!("{} cannot be used with {what}", ignored.join(", "));
    Err(CliError::new(Exit::Usage, message).why(why).try_(match what {
        "--filename" => "change the file, or leave the flags out",
        _ => "leave the flags out, or plan a new restore with them",
    }))
}

/// Flags that change an existing restore, as an activation does.
const PARTS: [&str; 3] = ["--managed-clusters", "--credentials", "--resources"];

async fn observed(args: &PlanArgs, session: &Session) -> Result<(Capture, Option<Hub>)> {
    if let Some(file) = &args.from {
        return Ok((captured::read(file).await?, None));
    }
    let hub = session.hub().await?;
    let live = Capture { hub: preview::read(&hub, "").await?, ..Capture::default() };
    Ok((live, Some(hub)))
}

fn existing(subject: &Subject, snapshot: &HubSnapshot) -> Result<api::Restore> {
    let namespace = &snapshot.subject.namespace;
    let found = the_one(Noun::Restore, subject.name.as_deref(), &snapshot.restores, namespace);
    found.cloned().map_err(|error| error.try_("kubectl acmbackup get restores"))
}

/// An existing restore as it would be after an edit of the parts that were given, such as an activation.
fn edited(mut restore: api::Restore, flags: &RestoreFlags, snapshot: &HubSnapshot) -> Result<api::Restore> {
    let candidates = Candidates::of(snapshot);
    let spec = &mut restore.spec;
    for (part, field, given) in [
        (BackupType::ManagedClusters, &mut spec.velero_managed_clusters_backup_name, &flags.managed_clusters),
        (BackupType::Credentials, &mut spec.velero_credentials_backup_name, &flags.credentials),
        (BackupType::Resources, &mut spec.velero_resources_backup_name, &flags.resources),
    ] {
        if let Some(choice) = given {
            *field = Some(by_run(choice, part, &candidates)?);
        }
    }
    let chosen = [spec.managed_clusters_choice(), spec.credentials_choice(), spec.resources_choice()];
    match chosen.iter().all(|choice| *choice == BackupChoice::Skip) && !flags.given().is_empty() {
        true => Err(nothing_to_restore()),
        false => Ok(restore),
    }
}

async fn show(
    view: &PlanView,
    args: &PlanArgs,
    (session, hub): (&Session, Option<&Hub>),
    snapshot: &HubSnapshot,
) -> Result<()> {
    let context = hub.map(|hub| hub.connection.context.as_str());
    if let Some(format) = args.output {
        let hub_id = match hub {
            Some(hub) => writers::id_of(hub).await,
            None => snapshot.on_request.hub.as_ref().map(|facts| facts.hub_id.clone()),
        };
        let frame = Frame {
            kind: "Plan",
            namespace: &snapshot.subject.namespace,
            hub_id: hub_id.as_deref(),
            context,
            session,
            problems: &view.warnings,
        };
        return output::print_data(&frame.around(view), format);
    }
    let place = context.map(|context| format!(" on {context}")).unwrap_or_default();
    let state = if args.words.is_empty() { ", not created" } else { "" };
    output::print(&view.screen(&format!("Restore {}{place}{state}", view.name), args.details, &session.out()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn parsed(line: &str) -> PlanArgs {
        let words = format!("kubectl-acmbackup plan {line}");
        let cli = crate::cli::Cli::try_parse_from(words.split(' ')).unwrap();
        let crate::cli::Command::Plan(args) = cli.command else { panic!("another command") };
        *args
    }

    fn refused(line: &str) -> Option<String> {
        let error = refuse_ignored(&parsed(line)).err()?;
        assert_eq!(error.exit, Exit::Usage);
        Some(error.message)
    }

    #[test]
    fn flags_that_would_be_ignored_are_refused() {
        assert_eq!(
            refused("-f r.yaml --pin --managed-clusters latest").unwrap(),
            "--managed-clusters, --pin cannot be used with --filename"
        );
        assert_eq!(
            refused("restore/r1 --resources skip --restore-pvs").unwrap(),
            "--restore-pvs cannot be used with restore/NAME"
        );
        for fine in ["restore/r1 --managed-clusters latest", "-f r.yaml --check", "--pin --sync=false"] {
            assert_eq!(refused(fine), None, "{fine}");
        }
    }

    #[test]
    fn a_name_alone_is_that_of_a_restore() {
        let meant = |words: &[&str]| {
            named(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).map(|found| found?.name)
        };
        assert_eq!(meant(&["r1"]).unwrap().as_deref(), Some("r1"));
        assert_eq!(meant(&["restore", "r1"]).unwrap().as_deref(), Some("r1"));
        assert_eq!(meant(&["restore"]).unwrap(), None);
        assert!(meant(&["backup/b"]).is_err() && meant(&["r1", "r2"]).is_err());
    }

    #[test]
    fn an_existing_restore_is_judged_by_what_it_comes_to() {
        let restore: api::Restore = serde_json::from_value(serde_json::json!({"spec": {
            "veleroManagedClustersBackupName": "latest",
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
        }}))
        .unwrap();
        let comes_to = |line: &str| edited(restore.clone(), &parsed(line).flags, &HubSnapshot::default());
        let clusters_only = comes_to("restore/r1 --credentials skip --resources skip").unwrap();
        assert_eq!(clusters_only.spec.managed_clusters_choice(), BackupChoice::Latest);
        let nothing = comes_to("restore/r1 --credentials skip --resources skip --managed-clusters skip");
        assert_eq!(nothing.unwrap_err().exit, Exit::Usage);
    }
}

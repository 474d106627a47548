//! The `restore` command: check, show, ask, check again, write.

use clap::Args;
use kube::ResourceExt;
use serde_json::json;

use super::args::{FLAGS, RestoreFlags};
use super::choice::Choices;
use super::contents::{Extent, complete};
use super::{after, cleanup, preview, spec};
use crate::api::{self, Cleanup};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::cli::noun::Noun;
use crate::cli::preflight;
use crate::cli::question::Severity;
use crate::cli::session::{Hub, Session};
use crate::cli::values::restore_name;
use crate::cli::wait::{Condition, Waiting, Written};
use crate::cli::writing::{ConfirmArgs, Matter, WaitFlags, WriteArgs, write_error};
use crate::cluster::write::{self, Place};
use crate::plan::HubSnapshot;
use crate::plan::latest::Candidates;
use crate::render::plan::PlanView;
use crate::render::problems::next;
use crate::wire::Stamp;

/// Restore this hub from backups
///
/// Creates a Restore, which the loop carries out. Managed clusters stay where they are unless
/// --managed-clusters says otherwise.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup restore                                   # passive data, newest backups
  kubectl acmbackup restore --resources skip                  # credentials only
  kubectl acmbackup restore --sync --sync-interval 10m        # keep following another hub
  kubectl acmbackup restore --run complete --wait             # one complete, consistent run
  kubectl acmbackup restore --managed-clusters latest --confirm hub-west --yes --wait --timeout 2h")]
pub struct RestoreArgs {
    /// Its name [default: restore-acm- and the UTC stamp]
    #[arg(value_name = "NAME", value_parser = restore_name)]
    name: Option<String>,
    #[command(flatten)]
    flags: RestoreFlags,
    /// Write although a check says the loop will refuse it
    #[arg(long)]
    skip_preflight: bool,
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    waiting: WaitFlags,
}

/// Creates a Restore.
///
/// # Errors
///
/// Wrong values, something in the way, nobody confirmed, or the server refuses.
pub async fn run(args: RestoreArgs, session: &Session) -> Result<Exit> {
    let choices = Choices::of(&args.flags)?;
    let name = args.name.clone().unwrap_or_else(|| default_name(session));
    // What is wrong whatever the hub says is said without asking it.
    spec::restore(&name, "", &args.flags, &choices)?;
    let hub = session.hub().await?;
    let task = Task { args: &args, session, hub: &hub, name };
    if !args.skip_preflight {
        preflight::storage(&hub, session).await?;
        preflight::no_schedule_in_the_way(&hub, session).await?;
        let why =
            "a hub works on one restore at a time; a second one would end as FinishedWithErrors and stay so";
        preflight::no_restore_in_the_way(&hub, session, why).await?;
    }
    let (restore, shown) = task.prepare(choices.clone()).await?;
    task.confirm(&restore, &shown).await?;
    task.still_the_same(choices, &shown).await?;
    let waiting =
        args.waiting.applies(&args.write).then(|| Waiting::start(session, &hub, Noun::Restore, &task.name));
    let written = task.create(&restore).await?;
    let waited = waiting.is_some();
    let exit = args.waiting.finish(waiting, (Condition::Usual, written), &args.write).await?;
    match waited {
        true => after::say((&task.name, shown.activates), exit, &args.write, session),
        false => task.hint(&restore),
    }
    Ok(exit)
}

/// `restore-acm- and the UTC stamp`.
pub(super) fn default_name(session: &Session) -> String {
    format!("restore-acm-{}", Stamp::from(session.now()))
}

/// Resolves runs and checks that every chosen backup can be used.
///
/// # Errors
///
/// Exit 4 or 5 if not.
pub(super) fn resolved(
    (name, flags): (&str, &RestoreFlags),
    choices: Choices,
    snapshot: &HubSnapshot,
    session: &Session,
) -> Result<(api::Restore, PlanView)> {
    let now = session.now();
    let choices = choices.resolve(flags, &Candidates::of(snapshot), now)?;
    let restore = spec::restore(name, &snapshot.subject.namespace, flags, &choices)?;
    let view = preview::view(snapshot, &restore, None, now);
    if flags.is_fixed() && !flags.without_generic {
        preview::generic_kept(&view, snapshot)?;
    }
    Ok((restore, view))
}

struct Task<'a> {
    args: &'a RestoreArgs,
    session: &'a Session,
    hub: &'a Hub,
    name: String,
}

impl Task<'_> {
    async fn prepare(&self, choices: Choices) -> Result<(api::Restore, PlanView)> {
        let snapshot = preview::read(self.hub, &self.name).await?;
        self.is_new(&snapshot)?;
        let (restore, mut view) = resolved((&self.name, &self.args.flags), choices, &snapshot, self.session)?;
        if !self.args.skip_preflight {
            preview::usable(&snapshot, &restore, self.session.now())?;
        }
        let read = (self.hub, &snapshot, &restore);
        complete(&mut view, read, Extent::Question, self.session.now()).await;
        if view.activates {
            let warnings = preview::old_hubs(self.hub, &snapshot, &view, self.session).await;
            view.warnings.extend(warnings);
        }
        Ok((restore, view))
    }

    /// Nobody is asked about what the server would refuse.
    fn is_new(&self, snapshot: &HubSnapshot) -> Result<()> {
        match snapshot.restores.iter().any(|other| other.name_any() == self.name) {
            true => Err(CliError::new(Exit::Refused, format!("restore {} already exists", self.name))
                .why("a Restore is made once: another one needs another name, or none for one with the time in it")
                .try_(self.session.command(&format!("describe restore/{}", self.name)))),
            false => Ok(()),
        }
    }

    async fn confirm(&self, restore: &api::Restore, view: &PlanView) -> Result<()> {
        let (context, namespace) = (&self.hub.connection.context, self.hub.namespace());
        let title = format!("Restore {} on {context}, {namespace}", self.name);
        let (severity, consequence) = weight(restore, view, context);
        let matter = Matter { severity, consequence, summary: view.summary(&title, &self.session.err()) };
        self.args.confirm.ask((self.session, &self.hub.connection), &self.args.write, matter).await
    }

    /// Time of check is time of use: `latest` must not have moved while the question was open.
    async fn still_the_same(&self, choices: Choices, shown: &PlanView) -> Result<()> {
        if self.args.write.dry_run.is_some() {
            return Ok(());
        }
        let snapshot = preview::read(self.hub, &self.name).await?;
        let (_, view) = resolved((&self.name, &self.args.flags), choices, &snapshot, self.session)?;
        same_backups(shown, &view)
    }

    async fn create(&self, restore: &api::Restore) -> Result<Written> {
        let place = Place::of::<api::Restore>(self.hub.namespace(), &self.name);
        let object = preview::to_object(restore);
        let out = self.session.out();
        if self.args.write.is_client_dry_run() {
            self.args.write.report((&place, &object), "created", &out)?;
            return Ok(Written::Nothing);
        }
        let created = write::create(self.hub.client(), &place, &object, self.args.write.mode()).await;
        let created = json!(created.map_err(|error| write_error(error, "Restore", FLAGS))?);
        self.args.write.report_before(&self.args.waiting, (&place, &created, "created"), &out)?;
        Ok(Written::object(&created))
    }

    fn hint(&self, restore: &api::Restore) {
        if self.args.write.output.is_some() || self.args.write.dry_run.is_some() {
            return;
        }
        let wait = self.session.command(&format!("wait restore/{}", self.name));
        let mut commands = vec![(wait, "until it has settled".to_owned())];
        if restore.spec.sync_restore_with_new_backups {
            commands
                .push((self.session.command("activate"), "take over the managed clusters, later".to_owned()));
        }
        self.session.tell(&next(&commands, &self.session.err()));
    }
}

/// What has to be confirmed, and what it would do.
fn weight(restore: &api::Restore, view: &PlanView, context: &str) -> (Severity, String) {
    let removes_any = view.cleanup.may_remove();
    let removes = match removes_any {
        true => format!("remove {} the backups do not hold from {context}", view.cleanup.how_many()),
        // What is asked for is a right to remove, whatever was found by now.
        false => format!("let {} remove what the backups do not hold from {context}", view.cleanup.policy),
    };
    match (view.activates, restore.spec.cleanup_before_restore.as_ref()) {
        (true, _) if removes_any => {
            (Severity::Severe, format!("move {} to {context} and {removes}", view.what_moves()))
        }
        (true, _) => (Severity::Severe, format!("move {} to {context}", view.what_moves())),
        (_, Some(Cleanup::CleanupAll)) => (Severity::Severe, removes),
        (_, Some(policy)) if removes_any || (*policy != Cleanup::None && !cleanup::is_whole(restore)) => {
            (Severity::Ordinary, removes)
        }
        _ => (Severity::None, String::new()),
    }
}

/// Nothing may change between what was shown and what is done.
///
/// # Errors
///
/// Exit 5 if it did, naming what changed.
pub(super) fn same_backups(shown: &PlanView, now: &PlanView) -> Result<()> {
    if shown.backups() == now.backups() {
        return Ok(());
    }
    let start = CliError::named(
        problem::NOT_CONFIRMED,
        Exit::Refused,
        "stopped: `latest` changed meanwhile; nothing was changed",
    );
    let changed = now.backups().into_iter().filter(|pair| !shown.backups().contains(pair));
    let error = changed.fold(start, |error, (part, backup)| error.detail(format!("{part} is now {backup}")));
    Err(error.try_("run the command again, or use --pin"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::restore::wanted_restores;
    use crate::render::cleanup::CleanupView;

    #[test]
    fn a_cleanup_that_found_nothing_is_confirmed_as_what_it_may_do() {
        let asked = |cleanup: Cleanup, namespaces: Option<Vec<String>>| {
            let spec = api::RestoreSpec {
                velero_managed_clusters_backup_name: Some("skip".to_owned()),
                cleanup_before_restore: Some(cleanup.clone()),
                included_namespaces: namespaces,
                ..api::RestoreSpec::default()
            };
            let (restore, hub) = (api::Restore::new("r", spec), HubSnapshot::default());
            let preview = wanted_restores(&hub, &restore, jiff::Timestamp::UNIX_EPOCH);
            let mut view = PlanView::of(&restore, &preview, &Candidates::of(&hub), None);
            view.cleanup = CleanupView::of(&cleanup, &[], false);
            weight(&restore, &view, "west")
        };
        let lets = |policy: &str| format!("let {policy} remove what the backups do not hold from west");
        assert_eq!(asked(Cleanup::CleanupAll, None), (Severity::Severe, lets("CleanupAll")));
        let filtered = asked(Cleanup::CleanupRestored, Some(vec!["a".to_owned()]));
        assert_eq!(filtered, (Severity::Ordinary, lets("CleanupRestored")));
        assert_eq!(asked(Cleanup::CleanupRestored, None).0, Severity::None);
    }
}

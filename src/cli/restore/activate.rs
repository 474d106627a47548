//! `activate`: managed clusters come to the hub that followed another one.

use clap::Args;
use kube::ResourceExt;
use serde_json::json;

use super::args::FLAGS;
use super::choice::no_backup;
use super::command::same_backups;
use super::contents::{Extent, complete};
use super::{after, preview};
use crate::api;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, only_one};
use crate::cli::preflight::{self, is_active};
use crate::cli::question::Severity;
use crate::cli::session::{Hub, Session};
use crate::cli::values::restore_name;
use crate::cli::wait::{Condition, Waiting, Written};
use crate::cli::writing::{ConfirmArgs, Matter, WaitFlags, WriteArgs, write_error};
use crate::cluster::write::{self, Place};
use crate::plan::HubSnapshot;
use crate::render::plan::PlanView;
use crate::render::problems::next;

/// Take over the managed clusters
///
/// Sets managed clusters to latest on the restore that follows another hub. They leave the hub they were on.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup activate
  kubectl acmbackup activate restore-acm-passive --yes --confirm hub-west --wait")]
pub struct ActivateArgs {
    /// The following restore; may be left out if there is one
    #[arg(value_name = "NAME", value_parser = restore_name)]
    name: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    waiting: WaitFlags,
}

/// Activates.
///
/// # Errors
///
/// No restore follows another hub, nobody confirmed, or the server refuses.
pub async fn run(args: ActivateArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub().await?;
    let task = Task { args: &args, session, hub: &hub };
    let (snapshot, restore, mut view) = task.look(args.name.as_deref()).await?;
    let name = restore.name_any();
    let read = (&hub, &snapshot, &preview::activated(&restore));
    complete(&mut view, read, Extent::Question, session.now()).await;
    let warnings = preview::old_hubs(&hub, &snapshot, &view, session).await;
    view.warnings.extend(warnings);
    preflight::note_velero(&hub, &snapshot.velero.storage_locations, session).await;
    preflight::note_manager(&restore.metadata, session);
    task.confirm(&name, &view).await?;
    // Whatever happened while the question was open: same backups, and the object as it is now.
    let (_, fresh, again) = task.look(Some(&name)).await?;
    same_backups(&view, &again)?;
    let waiting =
        args.waiting.applies(&args.write).then(|| Waiting::start(session, &hub, Noun::Restore, &name));
    let written = task.write(&fresh).await?;
    let waited = waiting.is_some();
    let exit = args.waiting.finish(waiting, (Condition::Usual, written), &args.write).await?;
    match waited {
        true => after::say((&name, true), exit, &args.write, session),
        false => task.hint(&name),
    }
    Ok(exit)
}

/// Follows another hub and is taking newer backups at this moment.
fn is_in_a_cycle(restore: &api::Restore) -> bool {
    restore.spec.sync_restore_with_new_backups
        && matches!(restore.phase(), api::RestorePhase::Started | api::RestorePhase::Running)
}

/// Follows another hub and is at rest.
fn follows(restore: &api::Restore) -> bool {
    restore.phase().is_enabled() && restore.spec.managed_clusters_choice() == api::BackupChoice::Skip
}

struct Task<'a> {
    args: &'a ActivateArgs,
    session: &'a Session,
    hub: &'a Hub,
}

impl Task<'_> {
    /// The following Restore, and what activating it would do.
    async fn look(&self, name: Option<&str>) -> Result<(HubSnapshot, api::Restore, PlanView)> {
        let snapshot = preview::read(self.hub, name.unwrap_or_default()).await?;
        let restore = self.following(name, &snapshot)?;
        let now = self.session.now();
        let (view, preview) = preview::activation(&snapshot, &restore, now);
        match preview.problem {
            Some(unresolved) => Err(no_backup(&unresolved)),
            None => Ok((snapshot, restore, view)),
        }
    }

    fn following(&self, name: Option<&str>, snapshot: &HubSnapshot) -> Result<api::Restore> {
        let following = snapshot.restores.iter().filter(|restore| follows(restore));
        let names: Vec<String> = following.map(ResourceExt::name_any).collect();
        if names.is_empty() || name.is_some_and(|name| !names.iter().any(|known| known == name)) {
            return Err(self.nothing_follows(name, snapshot));
        }
        let name = only_one(Noun::Restore, name, &names, self.hub.namespace())?;
        let found = snapshot.restores.iter().find(|restore| restore.name_any() == name);
        found.cloned().ok_or_else(|| self.nothing_follows(Some(&name), snapshot))
    }

    fn nothing_follows(&self, name: Option<&str>, snapshot: &HubSnapshot) -> Box<CliError> {
        let named = name.and_then(|name| snapshot.restores.iter().find(|restore| restore.name_any() == name));
        let error = match (name, named) {
            (Some(name), Some(restore)) => {
                let clusters =
                    restore.spec.velero_managed_clusters_backup_name.as_deref().unwrap_or("latest");
                let state = format!("{name} does not follow another hub");
                CliError::new(Exit::NotFound, state).why(format!(
                    "it is {} with managed clusters {clusters}; expected Enabled and skip",
                    restore.phase()
                ))
            }
            (Some(name), None) => CliError::new(Exit::NotFound, format!("restore {name} not found")),
            (None, _) => CliError::new(Exit::NotFound, "no restore follows another hub: none is Enabled"),
        };
        // In the middle of a cycle the one-step restore would only be refused.
        if let Some(busy) = snapshot.restores.iter().find(|restore| is_in_a_cycle(restore)) {
            let command = format!("wait restore/{}", busy.name_any());
            return error
                .try_for(self.session.command(&command), "it is restoring newer backups; then activate it");
        }
        if let Some(other) = snapshot.restores.iter().find(|restore| follows(restore)) {
            let command = format!("activate {}", other.name_any());
            return error
                .try_for(self.session.command(&command), "it follows another hub")
                .try_for(self.session.command("get restores"), "shows all");
        }
        let is_free = snapshot.restores.iter().all(|restore| restore.phase().is_terminal())
            && !snapshot.schedules.iter().any(is_active);
        match is_free && name.is_none() {
            true => error.try_for(
                self.session.command("restore --managed-clusters latest"),
                "restores everything in one step",
            ),
            false => error.try_for(self.session.command("status"), "what this hub is doing"),
        }
    }

    async fn confirm(&self, name: &str, view: &PlanView) -> Result<()> {
        let context = &self.hub.connection.context;
        let title = format!("{name} will move the managed clusters to {context}, from");
        let summary = view.activation(&title, &self.session.err());
        let consequence = format!("move {} to {context}", view.what_moves());
        let matter = Matter { severity: Severity::Severe, consequence, summary };
        self.args.confirm.ask((self.session, &self.hub.connection), &self.args.write, matter).await
    }

    async fn write(&self, restore: &api::Restore) -> Result<Written> {
        let place = Place::of::<api::Restore>(self.hub.namespace(), &restore.name_any());
        let out = self.session.out();
        let what = format!("configured (managed clusters skip {} latest)", out.arrow());
        if self.args.write.is_client_dry_run() {
            let activated = preview::activated(restore);
            self.args.write.report((&place, &json!(activated)), &what, &out)?;
            return Ok(Written::Nothing);
        }
        let patch = json!({
            "metadata": {"resourceVersion": restore.metadata.resource_version},
            "spec": {"veleroManagedClustersBackupName": "latest"},
        });
        let changed = write::patch(self.hub.client(), &place, &patch, self.args.write.mode()).await;
        let changed = json!(changed.map_err(|error| write_error(error, "Restore", FLAGS))?);
        self.args.write.report_before(&self.args.waiting, (&place, &changed, &what), &out)?;
        Ok(Written::object(&changed))
    }

    fn hint(&self, name: &str) {
        if self.args.write.output.is_some() || self.args.write.dry_run.is_some() {
            return;
        }
        let commands = [
            (self.session.command(&format!("wait restore/{name}")), String::new()),
            (self.session.command("schedule"), "then, so that this hub writes the backups".to_owned()),
        ];
        self.session.tell(&next(&commands, &self.session.err()));
    }
}

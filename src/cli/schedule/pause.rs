//! `pause` and `resume`: one field of the BackupSchedule.

use clap::Args;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::change::{Field, differences};
use super::command::{existing, look_first, patch_of, refuse_collided, refused, spec_of};
use super::others::Others;
use crate::api;
use crate::cli::error::Result;
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, the_one};
use crate::cli::preflight;
use crate::cli::session::{Hub, Session};
use crate::cli::values::schedule_name;
use crate::cli::wait::{Condition, Waiting, Written};
use crate::cli::writing::{ConfirmArgs, WaitFlags, WriteArgs, YesFlag};
use crate::cluster::write::{self, Place};
use crate::plan::validate::terms;
use crate::render::age;

const UNCHANGED: &str = "unchanged";

/// Stop making backups for now
#[derive(Debug, Clone, Args)]
pub struct PauseArgs {
    /// The schedule; may be left out if there is one
    #[arg(value_name = "NAME", value_parser = schedule_name)]
    name: Option<String>,
    #[command(flatten)]
    _confirm: YesFlag,
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    waiting: WaitFlags,
}

/// Make backups again
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// The schedule; may be left out if there is one
    #[arg(value_name = "NAME", value_parser = schedule_name)]
    name: Option<String>,
    /// Skip the backup that is due at once
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    skip_immediately: Option<bool>,
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

/// Pauses the schedule.
///
/// # Errors
///
/// There is no schedule, or the server refuses.
pub async fn pause(args: PauseArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub().await?;
    let (write, waiting) = (&args.write, &args.waiting);
    let flip = Flip {
        session,
        hub: &hub,
        write,
        waiting,
        fields: vec![Field { name: "paused", value: true.into() }],
    };
    let old = flip.find(args.name.as_deref()).await?;
    flip.carry_out(&old, "paused", Condition::Paused).await
}

/// Resumes the schedule.
///
/// # Errors
///
/// There is no schedule, something is in the way, or the server refuses.
pub async fn resume(args: ResumeArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub().await?;
    let mut fields = vec![Field { name: "paused", value: false.into() }];
    fields.extend(args.skip_immediately.map(|skip| Field { name: "skipImmediately", value: skip.into() }));
    let flip = Flip { session, hub: &hub, write: &args.write, waiting: &args.waiting, fields };
    let old = flip.find(args.name.as_deref()).await?;
    refuse_collided(&old, session)?;
    if !args.skip_preflight {
        look_first(&api::BackupScheduleSpec { paused: false, ..old.spec.clone() }, (&hub, session)).await?;
    }
    if old.spec.paused
        && let Some(matter) = Others::read((&hub, session), Some(&old)).await?.on_resuming()
    {
        args.confirm.ask((session, &hub.connection), &args.write, matter).await?;
    }
    let next = terms(&old.spec).ok().and_then(|terms| terms.cron.next(session.now()));
    let next = next
        .map(|next| format!(", next run {}", age::ahead(next, session.now(), "due now")))
        .unwrap_or_default();
    flip.carry_out(&old, &format!("resumed{next}"), Condition::Usual).await
}

/// One change of a few fields.
struct Flip<'a> {
    session: &'a Session,
    hub: &'a Hub,
    write: &'a WriteArgs,
    waiting: &'a WaitFlags,
    fields: Vec<Field>,
}

impl Flip<'_> {
    async fn find(&self, name: Option<&str>) -> Result<api::BackupSchedule> {
        let all = existing(self.hub).await?;
        the_one(Noun::Schedule, name, &all, self.hub.namespace()).cloned()
    }

    async fn carry_out(&self, old: &api::BackupSchedule, what: &str, condition: Condition) -> Result<Exit> {
        let name = old.name_any();
        let place = Place::of::<api::BackupSchedule>(self.hub.namespace(), &name);
        let waiting = self
            .waiting
            .applies(self.write)
            .then(|| Waiting::start(self.session, self.hub, Noun::Schedule, &name));
        let what = self.told(old, what);
        let same = what == UNCHANGED;
        if !same {
            preflight::note_manager(&old.metadata, self.session);
        }
        let (object, written) = match self.write.is_client_dry_run() || same {
            true => (self.merged(old), Written::Nothing),
            false => {
                let patch = patch_of(old, &self.fields);
                let changed = write::patch(self.hub.client(), &place, &patch, self.write.mode()).await;
                let changed = json!(changed.map_err(refused)?);
                let written = Written::object(&changed);
                (changed, written)
            }
        };
        self.write.report_before(self.waiting, (&place, &object, &what), &self.session.out())?;
        self.waiting.finish(waiting, (condition, written), self.write).await
    }

    /// What is said of the change: `what` if the schedule is flipped, otherwise which fields change.
    fn told(&self, old: &api::BackupSchedule, what: &str) -> String {
        let flips = self.fields.first().is_some_and(|field| field.value != json!(old.spec.paused));
        let changed = differences(&spec_of(old), &self.fields, self.session.out().arrow());
        match (flips, changed.is_empty()) {
            (true, _) => what.to_owned(),
            (false, true) => UNCHANGED.to_owned(),
            (false, false) => format!("configured ({})", changed.join(", ")),
        }
    }

    fn merged(&self, old: &api::BackupSchedule) -> Value {
        let mut object = json!(old);
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.extend(super::change::to_spec(&self.fields));
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cluster::namespace::{Found, Reason};
    use crate::cluster::{Connection, fake};

    #[tokio::test]
    async fn whatever_is_written_is_told_and_nothing_is_unchanged_only_without_a_change() {
        let (context, server) = ("west".to_owned(), String::new());
        let client = fake::server(|_| fake::nothing());
        let found = Found { namespace: "acm".to_owned(), reason: Reason::InUse };
        let hub = Hub { connection: Connection { client, context, server, context_namespace: None }, found };
        let cli = crate::cli::Cli::parse_from(["kubectl-acmbackup", "resume", "--skip-immediately"]);
        let session = Session::new(cli.globals.clone());
        let crate::cli::Command::Resume(args) = cli.command else { panic!("another command") };
        let told = |paused: bool, skip: bool, fields: &[(&'static str, bool)]| {
            let spec = json!({"paused": paused, "skipImmediately": skip});
            let old = serde_json::from_value(json!({"metadata": {"name": "s"}, "spec": spec})).unwrap();
            let fields = fields.iter().map(|(name, value)| Field { name, value: (*value).into() }).collect();
            let (write, waiting) = (&args.write, &args.waiting);
            Flip { session: &session, hub: &hub, write, waiting, fields }.told(&old, "resumed")
        };
        let resume = [("paused", false), ("skipImmediately", true)];
        assert_eq!(told(true, false, &resume), "resumed");
        assert_eq!(told(false, true, &resume), UNCHANGED);
        assert_eq!(told(false, false, &resume), "configured (skip-immediately <none> -> true)");
        assert_eq!(told(false, false, &resume[..1]), UNCHANGED);
    }
}

//! `pause` and `resume`: one field of the BackupSchedule.

use clap::Args;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::change::Field;
use super::command::{existing, look_first, patch_of, refuse_collided, refused};
use crate::api;
use crate::cli::error::Result;
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, the_one};
use crate::cli::preflight;
use crate::cli::session::{Hub, Session};
use crate::cli::values::schedule_name;
use crate::cli::wait::{Condition, Waiting, Written};
use crate::cli::writing::{WaitFlags, WriteArgs, YesFlag};
use crate::cluster::write::{self, Place};
use crate::plan::validate::terms;
use crate::render::age;

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
    _confirm: YesFlag,
    #[command(flatten)]
    write: WriteArgs,
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
    let next = terms(&old.spec).ok().and_then(|terms| terms.cron.next(session.now()));
    let next =
        next.map(|next| format!(", next run in {}", age::until(next, session.now()))).unwrap_or_default();
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
        let same =
            json!(old.spec.paused) == self.fields.first().map_or(Value::Null, |field| field.value.clone());
        let what = if same { "unchanged" } else { what };
        if !same {
            preflight::note_manager(&old.metadata, self.session);
        }
        let (object, written) = match self.write.is_client_dry_run() || (same && self.fields.len() == 1) {
            true => (self.merged(old), Written::Nothing),
            false => {
                let patch = patch_of(old, &self.fields);
                let changed = write::patch(self.hub.client(), &place, &patch, self.write.mode()).await;
                let changed = json!(changed.map_err(refused)?);
                let written = Written::object(&changed);
                (changed, written)
            }
        };
        self.write.report_before(self.waiting, (&place, &object, what), &self.session.out())?;
        self.waiting.finish(waiting, (condition, written), self.write).await
    }

    fn merged(&self, old: &api::BackupSchedule) -> Value {
        let mut object = json!(old);
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.extend(super::change::to_spec(&self.fields));
        }
        object
    }
}

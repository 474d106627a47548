//! The `schedule` command: look at what is there, then create, change or make anew.

use kube::ResourceExt;
use serde_json::{Map, Value, json};

use super::args::{FLAGS, ScheduleArgs};
use super::change::{self, Field};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::question::Severity;
use crate::cli::session::{Hub, Session};
use crate::cli::wait::{Condition, Grace, Waiting};
use crate::cli::writing::{WriteArgs, write_error};
use crate::cli::{noun::Noun, preflight, writers};
use crate::cluster::Class;
use crate::cluster::list::items;
use crate::cluster::write::{self, Place};
use crate::plan::validate::schedule_name;
use crate::render::Mark;
use crate::render::text::harmless;
use crate::wire::GoDuration;
use crate::{api, velero};

const DEFAULT_NAME: &str = "schedule-acm";

/// Creates or changes the BackupSchedule.
///
/// # Errors
///
/// Wrong values, something in the way, or the server refuses.
pub async fn run(args: ScheduleArgs, session: &Session) -> Result<Exit> {
    let fields = args.fields();
    let wanted = change::checked(&change::with_defaults(&fields))?;
    let hub = session.hub().await?;
    let existing = existing(&hub).await?;
    let name = pick_name(args.name.as_deref(), &existing, session)?;
    schedule_name(&name).map_err(|error| CliError::new(Exit::Usage, error.to_string()))?;
    let task = Task { args: &args, session, hub: &hub, name, fields };
    let wait = args.waiting.wait && args.write.dry_run.is_none();
    let begin = || wait.then(|| Waiting::start(session, &hub, Noun::Schedule, &task.name));
    let waiting = match existing.into_iter().next() {
        None => {
            let waiting = begin();
            task.create(&wanted).await?;
            waiting
        }
        // What is seen before the old one is gone must not count for the new one.
        Some(old) if args.recreate => {
            task.recreate(&old).await?;
            begin()
        }
        Some(old) => {
            let waiting = begin();
            task.change(&old).await?;
            waiting
        }
    };
    match waiting {
        Some(waiting) => waiting.finish(task.condition(), args.waiting.timeout, Grace::AfterWrite).await,
        None => Ok(Exit::Done),
    }
}

/// The BackupSchedules of the namespace.
pub(super) async fn existing(hub: &Hub) -> Result<Vec<api::BackupSchedule>> {
    Ok(items(hub.client(), Some(hub.namespace())).await?)
}

fn pick_name(given: Option<&str>, existing: &[api::BackupSchedule], session: &Session) -> Result<String> {
    match (given, existing) {
        (given, []) => Ok(given.unwrap_or(DEFAULT_NAME).to_owned()),
        (None, [only]) => Ok(only.name_any()),
        (Some(given), [only]) if only.name_any() == given => Ok(given.to_owned()),
        (_, several) => {
            let names: Vec<String> = several.iter().map(ResourceExt::name_any).collect();
            let message = format!("this hub has a backup schedule already: {}", names.join(", "));
            Err(CliError::new(Exit::Refused, message)
                .why("all schedules write the same five Velero schedules, so a hub has one")
                .try_for(session.command("schedule"), "changes it; add the flags"))
        }
    }
}

/// The spec of an object as the server has it.
pub(super) fn spec_of(schedule: &api::BackupSchedule) -> Map<String, Value> {
    match serde_json::to_value(&schedule.spec) {
        Ok(Value::Object(spec)) => spec,
        _ => Map::new(),
    }
}

/// A merge patch of some fields that does not overtake another write.
pub(super) fn patch_of(old: &api::BackupSchedule, fields: &[Field]) -> Value {
    json!({"metadata": {"resourceVersion": old.metadata.resource_version}, "spec": change::to_spec(fields)})
}

struct Task<'a> {
    args: &'a ScheduleArgs,
    session: &'a Session,
    hub: &'a Hub,
    name: String,
    fields: Vec<Field>,
}

impl Task<'_> {
    fn place(&self) -> Place {
        Place::of::<api::BackupSchedule>(self.hub.namespace(), &self.name)
    }

    fn write(&self) -> &WriteArgs {
        &self.args.write
    }

    fn condition(&self) -> Condition {
        if self.args.paused == Some(true) { Condition::Paused } else { Condition::Usual }
    }

    async fn create(&self, wanted: &api::BackupScheduleSpec) -> Result<()> {
        let object =
            change::new_object(&self.name, self.hub.namespace(), &change::with_defaults(&self.fields));
        self.look_first(wanted.paused).await?;
        self.warn_about_expiry(wanted);
        if !wanted.paused {
            self.ask_about_other_hub().await?;
        }
        self.post(&object).await
    }

    async fn post(&self, object: &Value) -> Result<()> {
        let out = self.session.out();
        if self.write().is_client_dry_run() {
            return self.write().report((&self.place(), object), "created", &out);
        }
        let created = write::create(self.hub.client(), &self.place(), object, self.write().mode()).await;
        let created = created.map_err(|error| write_error(error, "BackupSchedule", FLAGS))?;
        self.write().report((&self.place(), &json!(created)), "created", &out)?;
        self.hint();
        Ok(())
    }

    async fn change(&self, old: &api::BackupSchedule) -> Result<()> {
        let old_spec = spec_of(old);
        let mut new_spec = old_spec.clone();
        new_spec.extend(change::to_spec(&self.fields));
        let wanted = change::checked(&new_spec)?;
        self.refuse_collided(old)?;
        let out = self.session.out();
        let differences = change::differences(&old_spec, &self.fields, out.arrow());
        if differences.is_empty() {
            return self.write().report((&self.place(), &json!(old)), "unchanged", &out);
        }
        if old.spec.paused && !wanted.paused {
            self.look_first(false).await?;
        }
        self.warn_about_expiry(&wanted);
        let once = change::without_effect(&old_spec, &self.fields);
        if !once.is_empty() {
            let text = format!(
                "{}: no effect until the Velero schedules are made anew, see --recreate",
                once.join(", ")
            );
            self.session.note(Mark::Attention, &text);
        }
        let what = format!("configured ({})", harmless(&differences.join(", ")));
        if self.write().is_client_dry_run() {
            let mut object = json!(old);
            if let Some(spec) = object.get_mut("spec") {
                *spec = Value::Object(new_spec);
            }
            return self.write().report((&self.place(), &object), &what, &out);
        }
        let patch = patch_of(old, &self.fields);
        let changed = write::patch(self.hub.client(), &self.place(), &patch, self.write().mode()).await;
        let changed = changed.map_err(|error| write_error(error, "BackupSchedule", FLAGS))?;
        self.write().report((&self.place(), &json!(changed)), &what, &out)
    }

    async fn recreate(&self, old: &api::BackupSchedule) -> Result<()> {
        let mut spec = spec_of(old);
        spec.extend(change::to_spec(&self.fields));
        let wanted = change::checked(&spec)?;
        self.look_first(wanted.paused).await?;
        let owned = old.spec.use_owner_references_in_backup;
        let (severity, backups) = match owned {
            true => (Severity::Severe, ", and delete its backups, which are owned by the Velero schedules"),
            false => (Severity::Ordinary, ""),
        };
        let consequence = format!("delete {} and create it again{backups}", self.name);
        if self.write().dry_run.is_none() {
            self.session.tell(&format!("This will {consequence}.\n"));
            self.args
                .confirm
                .ask(self.session, &self.hub.connection.context, (severity, &consequence))
                .await?;
            self.remove(old).await?;
        }
        let object = change::new_object(&self.name, self.hub.namespace(), &spec);
        match self.write().dry_run {
            // The server would refuse a second object of this name even in a dry run.
            Some(_) => self.write().report((&self.place(), &object), "recreated", &self.session.out()),
            None => self.post(&object).await,
        }
    }

    /// Deletes the schedule and the Velero schedules it owns: until those are gone a new one cannot make its own.
    async fn remove(&self, old: &api::BackupSchedule) -> Result<()> {
        let (client, namespace) = (self.hub.client(), self.hub.namespace());
        let uid = old.metadata.uid.as_deref();
        let left = write::delete(client, &self.place(), uid, self.write().mode()).await?;
        if left.is_some_and(|object| object.metadata.deletion_timestamp.is_some()) {
            let message = format!("{} is being deleted, but finalizers hold it", self.name);
            return Err(CliError::new(Exit::Refused, message)
                .try_for(self.session.command("schedule"), "once it is gone"));
        }
        // By name: no BackupSchedule of this name is left, so whatever uid they carry, their owner is gone.
        let is_owned = |velero: &velero::Schedule| {
            let owners = velero.owner_references();
            owners.iter().any(|owner| owner.kind == "BackupSchedule" && owner.name == self.name)
        };
        let owned = items::<velero::Schedule>(client, Some(namespace)).await?.into_iter().filter(is_owned);
        for velero in owned {
            let place = Place::of::<velero::Schedule>(namespace, &velero.name_any());
            match write::delete(client, &place, velero.metadata.uid.as_deref(), self.write().mode()).await {
                Err(error) if matches!(error.class(), Class::NotFound | Class::Conflict) => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    async fn look_first(&self, paused: bool) -> Result<()> {
        if self.args.skip_preflight {
            return Ok(());
        }
        preflight::storage(self.hub, self.session).await?;
        match paused {
            true => Ok(()),
            false => preflight::no_restore_in_the_way(self.hub, self.session, RESTORE_BLOCKS).await,
        }
    }

    async fn ask_about_other_hub(&self) -> Result<()> {
        let Some(other) = writers::other_hub_at_work(self.hub, self.session.now()).await? else {
            return Ok(());
        };
        if self.write().dry_run.is_some() {
            return Ok(());
        }
        self.session.note(Mark::Attention, &other.sentence(&self.session.err()));
        let consequence = format!("throw hub {} into BackupCollision", other.hub);
        let context = &self.hub.connection.context;
        self.args.confirm.ask(self.session, context, (Severity::Ordinary, &consequence)).await
    }

    /// A schedule in collision is final: a change would not be looked at by anybody. Spec: S-124
    fn refuse_collided(&self, old: &api::BackupSchedule) -> Result<()> {
        if old.phase() != api::BackupSchedulePhase::BackupCollision {
            return Ok(());
        }
        let message = format!("{} is in BackupCollision and will not make backups again", self.name);
        let error = CliError::named(crate::cli::exit::problem::COLLISION, Exit::Refused, message);
        let reason = old.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default();
        Err(error
            .why(reason)
            .try_("on the hub that must stop: kubectl acmbackup pause")
            .try_for(self.session.command("schedule --recreate"), "then, here, if this hub must go on"))
    }

    fn warn_about_expiry(&self, spec: &api::BackupScheduleSpec) {
        let Ok(terms) = crate::plan::validate::terms(spec) else { return };
        let period = terms.cron.period(self.session.now()).unwrap_or(GoDuration::ZERO);
        if !terms.ttl.is_zero() && terms.ttl < period.saturating_add(period) {
            let text = format!(
                "backups expire after {}, before two further runs are made (every {period})",
                terms.ttl
            );
            self.session.note(Mark::Attention, &text);
        }
    }

    fn hint(&self) {
        if self.write().output.is_none() && self.write().dry_run.is_none() && !self.args.waiting.wait {
            let next = self.session.command(&format!("wait schedule/{}", self.name));
            self.session.tell(&format!("\nNext\n  {next}\n"));
        }
    }
}

const RESTORE_BLOCKS: &str =
    "no backups are made while a restore is unfinished: the schedule would end as FailedValidation";

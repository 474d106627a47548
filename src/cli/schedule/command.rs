//! The `schedule` command: look at what is there, then create, change or make anew.

use kube::ResourceExt;
use serde_json::{Map, Value, json};

use super::args::{FLAGS, ScheduleArgs};
use super::change::{self, Field};
use super::others::Others;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::cli::question::Severity;
use crate::cli::session::{Hub, Session};
use crate::cli::wait::{Condition, Waiting, Written};
use crate::cli::writing::{Matter, WriteArgs, write_error};
use crate::cli::{noun::Noun, preflight};
use crate::cluster::list::items;
use crate::cluster::write::{self, Place};
use crate::plan::validate::schedule_name;
use crate::render::Mark;
use crate::render::text::harmless;
use crate::wire::GoDuration;
use crate::{api, cluster};

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
    let waiting =
        args.waiting.applies(&args.write).then(|| Waiting::start(session, &hub, Noun::Schedule, &task.name));
    let written = match existing.into_iter().next() {
        None => task.create(&wanted).await?,
        Some(old) if args.recreate => task.recreate(&old).await?,
        Some(old) => task.change(&old).await?,
    };
    args.waiting.finish(waiting, (task.condition(), written), &args.write).await
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

/// A schedule in collision is final: a change would not be looked at by anybody. Spec: S-124
///
/// # Errors
///
/// Exit 5 if it is.
pub(super) fn refuse_collided(old: &api::BackupSchedule, session: &Session) -> Result<()> {
    if old.phase() != api::BackupSchedulePhase::BackupCollision {
        return Ok(());
    }
    let message = format!("{} is in BackupCollision and will not make backups again", old.name_any());
    let error = CliError::named(problem::COLLISION, Exit::Refused, message)
        .try_("on the hub that must stop: kubectl acmbackup pause")
        .try_for(session.command("schedule --recreate"), "then, here, if this hub must go on");
    let reason = old.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default();
    Err(if reason.is_empty() { error } else { error.why(reason) })
}

/// A schedule that is to be created, changed or made anew.
pub(super) struct Task<'a> {
    pub(super) args: &'a ScheduleArgs,
    pub(super) session: &'a Session,
    pub(super) hub: &'a Hub,
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
}

impl Task<'_> {
    pub(super) fn place(&self) -> Place {
        Place::of::<api::BackupSchedule>(self.hub.namespace(), &self.name)
    }

    pub(super) fn write(&self) -> &WriteArgs {
        &self.args.write
    }

    fn condition(&self) -> Condition {
        if self.args.paused == Some(true) { Condition::Paused } else { Condition::Usual }
    }

    async fn create(&self, wanted: &api::BackupScheduleSpec) -> Result<Written> {
        let object =
            change::new_object(&self.name, self.hub.namespace(), &change::with_defaults(&self.fields));
        self.look_first(wanted).await?;
        self.warn(wanted);
        if !wanted.paused {
            self.ask_about_other_hub().await?;
        }
        self.post(&object).await
    }

    pub(super) async fn post(&self, object: &Value) -> Result<Written> {
        if self.write().is_client_dry_run() {
            return self.done((object, Written::Nothing), "created");
        }
        let created = write::create(self.hub.client(), &self.place(), object, self.write().mode()).await;
        let created = json!(created.map_err(refused)?);
        let written = self.done((&created, Written::object(&created)), "created")?;
        self.hint();
        Ok(written)
    }

    /// Says what was done.
    pub(super) fn done(&self, (object, written): (&Value, Written), what: &str) -> Result<Written> {
        let out = self.session.out();
        self.write().report_before(&self.args.waiting, (&self.place(), object, what), &out)?;
        Ok(written)
    }

    async fn change(&self, old: &api::BackupSchedule) -> Result<Written> {
        let old_spec = spec_of(old);
        let mut new_spec = old_spec.clone();
        new_spec.extend(change::to_spec(&self.fields));
        let wanted = change::checked(&new_spec)?;
        refuse_collided(old, self.session)?;
        let differences = change::differences(&old_spec, &self.fields, self.session.out().arrow());
        if differences.is_empty() {
            return self.done((&json!(old), Written::Nothing), "unchanged");
        }
        let begins_tokens = wanted.use_managed_service_account && !old.spec.use_managed_service_account;
        if !wanted.paused && (old.spec.paused || begins_tokens) {
            self.look_first(&wanted).await?;
        }
        self.warn(&wanted);
        if old.spec.paused && !wanted.paused {
            self.ask_before_resuming(old).await?;
        }
        preflight::note_manager(&old.metadata, self.session);
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
            return self.done((&object, Written::Nothing), &what);
        }
        let patch = patch_of(old, &self.fields);
        let changed = write::patch(self.hub.client(), &self.place(), &patch, self.write().mode()).await;
        let changed = json!(changed.map_err(refused)?);
        self.done((&changed, Written::object(&changed)), &what)
    }

    pub(super) async fn look_first(&self, wanted: &api::BackupScheduleSpec) -> Result<()> {
        match self.args.skip_preflight {
            true => Ok(()),
            false => look_first(wanted, (self.hub, self.session)).await,
        }
    }

    async fn ask_about_other_hub(&self) -> Result<()> {
        if self.write().dry_run.is_some() {
            return Ok(());
        }
        match Others::read((self.hub, self.session), None).await?.on_making() {
            Some((noted, consequence)) => {
                let summary = format!("{noted}This will {consequence}.\n");
                self.ask(Matter { severity: Severity::Ordinary, consequence, summary }).await
            }
            None => Ok(()),
        }
    }

    async fn ask_before_resuming(&self, old: &api::BackupSchedule) -> Result<()> {
        match Others::read((self.hub, self.session), Some(old)).await?.on_resuming() {
            Some(matter) => self.ask(matter).await,
            None => Ok(()),
        }
    }

    pub(super) async fn ask(&self, matter: Matter) -> Result<()> {
        self.args.confirm.ask((self.session, &self.hub.connection), self.write(), matter).await
    }

    /// Says what the schedule does not do as one may expect.
    pub(super) fn warn(&self, spec: &api::BackupScheduleSpec) {
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

/// What the loop wants of the hub before it makes backups.
///
/// # Errors
///
/// Something is in the way, or missing.
pub(super) async fn look_first(
    wanted: &api::BackupScheduleSpec,
    (hub, session): (&Hub, &Session),
) -> Result<()> {
    preflight::storage(hub, session).await?;
    if wanted.paused {
        return Ok(());
    }
    preflight::no_restore_in_the_way(hub, session, RESTORE_BLOCKS).await?;
    match wanted.use_managed_service_account {
        true => preflight::tokens(hub, session).await,
        false => Ok(()),
    }
}

/// A refused write of a BackupSchedule.
pub(super) fn refused(error: cluster::Error) -> Box<CliError> {
    let error = write_error(error, "BackupSchedule", FLAGS);
    match error.details.iter().any(|field| field.contains("maxBackups")) {
        true => error.try_for("kubectl acmbackup prune --keep-runs N", "removes older runs once, now"),
        false => error,
    }
}

const RESTORE_BLOCKS: &str =
    "no backups are made while a restore is unfinished: the schedule would end as FailedValidation";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_crd_that_prunes_nothing_leads_to_the_command_that_does() {
        let refusal = |field: &str| {
            let message = format!("strict decoding error: unknown field \"spec.{field}\"");
            let status = kube::core::Status { code: 400, message, ..Default::default() };
            refused(cluster::Error::new("create", "s", kube::Error::Api(Box::new(status))))
        };
        let tried =
            |error: &CliError| error.tries.iter().any(|(what, _)| what.contains("prune --keep-runs N"));
        let error = refusal("maxBackups");
        assert!(error.problem == Some("crd-too-old") && tried(&error), "{error:?}");
        assert!(!tried(&refusal("paused")));
    }

    /// S-124
    #[test]
    fn a_schedule_in_collision_is_neither_changed_nor_resumed() {
        let cli = crate::cli::Cli::try_parse_from(["kubectl-acmbackup", "resume"]).unwrap();
        let session = Session::new(cli.globals);
        let refused = |phase: &str| {
            let old = json!({"metadata": {"name": "s"}, "status": {"phase": phase, "lastMessage": "why"}});
            refuse_collided(&serde_json::from_value(old).unwrap(), &session).err()
        };
        assert!(refused("Enabled").is_none() && refused("Paused").is_none());
        let error = refused("BackupCollision").unwrap();
        assert_eq!((error.exit, error.problem), (Exit::Refused, Some("collision")));
        assert_eq!(error.why, ["why"]);
    }
}

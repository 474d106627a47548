//! `backup`: one run of backups now, from the templates of the Velero Schedules.

use clap::Args;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::noun::{Noun, only_one};
use super::output::{self, list_of};
use super::preflight;
use super::question::Severity;
use super::session::{Hub, Session};
use super::wait::{Condition, Waiting, Written};
use super::writing::{ConfirmArgs, Matter, WaitFlags, WriteArgs, write_error};
use crate::api::{BackupSchedule, BackupSchedulePhase};
use crate::cluster::list::items;
use crate::cluster::observe::backups_only;
use crate::cluster::write::{self, Place};
use crate::plan::schedule::{free_stamp, run_now};
use crate::plan::{HubSnapshot, Subject, SubjectKind, VeleroState};
use crate::velero::Backup;
use crate::wire::Stamp;

/// Take one run of backups now
///
/// Makes the five backups the schedule would make if it were due now. The schedule itself goes on as before.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup backup
  kubectl acmbackup backup --wait --timeout 30m
  run=$(kubectl acmbackup backup | awk 'END { print $NF }')")]
pub struct BackupArgs {
    /// Answer the question about a paused schedule with yes
    #[arg(short, long)]
    yes: bool,
    /// Write although the storage cannot be used
    #[arg(long)]
    skip_preflight: bool,
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    waiting: WaitFlags,
}

/// Takes a run.
///
/// # Errors
///
/// There is no schedule that makes backups, nobody agreed to use a paused one, or the server refuses.
pub async fn run(args: BackupArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub().await?;
    let (schedule, snapshot) = read(&hub).await?;
    check(&schedule, session)?;
    if !args.skip_preflight {
        preflight::storage(&hub, session).await?;
    }
    let stamp = free_stamp(session.now(), &backups_only(hub.client(), hub.namespace()).await?);
    let backups = run_now(&snapshot, &schedule, stamp).map_err(|missing| {
        CliError::new(Exit::NotReady, missing.to_string())
            .why("the loop makes them; a run without them would lack a part")
            .try_(session.command("status"))
    })?;
    if schedule.phase() == BackupSchedulePhase::Paused && args.write.dry_run.is_none() {
        let confirm = ConfirmArgs { yes: args.yes, confirm: None };
        let consequence = format!("take backups although {} is paused", schedule.name_any());
        let summary = format!("This will {consequence}.\n");
        let matter = Matter { severity: Severity::Ordinary, consequence, summary };
        confirm.ask((session, &hub.connection), &args.write, matter).await?;
    }
    let names: Vec<String> = backups.iter().map(ResourceExt::name_any).collect();
    let waits = args.waiting.applies(&args.write);
    let waiting = waits.then(|| Waiting::start_run(session, &hub, &stamp.to_string(), names));
    carry_out(&args, (session, &hub), &backups, stamp).await?;
    args.waiting.finish(waiting, (Condition::Usual, Written::Several), &args.write).await
}

async fn read(hub: &Hub) -> Result<(BackupSchedule, HubSnapshot)> {
    let namespace = hub.namespace();
    let schedules: Vec<BackupSchedule> = items(hub.client(), Some(namespace)).await?;
    let names: Vec<String> = schedules.iter().map(ResourceExt::name_any).collect();
    let name = only_one(Noun::Schedule, None, &names, namespace).map_err(|mut error| {
        if error.exit == Exit::NotFound {
            error.exit = Exit::NotReady;
            return error
                .why("a run is made from the templates of a schedule")
                .try_("kubectl acmbackup schedule");
        }
        error
    })?;
    let velero =
        VeleroState { schedules: items(hub.client(), Some(namespace)).await?, ..VeleroState::default() };
    let subject = Subject { kind: SubjectKind::BackupSchedule, namespace: namespace.to_owned(), name };
    let snapshot = HubSnapshot { subject, schedules, velero, ..HubSnapshot::default() };
    let found = snapshot.subject_schedule().cloned();
    let schedule = found.ok_or_else(|| CliError::new(Exit::NotReady, "the schedule is gone"))?;
    Ok((schedule, snapshot))
}

/// Only a schedule that works, or is paused, can be used.
fn check(schedule: &BackupSchedule, session: &Session) -> Result<()> {
    let name = schedule.name_any();
    let message = schedule.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default();
    let error = match schedule.phase() {
        BackupSchedulePhase::Enabled | BackupSchedulePhase::Paused => return Ok(()),
        BackupSchedulePhase::BackupCollision => {
            let what = format!("{name} is in BackupCollision and will not make backups again");
            CliError::named(problem::COLLISION, Exit::Refused, what)
                .try_for(session.command("schedule --recreate"), "if this hub is to go on")
        }
        BackupSchedulePhase::Unset | BackupSchedulePhase::New => {
            let what = format!("{name} is not Enabled yet");
            CliError::new(Exit::NotReady, what).try_(session.command("wait schedule"))
        }
        phase => {
            let what = format!("{name} is {phase}, not Enabled");
            CliError::new(Exit::NotReady, what).try_(session.command("status"))
        }
    };
    Err(if message.is_empty() { error } else { error.why(message) })
}

/// Creates the backups one after the other and says so, one line each; the run id comes last.
async fn carry_out(
    BackupArgs { write: args, waiting, .. }: &BackupArgs,
    (session, hub): (&Session, &Hub),
    backups: &[Backup],
    stamp: Stamp,
) -> Result<()> {
    let mut made: Vec<Value> = Vec::new();
    for backup in backups {
        let place = Place::of::<Backup>(hub.namespace(), &backup.name_any());
        let object = match args.is_client_dry_run() {
            true => json!(backup),
            false => {
                let created = write::create(hub.client(), &place, &json!(backup), args.mode()).await;
                json!(created.map_err(|error| write_error(error, "Backup", &[]))?)
            }
        };
        match args.format() {
            Some(_) => made.push(object),
            None => args.report((&place, &object), "created", &session.out())?,
        }
    }
    match (args.format(), args.output) {
        (Some(_), _) if waiting.applies(args) => Ok(()),
        (Some(format), _) => output::print_data(&list_of(made), format),
        (None, Some(_)) => Ok(()),
        (None, None) => output::print(&format!("run {stamp}\n")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn refused(phase: &str) -> Option<(Exit, Option<&'static str>)> {
        let schedule = json!({"metadata": {"name": "s"}, "status": {"phase": phase, "lastMessage": "why"}});
        let cli = crate::cli::Cli::try_parse_from(["kubectl-acmbackup", "backup"]).unwrap();
        let session = Session::new(cli.globals);
        check(&serde_json::from_value(schedule).unwrap(), &session).err().map(|e| (e.exit, e.problem))
    }

    #[test]
    fn only_a_schedule_that_works_is_used() {
        assert_eq!(refused("Enabled"), None);
        assert_eq!(refused("Paused"), None, "whether to use it is a question");
        assert_eq!(refused("BackupCollision"), Some((Exit::Refused, Some("collision"))));
        assert_eq!(refused("New"), Some((Exit::NotReady, None)));
        assert_eq!(refused("FailedValidation"), Some((Exit::NotReady, None)));
    }
}

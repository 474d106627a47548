//! The `wait` command.

use clap::Args;

use super::condition::Condition;
use super::waiting::Waiting;
use super::written::Written;
use crate::api;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::{Noun, Subject, only_one, subject};
use crate::cli::session::{Hub, Session};
use crate::cli::values::duration;
use crate::cluster::list::{Kind, Scope, items_of};
use crate::render::Mark;
use crate::velero;
use crate::wire::GoDuration;

/// Wait until a schedule, restore or backup gets somewhere
///
/// A schedule is awaited until it is Enabled, a restore until it has settled, a backup until it has ended.
/// Ends with 0, with 7 after a bad end, with 8 after one with errors in part, and with 124 when time is over.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup wait schedule
  kubectl acmbackup wait restore/restore-acm-passive --timeout 2h
  kubectl acmbackup wait restore --for synced
  kubectl acmbackup wait schedule --for run
  kubectl acmbackup wait backup/acm-resources-schedule-20261122120103")]
pub struct WaitArgs {
    /// schedule, restore or backup, and the name if there are several
    #[arg(value_name = "TYPE [NAME]", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Wait for this instead: phase=X, paused or run (schedule), synced (restore), deleted
    #[arg(long = "for", value_name = "COND")]
    condition: Option<Condition>,
    /// Longest time to wait; 0 looks once
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "1h")]
    timeout: GoDuration,
}

/// Waits.
///
/// # Errors
///
/// The object is not there, the server refuses, or Ctrl-C.
pub async fn run(args: WaitArgs, session: &Session) -> Result<Exit> {
    let subject = subject(&args.words)?;
    let noun = subject.noun;
    if noun == Noun::Run {
        return Err(CliError::new(
            Exit::Usage,
            "a run cannot be awaited: expected schedule, restore or backup",
        )
        .try_for("kubectl acmbackup wait schedule --for run", "until the next complete run")
        .try_("kubectl acmbackup wait backup/NAME"));
    }
    let condition = match args.condition.unwrap_or(Condition::Usual) {
        Condition::Run(_) => Condition::Run(Some(session.now())),
        condition => condition,
    };
    if !condition.fits(noun) {
        let message = format!("a {} cannot be awaited with{}", noun.singular(), condition.flag());
        return Err(CliError::new(Exit::Usage, message));
    }
    let hub = session.hub().await?;
    let name = match (&subject.name, &condition) {
        (Some(name), Condition::Deleted) => name.clone(),
        (name, condition) => {
            let names = names(&hub, &subject).await?;
            if names.is_empty() && *condition == Condition::Deleted {
                let none = format!("there is no {} in {}", noun.singular(), hub.namespace());
                session.note(Mark::Neutral, &none);
                return Ok(Exit::Done);
            }
            only_one(noun, name.as_deref(), &names, hub.namespace())?
        }
    };
    Waiting::start_for(session, &hub, noun, (&name, &condition))
        .finish(condition, Written::Nothing, (args.timeout, None))
        .await
}

/// What there is; of thousands only the one that was named.
async fn names(hub: &Hub, subject: &Subject) -> Result<Vec<String>> {
    let named = subject.name.as_deref();
    match subject.noun {
        Noun::Schedule => names_of::<api::BackupSchedule>(hub, named).await,
        Noun::Restore => names_of::<api::Restore>(hub, named).await,
        Noun::Backup | Noun::Run => names_of::<velero::Backup>(hub, named).await,
    }
}

async fn names_of<K: Kind>(hub: &Hub, named: Option<&str>) -> Result<Vec<String>> {
    let all = Scope::<K>::of(Some(hub.namespace()));
    let scope = named.map_or(all.clone(), |name| all.named(name));
    let found = items_of(hub.client(), &scope).await?;
    Ok(found.into_iter().filter_map(|object| object.meta().name.clone()).collect())
}

//! `delete`: schedules, restores, backups and runs, with what goes along.

use std::collections::BTreeSet;

use clap::Args;
use kube::ResourceExt;

use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::noun::{Noun, Subject, only_one, subjects};
use super::prune::not_found;
use super::question::Severity;
use super::removing;
use super::session::{Hub, Session};
use super::wait::{Condition, Waiting, Written};
use super::writing::{ConfirmArgs, Matter, WaitFlags, WriteArgs};
use crate::plan::latest::Candidates;
use crate::plan::next_run::schedules_of;
use crate::plan::restore::owned_restores;
use crate::plan::runs::Runs;
use crate::plan::tidy::{Doomed, TidyReason, being_made, doomed_run, in_use, steps};
use crate::plan::{Action, HubSnapshot, Step, Target, TargetKind};
use crate::render::Style;
use crate::render::text::{count, harmless, wrap};
use crate::{api, velero};

/// Delete a schedule, restore, backup or run
///
/// Says first what goes along. A restore takes its Velero restores along, what it restored stays. A backup or run goes
/// with its data, for good.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup delete restore/restore-acm-test
  kubectl acmbackup delete schedule --wait
  kubectl acmbackup delete run/20261122100004 --yes --confirm hub-east")]
pub struct DeleteArgs {
    /// schedule, restore, backup or run, and the names if there are several
    #[arg(value_name = "TYPE [NAME]", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    waiting: WaitFlags,
}

/// Deletes.
///
/// # Errors
///
/// An object is not there or in use, nobody confirmed, or the server refuses.
pub async fn run(args: DeleteArgs, session: &Session) -> Result<Exit> {
    let subjects = subjects(&args.words)?;
    let hub = session.hub().await?;
    let snapshot = removing::read(&hub).await?;
    let task = Task { snapshot: &snapshot, session, hub: &hub };
    let mut found: Vec<Found> = subjects.iter().map(|subject| task.find(subject)).collect::<Result<_>>()?;
    let mut seen = BTreeSet::new();
    found.retain(|found| seen.insert((found.noun, found.name.clone())));
    task.confirm(&found, &args).await?;
    let waits = args.waiting.applies(&args.write);
    let waiting: Vec<Waiting<'_>> =
        found.iter().filter(|_| waits).map(|found| found.start_waiting(session, &hub)).collect();
    let steps: Vec<Step> = found.into_iter().flat_map(|found| found.steps).collect();
    if steps.is_empty() {
        session.tell("Velero is deleting it already.\n");
    }
    removing::carry_out(&steps, &args.write, (session, &hub)).await?;
    let mut exit = Exit::Done;
    for one in waiting {
        exit =
            exit.max(one.finish(Condition::Deleted, Written::Nothing, (args.waiting.timeout, None)).await?);
    }
    Ok(exit)
}

/// An object to delete.
struct Found {
    noun: Noun,
    name: String,
    /// Names of the backups of a run.
    members: Vec<String>,
    /// What goes, as it reads after "this would delete".
    says: String,
    severity: Severity,
    steps: Vec<Step>,
}

impl Found {
    fn start_waiting<'a>(&self, session: &'a Session, hub: &Hub) -> Waiting<'a> {
        match self.noun {
            Noun::Run => Waiting::start_run(session, hub, &self.name, self.members.clone()),
            noun => Waiting::start(session, hub, noun, &self.name),
        }
    }
}

struct Task<'a> {
    snapshot: &'a HubSnapshot,
    session: &'a Session,
    hub: &'a Hub,
}

impl Task<'_> {
    fn find(&self, subject: &Subject) -> Result<Found> {
        let names = subject.noun.names(self.snapshot);
        let name = only_one(subject.noun, subject.name.as_deref(), &names, self.hub.namespace())?;
        let missing = || not_found(&format!("{} {name}", subject.noun.singular()), self.session);
        let hub = self.snapshot;
        match subject.noun {
            Noun::Schedule => hub
                .schedules
                .iter()
                .find(|s| s.name_any() == name)
                .map(|s| self.schedule(s))
                .ok_or_else(missing),
            Noun::Restore => hub
                .restores
                .iter()
                .find(|r| r.name_any() == name)
                .map(|r| self.restore(r))
                .ok_or_else(missing),
            Noun::Backup => self.of_backups(Noun::Backup, &name, &Doomed::Backup { name: name.clone() }),
            Noun::Run => {
                let runs = Runs::of(&Candidates::of(hub));
                let run = runs.find(&name).ok_or_else(missing)?;
                self.of_backups(Noun::Run, &name, &doomed_run(&Candidates::of(hub).by_name(), run))
            }
        }
    }

    /// With owner references Kubernetes takes the Velero schedules along, and with those their backups.
    fn schedule(&self, schedule: &api::BackupSchedule) -> Found {
        let name = schedule.name_any();
        let velero: Vec<String> =
            schedules_of(schedule, &self.snapshot.velero.schedules).map(ResourceExt::name_any).collect();
        let owned = Candidates::of(self.snapshot).iter().filter(|backup| is_owned(backup)).count();
        let (severity, backups) = match owned {
            0 => (Severity::Ordinary, "; the backups stay".to_owned()),
            n => (Severity::Severe, format!(" and with them their {}", count(n, "backup"))),
        };
        let target = Target {
            kind: TargetKind::BackupSchedule,
            namespace: self.hub.namespace().to_owned(),
            name: name.clone(),
            uid: schedule.metadata.uid.clone(),
            resource_version: None,
        };
        let says = format!("schedule {name} with its {}{backups}", count(velero.len(), "Velero schedule"));
        let steps = vec![Step::required(Action::Delete(target), TidyReason::Named)];
        Found { noun: Noun::Schedule, name, members: vec![], says, severity, steps }
    }

    fn restore(&self, restore: &api::Restore) -> Found {
        let name = restore.name_any();
        let velero = owned_restores(restore, &self.snapshot.velero.restores).len();
        let state = match restore.phase() {
            phase if phase.is_terminal() => "",
            phase if phase.is_enabled() => ", which follows another hub",
            _ => ", which is not finished",
        };
        let along = count(velero, "Velero restore");
        let says = format!("restore {name}{state}, with its {along}; what it restored stays");
        let steps = steps(self.snapshot, [(&Doomed::Restore { name: name.clone() }, TidyReason::Named)]);
        Found { noun: Noun::Restore, name, members: vec![], says, severity: Severity::Ordinary, steps }
    }

    fn of_backups(&self, noun: Noun, name: &str, doomed: &Doomed) -> Result<Found> {
        let members = match doomed {
            Doomed::Run { backups, .. } => backups.clone(),
            _ => vec![name.to_owned()],
        };
        let used = in_use(self.snapshot, self.session.now());
        if let Some(backup) = members.iter().find(|backup| used.contains(*backup)) {
            return Err(self.is_in_use(backup));
        }
        if let Some(backup) = being_made(self.snapshot, &members) {
            let wait = self.session.command(&format!("wait backup/{backup}"));
            return Err(CliError::new(Exit::Refused, format!("backup {backup} is still being made"))
                .why("Velero deletes only what has ended")
                .try_for(wait, "until it has"));
        }
        let runs = Runs::of(&Candidates::of(self.snapshot));
        let is_newest = |run: &crate::plan::runs::Run| run.parts.values().any(|part| members.contains(part));
        let newest = match runs.newest_complete(None).filter(|run| is_newest(run)) {
            Some(_) => ", which is of the newest complete run",
            None => "",
        };
        let what = match noun {
            Noun::Run => format!("run {name} with its {}", count(members.len(), "backup")),
            _ => format!("backup {name}"),
        };
        let steps = steps(self.snapshot, [(doomed, TidyReason::Named)]);
        let says = format!("{what}{newest} and the data in the storage, for good");
        Ok(Found { noun, name: name.to_owned(), members, says, severity: Severity::Severe, steps })
    }

    fn is_in_use(&self, backup: &str) -> Box<CliError> {
        let unfinished = self.snapshot.restores.iter().find(|restore| !restore.phase().is_terminal());
        let error = CliError::named(
            problem::RESTORE_IN_THE_WAY,
            Exit::Refused,
            format!("backup {backup} is used by a restore that is not finished"),
        );
        match unfinished.map(ResourceExt::name_any) {
            Some(name) => error
                .try_for(self.session.command(&format!("wait restore/{name}")), "until it is finished")
                .try_for(
                    self.session.command(&format!("delete restore/{name}")),
                    "if it is no longer needed",
                ),
            None => error,
        }
    }

    async fn confirm(&self, found: &[Found], args: &DeleteArgs) -> Result<()> {
        let severity = found.iter().map(|found| found.severity).max().unwrap_or(Severity::None);
        let all: Vec<&str> = found.iter().map(|found| found.says.as_str()).collect();
        let summary = announcement(&all, &self.session.err());
        let matter = Matter { severity, consequence: format!("delete {}", all.join(", and ")), summary };
        args.confirm.ask((self.session, &self.hub.connection), &args.write, matter).await
    }
}

/// What will go, a sentence for each.
fn announcement(all: &[&str], style: &Style) -> String {
    let sentences = all.iter().map(|says| format!("This will delete {}.", harmless(says)));
    sentences.flat_map(|sentence| wrap(&sentence, style.width)).map(|line| line + "\n").collect()
}

/// Velero set the owner because the schedule asked for it.
fn is_owned(backup: &velero::Backup) -> bool {
    backup.owner_references().iter().any(|owner| owner.kind == "Schedule")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::render::looks::looks;

    #[test]
    fn every_terminal_shows_whole_words_of_what_will_go() {
        let run = "run 20261122100004 with its 5 backups, which is of the newest complete run and the data in the storage, for good";
        let restore =
            "restore r\u{1b}1, which follows another hub, with its 3 Velero restores; what it restored stays";
        let screen = |style: &Style| announcement(&[run, restore], style);
        insta::assert_snapshot!("looks", looks(Timestamp::UNIX_EPOCH, screen));
    }
}

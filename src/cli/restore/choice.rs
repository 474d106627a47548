//! Which backup each part is restored from: `latest`, `skip`, or a name found through a run.

use jiff::Timestamp;

use super::args::RestoreFlags;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::plan::latest::{Candidates, Unresolved, latest_of_all};
use crate::plan::runs::{Run, RunStatus, Runs};
use crate::velero::BackupType;
use crate::wire::{GoDuration, Stamp};

/// The three fields a user chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) managed_clusters: String,
    pub(super) credentials: String,
    pub(super) resources: String,
}

/// The parts a user chooses, with the word the flag uses.
const PARTS: [BackupType; 3] = [BackupType::ManagedClusters, BackupType::Credentials, BackupType::Resources];

impl Choices {
    /// What the flags say, before any run is looked up: words in lower case, trimmed.
    ///
    /// # Errors
    ///
    /// Exit 2 for combinations that make no sense.
    pub(super) fn of(flags: &RestoreFlags) -> Result<Self> {
        let word = |value: &Option<String>, usual: &str| value.clone().unwrap_or_else(|| usual.to_owned());
        let choices = Self {
            managed_clusters: word(&flags.managed_clusters, "skip"),
            credentials: word(&flags.credentials, "latest"),
            resources: word(&flags.resources, "latest"),
        };
        choices.check(flags)?;
        Ok(choices)
    }

    /// The choice for a part.
    pub(super) fn get(&self, part: BackupType) -> &str {
        match part {
            BackupType::ManagedClusters => &self.managed_clusters,
            BackupType::Credentials => &self.credentials,
            _ => &self.resources,
        }
    }

    fn set(&mut self, part: BackupType, name: String) {
        match part {
            BackupType::ManagedClusters => self.managed_clusters = name,
            BackupType::Credentials => self.credentials = name,
            _ => self.resources = name,
        }
    }

    fn check(&self, flags: &RestoreFlags) -> Result<()> {
        if PARTS.iter().all(|part| self.get(*part) == "skip") {
            return Err(nothing_to_restore());
        }
        self.check_run(flags)?;
        check_interval(flags)?;
        if flags.sync != Some(true) {
            return Ok(());
        }
        let refuse = |flag: &str| {
            Err(CliError::named(problem::SYNC_RULES, Exit::Usage, format!("--sync needs {flag}"))
                .why("a following restore starts passive and is activated later")
                .try_("kubectl acmbackup restore --sync, then kubectl acmbackup activate"))
        };
        match () {
            () if self.managed_clusters != "skip" => refuse("--managed-clusters skip"),
            () if self.credentials != "latest" => refuse("--credentials latest"),
            () if self.resources != "latest" => refuse("--resources latest"),
            () if flags.is_fixed() => refuse("latest, and goes with none of --pin, --run and --as-of"),
            () => Ok(()),
        }
    }

    /// One run for all parts leaves nothing to name.
    fn check_run(&self, flags: &RestoreFlags) -> Result<()> {
        let named =
            PARTS.iter().map(|part| self.get(*part)).find(|choice| !matches!(*choice, "latest" | "skip"));
        let flag = if flags.run.is_some() { "--run" } else { "--as-of" };
        match named.filter(|_| flags.run.is_some() || flags.as_of.is_some()) {
            Some(name) => Err(CliError::new(Exit::Usage, format!("{flag} and {name} cannot both be used"))
                .why(format!("{flag} uses one run for every part that is not skipped"))),
            None => Ok(()),
        }
    }

    /// Looks up runs: `--run`, `--as-of`, `--pin`, and run ids given for a part.
    ///
    /// # Errors
    ///
    /// Exit 4 if there is no such run or it lacks a part.
    pub(super) fn resolve(
        mut self,
        flags: &RestoreFlags,
        candidates: &Candidates<'_>,
        now: Timestamp,
    ) -> Result<Self> {
        let runs = Runs::of(candidates);
        let run = match (&flags.run, flags.as_of) {
            (Some(id), _) => Some(find_run(&runs, id)?),
            (_, Some(moment)) => Some(complete_run(&runs, Some(moment.before(now)))?),
            _ => None,
        };
        for part in PARTS {
            let chosen = self.get(part).to_owned();
            let name = match (chosen.as_str(), run) {
                ("skip", _) => continue,
                ("latest", Some(run)) => part_of(run, part)?,
                (text, None) if text.parse::<Stamp>().is_ok() => part_of(find_run(&runs, text)?, part)?,
                ("latest", None) if flags.pin => pinned(candidates, part)?,
                _ => continue,
            };
            self.set(part, name);
        }
        Ok(self)
    }
}

/// Only a following restore looks again, and not without a pause.
fn check_interval(flags: &RestoreFlags) -> Result<()> {
    let Some(interval) = flags.sync_interval else { return Ok(()) };
    if flags.sync != Some(true) {
        let message = "--sync-interval needs --sync";
        return Err(CliError::named(problem::SYNC_RULES, Exit::Usage, message)
            .why("without it the restore is made once and looks for nothing"));
    }
    match interval > GoDuration::default() {
        true => Ok(()),
        false => Err(CliError::new(Exit::Usage, format!("--sync-interval {interval} is no time to wait"))
            .why("leave it out for 30m")),
    }
}

/// Every part is skipped.
pub(super) fn nothing_to_restore() -> Box<CliError> {
    CliError::new(Exit::Usage, "all three parts are skipped: there is nothing to restore")
}

/// A choice as it is written to the object: a run id becomes that part's backup of the run.
///
/// # Errors
///
/// Exit 4 if there is no such run or it lacks the part.
pub(super) fn by_run(choice: &str, part: BackupType, candidates: &Candidates<'_>) -> Result<String> {
    match choice.parse::<Stamp>() {
        Ok(_) => part_of(find_run(&Runs::of(candidates), choice)?, part),
        Err(_) => Ok(choice.to_owned()),
    }
}

fn find_run<'a>(runs: &'a Runs, id: &str) -> Result<&'a Run> {
    if id == "complete" {
        return complete_run(runs, None);
    }
    runs.find(id).ok_or_else(|| {
        let error = CliError::named(problem::NO_BACKUP, Exit::NotFound, format!("there is no run {id}"));
        match runs.iter().next() {
            Some(newest) => error.why(format!("the newest run is {}", newest.id)),
            None => error.why("there are no runs in this namespace"),
        }
        .try_("kubectl acmbackup get runs")
    })
}

fn complete_run(runs: &Runs, as_of: Option<Timestamp>) -> Result<&Run> {
    runs.newest_complete(as_of).ok_or_else(|| {
        let when = as_of.map(|at| format!(" by {at}")).unwrap_or_default();
        let error = CliError::named(
            problem::INCOMPLETE_RUN,
            Exit::NotFound,
            format!("there is no complete run{when}"),
        );
        let oldest = runs.iter().rfind(|run| run.status == RunStatus::Complete);
        match (as_of.and(oldest), runs.iter().next()) {
            (Some(run), _) => error.why(format!("the oldest complete run is {}", run.id)),
            (None, Some(run)) => {
                error.why(format!("the newest run, {}, is {}", run.id, status_word(run.status)))
            }
            (None, None) => error.why("there are no runs in this namespace"),
        }
        .try_("kubectl acmbackup get runs -o wide")
    })
}

/// How a run stands, in the word of the contract.
pub(super) fn status_word(status: RunStatus) -> String {
    format!("{status:?}")
}

fn part_of(run: &Run, part: BackupType) -> Result<String> {
    run.parts.get(&part).cloned().ok_or_else(|| {
        let message = format!("run {} has no backup of {}", run.id, part.part());
        CliError::named(problem::INCOMPLETE_RUN, Exit::NotFound, message)
            .try_("kubectl acmbackup get runs -o wide")
    })
}

/// A part that is wanted has no usable backup.
pub(super) fn no_backup(unresolved: &Unresolved) -> Box<CliError> {
    CliError::named(problem::NO_BACKUP, Exit::NotFound, unresolved.to_string())
        .try_for("kubectl acmbackup latest --all", "why each was passed over")
        .try_("kubectl acmbackup get backups -o wide")
}

fn pinned(candidates: &Candidates<'_>, part: BackupType) -> Result<String> {
    match latest_of_all(candidates).remove(&part) {
        Some(Ok(chosen)) => Ok(chosen.backup),
        Some(Err(unresolved)) => Err(no_backup(&unresolved)),
        None => Ok("latest".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::values::backup_choice;
    use crate::velero::Backup;

    fn run_of(stamp: &str, phase: &str) -> Vec<Backup> {
        let backup = |part: BackupType| {
            serde_json::from_value(json!({
                "metadata": {"name": format!("{}-{stamp}", part.schedule_name()), "namespace": "acm"},
                "status": {"phase": phase, "startTimestamp": stamp.parse::<Stamp>().unwrap().timestamp().to_string()},
            }))
            .unwrap()
        };
        BackupType::DATA.into_iter().map(backup).collect()
    }

    fn resolved(flags: &RestoreFlags) -> Result<Choices> {
        let backups =
            [run_of("20261122080002", "Completed"), run_of("20261122100004", "PartiallyFailed")].concat();
        let now = "2026-11-22T11:00:00Z".parse().unwrap();
        Choices::of(flags)?.resolve(flags, &Candidates::in_namespace(&backups, "acm"), now)
    }

    #[test]
    fn words_are_written_in_lower_case_and_clusters_stay_where_they_are() {
        let flags = RestoreFlags { credentials: backup_choice(" LATEST ").ok(), ..Default::default() };
        let choices = resolved(&flags).unwrap();
        assert_eq!(choices.credentials, "latest");
        assert_eq!(choices.managed_clusters, "skip");
    }

    #[test]
    fn a_complete_run_is_used_for_all_parts_but_the_skipped_ones() {
        let flags = RestoreFlags { run: Some("complete".to_owned()), ..Default::default() };
        let choices = resolved(&flags).unwrap();
        assert_eq!(choices.credentials, "acm-credentials-schedule-20261122080002");
        assert_eq!(choices.resources, "acm-resources-schedule-20261122080002");
        assert_eq!(choices.managed_clusters, "skip");
    }

    #[test]
    fn pin_writes_the_names_latest_stands_for() {
        let flags =
            RestoreFlags { pin: true, managed_clusters: Some("latest".to_owned()), ..Default::default() };
        assert_eq!(
            resolved(&flags).unwrap().managed_clusters,
            "acm-managed-clusters-schedule-20261122100004"
        );
    }

    #[test]
    fn a_run_given_for_one_part_becomes_that_parts_backup() {
        let flags = RestoreFlags { resources: Some("20261122080002".to_owned()), ..Default::default() };
        let choices = resolved(&flags).unwrap();
        assert_eq!(
            (choices.resources.as_str(), choices.credentials.as_str()),
            ("acm-resources-schedule-20261122080002", "latest")
        );
        let missing = RestoreFlags { resources: Some("20200101000000".to_owned()), ..Default::default() };
        assert_eq!(resolved(&missing).unwrap_err().exit, Exit::NotFound);
    }

    #[test]
    fn following_needs_a_passive_start() {
        let flags = |clusters: &str, pin| RestoreFlags {
            sync: Some(true),
            managed_clusters: Some(clusters.to_owned()),
            pin,
            ..Default::default()
        };
        let refused = Choices::of(&flags("latest", false)).unwrap_err();
        assert_eq!((refused.problem, refused.exit), (Some("sync-rules"), Exit::Usage));
        assert_eq!(refused.message, "--sync needs --managed-clusters skip");
        assert!(Choices::of(&flags("skip", true)).is_err());
        assert!(Choices::of(&flags("skip", false)).is_ok());
    }

    #[test]
    fn restoring_nothing_is_refused() {
        let skip = Some("skip".to_owned());
        let flags = RestoreFlags { credentials: skip.clone(), resources: skip, ..Default::default() };
        assert_eq!(Choices::of(&flags).unwrap_err().exit, Exit::Usage);
    }
}

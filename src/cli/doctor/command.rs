//! The `doctor` command.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::time::{Instant, sleep_until};

use super::read;
use crate::cli::error::Result;
use crate::cli::exit::Exit;
use crate::cli::output::{self, DataFormat, Frame};
use crate::cli::session::Session;
use crate::cli::values::duration;
use crate::cluster::job::Job;
use crate::render::doctor::{Observed, Report};
use crate::wire::GoDuration;

/// How often `--wait` looks again.
const AGAIN: Duration = Duration::from_secs(5);

/// A job whose permissions are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JobName {
    /// Make backups
    Schedule,
    /// Restore from backups
    Restore,
    /// Take over managed clusters
    Activate,
    /// Describe, logs and verify
    Look,
    /// Prune and delete
    TidyUp,
    /// Run the reconcile loop; snapshot reads what it reads
    Run,
}

/// Forms of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// The screen, as without this flag
    Table,
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// The schema of the JSON; contacts nothing
    Jsonschema,
}

impl CheckFormat {
    fn data(self) -> Option<DataFormat> {
        match self {
            Self::Table => None,
            Self::Json | Self::Jsonschema => Some(DataFormat::Json),
            Self::Yaml => Some(DataFormat::Yaml),
        }
    }
}

impl From<JobName> for Job {
    fn from(name: JobName) -> Self {
        match name {
            JobName::Schedule => Self::Schedule,
            JobName::Restore => Self::Restore,
            JobName::Activate => Self::Activate,
            JobName::Look => Self::Look,
            JobName::TidyUp => Self::TidyUp,
            JobName::Run => Self::Run,
        }
    }
}

/// Check that everything needed is in place
///
/// Changes nothing. Ends with 1 if a check failed; warnings are no failure. Missing permissions come as roles
/// that somebody who may can apply.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup doctor
  kubectl acmbackup doctor --for restore
  kubectl acmbackup doctor --wait 10m
  kubectl acmbackup doctor -o json")]
pub struct DoctorArgs {
    /// Check the permissions of this job; otherwise schedule, restore and activate
    #[arg(long = "for", value_enum, value_name = "JOB")]
    job: Option<JobName>,
    /// Look again until nothing fails, for this long at most
    #[arg(long, value_name = "DUR", value_parser = duration)]
    wait: Option<GoDuration>,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<CheckFormat>,
}

impl DoctorArgs {
    fn jobs(&self) -> Vec<Job> {
        match self.job {
            Some(job) => vec![job.into()],
            None => vec![Job::Schedule, Job::Restore, Job::Activate],
        }
    }
}

/// Checks, and shows what was found.
///
/// # Errors
///
/// Standard output cannot be written; what is wrong with the hub is an answer, not an error.
pub async fn run(args: DoctorArgs, session: &Session) -> Result<Exit> {
    let limit = args.wait.and_then(GoDuration::to_std).unwrap_or_default();
    let deadline = Instant::now() + limit;
    let mut told = Vec::new();
    let (observed, report) = loop {
        let observed = read::observe(session, &args.jobs()).await;
        let report = Report::of(&observed, session.now()).leading_to(&session.globals.leading());
        let next = next_look(Instant::now(), deadline).filter(|_| !report.checks.success);
        let Some(next) = next else { break (observed, report) };
        let failing = report.checks.failing();
        if failing != told {
            session.tell(&format!("Looking again until nothing fails: {}\n", failing.join(", ")));
            told = failing;
        }
        sleep_until(next).await;
    };
    show(&report, &observed, (&args, session))?;
    Ok(if report.checks.success { Exit::Done } else { Exit::No })
}

/// When to look again, for the last time at the deadline; `None` once that has passed.
fn next_look(now: Instant, deadline: Instant) -> Option<Instant> {
    (now < deadline).then(|| deadline.min(now + AGAIN))
}

fn show(report: &Report, observed: &Observed, (args, session): (&DoctorArgs, &Session)) -> Result<()> {
    let Some(format) = args.output.and_then(CheckFormat::data) else {
        return output::print(&screen(report, session));
    };
    let frame = Frame {
        kind: "Doctor",
        namespace: observed.namespace.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default(),
        hub_id: observed.hub_id.known.as_deref().ok(),
        context: Some(observed.context.as_str()).filter(|context| !context.is_empty()),
        session,
        problems: &report.checks.problems(),
    };
    output::print_data(&frame.around(report), format)
}

/// The checks; with `-q` only where one failed.
fn screen(report: &Report, session: &Session) -> String {
    match session.globals.quiet && report.checks.success {
        true => String::new(),
        false => report.screen(&session.out()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::render::checks::{Check, Checks, Group};

    #[test]
    fn the_whole_time_to_wait_is_used() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let looks = |limit| {
            let next = |now: &Instant| next_look(*now, after(limit));
            std::iter::successors(Some(start), next).collect::<Vec<_>>()
        };
        assert_eq!(looks(0), [start]);
        assert_eq!(looks(2), [start, after(2)]);
        assert_eq!(looks(7), [start, after(5), after(7)]);
    }

    #[test]
    fn a_quiet_doctor_says_only_what_failed() {
        let shown = |flag: &[&str], check: Check| {
            let line = [&["kubectl-acmbackup", "doctor"], flag].concat();
            let session = Session::new(crate::cli::Cli::parse_from(line).globals);
            let checks = Checks::of(vec![Group { name: "hub", checks: vec![check] }]);
            screen(&Report { checks, roles: vec![] }, &session)
        };
        assert_eq!(shown(&["-q"], Check::warn("hub id", "no id")), "");
        assert!(shown(&["-q"], Check::fail("hub id", "no id")).contains("no id"));
        assert!(shown(&[], Check::ok("hub id", "an id")).contains("an id"));
    }
}

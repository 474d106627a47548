//! What a command says when it cannot do what was asked, and the one place that prints it.

use serde_json::{Value, json};

use super::exit::{Exit, problem};
use super::version::target;
use crate::cluster::job::Job;
use crate::cluster::{self, Class};
use crate::render::text::{harmless, harmless_lines, width, wrap};
use crate::render::{Style, hint};

/// What a command returns.
pub type Result<T, E = Box<CliError>> = std::result::Result<T, E>;

/// Why a command failed: first what, then why, then what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// Stable name of the problem; `None` where no page explains more than the message.
    pub problem: Option<&'static str>,
    /// What, lower case, one line, names the object.
    pub message: String,
    /// Lines that belong to the message, such as fields.
    pub details: Vec<String>,
    /// The rule or fact behind it; empty if it is obvious.
    pub why: Vec<String>,
    /// Commands or actions, each with a remark that may be empty.
    pub tries: Vec<(String, String)>,
    /// How the command is to be used; only for wrong usage.
    pub usage: Option<String>,
    /// How the program ends.
    pub exit: Exit,
}

impl CliError {
    /// An error with this message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Box<Self> {
        let (message, exit) = (message.into(), exit);
        Box::new(Self {
            problem: None,
            message,
            details: vec![],
            why: vec![],
            tries: vec![],
            usage: None,
            exit,
        })
    }

    /// An error with a name.
    pub fn named(problem: &'static str, exit: Exit, message: impl Into<String>) -> Box<Self> {
        let mut error = Self::new(exit, message);
        error.problem = Some(problem);
        error
    }

    /// Adds the rule or fact behind it.
    #[must_use]
    pub fn why(mut self: Box<Self>, why: impl Into<String>) -> Box<Self> {
        self.why.push(why.into());
        self
    }

    /// Adds something to try.
    #[must_use]
    pub fn try_(self: Box<Self>, what: impl Into<String>) -> Box<Self> {
        self.try_for(what, "")
    }

    /// Adds something to try, and what it is good for.
    #[must_use]
    pub fn try_for(mut self: Box<Self>, what: impl Into<String>, remark: impl Into<String>) -> Box<Self> {
        self.tries.push((what.into(), remark.into()));
        self
    }

    /// Adds a line that belongs to the message.
    #[must_use]
    pub fn detail(mut self: Box<Self>, line: impl Into<String>) -> Box<Self> {
        self.details.push(line.into());
        self
    }

    /// Completes commands of ours with flags that lead to the same hub, where they lack them.
    #[must_use]
    pub fn leading_to(mut self: Box<Self>, flags: &str) -> Box<Self> {
        for (what, _) in &mut self.tries {
            if what.starts_with("kubectl acmbackup ") {
                *what = hint::leading_to(what, flags);
            }
        }
        self
    }

    /// Adds how to get what is forbidden, which depends on what somebody was about to do.
    #[must_use]
    pub fn asking_for(self: Box<Self>, job: Option<Job>) -> Box<Self> {
        if self.problem != Some(problem::FORBIDDEN) || !self.tries.is_empty() {
            return self;
        }
        match job {
            Some(job) => self.try_for(
                format!("kubectl acmbackup doctor --for {}", job.as_str()),
                "prints the missing permissions as a Role",
            ),
            None => self.try_("kubectl auth can-i --list"),
        }
    }

    /// Adds to a defect of ours what its report has to say, and where to report it.
    #[must_use]
    pub fn to_be_reported(self: Box<Self>) -> Box<Self> {
        if self.exit != Exit::Defect {
            return self;
        }
        let version = env!("CARGO_PKG_VERSION");
        let mut error = self.why(format!("this is a defect of kubectl-acmbackup {version}, {}", target()));
        error.problem.get_or_insert(problem::DEFECT);
        error.try_(format!("report it: {}/issues", env!("CARGO_PKG_REPOSITORY")))
    }

    /// The error as a person reads it.
    pub fn to_text(&self, style: &Style) -> String {
        let name =
            self.problem.map(|name| format!("   {}", style.dim(format!("[{name}]")))).unwrap_or_default();
        let head = style.toned(crate::render::Mark::Bad, "error:");
        let mut text = format!("{head} {}{name}\n", harmless(&self.message));
        for line in &self.details {
            text.push_str(&format!("        {}\n", harmless(line)));
        }
        if let Some(usage) = &self.usage {
            text.push_str(&format!("  usage: {usage}\n"));
        }
        let room = style.width.map(|columns| columns.saturating_sub(BLOCK_MARGIN));
        let why = self.why.iter().map(|why| harmless_lines(why));
        let folded = why.map(|why| why.lines().flat_map(|line| wrap(line, room)).collect::<Vec<_>>());
        text.push_str(&block("why", folded.map(|lines| lines.join("\n"))));
        let widest =
            self.tries.iter().filter(|(_, remark)| !remark.is_empty()).map(|(what, _)| width(what)).max();
        text.push_str(&block("try", self.tries.iter().map(|pair| try_line(pair, widest.unwrap_or(0)))));
        text
    }

    /// The error as one JSON object.
    pub fn to_json(&self) -> Value {
        let tries: Vec<&str> = self.tries.iter().map(|(what, _)| what.as_str()).collect();
        let message = [std::slice::from_ref(&self.message), &self.details].concat().join("; ");
        json!({
            "apiVersion": "acmbackup/v1", "kind": "Error", "name": self.problem.unwrap_or_default(),
            "message": message, "why": self.why.join("; "), "try": tries, "exitCode": self.exit.code(),
        })
    }
}

/// Columns before the text of a block.
const BLOCK_MARGIN: usize = 8;

fn try_line((what, remark): &(String, String), widest: usize) -> String {
    match remark.as_str() {
        "" => harmless_lines(what),
        remark => {
            let gap = " ".repeat(widest.saturating_sub(width(what)) + 3);
            format!("{}{gap}{}", harmless(what), harmless(remark))
        }
    }
}

fn block(title: &str, entries: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let lines: Vec<String> =
        entries.flat_map(|entry| entry.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    for (i, line) in lines.iter().enumerate() {
        let head = if i == 0 { title } else { "" };
        text.push_str(&format!("  {head:<3}   {line}\n"));
    }
    text
}

impl From<cluster::Error> for Box<CliError> {
    fn from(error: cluster::Error) -> Self {
        let cause = error.cause();
        let what = format!("{} {}", error.verb, error.object);
        match error.class() {
            Class::Config => CliError::named(
                problem::UNREACHABLE,
                Exit::Unreachable,
                format!("no usable {}", error.object),
            )
            .why(cause)
            .try_("set KUBECONFIG, or pass --kubeconfig FILE and --context NAME"),
            Class::Unreachable | Class::Busy | Class::Timeout => {
                CliError::named(problem::UNREACHABLE, Exit::Unreachable, "the server cannot be reached")
                    .why(format!("{what}: {cause}"))
                    .try_("kubectl cluster-info")
            }
            Class::Unauthorized => CliError::named(
                problem::FORBIDDEN,
                Exit::Unreachable,
                match error.status() {
                    Some(_) => "the server does not accept this identity",
                    None => "this identity cannot be used",
                },
            )
            .why(format!("{what}: {cause}"))
            .try_("log in again, or check the user of the kubeconfig context"),
            Class::Forbidden => {
                CliError::named(problem::FORBIDDEN, Exit::Unreachable, format!("{what} is forbidden"))
                    .why(cause)
            }
            Class::KindMissing => kind_missing(&error),
            Class::NotFound => CliError::new(Exit::NotFound, format!("{} not found", error.object)),
            Class::Conflict => {
                CliError::new(Exit::Refused, format!("{what}: it was changed at the same moment"))
                    .why(cause)
                    .try_("run the command again")
            }
            Class::AlreadyExists => CliError::new(Exit::Refused, format!("{} already exists", error.object)),
            Class::Invalid => {
                CliError::new(Exit::Invalid, format!("the server refuses to {what}")).why(cause)
            }
            Class::Unreadable => CliError::new(Exit::Invalid, format!("cannot {what}")).why(cause),
            Class::Expired | Class::Bug => CliError::new(Exit::Defect, format!("{what}: {cause}")),
        }
    }
}

/// Which of the two sets of CRDs is missing decides what to do about it.
fn kind_missing(error: &cluster::Error) -> Box<CliError> {
    let why = format!("the server does not know {}", error.object);
    if error.object.contains("velero.io") {
        return CliError::named(
            problem::VELERO_MISSING,
            Exit::NotReady,
            "Velero is not installed on this hub",
        )
        .why(why)
        .try_("enable cluster-backup on the MultiClusterHub, or install OADP");
    }
    CliError::named(
        problem::CRD_MISSING,
        Exit::NotReady,
        "BackupSchedule and Restore are not installed on this hub",
    )
    .why(why)
    .try_("enable cluster-backup on the MultiClusterHub, or:")
    .try_("kubectl acmbackup install --crds-only")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::render::looks::looks;

    fn sample() -> Box<CliError> {
        CliError::named(
            problem::RESTORE_IN_THE_WAY,
            Exit::Refused,
            "another restore is not finished: r1 (Enabled)",
        )
        .why("a hub works on one restore at a time")
        .try_for("kubectl acmbackup activate r1", "take over the managed clusters with it")
        .try_for("kubectl delete r1", "if it is no longer needed")
    }

    #[test]
    fn an_error_says_what_then_why_then_what_to_try() {
        insta::assert_snapshot!(sample().to_text(&Style::plain(Timestamp::UNIX_EPOCH)), @r"
        error: another restore is not finished: r1 (Enabled)   [restore-in-the-way]
          why   a hub works on one restore at a time
          try   kubectl acmbackup activate r1   take over the managed clusters with it
                kubectl delete r1               if it is no longer needed
        ");
    }

    #[test]
    fn every_terminal_shows_an_error_its_way() {
        let why =
            "a hub works on one restore at a time; a second one would end as FinishedWithErrors and stay so";
        let error = sample().why(why);
        insta::assert_snapshot!("looks", looks(Timestamp::UNIX_EPOCH, |style| error.to_text(style)));
    }

    #[test]
    fn json_errors_carry_the_same_facts() {
        let json = sample().to_json();
        assert_eq!(json["kind"], "Error");
        assert_eq!(json["name"], "restore-in-the-way");
        assert_eq!(json["exitCode"], 5);
        assert_eq!(json["try"][1], "kubectl delete r1");
    }

    #[test]
    fn a_defect_says_what_its_report_has_to_say_and_where_it_goes() {
        let source = kube::Error::LinesCodecMaxLineLengthExceeded;
        let defect: Box<CliError> = cluster::Error::new("list", "backups.velero.io", source).into();
        let told = defect.to_be_reported().to_json();
        assert_eq!((&told["name"], &told["exitCode"]), (&json!("defect"), &json!(70)));
        let why = told["why"].as_str().unwrap();
        assert!(why.contains(env!("CARGO_PKG_VERSION")) && why.contains(std::env::consts::OS), "{why}");
        assert!(told["try"][0].as_str().unwrap().ends_with("/issues"));
        assert_eq!(sample().to_be_reported(), sample(), "nothing else is a defect");
    }

    #[test]
    fn velero_and_our_own_crds_are_told_apart() {
        let velero: Box<CliError> = cluster::Error::kind_missing("backups.velero.io").into();
        assert_eq!((velero.problem, velero.exit), (Some("velero-missing"), Exit::NotReady));
        let ours: Box<CliError> =
            cluster::Error::kind_missing("restores.cluster.open-cluster-management.io").into();
        assert_eq!(ours.problem, Some("crd-missing"));
    }

    #[test]
    fn who_may_not_do_something_is_led_to_the_role_that_lets_him() {
        let forbidden = || CliError::named(problem::FORBIDDEN, Exit::Unreachable, "create x is forbidden");
        let tried = |error: Box<CliError>, job| error.asking_for(job).tries[0].0.clone();
        assert_eq!(tried(forbidden(), Some(Job::Restore)), "kubectl acmbackup doctor --for restore");
        assert_eq!(tried(forbidden(), None), "kubectl auth can-i --list");
        let identity = forbidden().try_("log in again");
        assert_eq!(tried(identity, Some(Job::Restore)), "log in again", "no role helps a stranger");
        assert!(sample().asking_for(Some(Job::Look)).tries.iter().all(|(what, _)| !what.contains("doctor")));
    }

    #[test]
    fn a_server_message_cannot_steer_the_terminal() {
        let text = CliError::new(Exit::Invalid, "x\u{1b}[2J")
            .why("y\u{1b}c\nz")
            .to_text(&Style::plain(Timestamp::UNIX_EPOCH));
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

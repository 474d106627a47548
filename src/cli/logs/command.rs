//! The `logs` command.

use std::io::{BufRead, BufReader, Read, Write, stdout};

use clap::Args;
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt};

use super::filter::{Filter, Level};
use super::parts::{self, Part};
use super::pod;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::moment::Moment;
use crate::cli::noun::subject;
use crate::cli::session::{Hub, Session};
use crate::cluster::Class;
use crate::cluster::list::{Kind, items};
use crate::cluster::stored::Storage;
use crate::render::text::{harmless, width};
use crate::render::{Mark, Style};
use crate::velero::{Backup, BackupStorageLocation, Restore, StoredFile};
use crate::wire::GoDuration;

/// Show the Velero logs behind a backup, run or restore
///
/// One log after the other, each line with the part it belongs to. The log of what has ended comes from the storage
/// location; of what has not, or where that cannot be reached from here, from Velero's pod.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup logs restore/restore-acm-passive --level error
  kubectl acmbackup logs run/20261122100004 --level warn
  kubectl acmbackup logs backup/acm-resources-schedule-20261122100004 --since 10m
  kubectl acmbackup logs restore -f")]
pub struct LogsArgs {
    /// backup, run or restore, and the name if there are several
    #[arg(value_name = "TYPE [NAME]", required = true, num_args = 1..=2)]
    words: Vec<String>,
    /// Go on until the operation has ended
    #[arg(short, long)]
    follow: bool,
    /// Only lines of this level or worse
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "info")]
    level: Level,
    /// Only lines younger than this
    #[arg(long, value_name = "DUR")]
    since: Option<GoDuration>,
}

/// Prints the logs.
///
/// # Errors
///
/// What is named is not there, or no log of it can be read.
pub async fn run(args: LogsArgs, session: &Session) -> Result<Exit> {
    let subject = subject(&args.words)?;
    parts::refuse_schedule(&subject)?;
    let hub = session.hub().await?;
    let mut parts = parts::find(&hub, &subject).await?;
    if parts.is_empty() {
        return Err(CliError::new(Exit::NotFound, "there is no Velero object behind it yet, and so no log")
            .try_("kubectl acmbackup status"));
    }
    let since = args.since.map(|since| Moment::Ago(since).before(session.now()));
    let widest = parts.iter().map(|part| width(&part.title)).max().unwrap_or_default();
    let printer = Printer { filter: Filter::new(args.level, since), widest, style: session.out() };
    let locations = items::<BackupStorageLocation>(hub.client(), Some(hub.namespace())).await?;
    let logs = Logs { session, hub: &hub, locations, printer };
    for part in &mut parts {
        logs.show(part, args.follow).await?;
    }
    Ok(Exit::Done)
}

struct Logs<'a> {
    session: &'a Session,
    hub: &'a Hub,
    locations: Vec<BackupStorageLocation>,
    printer: Printer,
}

impl Logs<'_> {
    async fn show(&self, part: &mut Part, follow: bool) -> Result<()> {
        if !part.has_ended {
            let told = self.show_pod(part, follow).await?;
            if !follow {
                return if told { Ok(()) } else { Err(no_log_yet(part)) };
            }
            // What the pod has told is not told again.
            if told {
                return Ok(());
            }
        }
        match self.stored(part).await {
            Err(error) if may_be_elsewhere(error.class()) => {
                self.session.note(Mark::Attention, &error.to_string());
                match self.show_pod(part, false).await? {
                    true => Ok(()),
                    false => Err(Box::from(error)),
                }
            }
            Err(error) if error.class() == Class::NotFound => {
                self.session.note(Mark::Neutral, &format!("{} has no log: {}", part.name, error.cause()));
                Ok(())
            }
            read => Ok(read?),
        }
    }

    /// The log in the storage location, line by line.
    async fn stored(&self, part: &Part) -> Result<(), crate::cluster::Error> {
        let location = self.locations.iter().find(|location| location.name_any() == part.location);
        let place = format!("log of {}", part.name);
        let Some(location) = location else {
            let why = format!("its storage location {} is not on this hub", part.location);
            return Err(crate::cluster::Error::storage(Class::Unreachable, place, why));
        };
        let (mut printer, title) = (self.printer.clone(), part.title.clone());
        let storage = Storage::of(self.hub.client(), location).await?;
        storage.read(part.file.clone(), &part.name, move |log| printer.print_all(&title, log)).await
    }

    /// What the pod says; true if there is a pod to ask. With `follow` until the operation has ended.
    async fn show_pod(&self, part: &Part, follow: bool) -> Result<bool> {
        let Some(pod) = pod::find(self.hub.client(), self.hub.namespace()).await? else {
            self.session.note(Mark::Attention, "Velero has no running pod whose log could be read");
            if follow {
                self.end_of(part).await?;
            }
            return Ok(false);
        };
        self.session.note(Mark::Neutral, &format!("{}: from the log of pod {}", part.title, pod.name_any()));
        let mut printer = self.printer.clone();
        let lines = pod::show(self.hub.client(), &pod, (part, follow), &mut printer);
        tokio::select! {
            shown = lines => shown?,
            ended = self.end_of(part), if follow => ended?,
        }
        Ok(true)
    }

    async fn end_of(&self, part: &Part) -> Result<()> {
        let (client, namespace) = (self.hub.client().clone(), self.hub.namespace());
        let ended = match part.file {
            StoredFile::BackupLog => {
                let backups: Api<Backup> = Api::namespaced(client, namespace);
                ended(backups, &part.name, |backup| Some(backup.status.as_ref()?.phase.has_ended())).await
            }
            _ => {
                let restores: Api<Restore> = Api::namespaced(client, namespace);
                ended(restores, &part.name, |restore| Some(restore.status.as_ref()?.phase.has_ended())).await
            }
        };
        let failed = |error: kube::runtime::wait::Error| {
            CliError::new(Exit::Unreachable, format!("cannot watch {}: {error}", part.name))
        };
        ended.map_err(failed)
    }
}

/// Waits until an object has ended or is gone; `has_ended` is `None` while it has no status.
async fn ended<K: Kind>(
    api: Api<K>,
    name: &str,
    has_ended: fn(&K) -> Option<bool>,
) -> Result<(), kube::runtime::wait::Error> {
    let is_over = move |object: Option<&K>| object.is_none_or(|object| has_ended(object).unwrap_or(false));
    await_condition(api, name, is_over).await.map(drop)
}

/// The pod may still know what the storage does not tell.
fn may_be_elsewhere(class: Class) -> bool {
    matches!(class, Class::Unreachable | Class::Timeout | Class::Busy)
}

fn no_log_yet(part: &Part) -> Box<CliError> {
    CliError::new(Exit::NotReady, format!("{} has not ended, and Velero has no pod to ask", part.name))
        .why("Velero writes a log to the storage location when an operation has ended")
        .try_("run the command with -f: it waits for the end")
}

/// Prints the lines that were asked for.
#[derive(Debug, Clone)]
pub(super) struct Printer {
    filter: Filter,
    widest: usize,
    style: Style,
}

impl Printer {
    /// Prints a line, unless the filter leaves it out. False once nobody reads any more.
    pub(super) fn print(&mut self, title: &str, line: &str) -> bool {
        if !self.filter.shows(line) {
            return true;
        }
        stdout().write_all(self.shown(title, line).as_bytes()).is_ok()
    }

    /// The part it is from, and the line.
    fn shown(&self, title: &str, line: &str) -> String {
        let gap = " ".repeat(self.widest.saturating_sub(width(title)) + 2);
        format!("{}{gap}{}\n", self.style.dim(harmless(title)), harmless(line))
    }

    fn print_all(&mut self, title: &str, log: &mut dyn Read) -> std::io::Result<()> {
        for line in BufReader::new(log).lines() {
            if !self.print(title, &line?) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::render::looks::looks;

    #[test]
    fn every_terminal_shows_whole_lines_of_a_log() {
        let line = "time=\"2026-11-22T12:00:05Z\" level=warning msg=\"could not restore, already exists\" \
                    logSource=\"pkg/restore/restore.go:1647\" restore=acm/restore-acm\u{1b}[2J";
        let screen = |style: &Style| {
            let printer = Printer { filter: Filter::new(Level::Warn, None), widest: 17, style: *style };
            [("credentials", line), ("resources-generic", line)]
                .map(|(part, line)| printer.shown(part, line))
                .concat()
        };
        insta::assert_snapshot!("looks", looks(Timestamp::UNIX_EPOCH, screen));
    }
}

//! The `logs` command.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::pin::{Pin, pin};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::wait::await_condition;
use kube::{Api, ResourceExt};
use tokio::time::{sleep, timeout};

use super::filter::{Filter, Level};
use super::parts::{self, Part};
use super::pod;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::moment::Moment;
use crate::cli::noun::{Noun, subject};
use crate::cli::session::{Hub, Session};
use crate::cli::values::duration;
use crate::cli::watching::Changes;
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
    #[arg(long, value_name = "DUR", value_parser = duration)]
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
    // Watched from before the first look, so that nothing is missed. A backup is all there is from the start.
    let follows = args.follow && subject.noun != Noun::Backup;
    let mut changes = follows.then(|| Changes::start(hub.client(), Some(hub.namespace())));
    let mut found = parts::find(&hub, &subject, session.now()).await?;
    if found.parts.is_empty() && (found.is_over || !follows) {
        return Err(CliError::new(Exit::NotFound, "there is no Velero object behind it yet, and so no log")
            .try_for("kubectl acmbackup status", "how far it is; -f waits for the first log"));
    }
    let since = args.since.map(|since| Moment::Ago(since).before(session.now()));
    let printer = Printer { filter: Filter::new(args.level, since), widest: 0, style: session.out() };
    let locations = items::<BackupStorageLocation>(hub.client(), Some(hub.namespace())).await?;
    let mut logs = Logs { session, hub: &hub, locations, printer, shown: BTreeSet::new() };
    loop {
        logs.show_new(&found.parts, args.follow).await?;
        let Some(changes) = changes.as_mut().filter(|_| !found.is_over) else { return Ok(Exit::Done) };
        tokio::select! {
            () = changes.next() => {}
            () = sleep(LOOK_AGAIN) => {}
        }
        found = parts::find(&hub, &found.subject, session.now()).await?;
    }
}

/// How often is looked for more where nothing may be watched.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How long a pod that went away is left alone before its successor is looked for.
const RESTARTS: Duration = Duration::from_secs(1);

/// How long the last lines of an operation that has ended may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How much of an operation a pod has told.
enum Told {
    /// All there is: the operation has ended, or nobody reads on.
    All(Result<()>),
    /// As much as this pod will; another one, or its next container, takes up the operation.
    SoFar(Result<()>),
}

struct Logs<'a> {
    session: &'a Session,
    hub: &'a Hub,
    locations: Vec<BackupStorageLocation>,
    printer: Printer,
    /// Names of the parts whose logs were shown.
    shown: BTreeSet<String>,
}

impl Logs<'_> {
    /// Shows the logs of parts that were not shown yet.
    async fn show_new(&mut self, parts: &[Part], follow: bool) -> Result<()> {
        let widest = parts.iter().map(|part| width(&part.title)).max().unwrap_or_default();
        self.printer.widest = self.printer.widest.max(widest);
        for part in parts {
            if self.shown.insert(part.name.clone()) {
                self.show(part, follow).await?;
            }
        }
        Ok(())
    }

    async fn show(&self, part: &Part, follow: bool) -> Result<()> {
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

    /// What the pod says; true if there is a pod to ask. With `follow` until the operation has ended, whatever becomes
    /// of the pod.
    async fn show_pod(&self, part: &Part, follow: bool) -> Result<bool> {
        let Some(mut pod) = pod::find(self.hub.client(), self.hub.namespace()).await? else {
            self.session.note(Mark::Attention, "Velero has no running pod whose log could be read");
            if follow {
                self.end_of(part).await?;
            }
            return Ok(false);
        };
        self.session.note(Mark::Neutral, &format!("{}: from the log of pod {}", part.title, pod.name_any()));
        let (mut printer, mut since) = (self.printer.clone(), None);
        let mut end = pin!(self.end_of(part));
        loop {
            let told = self.lines_of((&pod, &mut printer), (part, follow, since), end.as_mut()).await;
            match told {
                Told::All(ended) => return ended.map(|()| true),
                Told::SoFar(Ok(())) => since = Some(self.session.now()),
                Told::SoFar(Err(error)) if since.is_none() => return Err(error),
                // A pod that begins has no log yet.
                Told::SoFar(Err(_)) => {}
            }
            tokio::select! {
                ended = &mut end => return ended.map(|()| true),
                next = self.next_pod() => pod = next?,
            }
        }
    }

    /// Prints what a pod says; with `follow` until it or the operation has ended.
    async fn lines_of(
        &self,
        (pod, printer): (&Pod, &mut Printer),
        (part, follow, since): (&Part, bool, Option<Timestamp>),
        end: Pin<&mut impl Future<Output = Result<()>>>,
    ) -> Told {
        let mut lines = pin!(pod::show(self.hub.client(), pod, (part, follow, since), printer));
        tokio::select! {
            shown = &mut lines => match shown {
                Ok(is_read) if !is_read || !follow => Told::All(Ok(())),
                shown => Told::SoFar(shown.map(drop)),
            },
            ended = end, if follow => {
                // What was said last may still be on its way.
                let _ = timeout(LAST_WORDS, lines).await;
                Told::All(ended)
            }
        }
    }

    async fn next_pod(&self) -> Result<Pod> {
        loop {
            sleep(RESTARTS).await;
            if let Some(pod) = pod::find(self.hub.client(), self.hub.namespace()).await? {
                return Ok(pod);
            }
        }
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

//! Watching one object until a condition holds, with progress on standard error.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use tokio::time::{Instant, interval, sleep_until};

use super::condition::{Condition, Verdict, judge, judge_all, phase_of, phase_of_all};
use super::screen::Screen;
use super::sources::{Change, Sources, World};
use super::written::Written;
use crate::api::{BackupSchedule, Restore};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::cli::output::{self, DataFormat};
use crate::cli::session::{Hub, Session};
use crate::cli::terminal::Resizes;
use crate::cluster::Class;
use crate::cluster::objects::{Selectors, objects};
use crate::render::progress::Facts;
use crate::velero::Backup;
use crate::wire::GoDuration;

/// How often ages on the screen are brought up to date.
const TICK: Duration = Duration::from_secs(1);
/// How long a phase may be left over from before a write.
const GRACE: Duration = Duration::from_secs(10);
/// How long looking once may take.
const LOOK_ONCE: Duration = Duration::from_secs(30);

/// A watch on one object that has begun.
pub struct Waiting<'a> {
    session: &'a Session,
    client: kube::Client,
    namespace: String,
    noun: Noun,
    name: String,
    /// What a run is made of; empty for one object.
    members: Vec<String>,
    sources: Sources,
    /// A command of ours deletes it.
    deletes: bool,
    /// What is said in place of a phase of an object that is not there; empty where it is yet to come.
    absent: &'static str,
    /// When waiting began; questions and writes before it do not count.
    begin: Timestamp,
    since: Instant,
}

impl<'a> Waiting<'a> {
    /// Begins to watch; done before a write, so that nothing is missed.
    pub fn start(session: &'a Session, hub: &Hub, noun: Noun, name: &str) -> Self {
        Self::start_with(session, hub, (noun, name), false)
    }

    fn start_with(session: &'a Session, hub: &Hub, (noun, name): (Noun, &str), with_backups: bool) -> Self {
        Self {
            session,
            client: hub.client().clone(),
            namespace: hub.namespace().to_owned(),
            noun,
            name: name.to_owned(),
            members: Vec::new(),
            sources: Sources::start(hub.client(), hub.namespace(), (noun, name), with_backups),
            deletes: true,
            absent: "",
            begin: session.now(),
            since: Instant::now(),
        }
    }

    /// Begins to watch for a condition that may be about backups, too.
    pub(super) fn start_for(
        session: &'a Session,
        hub: &Hub,
        noun: Noun,
        (name, condition): (&str, &Condition),
    ) -> Self {
        let waiting = Self::start_with(session, hub, (noun, name), condition.needs_backups());
        Self { deletes: false, ..waiting }
    }

    /// Begins to watch the backups of a run.
    pub fn start_run(session: &'a Session, hub: &Hub, run: &str, backups: Vec<String>) -> Self {
        Self { members: backups, ..Self::start(session, hub, Noun::Run, run) }
    }

    /// Waits for the condition, then prints the object if a format is given; the limit `0` looks once.
    ///
    /// # Errors
    ///
    /// The object is not there, the server refuses, or Ctrl-C.
    pub async fn finish(
        mut self,
        condition: Condition,
        written: Written,
        (limit, format): (GoDuration, Option<DataFormat>),
    ) -> Result<Exit> {
        (self.begin, self.since) = (self.session.now(), Instant::now());
        let mut world = World::default();
        // Looking once takes as long as the first answers do.
        let deadline = self.since + limit.to_std().filter(|limit| !limit.is_zero()).unwrap_or(LOOK_ONCE);
        let mut screen = Screen::new(self.session, self.again(&condition), self.when_still());
        if let Some(exit) = self.first_look(&mut world, deadline).await? {
            screen.end(&self.facts(&world), exit);
            return Ok(exit);
        }
        if condition == Condition::Deleted {
            let was_there = self.deletes || self.meta(&world).is_some();
            self.absent = if was_there { "deleted" } else { "is not there" };
        }
        let (mut ticks, mut resizes) = (interval(TICK), Resizes::start());
        let exit = loop {
            let verdict = self.judge(&world, &condition);
            let is_fresh = written != Written::Nothing && self.since.elapsed() <= GRACE;
            let verdict = written.allow_for(verdict, self.meta(&world), is_fresh);
            screen.show(&self.facts(&world));
            match verdict {
                Verdict::Over(exit) => break exit,
                Verdict::Bad => break Exit::EndedBadly,
                Verdict::Gone => return Err(self.gone()),
                Verdict::Pending if limit.is_zero() => break Exit::TimedOut,
                Verdict::Pending => {}
            }
            tokio::select! {
                change = self.sources.changes.recv() => self.take(change, &mut world)?,
                _ = ticks.tick() => {}
                () = resizes.next() => {}
                () = sleep_until(deadline) => break Exit::TimedOut,
                _ = tokio::signal::ctrl_c() => break Exit::Interrupted,
            }
        };
        let facts = self.facts(&world);
        screen.end(&facts, exit);
        match format {
            Some(format) if exit != Exit::Interrupted => self.print(format).await?,
            _ => {}
        }
        Ok(exit)
    }

    /// Prints what was waited for as the server has it.
    async fn print(&self, format: DataFormat) -> Result<()> {
        let (client, here, all) = (&self.client, Some(self.namespace.as_str()), Selectors::default());
        let found = match self.noun {
            Noun::Schedule => objects::<BackupSchedule>(client, here, all).await,
            Noun::Restore => objects::<Restore>(client, here, all).await,
            Noun::Backup | Noun::Run => objects::<Backup>(client, here, all).await,
        };
        let is_meant = |name: &String| *name == self.name || self.members.contains(name);
        let mut found: Vec<Value> = found?
            .into_iter()
            .filter(|object| object.metadata.name.as_ref().is_some_and(is_meant))
            .map(|object| json!(object))
            .collect();
        match (self.noun, found.pop()) {
            (Noun::Run, last) => {
                found.extend(last);
                output::print_data(&output::list_of(found), format)
            }
            (_, Some(object)) => output::print_data(&object, format),
            (_, None) => Err(self.gone()),
        }
    }

    fn judge(&self, world: &World, condition: &Condition) -> Verdict {
        match self.members.as_slice() {
            [] => judge(world, self.noun, &self.name, condition),
            members => judge_all(members.iter().map(|name| judge(world, Noun::Backup, name, condition))),
        }
    }

    /// Of the one object waited for.
    fn meta<'w>(&self, world: &'w World) -> Option<&'w ObjectMeta> {
        match self.noun {
            Noun::Schedule => world.schedules.get(&self.name).map(|schedule| &schedule.metadata),
            Noun::Restore => world.restores.get(&self.name).map(|restore| &restore.metadata),
            Noun::Backup | Noun::Run => world.backups.get(&self.name).map(|backup| &backup.metadata),
        }
    }

    /// Waits until every kind was listed once; returns how that ended if it did not come to it.
    async fn first_look(&mut self, world: &mut World, deadline: Instant) -> Result<Option<Exit>> {
        while world.listed.len() < self.sources.kinds {
            tokio::select! {
                change = self.sources.changes.recv() => self.take(change, world)?,
                () = sleep_until(deadline) => return Ok(Some(Exit::TimedOut)),
                _ = tokio::signal::ctrl_c() => return Ok(Some(Exit::Interrupted)),
            }
        }
        Ok(None)
    }

    /// Trouble that will not pass by itself ends the waiting.
    fn take(&self, change: Option<Change>, world: &mut World) -> Result<()> {
        match change {
            Some(Change::World(change)) => change(world),
            Some(Change::Broken(error)) => match error.class() {
                Class::Unreachable | Class::Busy | Class::Timeout | Class::Expired => {
                    tracing::warn!("{error}");
                }
                _ => return Err(error.into()),
            },
            None => return Err(CliError::new(Exit::Defect, "the watches ended by themselves")),
        }
        Ok(())
    }

    fn facts<'w>(&'w self, world: &'w World) -> Facts<'w> {
        let restore = world.restores.get(&self.name).filter(|_| self.noun == Noun::Restore);
        let schedule = world.schedules.get(&self.name).filter(|_| self.noun == Noun::Schedule);
        let message =
            restore.and_then(|restore| restore.status.as_ref()).map(|status| status.last_message.as_str());
        let message =
            message.or(schedule.and_then(|s| s.status.as_ref()).map(|status| status.last_message.as_str()));
        Facts {
            subject: &self.name,
            phase: self.phase(world),
            message: message.unwrap_or_default(),
            restore,
            velero: restore.map(|restore| world.owned_by(restore)).unwrap_or_default(),
            backups: self.backups().filter_map(|name| world.backups.get(name)).collect(),
            begin: self.begin,
            now: self.session.now(),
        }
    }

    /// Names of the backups waited for.
    fn backups(&self) -> impl Iterator<Item = &String> {
        let only = (self.noun == Noun::Backup).then_some(&self.name);
        only.into_iter().chain(&self.members)
    }

    fn phase(&self, world: &World) -> String {
        match self.members.as_slice() {
            [] => phase_of(world, self.noun, &self.name).unwrap_or_else(|| self.absent.to_owned()),
            members => phase_of_all(members.iter().filter_map(|name| phase_of(world, Noun::Backup, name))),
        }
    }

    fn again(&self, condition: &Condition) -> String {
        if !self.members.is_empty() {
            return self.session.command(&format!("get runs {}", self.name));
        }
        self.session.command(&format!("wait {}/{}{}", self.noun.singular(), self.name, condition.flag()))
    }

    /// What tells more when nothing moves.
    fn when_still(&self) -> String {
        let command = match self.noun {
            Noun::Schedule => "describe schedule/",
            Noun::Restore => "logs -f restore/",
            Noun::Backup => "logs -f backup/",
            Noun::Run => "describe run/",
        };
        self.session.command(&format!("{command}{}", self.name))
    }

    fn gone(&self) -> Box<CliError> {
        let message = format!("{} {}/{} not found", self.noun.singular(), self.namespace, self.name);
        CliError::new(Exit::NotFound, message)
    }
}

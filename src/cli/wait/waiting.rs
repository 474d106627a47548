//! Watching one object until a condition holds, with progress on standard error.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, interval, sleep_until};

use super::condition::{Condition, Verdict, judge, judge_all, phase_of, phase_of_all};
use super::screen::Screen;
use super::sources::{Change, Sources, World};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::cli::session::{Hub, Session};
use crate::cluster::Class;
use crate::render::progress::Facts;
use crate::wire::GoDuration;

/// How often ages on the screen are brought up to date.
const TICK: Duration = Duration::from_secs(1);
/// How long a bad phase may be left over from before a write.
const GRACE: Duration = Duration::from_secs(10);

/// Whether a bad phase may be older than what is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// The object was just written; give the loop a moment to look at it.
    AfterWrite,
    /// What is seen counts.
    None,
}

/// A watch on one object that has begun.
pub struct Waiting<'a> {
    session: &'a Session,
    namespace: String,
    noun: Noun,
    name: String,
    /// What a run is made of; empty for one object.
    members: Vec<String>,
    sources: Sources,
    begin: Timestamp,
    since: Instant,
}

impl<'a> Waiting<'a> {
    /// Begins to watch; done before a write, so that nothing is missed.
    pub fn start(session: &'a Session, hub: &Hub, noun: Noun, name: &str) -> Self {
        Self {
            session,
            namespace: hub.namespace().to_owned(),
            noun,
            name: name.to_owned(),
            members: Vec::new(),
            sources: Sources::start(hub.client(), hub.namespace(), (noun, false)),
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
        let sources = Sources::start(hub.client(), hub.namespace(), (noun, condition.needs_backups()));
        Self { sources, ..Self::start(session, hub, noun, name) }
    }

    /// Begins to watch the backups of a run.
    pub fn start_run(session: &'a Session, hub: &Hub, run: &str, backups: Vec<String>) -> Self {
        Self { members: backups, ..Self::start(session, hub, Noun::Run, run) }
    }

    /// Waits for the condition; the limit `0` looks once.
    ///
    /// # Errors
    ///
    /// The object is not there, the server refuses, or Ctrl-C.
    pub async fn finish(mut self, condition: Condition, limit: GoDuration, grace: Grace) -> Result<Exit> {
        let mut world = World::default();
        let deadline = self.since + limit.to_std().unwrap_or_default().max(Duration::from_millis(1));
        self.first_look(&mut world).await?;
        let mut screen = Screen::new(self.session, self.again(&condition));
        let mut ticks = interval(TICK);
        let exit = loop {
            let verdict = self.judge(&world, &condition);
            screen.show(&self.facts(&world));
            match verdict {
                Verdict::Over(exit) => break exit,
                Verdict::Bad if grace == Grace::None || self.since.elapsed() > GRACE => {
                    break Exit::EndedBadly;
                }
                Verdict::Gone if grace == Grace::None || self.since.elapsed() > GRACE => {
                    return Err(self.gone());
                }
                _ if limit.is_zero() => break Exit::TimedOut,
                _ => {}
            }
            tokio::select! {
                change = self.sources.changes.recv() => self.take(change, &mut world)?,
                _ = ticks.tick() => {}
                () = sleep_until(deadline) => break Exit::TimedOut,
                _ = tokio::signal::ctrl_c() => break Exit::Interrupted,
            }
        };
        let facts = self.facts(&world);
        screen.end(&facts, exit);
        Ok(exit)
    }

    fn judge(&self, world: &World, condition: &Condition) -> Verdict {
        match self.members.as_slice() {
            [] => judge(world, self.noun, &self.name, condition),
            members => judge_all(members.iter().map(|name| judge(world, Noun::Backup, name, condition))),
        }
    }

    /// Waits until every kind was listed once.
    async fn first_look(&mut self, world: &mut World) -> Result<()> {
        while world.listed.len() < self.sources.kinds {
            let change = self.sources.changes.recv().await;
            self.take(change, world)?;
        }
        Ok(())
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
            [] => phase_of(world, self.noun, &self.name).unwrap_or_default(),
            members => phase_of_all(members.iter().filter_map(|name| phase_of(world, Noun::Backup, name))),
        }
    }

    fn again(&self, condition: &Condition) -> String {
        if !self.members.is_empty() {
            return self.session.command(&format!("get runs {}", self.name));
        }
        self.session.command(&format!("wait {}/{}{}", self.noun.singular(), self.name, condition.flag()))
    }

    fn gone(&self) -> Box<CliError> {
        let message = format!("{} {}/{} not found", self.noun.singular(), self.namespace, self.name);
        CliError::new(Exit::NotFound, message)
    }
}

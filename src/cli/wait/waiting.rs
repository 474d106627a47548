//! Watching one object until a condition holds, with progress on standard error.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, interval, sleep_until};

use super::condition::{Condition, Verdict, judge, phase_of};
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
            sources: Sources::start(hub.client(), hub.namespace(), noun),
            begin: session.now(),
            since: Instant::now(),
        }
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
            let verdict = judge(&world, self.noun, &self.name, &condition);
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

    /// Waits until every kind was listed once.
    async fn first_look(&mut self, world: &mut World) -> Result<()> {
        for _ in 0..self.sources.kinds {
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
            phase: phase_of(world, self.noun, &self.name).unwrap_or_default(),
            message: message.unwrap_or_default(),
            velero: restore.map(|restore| world.owned_by(restore)).unwrap_or_default(),
            backup: world.backups.get(&self.name).filter(|_| self.noun == Noun::Backup),
            begin: self.begin,
            now: self.session.now(),
        }
    }

    fn again(&self, condition: &Condition) -> String {
        let suffix = match condition {
            Condition::Usual => String::new(),
            Condition::Phase(phase) => format!(" --for phase={phase}"),
            Condition::Paused => " --for paused".to_owned(),
            Condition::Deleted => " --for deleted".to_owned(),
        };
        self.session.command(&format!("wait {}/{}{suffix}", self.noun.singular(), self.name))
    }

    fn gone(&self) -> Box<CliError> {
        let message = format!("{} {}/{} not found", self.noun.singular(), self.namespace, self.name);
        CliError::new(Exit::NotFound, message)
    }
}

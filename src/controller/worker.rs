//! The loop itself: take in news, make the passes that are due, rest.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::feeds::{Feeds, Item};
use super::figures::Figures;
use super::health::Health;
use super::pass::{Passes, Verdict, short};
use super::queue::Queue;
use super::world::{Touched, World};
use crate::cluster::Error;
use crate::cluster::selection::Selected;
use crate::plan::{Subject, SubjectKind};

/// A failing object counts as stuck, as far as `--once` goes, after this many tries.
const ONCE_TRIES: u32 = 3;
/// How long `--once` waits for its first lists.
const ONCE_PATIENCE: Duration = Duration::from_secs(60);
/// One that went may be on its way back, as after `schedule recreate`: what it left is not removed sooner. Spec: S-193
const FAREWELL: Duration = Duration::from_secs(15);
/// A day ahead stands for "never".
const FAR: Duration = Duration::from_secs(86_400);

/// The loop and everything it knows.
pub(super) struct Worker {
    /// What is watched.
    pub(super) world: World,
    queue: Queue,
    passes: Passes,
    feeds: Feeds,
    inbox: UnboundedReceiver<Item>,
    health: Arc<Health>,
    /// Somebody reads the figures, so they are worth taking.
    has_readers: bool,
    is_synced: bool,
}

impl Worker {
    /// A worker that has seen nothing yet.
    pub(super) fn new(
        passes: Passes,
        (feeds, inbox): (Feeds, UnboundedReceiver<Item>),
        health: Arc<Health>,
        has_readers: bool,
    ) -> Self {
        let (world, queue) = (World::default(), Queue::default());
        let mut worker = Self { world, queue, passes, feeds, inbox, health, has_readers, is_synced: false };
        worker.follow_what_is_wanted();
        worker
    }

    /// Works until told to stop; a pass that has begun is finished.
    pub(super) async fn run(&mut self, stop: &mut watch::Receiver<bool>) {
        while !*stop.borrow() {
            if self.is_synced
                && let Some(subject) = self.queue.take_due(Instant::now())
            {
                // Problems are in the log and in the figures; the object backs off.
                let _ = self.one_pass(&subject).await;
                self.take_in_waiting();
                continue;
            }
            let due =
                self.queue.next_due().filter(|_| self.is_synced).unwrap_or_else(|| Instant::now() + FAR);
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Some(item) = self.inbox.recv() => {
                    self.take_in(item);
                    self.take_in_waiting();
                }
                () = sleep_until(due) => {}
            }
        }
    }

    /// Works until nothing more can be done without waiting.
    ///
    /// # Errors
    ///
    /// A watch does not come up, or an object fails again and again; the last error.
    pub(super) async fn run_once(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), Error> {
        let (begin, mut last_error) = (Instant::now(), None);
        while !*stop.borrow() {
            if !self.is_synced {
                tokio::select! {
                    _ = stop.changed() => {}
                    Some(item) = self.inbox.recv() => self.take_in(item),
                    () = sleep_until(begin + ONCE_PATIENCE) => {
                        return Err(Error::timed_out("list", self.world.unsynced().join(", ")));
                    }
                }
                continue;
            }
            self.take_in_waiting();
            let soon = Instant::now() + Duration::from_secs(1);
            let Some(due) = self.queue.next_due().filter(|due| *due <= soon) else { break };
            sleep_until(due).await;
            if let Some(subject) = self.queue.take_due(Instant::now()) {
                let answer = self.one_pass(&subject).await;
                if self.queue.failures(&subject) >= ONCE_TRIES {
                    let stuck = || Some(Error::timed_out("settle", subject.to_string()));
                    last_error = answer.err().or(last_error).or_else(stuck);
                    self.queue.remove(&subject);
                }
            }
        }
        last_error.map_or(Ok(()), Err)
    }

    async fn one_pass(&mut self, subject: &Subject) -> Result<(), Error> {
        if !self.world.has(subject) {
            self.queue.remove(subject);
            return Ok(());
        }
        let begin = Instant::now();
        let answer = self.passes.pass(&mut self.world, subject, &self.health.metrics).await;
        let now = Instant::now();
        let result = match &answer {
            Ok(verdict) => self.reschedule(subject, *verdict, now),
            Err(error) => {
                self.queue.fail(subject, None, now);
                self.complain(subject, error);
                "error"
            }
        };
        self.health.metrics.count_pass(subject, result, now - begin);
        self.update_figures();
        answer.map(|_| ())
    }

    fn reschedule(&mut self, subject: &Subject, verdict: Verdict, now: Instant) -> &'static str {
        if verdict.changed {
            let neighbours = self.world.subjects(Some(&subject.namespace));
            neighbours
                .iter()
                .filter(|other| *other != subject)
                .for_each(|other| self.queue.touch(other, now));
        }
        match verdict {
            Verdict { failed: true, wake, .. } => {
                self.queue.fail(subject, wake, now);
                "failed"
            }
            Verdict { changed: true, .. } => {
                self.queue.again(subject, now);
                "changed"
            }
            Verdict { wake, .. } => {
                self.queue.settle(subject, wake, now);
                if wake.is_none() {
                    self.take_leave(subject);
                }
                "settled"
            }
        }
    }

    /// What was done for an object that is gone is over.
    fn take_leave(&mut self, subject: &Subject) {
        if self.world.take_leave(subject) {
            self.queue.remove(subject);
            self.follow_what_is_wanted();
        }
    }

    /// The first failures of a row are told, then ever fewer.
    fn complain(&self, subject: &Subject, error: &Error) {
        let failures = self.queue.failures(subject);
        if failures <= 2 || failures.is_power_of_two() {
            tracing::warn!(subject = %short(subject), "{error}");
        }
    }

    fn take_in_waiting(&mut self) {
        while let Ok(item) = self.inbox.try_recv() {
            self.take_in(item);
        }
    }

    fn take_in(&mut self, item: Item) {
        let may_want_more = matches!(
            item,
            Item::Schedule(_) | Item::Restore(_) | Item::Other(Selected::Deployments | Selected::Pools, _)
        );
        let touched = self.world.take(item);
        if touched.served {
            self.passes.answers.forget_served();
        }
        if may_want_more {
            self.follow_what_is_wanted();
        }
        let now = Instant::now();
        for subject in self.subjects_of(&touched) {
            self.queue.touch(&subject, now);
        }
        for subject in &touched.departed {
            self.queue.touch_after(subject, FAREWELL, now);
        }
        if let Some(debounce) = touched.schedules {
            let subjects = self.world.subjects(None);
            let schedules = subjects.iter().filter(|subject| subject.kind == SubjectKind::BackupSchedule);
            schedules.for_each(|subject| self.queue.touch_after(subject, debounce, now));
        }
        self.is_synced = self.is_synced || self.world.unsynced().is_empty();
        self.health.set("watches", self.problem());
    }

    /// Follows what the objects that are there make worth following.
    fn follow_what_is_wanted(&mut self) {
        let wanted = self.world.wanted();
        self.feeds.want(&wanted, self.world.hive_namespaces());
    }

    fn subjects_of(&self, touched: &Touched) -> Vec<Subject> {
        if touched.everything {
            return self.world.subjects(None);
        }
        touched.namespaces.iter().flat_map(|namespace| self.world.subjects(Some(namespace))).collect()
    }

    fn problem(&self) -> Option<String> {
        if let Some((kind, cause)) = self.world.broken().first_key_value() {
            return Some(format!("cannot watch {kind}: {cause}"));
        }
        let unsynced = if self.is_synced { Vec::new() } else { self.world.unsynced() };
        (!unsynced.is_empty()).then(|| format!("waiting for the first list of {}", unsynced.join(", ")))
    }

    fn update_figures(&self) {
        if !self.has_readers {
            return;
        }
        let (schedules, restores) = self.world.ours();
        let (backups, velero_restores, locations) = self.world.of_velero();
        let figures = Figures::of((&schedules, &restores), (&backups, &velero_restores), &locations);
        self.health.metrics.set_figures(figures);
    }
}

//! Which object is due when. Each backs off on its own.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::plan::Subject;

/// Events within this time lead to one pass.
pub(super) const DEBOUNCE: Duration = Duration::from_millis(10);
/// The same for events that may come by the thousand.
pub(super) const SLOW_DEBOUNCE: Duration = Duration::from_millis(300);
/// Spec: S-270
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
/// Spec: S-270
const LONGEST_BACKOFF: Duration = Duration::from_secs(1000);
/// An object that keeps changing things is slowed down from here on.
const QUICK_PASSES: u32 = 20;
/// An event brings a failing object forward, but not sooner than this after its failure.
const FAILING_REST: Duration = Duration::from_secs(1);

/// The objects to look at, and when.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BTreeMap<Subject, Entry>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Entry {
    due: Option<Instant>,
    failures: u32,
    productive: u32,
    not_before: Option<Instant>,
}

impl Queue {
    /// Something that may concern the object happened.
    pub(super) fn touch(&mut self, subject: &Subject, now: Instant) {
        self.touch_after(subject, DEBOUNCE, now);
    }

    /// As [`Self::touch`]; events within `debounce` lead to one pass.
    pub(super) fn touch_after(&mut self, subject: &Subject, debounce: Duration, now: Instant) {
        let entry = self.entries.entry(subject.clone()).or_default();
        let due = entry.not_before.map_or(now + debounce, |rest| rest.max(now + debounce));
        entry.due = Some(entry.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// The first object that is due, if any is; it is no longer due then.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Subject> {
        let due = |entry: &Entry| entry.due.filter(|due| *due <= now);
        let (subject, entry) =
            self.entries.iter_mut().filter(|(_, e)| due(e).is_some()).min_by_key(|(_, e)| e.due)?;
        entry.due = None;
        Some(subject.clone())
    }

    /// When the next object is due; `None` if only an event can change that.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.entries.values().filter_map(|entry| entry.due).min()
    }

    /// The pass went well: look again after `wake`, or only when something happens.
    pub(super) fn settle(&mut self, subject: &Subject, wake: Option<Duration>, now: Instant) {
        let due = wake.map(|wake| now + wake);
        self.update(subject, |entry| *entry = Entry { due: sooner(entry.due, due), ..Entry::default() });
    }

    /// The pass changed something: look again at once.
    pub(super) fn again(&mut self, subject: &Subject, now: Instant) {
        self.update(subject, |entry| {
            let productive = entry.productive.saturating_add(1);
            let pause = productive.checked_sub(QUICK_PASSES).map_or(Duration::ZERO, backoff);
            *entry = Entry { due: Some(now + pause), productive, failures: 0, not_before: None };
        });
    }

    /// The pass failed: look again after `wake`, or after the object's own backoff.
    pub(super) fn fail(&mut self, subject: &Subject, wake: Option<Duration>, now: Instant) {
        self.update(subject, |entry| {
            let pause = wake.unwrap_or_else(|| backoff(entry.failures));
            entry.failures = entry.failures.saturating_add(1);
            entry.due = Some(now + pause);
            entry.not_before = Some(now + pause.min(FAILING_REST));
        });
    }

    /// The object is gone.
    pub(super) fn remove(&mut self, subject: &Subject) {
        self.entries.remove(subject);
    }

    /// Number of failures in a row.
    pub(super) fn failures(&self, subject: &Subject) -> u32 {
        self.entries.get(subject).map_or(0, |entry| entry.failures)
    }

    fn update(&mut self, subject: &Subject, change: impl FnOnce(&mut Entry)) {
        change(self.entries.entry(subject.clone()).or_default());
    }
}

/// An event during the pass counts, even though the pass sets its own time.
fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(1 << failures.min(20)).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject {
        Subject { name: name.into(), ..Subject::default() }
    }

    #[test]
    fn events_in_quick_succession_lead_to_one_pass() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.touch(&subject("a"), now);
        queue.touch(&subject("a"), now + Duration::from_millis(3));
        assert_eq!(queue.take_due(now), None);
        assert_eq!(queue.take_due(now + DEBOUNCE), Some(subject("a")));
        assert_eq!(queue.take_due(now + DEBOUNCE * 2), None);
    }

    /// S-270: up to 1000 s; S-294: one object never holds up another
    #[test]
    fn a_failing_object_backs_off_without_holding_up_the_others() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for _ in 0..30 {
            queue.fail(&subject("bad"), None, now);
        }
        queue.touch(&subject("good"), now);
        assert_eq!(queue.take_due(now + DEBOUNCE), Some(subject("good")));
        assert_eq!(queue.next_due(), Some(now + LONGEST_BACKOFF));
    }

    /// S-270
    #[test]
    fn the_backoff_doubles_from_5_ms_and_success_resets_it() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for pause in [5, 10, 20, 40] {
            queue.fail(&subject("a"), None, now);
            assert_eq!(queue.next_due(), Some(now + Duration::from_millis(pause)));
        }
        queue.settle(&subject("a"), None, now);
        assert_eq!(queue.failures(&subject("a")), 0);
    }

    /// S-271: an error wins over the time a plan asks for, and news over both
    #[test]
    fn an_event_brings_a_failing_object_forward_after_a_rest() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.fail(&subject("a"), Some(Duration::from_secs(60)), now);
        queue.touch(&subject("a"), now);
        assert_eq!(queue.next_due(), Some(now + FAILING_REST));
    }

    #[test]
    fn an_object_that_never_settles_is_slowed_down() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        for _ in 0..QUICK_PASSES + 12 {
            queue.again(&subject("a"), now);
        }
        assert!(queue.next_due().unwrap() > now + Duration::from_secs(5));
    }
}

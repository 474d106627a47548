//! Progress on standard error: redrawn on a terminal, one line per change elsewhere.

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::terminal::{USUAL_SIZE, size_of_stderr};
use crate::render::Block;
use crate::render::progress::{Facts, change_lines, ending, live_lines};
use crate::render::text::harmless;

/// Nothing has moved for so long that a look elsewhere may help.
const STILL_FOR_LONG: Duration = Duration::from_secs(5 * 60);
/// Off a terminal something is said at least this often.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Where progress is shown.
pub(super) struct Screen<'a> {
    session: &'a Session,
    /// The command that takes up waiting again.
    again: String,
    /// What is redrawn; `None` where nothing is.
    block: Option<Block>,
    said: Vec<String>,
    last: Instant,
    frame: usize,
    stillness: Stillness,
    /// What to do when nothing moves.
    when_still: String,
}

/// How long nothing has changed.
struct Stillness {
    state: Vec<(String, String)>,
    since: Instant,
}

impl Stillness {
    /// Whether nothing has changed for long at `now`.
    fn is_long(&mut self, state: &[(String, String)], now: Instant) -> bool {
        if self.state != state {
            (self.state, self.since) = (state.to_vec(), now);
        }
        now - self.since >= STILL_FOR_LONG
    }
}

impl<'a> Screen<'a> {
    /// `again` takes up waiting again; `when_still` is for when nothing moves.
    pub(super) fn new(session: &'a Session, again: String, when_still: String) -> Self {
        let redraws = session.environment.may_redraw() && !session.globals.quiet;
        let now = Instant::now();
        let stillness = Stillness { state: Vec::new(), since: now };
        Self {
            session,
            again,
            block: redraws.then(Block::default),
            said: Vec::new(),
            last: now,
            frame: 0,
            stillness,
            when_still,
        }
    }

    /// Shows how it stands now.
    pub(super) fn show(&mut self, facts: &Facts<'_>) {
        if self.session.globals.quiet {
            return;
        }
        self.frame += 1;
        let mut changes = change_lines(facts);
        let is_still = self.stillness.is_long(&changes, Instant::now());
        let hint = is_still.then(|| format!("nothing has changed for five minutes: {}", self.when_still));
        if self.block.is_none() {
            changes.extend(hint.map(|hint| (hint.clone(), hint)));
            return self.append(changes);
        }
        let mut lines = live_lines(facts, &self.session.err(), self.frame);
        lines.extend(hint.map(|hint| format!("  {hint}")));
        self.redraw(&lines);
    }

    fn redraw(&mut self, lines: &[String]) {
        let Some(block) = &mut self.block else { return };
        let (size, style) = (size_of_stderr().unwrap_or(USUAL_SIZE), self.session.err());
        let lines: Vec<String> = lines.iter().map(|line| style.cut(line, size.0)).collect();
        eprint!("{}", block.redraw(&lines, size));
    }

    /// Says what is new since the last time; what changes only in numbers waits for the heartbeat.
    fn append(&mut self, lines: Vec<(String, String)>) {
        let beat = self.last.elapsed() > HEARTBEAT;
        let stamp = self.session.now().strftime("%H:%M:%SZ").to_string();
        for (key, line) in &lines {
            if beat || !self.said.contains(key) {
                eprintln!("{stamp} {}", harmless(line));
                self.last = Instant::now();
            }
        }
        self.said = lines.into_iter().map(|(key, _)| key).collect();
    }

    /// Leaves the last state standing, and says how it ended.
    pub(super) fn end(&mut self, facts: &Facts<'_>, exit: Exit) {
        self.redraw(&live_lines(facts, &self.session.err(), 0));
        let stopped = match exit {
            Exit::Interrupted => "Stopped waiting",
            Exit::TimedOut => "Timed out",
            _ => return eprintln!("{}", ending(facts, &self.session.err())),
        };
        eprintln!("{stopped}; the hub goes on. Take it up again with\n  {}", self.again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_not_changed_for_five_minutes_is_still() {
        let start = Instant::now();
        let state = |text: &str| vec![(text.to_owned(), text.to_owned())];
        let mut stillness = Stillness { state: Vec::new(), since: start };
        let minutes = |n: u64| start + Duration::from_secs(60 * n);
        assert!(!stillness.is_long(&state("1/3"), minutes(0)));
        assert!(!stillness.is_long(&state("1/3"), minutes(4)));
        assert!(!stillness.is_long(&state("2/3"), minutes(6)), "it moved");
        assert!(!stillness.is_long(&state("2/3"), minutes(10)));
        assert!(stillness.is_long(&state("2/3"), minutes(11)));
    }
}

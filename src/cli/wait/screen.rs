//! Progress on standard error: redrawn on a terminal, one line per change elsewhere.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::render::progress::{Facts, change_lines, ending, live_lines};
use crate::render::text::harmless;

/// Off a terminal something is said at least this often.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Where progress is shown.
pub(super) struct Screen<'a> {
    session: &'a Session,
    /// The command that takes up waiting again.
    again: String,
    bars: Option<(MultiProgress, Vec<ProgressBar>)>,
    said: Vec<String>,
    last: Instant,
    frame: usize,
}

impl<'a> Screen<'a> {
    pub(super) fn new(session: &'a Session, again: String) -> Self {
        let redraws = session.environment.may_redraw() && !session.globals.quiet;
        let bars =
            redraws.then(|| (MultiProgress::with_draw_target(ProgressDrawTarget::stderr()), Vec::new()));
        Self { session, again, bars, said: Vec::new(), last: Instant::now(), frame: 0 }
    }

    /// Shows how it stands now.
    pub(super) fn show(&mut self, facts: &Facts<'_>) {
        if self.session.globals.quiet {
            return;
        }
        self.frame += 1;
        match self.bars {
            Some(_) => self.redraw(&live_lines(facts, &self.session.err(), self.frame)),
            None => self.append(change_lines(facts)),
        }
    }

    fn redraw(&mut self, lines: &[String]) {
        let Some((all, bars)) = &mut self.bars else { return };
        while bars.len() < lines.len() {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(
                ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bars.push(bar);
        }
        for (i, bar) in bars.iter().enumerate() {
            bar.set_message(lines.get(i).cloned().unwrap_or_default());
        }
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
        if let Some((all, _)) = &self.bars {
            let _ = all.clear();
            all.set_draw_target(ProgressDrawTarget::hidden());
            let style = self.session.err();
            let lines = live_lines(facts, &style, 0);
            eprint!(
                "{}",
                lines.iter().filter(|l| !l.is_empty()).map(|line| format!("{line}\n")).collect::<String>()
            );
        }
        let stopped = match exit {
            Exit::Interrupted => "Stopped waiting",
            Exit::TimedOut => "Timed out",
            _ => return self.say(&ending(facts, &self.session.err())),
        };
        self.say(&format!("{stopped}; the hub goes on. Take it up again with\n  {}", self.again));
    }

    fn say(&self, text: &str) {
        if !self.session.globals.quiet {
            eprintln!("{text}");
        }
    }
}

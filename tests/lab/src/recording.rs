//! What a program wrote on a terminal, and when: as data, and as a file of asciinema.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::terminal::Size;

/// What a program wrote on a terminal, and when.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Columns and rows of the terminal.
    pub size: Size,
    /// Texts with the time since the start.
    pub events: Vec<(Duration, String)>,
}

impl Recording {
    /// A recording of nothing so far.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self { size, events: Vec::new() }
    }

    /// Adds what was written at a time.
    pub fn add(&mut self, at: Duration, text: &str) {
        self.events.push((at, text.to_owned()));
    }

    /// Everything that was written.
    #[must_use]
    pub fn text(&self) -> String {
        self.events.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The same with no pause longer than this.
    #[must_use]
    pub fn without_pauses(&self, longest: Duration) -> Self {
        let (mut before, mut now) = (Duration::ZERO, Duration::ZERO);
        let events = self.events.iter().map(|(at, text)| {
            now += at.saturating_sub(before).min(longest);
            before = *at;
            (now, text.clone())
        });
        Self { size: self.size, events: events.collect() }
    }

    /// As a file that `asciinema play` shows, version 2 of its format.
    #[must_use]
    pub fn to_cast(&self, title: &str) -> String {
        let head = json!({
            "version": 2, "width": self.size.0, "height": self.size.1, "title": title,
            "env": {"TERM": "xterm-256color"},
        });
        let mut cast = format!("{head}\n");
        for (at, text) in &self.events {
            let seconds = (at.as_secs_f64() * 1000.0).round() / 1000.0;
            let _ = writeln!(cast, "{}", json!([seconds, "o", text]));
        }
        cast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_keeps_what_was_written_and_shortens_pauses() {
        let mut recording = Recording::new((80, 24));
        recording.add(Duration::from_millis(500), "a\r\n");
        recording.add(Duration::from_secs(60), "\u{1b}[1mb");
        let short = recording.without_pauses(Duration::from_secs(2));
        assert_eq!(short.text(), recording.text());
        let cast = short.to_cast("t");
        let lines: Vec<&str> = cast.lines().collect();
        assert!(lines[0].contains(r#""version":2,"width":80,"height":24"#), "{cast}");
        assert_eq!(lines[1..], [r#"[0.5,"o","a\r\n"]"#, r#"[2.5,"o","\u001b[1mb"]"#]);
    }
}

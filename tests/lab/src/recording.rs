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
        if !text.is_empty() {
            self.events.push((at, text.to_owned()));
        }
    }

    /// Everything that was written.
    #[must_use]
    pub fn text(&self) -> String {
        self.events.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The part that begins where a text was first written.
    #[must_use]
    pub fn from(&self, begin: &str) -> Self {
        let events = self.events.iter().skip_while(|(_, text)| !text.contains(begin)).cloned();
        let mut events: Vec<(Duration, String)> = events.collect();
        if let Some((_, first)) = events.first_mut() {
            let at = first.find(begin).unwrap_or(0);
            first.drain(..at);
        }
        Self { size: self.size, events }
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

    /// The same with a pause before each line that contains `marker`, so that a person can read what came before.
    #[must_use]
    pub fn pausing_before(&self, marker: &str, pause: Duration) -> Self {
        let mut paced = Self::new(self.size);
        let mut later = Duration::ZERO;
        for (at, text) in &self.events {
            let mut said = String::new();
            for line in text.split_inclusive('\n') {
                if line.contains(marker) {
                    paced.add(*at + later, &std::mem::take(&mut said));
                    later += pause;
                }
                said.push_str(line);
            }
            paced.add(*at + later, &said);
        }
        paced
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
        assert_eq!(recording.from("\u{1b}[1m").text(), "\u{1b}[1mb");
        let mut quick = Recording::new((80, 24));
        quick.add(Duration::ZERO, "said\r\n$ one\r\nsaid\r\n$ two\r\n");
        let slow = quick.pausing_before("$", Duration::from_secs(1));
        let at = |seconds, text: &str| (Duration::from_secs(seconds), text.to_owned());
        assert_eq!(slow.events, [at(0, "said\r\n"), at(1, "$ one\r\nsaid\r\n"), at(2, "$ two\r\n")]);
        let cast = short.to_cast("t");
        let lines: Vec<&str> = cast.lines().collect();
        assert!(lines[0].contains(r#""version":2,"width":80,"height":24"#), "{cast}");
        assert_eq!(lines[1..], [r#"[0.5,"o","a\r\n"]"#, r#"[2.5,"o","\u001b[1mb"]"#]);
    }
}

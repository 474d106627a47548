//! Which lines of a Velero log are shown.

use clap::ValueEnum;
use jiff::Timestamp;

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Level {
    /// Everything
    Debug,
    /// What Velero says by default
    Info,
    /// Warnings and errors
    Warn,
    /// Errors only
    Error,
}

/// Decides line by line; a line without a level or time belongs to the one before it.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    least: Level,
    since: Option<Timestamp>,
    shows: bool,
}

impl Filter {
    /// Lines of at least this level, not older than `since`.
    pub(super) fn new(least: Level, since: Option<Timestamp>) -> Self {
        Self { least, since, shows: true }
    }

    /// True if the line is shown.
    pub(super) fn shows(&mut self, line: &str) -> bool {
        if let Some(level) = level_of(line) {
            let is_recent = match (self.since, time_of(line)) {
                (Some(since), Some(time)) => time >= since,
                _ => true,
            };
            self.shows = level >= self.least && is_recent;
        }
        self.shows
    }
}

/// The level of a line as logrus writes it, in text or JSON.
fn level_of(line: &str) -> Option<Level> {
    match field(line, "level")? {
        "debug" | "trace" => Some(Level::Debug),
        "info" => Some(Level::Info),
        "warning" | "warn" => Some(Level::Warn),
        "error" | "fatal" | "panic" => Some(Level::Error),
        _ => None,
    }
}

fn time_of(line: &str) -> Option<Timestamp> {
    field(line, "time")?.parse().ok()
}

/// The value of `key=value`, `key="value"` or `"key":"value"`.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let text = format!("{key}=");
    let json = format!("\"{key}\":");
    let rest = match line.split_once(&text) {
        Some((before, rest)) if before.is_empty() || before.ends_with(' ') => rest,
        _ => line.split_once(&json)?.1,
    };
    match rest.trim_start().strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(' ').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARNING: &str =
        r#"time="2026-11-22T10:00:05Z" level=warning msg="level=info is what it said" backup=acm/b"#;
    const INFO: &str = r#"time="2026-11-22T10:00:04Z" level=info msg="Backing up" backup=acm/b"#;

    #[test]
    fn only_lines_of_the_level_or_worse_are_shown() {
        let mut filter = Filter::new(Level::Warn, None);
        assert!(!filter.shows(INFO));
        assert!(filter.shows(WARNING));
        assert!(filter.shows(r#"{"level":"error","msg":"no","time":"2026-11-22T10:00:05Z"}"#));
    }

    #[test]
    fn the_lines_of_a_stack_trace_go_with_the_line_they_belong_to() {
        let mut filter = Filter::new(Level::Warn, None);
        assert!(filter.shows(WARNING));
        assert!(filter.shows("\tgoroutine 1"));
        assert!(!filter.shows(INFO));
        assert!(!filter.shows("\tgoroutine 2"));
    }

    #[test]
    fn lines_from_before_the_given_time_are_left_out() {
        let mut filter = Filter::new(Level::Debug, Some("2026-11-22T10:00:05Z".parse().unwrap()));
        assert!(!filter.shows(INFO));
        assert!(filter.shows(WARNING));
    }
}

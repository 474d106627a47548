//! Colour and marks; colour only repeats what words already say.

use std::fmt::Display;

use jiff::Timestamp;
use owo_colors::{OwoColorize, Style as Paint};

use super::text::{cut, harmless};

/// How to show things: decided once per output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Escape sequences are allowed.
    pub color: bool,
    /// Marks and bars beyond ASCII are allowed.
    pub unicode: bool,
    /// Columns of the terminal; `None` off a terminal, where nothing is cut.
    pub width: Option<usize>,
    /// The moment ages are counted from.
    pub now: Timestamp,
}

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// Colour on a terminal
    #[default]
    Auto,
    /// Colour everywhere
    Always,
    /// No colour
    Never,
}

/// The environment as far as it decides about colour and marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColorEnvironment {
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` or `FORCE_COLOR` is set, not empty and not `0`.
    pub force_color: bool,
    /// `TERM` is `dumb`.
    pub dumb: bool,
    /// The locale is UTF-8.
    pub utf8: bool,
}

impl ColorEnvironment {
    /// Whether a stream is coloured; the first rule that matches wins.
    pub fn wants_color(&self, choice: ColorChoice, is_terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if self.no_color => false,
            ColorChoice::Auto if self.force_color => true,
            ColorChoice::Auto => !self.dumb && is_terminal,
        }
    }

    /// Whether a stream may show marks beyond ASCII.
    pub fn wants_unicode(&self, is_terminal: bool) -> bool {
        is_terminal && self.utf8 && !self.dumb
    }
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// All well.
    Good,
    /// Deserves a look.
    Attention,
    /// Does not work.
    Bad,
    /// Not there yet, or of no importance.
    Neutral,
}

impl Style {
    /// Plain text without a width, as in a pipe.
    pub fn plain(now: Timestamp) -> Self {
        Self { color: false, unicode: false, width: None, now }
    }

    /// Headings, and names just created.
    pub fn bold(&self, text: impl Display) -> String {
        self.paint(text, Paint::new().bold())
    }

    /// What matters less.
    pub fn dim(&self, text: impl Display) -> String {
        self.paint(text, Paint::new().dimmed())
    }

    /// Text in the colour of a mark.
    pub fn toned(&self, mark: Mark, text: impl Display) -> String {
        self.paint(text, paint_of(mark))
    }

    /// The mark itself: `✔ ! ✘ ·`, or `ok warn FAIL -`.
    pub fn mark(&self, mark: Mark) -> String {
        let text = match (mark, self.unicode) {
            (Mark::Good, true) => "✔",
            (Mark::Attention, true) => "!",
            (Mark::Bad, true) => "✘",
            (Mark::Neutral, true) => "·",
            (Mark::Good, false) => "ok",
            (Mark::Attention, false) => "warn",
            (Mark::Bad, false) => "FAIL",
            (Mark::Neutral, false) => "-",
        };
        self.toned(mark, text)
    }

    /// An arrow from an old to a new value.
    pub fn arrow(&self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// Text cut to columns, with a sign at its end if something is missing.
    pub fn cut(&self, text: &str, columns: usize) -> String {
        cut(text, columns, if self.unicode { "…" } else { "..." }).into_owned()
    }

    /// A phase of ours or of Velero, in the colour it deserves.
    pub fn phase(&self, phase: &str) -> String {
        self.toned(tone_of_phase(phase), harmless(phase))
    }

    fn paint(&self, text: impl Display, paint: Paint) -> String {
        if self.color { text.style(paint).to_string() } else { text.to_string() }
    }
}

fn paint_of(mark: Mark) -> Paint {
    match mark {
        Mark::Good => Paint::new().green(),
        Mark::Attention => Paint::new().yellow(),
        Mark::Bad => Paint::new().red(),
        Mark::Neutral => Paint::new().dimmed(),
    }
}

/// How good a phase is; a phase this program does not know is neutral.
pub fn tone_of_phase(phase: &str) -> Mark {
    match phase {
        "Completed" | "Complete" | "Enabled" | "Finished" | "Available" => Mark::Good,
        "Failed" | "FailedValidation" | "Error" | "BackupCollision" | "Unavailable" => Mark::Bad,
        "PartiallyFailed" | "Partial" | "FinishedWithErrors" | "EnabledWithErrors" | "Paused"
        | "Deleting" => Mark::Attention,
        _ => Mark::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment_and_no_color_beats_force() {
        let both = ColorEnvironment { no_color: true, force_color: true, ..Default::default() };
        assert!(both.wants_color(ColorChoice::Always, false));
        assert!(!both.wants_color(ColorChoice::Never, true));
        assert!(!both.wants_color(ColorChoice::Auto, true));
    }

    #[test]
    fn without_a_word_from_anybody_a_terminal_decides_unless_it_is_dumb() {
        let silent = ColorEnvironment::default();
        assert!(silent.wants_color(ColorChoice::Auto, true));
        assert!(!silent.wants_color(ColorChoice::Auto, false));
        let dumb = ColorEnvironment { dumb: true, ..Default::default() };
        assert!(!dumb.wants_color(ColorChoice::Auto, true));
        let forced = ColorEnvironment { force_color: true, dumb: true, ..Default::default() };
        assert!(forced.wants_color(ColorChoice::Auto, false));
    }

    #[test]
    fn marks_have_words_where_signs_do_not_work() {
        let plain = Style::plain(Timestamp::UNIX_EPOCH);
        assert_eq!(plain.mark(Mark::Bad), "FAIL");
        let rich = Style { unicode: true, color: true, ..plain };
        assert_eq!(rich.mark(Mark::Good), "\u{1b}[32m✔\u{1b}[0m");
    }

    #[test]
    fn a_phase_cannot_steer_the_terminal() {
        let style = Style::plain(Timestamp::UNIX_EPOCH);
        assert_eq!(style.phase("Done\u{1b}[2J"), "Done?[2J");
    }
}

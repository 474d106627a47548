//! The environment of the process, read once: terminals, colour, language, CI.

use std::io::{IsTerminal, stderr, stdin, stdout};
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::Timestamp;

use super::terminal;
use crate::render::Style;
use crate::render::style::{ColorChoice, ColorEnvironment};

/// Where the program runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal of standard output; `None` off a terminal.
    pub width: Option<usize>,
    /// Columns of the terminal of standard error; `None` off a terminal.
    pub stderr_width: Option<usize>,
    /// What decides about colour.
    pub color: ColorEnvironment,
    /// `CI` is set.
    pub ci: bool,
}

impl Environment {
    /// The environment as it is.
    pub fn read() -> Self {
        let stdout_is_terminal = stdout().is_terminal();
        Self {
            stdin_is_terminal: stdin().is_terminal(),
            stdout_is_terminal,
            stderr_is_terminal: stderr().is_terminal(),
            width: terminal::size_of_stdout().map(|(columns, _)| columns),
            stderr_width: terminal::size_of_stderr().map(|(columns, _)| columns),
            color: ColorEnvironment {
                no_color: is_set("NO_COLOR"),
                force_color: ["CLICOLOR_FORCE", "FORCE_COLOR"]
                    .into_iter()
                    .any(|name| is_set(name) && variable(name) != "0"),
                dumb: variable("TERM") == "dumb",
                utf8: is_utf8(),
            },
            ci: is_set("CI"),
        }
    }

    /// How standard output is shown.
    pub fn stdout_style(&self, choice: ColorChoice, now: Timestamp) -> Style {
        let terminal = self.stdout_is_terminal;
        Style {
            color: self.color.wants_color(choice, terminal),
            unicode: self.color.wants_unicode(terminal),
            width: self.width,
            now,
        }
    }

    /// How standard error is shown.
    pub fn stderr_style(&self, choice: ColorChoice, now: Timestamp) -> Style {
        let terminal = self.stderr_is_terminal;
        Style {
            color: self.color.wants_color(choice, terminal),
            unicode: self.color.wants_unicode(terminal),
            width: self.stderr_width,
            now,
        }
    }

    /// Questions may be asked.
    pub fn may_ask(&self) -> bool {
        self.stdin_is_terminal && self.stderr_is_terminal && !self.ci
    }

    /// The whole of standard output may be redrawn.
    pub fn may_redraw_screen(&self) -> bool {
        self.stdout_is_terminal && !self.ci && !self.color.dumb
    }

    /// Lines on standard error may be redrawn.
    pub fn may_redraw(&self) -> bool {
        self.stderr_is_terminal && !self.ci && !self.color.dumb
    }
}

/// The variable that is set first decides, as in every C program.
fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(variable).find(|value| !value.is_empty());
    match locale {
        Some(locale) => ["utf-8", "utf8"].iter().any(|utf8| locale.to_lowercase().contains(utf8)),
        None => cfg!(any(windows, target_os = "macos")),
    }
}

/// What `ACMBACKUP_COLOR` says, for what is shown before the command line was understood.
pub fn color_choice() -> Option<ColorChoice> {
    ColorChoice::from_str(&variable("ACMBACKUP_COLOR"), false).ok()
}

/// Whether a variable is set to anything.
pub fn is_set(name: &str) -> bool {
    !variable(name).is_empty()
}

/// The folders programs are looked for in.
pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// What a variable is set to; empty where it is not.
#[allow(clippy::disallowed_methods)] // the one place that reads the environment
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_a_terminal() -> Environment {
        let (stdin_is_terminal, stdout_is_terminal, stderr_is_terminal) = (true, true, true);
        Environment { stdin_is_terminal, stdout_is_terminal, stderr_is_terminal, ..Environment::default() }
    }

    /// Asking, redrawing standard output, redrawing standard error.
    fn may(environment: &Environment) -> [bool; 3] {
        [environment.may_ask(), environment.may_redraw_screen(), environment.may_redraw()]
    }

    #[test]
    fn nobody_is_asked_and_nothing_redrawn_where_nobody_looks() {
        assert_eq!(may(&on_a_terminal()), [true; 3]);
        assert_eq!(may(&Environment { ci: true, ..on_a_terminal() }), [false; 3]);
        let color = ColorEnvironment { dumb: true, ..ColorEnvironment::default() };
        let dumb = Environment { color, ..on_a_terminal() };
        assert_eq!(may(&dumb), [true, false, false], "a dumb terminal has a person before it");
        assert_eq!(may(&Environment { stdin_is_terminal: false, ..on_a_terminal() }), [false, true, true]);
        assert_eq!(may(&Environment { stdout_is_terminal: false, ..on_a_terminal() }), [true, false, true]);
        assert_eq!(may(&Environment { stderr_is_terminal: false, ..on_a_terminal() }), [false, true, false]);
    }
}

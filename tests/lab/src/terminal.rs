//! A program in a real pseudo-terminal, and what a person in front of it sees.

use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pty_process::blocking::{Command as PtyCommand, Pty, open};

use crate::recording::Recording;
use crate::wait::until;

/// How long a program may take to show something.
const DEADLINE: Duration = Duration::from_secs(60);
/// What a person types to interrupt, and to end the input.
pub const CTRL_C: &str = "\u{3}";
/// What a person types to end the input.
pub const CTRL_D: &str = "\u{4}";

/// Columns and rows.
pub type Size = (u16, u16);

/// A program in a pseudo-terminal of its own; killed when dropped.
pub struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    seen: Arc<Mutex<Seen>>,
    reader: JoinHandle<()>,
}

/// What has arrived from the program.
struct Seen {
    screen: avt::Terminal,
    recording: Recording,
    begin: Instant,
    /// The begin of a character whose end has not arrived.
    rest: Vec<u8>,
}

impl Terminal {
    /// Starts a program as in a terminal window of this size: colours, UTF-8, nothing that says it is not a person's.
    ///
    /// # Errors
    ///
    /// When there is no pseudo-terminal, or the program cannot be started.
    pub fn start(command: Command, size: Size) -> Result<Self> {
        let (pty, pts) = open().context("open a pseudo-terminal")?;
        pty.resize(pty_process::Size::new(size.1, size.0))?;
        let child = PtyCommand::from(command).spawn(pts).context("start it in a pseudo-terminal")?;
        let pty = Arc::new(pty);
        let screen = avt::Terminal::with_scrollback(size.0.into(), size.1.into(), None)?;
        let recording = Recording::new(size);
        let seen = Seen { screen, recording, begin: Instant::now(), rest: Vec::new() };
        let seen = Arc::new(Mutex::new(seen));
        let (source, sink) = (Arc::clone(&pty), Arc::clone(&seen));
        let reader = std::thread::spawn(move || read_all(&source, &sink));
        Ok(Self { child, pty, seen, reader })
    }

    /// Types on the keyboard.
    ///
    /// # Errors
    ///
    /// When the program has ended.
    pub fn types(&self, keys: &str) -> Result<()> {
        Ok((&*self.pty).write_all(keys.as_bytes())?)
    }

    /// Makes the window another size; lines that do not fit any more wrap, as in most terminals.
    ///
    /// # Errors
    ///
    /// When the program has ended.
    pub fn resize(&self, size: Size) -> Result<()> {
        let mut seen = self.seen();
        seen.screen.resize(size.0.into(), size.1.into());
        Ok(self.pty.resize(pty_process::Size::new(size.1, size.0))?)
    }

    /// The lines in the window, without trailing blanks.
    #[must_use]
    pub fn screen(&self) -> Vec<String> {
        let seen = self.seen();
        let lines = seen.screen.screen().visible_lines().map(|line| line.text().trim_end().to_owned());
        without_empty_end(lines.collect())
    }

    /// The lines in the window and those that left it at its top, where those that were wrapped are one.
    #[must_use]
    pub fn history(&self) -> Vec<String> {
        without_empty_end(self.seen().screen.screen().text())
    }

    /// Whether a line in the window was too long for it.
    #[must_use]
    pub fn has_wrapped(&self) -> bool {
        self.seen().screen.screen().visible_lines().any(avt::Line::is_wrapped)
    }

    /// Everything the program wrote, escape sequences included, and when.
    #[must_use]
    pub fn recording(&self) -> Recording {
        self.seen().recording.clone()
    }

    /// Whether a person sees where the next key goes.
    #[must_use]
    pub fn has_cursor(&self) -> bool {
        self.seen().screen.cursor().visible
    }

    /// Waits until the window shows a text.
    ///
    /// # Errors
    ///
    /// When it does not come; with what there is.
    pub async fn shows(&self, text: &str) -> Result<()> {
        self.until(text, |lines| lines.iter().any(|line| line.contains(text))).await
    }

    /// Waits until the lines in the window are as wanted.
    ///
    /// # Errors
    ///
    /// When that does not come; with what there is.
    pub async fn until(&self, what: &str, check: impl Fn(&[String]) -> bool) -> Result<()> {
        let shown = until(DEADLINE, what, async || Ok(check(&self.screen()))).await;
        shown.with_context(|| format!("the terminal shows\n{}\n", self.history().join("\n")))
    }

    /// Waits until the program has ended and all it wrote has arrived; answers the exit code.
    ///
    /// # Errors
    ///
    /// When it does not end, or is ended by a signal.
    pub async fn end(&mut self) -> Result<i32> {
        self.ends_within(DEADLINE).await
    }

    /// As [`Terminal::end`], for a program that takes long.
    ///
    /// # Errors
    ///
    /// When it does not end in time, or is ended by a signal.
    pub async fn ends_within(&mut self, deadline: Duration) -> Result<i32> {
        let mut status = None;
        let ended = until(deadline, "the program to end", async || {
            status = self.child.try_wait()?;
            Ok(status.is_some() && self.reader.is_finished())
        });
        ended.await.with_context(|| format!("the terminal shows\n{}\n", self.history().join("\n")))?;
        status.and_then(|status| status.code()).context("it was ended by a signal instead of ending itself")
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command as a person's shell starts it, whatever the machine that tests it has set.
pub fn as_in_a_window(command: &mut Command) {
    for name in ["CI", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "LC_ALL", "LC_CTYPE", "ACMBACKUP_COLOR"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
}

/// Reads until the last program has let go of the terminal, which Linux reports as an error.
fn read_all(pty: &Pty, seen: &Mutex<Seen>) {
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = (&*pty).read(&mut buffer) {
        let arrived = buffer.get(..count).unwrap_or_default();
        seen.lock().unwrap_or_else(PoisonError::into_inner).take(arrived);
    }
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.rest.len(),
        };
        let text: Vec<u8> = self.rest.drain(..whole).collect();
        let text = String::from_utf8_lossy(&text);
        self.screen.feed(&*text);
        self.recording.add(self.begin.elapsed(), &text);
    }
}

fn without_empty_end(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Terminal {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        as_in_a_window(&mut command);
        Terminal::start(command, (40, 5)).unwrap()
    }

    #[tokio::test]
    async fn what_is_typed_arrives_and_what_is_written_is_seen() {
        let mut terminal = shell("read name; printf '\\033[1mhello %s ✔\\033[0m\\n' $name; exit 3");
        terminal.types("you\n").unwrap();
        assert_eq!(terminal.end().await.unwrap(), 3);
        assert_eq!(terminal.screen(), ["you", "hello you ✔"]);
        assert!(terminal.recording().text().contains("\u{1b}[1mhello"));
    }

    #[tokio::test]
    async fn a_narrower_window_wraps_its_lines_and_ctrl_c_interrupts() {
        let terminal = shell("trap 'stty size; exit' INT; echo 0123456789; while :; do read x; done");
        terminal.shows("0123456789").await.unwrap();
        terminal.resize((6, 6)).unwrap();
        terminal.until("the line to wrap", |lines| lines == ["012345", "6789"]).await.unwrap();
        terminal.types(CTRL_C).unwrap();
        terminal.shows("6 6").await.unwrap();
    }
}

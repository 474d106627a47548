//! Answering whoever completes: kubectl under another name of this program, or a shell through a variable.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::Command;
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;
use clap_complete::env::{CompleteEnv, EnvCompleter, Shells};

use super::super::environment;
use super::super::output;
use super::{link, names};
use crate::render::text::harmless;

/// Set by the scripts of shells when they ask.
pub(super) const VARIABLE: &str = "ACMBACKUP_COMPLETE";
/// Set by bash, zsh and elvish: which word of the line is completed.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";
/// What the script for bash has between candidates; the others have lines.
const OF_BASH: char = '\u{b}';
/// What kubectl calls a line that is shown and not completed.
const ACTIVE_HELP: &str = "_activeHelp_ ";
/// Cobra's directive for "complete the names of files".
const FILES: u8 = 0;
/// Cobra's directive for "no blank behind it", added to others.
const NO_SPACE: u8 = 2;
/// Cobra's directive for "these are all, do not add file names".
const NO_FILES: u8 = 4;
/// Cobra's directive for "do not sort them", added to others.
const KEEP_ORDER: u8 = 32;

/// Whether these words were a question about completion, which then has been answered.
pub fn answered(words: &[OsString]) -> bool {
    let name = words.first().map(Path::new).and_then(Path::file_stem).and_then(|name| name.to_str());
    if name.is_some_and(link::is_completer) {
        let _ = output::print(&for_kubectl(words.get(1..).unwrap_or_default()));
        return true;
    }
    if !environment::is_set(VARIABLE) {
        return false;
    }
    // A shell sends its line behind an escape.
    let line = words.iter().skip_while(|word| *word != "--").skip(2).cloned().collect::<Vec<_>>();
    let (command, _) = names::attached(&line);
    let current = std::env::current_dir().ok();
    let builtin = Shells::builtins();
    let shells: Vec<Frugal<'_>> = builtin.iter().map(Frugal).collect();
    let shells: Vec<&dyn EnvCompleter> = shells.iter().map(|shell| shell as &dyn EnvCompleter).collect();
    let completer = CompleteEnv::with_factory(move || command.clone()).var(VARIABLE).bin(link::PROGRAM);
    let completer = completer.shells(Shells(&shells));
    completer.try_complete(words.iter().cloned(), current.as_deref()).unwrap_or(false)
}

/// Flags are offered only behind a dash.
fn is_offered(candidate: &str, word: &str) -> bool {
    word.starts_with('-') || !candidate.starts_with('-')
}

/// A shell that offers flags only behind a dash; clap's own do with every empty word.
struct Frugal<'s>(&'s dyn EnvCompleter);

impl EnvCompleter for Frugal<'_> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is(&self, name: &str) -> bool {
        self.0.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> std::io::Result<()> {
        self.0.write_registration(var, name, bin, completer, buf)
    }

    fn write_complete(
        &self,
        tree: &mut Command,
        line: Vec<OsString>,
        current: Option<&Path>,
        buf: &mut dyn Write,
    ) -> std::io::Result<()> {
        let at = environment::variable(INDEX).parse().unwrap_or(line.len().saturating_sub(1));
        let word = line.get(at).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let mut written = Vec::new();
        self.0.write_complete(tree, line, current, &mut written)?;
        let text = String::from_utf8_lossy(&written);
        let separator = if text.contains(OF_BASH) { OF_BASH } else { '\n' };
        let kept: Vec<&str> = text.split(separator).filter(|line| is_offered(line, &word)).collect();
        buf.write_all(kept.join(&separator.to_string()).as_bytes())
    }
}

/// Candidates for the last word, one a line with its description behind a tab, then cobra's directive.
fn for_kubectl(words: &[OsString]) -> String {
    let (tree, aside) = names::attached(words);
    let mut tree = names::without_files(tree, &aside);
    let last = words.last().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let line: Vec<OsString> = std::iter::once(link::PROGRAM.into()).chain(words.iter().cloned()).collect();
    let at = line.len().saturating_sub(1).max(1);
    let found = complete(&mut tree, line, at, None).unwrap_or_default();
    let said = aside.said();
    if said.files {
        return format!(":{FILES}\n");
    }
    let shown: Vec<&CompletionCandidate> = found
        .iter()
        .filter(|candidate| is_offered(&candidate.get_value().to_string_lossy(), &last))
        .collect();
    let mut text: String = shown.iter().map(|candidate| line_of(candidate)).collect();
    if let Some(hint) = &said.hint {
        text.push_str(&format!("{ACTIVE_HELP}{}\n", harmless(hint)));
    }
    text.push_str(&format!(":{}\n", directive(&shown, said.in_order)));
    text
}

fn line_of(candidate: &CompletionCandidate) -> String {
    let value = candidate.get_value().to_string_lossy();
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    match help.lines().next().unwrap_or_default().trim() {
        "" => format!("{}\n", harmless(&value)),
        help => format!("{}\t{}\n", harmless(&value), harmless(help)),
    }
}

/// Behind `phase=` the name of a phase is yet to come.
fn directive(shown: &[&CompletionCandidate], in_order: bool) -> u8 {
    let is_begun = |candidate: &&CompletionCandidate| candidate.get_value().to_string_lossy().ends_with('=');
    let order = if in_order { KEEP_ORDER } else { 0 };
    let space = if !shown.is_empty() && shown.iter().all(is_begun) { NO_SPACE } else { 0 };
    NO_FILES | order | space
}

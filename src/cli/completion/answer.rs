//! Answering whoever completes: kubectl under another name of this program, or a shell through a variable.

use std::ffi::OsString;
use std::path::Path;

use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;
use clap_complete::env::CompleteEnv;

use super::super::environment;
use super::super::output;
use super::{link, names};
use crate::render::text::harmless;

/// Set by the scripts of shells when they ask.
pub(super) const VARIABLE: &str = "ACMBACKUP_COMPLETE";
/// What kubectl calls a line that is shown and not completed.
const ACTIVE_HELP: &str = "_activeHelp_ ";
/// Cobra's directive for "these are all, do not add file names".
const NO_FILES: u8 = 4;
/// Cobra's directive for "no blank behind it", added to others.
const NO_SPACE: u8 = 2;

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
    let completer = CompleteEnv::with_factory(move || command.clone()).var(VARIABLE).bin(link::PROGRAM);
    completer.try_complete(words.iter().cloned(), current.as_deref()).unwrap_or(false)
}

/// Candidates for the last word, one a line with its description behind a tab, then cobra's directive.
fn for_kubectl(words: &[OsString]) -> String {
    let (mut command, hint) = names::attached(words);
    let last = words.last().cloned().unwrap_or_default();
    let line: Vec<OsString> = std::iter::once(link::PROGRAM.into()).chain(words.iter().cloned()).collect();
    let at = line.len().saturating_sub(1).max(1);
    let current = std::env::current_dir().ok();
    let found = complete(&mut command, line, at, current.as_deref()).unwrap_or_default();
    let wants_flags = last.to_string_lossy().starts_with('-');
    let shown: Vec<&CompletionCandidate> = found
        .iter()
        .filter(|candidate| wants_flags || !candidate.get_value().to_string_lossy().starts_with('-'))
        .collect();
    let mut text: String = shown.iter().map(|candidate| line_of(candidate)).collect();
    if let Some(hint) = hint.take() {
        text.push_str(&format!("{ACTIVE_HELP}{}\n", harmless(&hint)));
    }
    text.push_str(&format!(":{}\n", directive(&shown)));
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

/// A folder is rarely all that is wanted.
fn directive(shown: &[&CompletionCandidate]) -> u8 {
    let folder = |candidate: &&CompletionCandidate| candidate.get_value().to_string_lossy().ends_with('/');
    if !shown.is_empty() && shown.iter().all(folder) { NO_FILES | NO_SPACE } else { NO_FILES }
}

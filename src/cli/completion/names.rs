//! Which arguments have names from the hub, and asking for them in a time somebody waits after pressing Tab.

use std::ffi::{OsStr, OsString};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use clap::{Command, FromArgMatches};
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use super::super::entry;
use super::super::global::GlobalArgs;
use super::super::session::Session;
use super::live::{self, Names};
use crate::render::text::harmless;
use crate::velero::BackupType;

/// How long the hub may take; after that there are no names.
const BUDGET: Duration = Duration::from_secs(2);

/// Command (empty for the flags all have), argument, and whose names it takes.
const LIVE: &[(&str, &str, Names)] = &[
    ("", "namespace", Names::Namespaces),
    ("", "context", Names::Contexts),
    ("schedule", "name", Names::Schedules),
    ("pause", "name", Names::Schedules),
    ("resume", "name", Names::Schedules),
    ("activate", "name", Names::Restores),
    ("restore", "credentials", Names::Choices(BackupType::Credentials)),
    ("restore", "resources", Names::Choices(BackupType::Resources)),
    ("restore", "managed_clusters", Names::Choices(BackupType::ManagedClusters)),
    ("restore", "cleanup", Names::Cleanups),
    ("restore", "run", Names::RunChoices),
    ("plan", "words", Names::RestoresWithNoun),
    ("plan", "credentials", Names::Choices(BackupType::Credentials)),
    ("plan", "resources", Names::Choices(BackupType::Resources)),
    ("plan", "managed_clusters", Names::Choices(BackupType::ManagedClusters)),
    ("plan", "cleanup", Names::Cleanups),
    ("plan", "run", Names::RunChoices),
    ("wait", "words", Names::Waitable),
    ("describe", "words", Names::Objects),
    ("delete", "words", Names::Objects),
    ("logs", "words", Names::Logged),
    ("verify", "run", Names::Runs),
    ("get", "words", Names::Everything),
];

/// One line for whoever pressed Tab, when there are no names.
#[derive(Debug, Clone, Default)]
pub(super) struct Hint(Arc<Mutex<Option<String>>>);

impl Hint {
    /// The line, if there is one.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().ok()?.take()
    }

    fn set(&self, text: String) {
        if let Ok(mut hint) = self.0.lock() {
            *hint = Some(text);
        }
    }
}

/// The command tree with live names; `words` are what was typed so far, for the flags that lead to the hub.
pub(super) fn attached(words: &[OsString]) -> (Command, Hint) {
    let (globals, hint) = (globals(words), Hint::default());
    let mut tree = entry::command();
    for (command, argument, names) in LIVE {
        let (globals, hint) = (globals.clone(), hint.clone());
        let completer =
            ArgValueCompleter::new(move |typed: &OsStr| candidates(*names, &globals, (&hint, typed)));
        let attach = |tree: Command| tree.mut_arg(argument, |arg| arg.add(completer));
        tree = if command.is_empty() { attach(tree) } else { tree.mut_subcommand(command, attach) };
    }
    (tree, hint)
}

/// The flags that lead to the hub, from a line that is not finished yet.
fn globals(words: &[OsString]) -> Option<GlobalArgs> {
    let typed = words.split_last().map(|(_, before)| before).unwrap_or_default();
    let line = std::iter::once(OsString::from("kubectl-acmbackup")).chain(typed.iter().cloned());
    let matches = entry::command().ignore_errors(true).try_get_matches_from(line).ok()?;
    GlobalArgs::from_arg_matches(&matches).ok()
}

fn candidates(
    names: Names,
    globals: &Option<GlobalArgs>,
    (hint, typed): (&Hint, &OsStr),
) -> Vec<CompletionCandidate> {
    let Some(globals) = globals else { return Vec::new() };
    let typed = typed.to_string_lossy();
    let session = Session::new(GlobalArgs { unattended: true, ..globals.clone() });
    let found = asked(names, session).unwrap_or_else(|why| {
        hint.set(why);
        Vec::new()
    });
    let all =
        names.fixed().iter().map(|(value, help)| ((*value).to_owned(), (*help).to_owned())).chain(found);
    all.filter(|(value, _)| value.starts_with(typed.as_ref()))
        .enumerate()
        .map(|(place, (value, help))| {
            let help = (!help.is_empty()).then(|| harmless(&help).into_owned().into());
            CompletionCandidate::new(harmless(&value).into_owned()).help(help).display_order(Some(place))
        })
        .collect()
}

/// Asks the hub on a thread of its own: a credential plugin blocks whoever waits for it.
fn asked(names: Names, session: Session) -> Result<Vec<(String, String)>, String> {
    let (answer, answers) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let found = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
            runtime.block_on(live::names(names, &session)).map_err(|error| error.message)
        });
        // Nobody listens any more after two seconds.
        drop(answer.send(found));
    });
    answers
        .recv_timeout(BUDGET)
        .unwrap_or_else(|_| Err("the server did not answer in two seconds".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_with_live_names_exists() {
        let tree = entry::command();
        for (command, argument, _) in LIVE {
            let owner = if command.is_empty() { Some(&tree) } else { tree.find_subcommand(command) };
            let found = owner.unwrap().get_arguments().any(|known| known.get_id() == argument);
            assert!(found, "{command} has no argument {argument}");
        }
    }

    #[test]
    fn flags_that_lead_to_the_hub_are_read_from_an_unfinished_line() {
        let words: Vec<OsString> =
            ["restore", "--context", "west", "-n", "acm", "--credentials", "ac"].map(OsString::from).to_vec();
        let globals = globals(&words).unwrap();
        assert_eq!((globals.context.as_deref(), globals.namespace.as_deref()), (Some("west"), Some("acm")));
    }
}

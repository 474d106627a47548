//! Which arguments have names from the hub, and asking for them in a time somebody waits after pressing Tab.

use std::ffi::{OsStr, OsString};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use clap::{Arg, Command, FromArgMatches, ValueHint};
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use super::super::entry;
use super::super::global::GlobalArgs;
use super::super::noun::Noun;
use super::super::session::Session;
use super::live::{self, Further, Names};
use crate::render::text::harmless;
use crate::velero::BackupType;

/// How long the hub may take; after that there are no names.
const BUDGET: Duration = Duration::from_secs(2);

const ALL: &[Noun] = &[Noun::Schedule, Noun::Restore, Noun::Run, Noun::Backup];

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
    ("plan", "words", Names::Objects(&[Noun::Restore], Further::Nothing)),
    ("plan", "credentials", Names::Choices(BackupType::Credentials)),
    ("plan", "resources", Names::Choices(BackupType::Resources)),
    ("plan", "managed_clusters", Names::Choices(BackupType::ManagedClusters)),
    ("plan", "cleanup", Names::Cleanups),
    ("plan", "run", Names::RunChoices),
    ("wait", "words", Names::Objects(&[Noun::Schedule, Noun::Restore, Noun::Backup], Further::Nothing)),
    ("wait", "condition", Names::Conditions(None)),
    ("describe", "words", Names::Objects(ALL, Further::Nothing)),
    ("delete", "words", Names::Objects(ALL, Further::Objects)),
    ("logs", "words", Names::Objects(&[Noun::Restore, Noun::Run, Noun::Backup], Further::Nothing)),
    ("verify", "run", Names::Runs),
    ("get", "words", Names::Objects(ALL, Further::Names)),
];

/// What goes to whoever asks beside the candidates.
#[derive(Debug, Clone, Default)]
pub(super) struct Aside(Arc<Mutex<Said>>);

/// See [`Aside`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// One line for whoever pressed Tab, when there are no names.
    pub(super) hint: Option<String>,
    /// The order of the candidates means something.
    pub(super) in_order: bool,
    /// The name of a file is wanted, which a shell completes better.
    pub(super) files: bool,
}

impl Aside {
    /// What was said.
    pub(super) fn said(&self) -> Said {
        self.0.lock().map(|said| said.clone()).unwrap_or_default()
    }

    fn say(&self, what: impl FnOnce(&mut Said)) {
        if let Ok(mut said) = self.0.lock() {
            what(&mut said);
        }
    }
}

/// What was typed before the word that is completed.
#[derive(Debug, Clone, Default)]
struct Typed {
    /// The flags that lead to the hub; `None` where the line makes no sense.
    globals: Option<GlobalArgs>,
    /// Nouns and names.
    words: Vec<String>,
}

/// The command tree with live names; `words` are what was typed so far.
pub(super) fn attached(words: &[OsString]) -> (Command, Aside) {
    let (typed, aside) = (Arc::new(typed(words)), Aside::default());
    let mut tree = entry::command();
    for (command, argument, names) in LIVE {
        let (typed, aside) = (Arc::clone(&typed), aside.clone());
        let completer = ArgValueCompleter::new(move |word: &OsStr| match names.after(&typed.words) {
            Some(names) => candidates(names, &typed.globals, (&aside, word)),
            None => Vec::new(),
        });
        let attach = |tree: Command| tree.mut_arg(argument, |arg| arg.add(completer));
        tree = if command.is_empty() { attach(tree) } else { tree.mut_subcommand(command, attach) };
    }
    (tree, aside)
}

/// The tree with a remark in place of the names of files.
pub(super) fn without_files(tree: Command, aside: &Aside) -> Command {
    let remark = |arg: Arg| {
        let aside = aside.clone();
        let completer = ArgValueCompleter::new(move |_: &OsStr| {
            aside.say(|said| said.files = true);
            Vec::new()
        });
        let takes_file =
            matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath);
        if takes_file { arg.add(completer) } else { arg }
    };
    tree.mut_args(remark).mut_subcommands(|command| command.mut_args(remark))
}

/// Reads a line that is not finished yet.
fn typed(words: &[OsString]) -> Typed {
    let before = words.split_last().map(|(_, before)| before).unwrap_or_default();
    let line = std::iter::once(OsString::from("kubectl-acmbackup")).chain(before.iter().cloned());
    let Ok(matches) = entry::command().ignore_errors(true).try_get_matches_from(line) else {
        return Typed::default();
    };
    let raw = matches.subcommand().and_then(|(_, chosen)| chosen.try_get_raw("words").ok().flatten());
    let words = raw.into_iter().flatten().map(|word| word.to_string_lossy().into_owned()).collect();
    Typed { globals: GlobalArgs::from_arg_matches(&matches).ok(), words }
}

fn candidates(
    names: Names,
    globals: &Option<GlobalArgs>,
    (aside, typed): (&Aside, &OsStr),
) -> Vec<CompletionCandidate> {
    let Some(globals) = globals else { return Vec::new() };
    let typed = typed.to_string_lossy();
    let session = Session::new(GlobalArgs { unattended: true, ..globals.clone() });
    let found = asked(names, session).unwrap_or_else(|why| {
        aside.say(|said| said.hint = Some(why));
        Vec::new()
    });
    aside.say(|said| said.in_order = true);
    let all = names.fixed().into_iter().chain(found);
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
        let globals = typed(&words).globals.unwrap();
        assert_eq!((globals.context.as_deref(), globals.namespace.as_deref()), (Some("west"), Some("acm")));
    }
}

//! Every pair of flags that does not go together, found in the command tree itself, ends with wrong usage.

use acmbackup::cli::entry;
use clap::error::ErrorKind;
use clap::{Arg, Command};

use super::failure;

/// What a flag or argument that takes a value is given.
const VALUES: &[(&str, &str)] = &[
    ("as_of", "6h"),
    ("run", "20261122100004"),
    ("subject", "restore/r1"),
    ("filename", "restore.yaml"),
    ("from", "snapshot.yaml"),
    ("selector", "a=b"),
    ("or_selector", "a=b"),
    ("image", "x"),
    ("replicas", "2"),
    ("install", "folder"),
];

/// The words that give an argument.
fn words(arg: &Arg) -> Vec<String> {
    let value = VALUES.iter().find(|(id, _)| arg.get_id() == *id).map(|(_, value)| *value);
    match (arg.get_long(), arg.get_action().takes_values()) {
        (Some(long), false) => vec![format!("--{long}")],
        (Some(long), true) => vec![format!("--{long}={}", value.unwrap_or("x"))],
        (None, _) => vec![value.unwrap_or("x").to_owned()],
    }
}

fn pairs(command: &Command) -> Vec<Vec<String>> {
    let all = command.get_arguments().flat_map(|arg| {
        command.get_arg_conflicts_with(arg).into_iter().map(move |other| [words(arg), words(other)].concat())
    });
    all.map(|words| [vec![command.get_name().to_owned()], words].concat()).collect()
}

#[test]
fn every_pair_of_flags_that_does_not_go_together_is_refused() {
    let mut program = entry::command();
    program.build();
    let all: Vec<Vec<String>> = program.get_subcommands().flat_map(pairs).collect();
    assert!(all.len() >= 10, "{all:?}");
    for words in &all {
        let line = std::iter::once("kubectl-acmbackup").chain(words.iter().map(String::as_str));
        let refused = entry::command().try_get_matches_from(line).err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::ArgumentConflict), "{words:?}");
    }
}

#[test]
fn a_refused_pair_names_both_flags() {
    let (error, code) = failure(&["restore", "--pin", "--as-of", "6h"]);
    assert_eq!(code, 2);
    assert!(error.contains("--pin") && error.contains("--as-of"), "{error}");
}

//! Arguments and snapshots nobody would write: whatever comes, the program answers and does not panic.
//!
//! The cases are the same in every run; `PROPTEST_CASES` makes it more of them.

use std::collections::BTreeSet;
use std::time::Duration;

use acmbackup::cli::{Cli, entry};
use clap::{Arg, Command, FromArgMatches};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::errors::kubeconfig;
use super::escapes::{obliging, server};
use super::{SNAPSHOT, acmbackup, text};

/// Codes a command may end with when there is no hub (docs/exit-codes.md); 70, a defect, is not among them.
const CODES: [i32; 9] = [0, 1, 2, 3, 4, 5, 6, 9, 124];
/// What would leave this machine, write files or go on forever.
const NOT_RUN: &[&str] =
    &["run", "--server", "-s", "--kubeconfig", "--install", "--uninstall", "--out", "-w", "--watch"];

fn runner(cases: u32) -> TestRunner {
    let default = Config::default();
    let cases = if default.cases == Config::with_cases(256).cases { cases } else { default.cases };
    let config = Config { cases, failure_persistence: None, ..default };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Every word the program knows.
fn vocabulary() -> Vec<String> {
    let mut root = entry::command();
    root.build();
    let mut words = BTreeSet::new();
    collect(&root, &mut words);
    words.into_iter().collect()
}

fn collect(command: &Command, words: &mut BTreeSet<String>) {
    for arg in command.get_arguments() {
        words.extend(arg.get_long().map(|long| format!("--{long}")));
        words.extend(arg.get_short().map(|short| format!("-{short}")));
        words.extend(values(arg));
    }
    for inner in command.get_subcommands() {
        words.insert(inner.get_name().to_owned());
        collect(inner, words);
    }
}

fn values(arg: &Arg) -> Vec<String> {
    arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// A line of words: known ones, usual values, and anything at all.
fn line(known: Vec<String>) -> impl Strategy<Value = Vec<String>> {
    let usual = prop::sample::select(vec![
        "latest",
        "skip",
        "complete",
        "restore/r1",
        "backup/x",
        "schedule",
        "run/20261122100004",
        "20261122100004",
        "6h",
        "0",
        "-1",
        "a=b",
        "@daily",
        "0 */2 * * *",
        "CRON_TZ=Nowhere 0 3 * * *",
        "--",
        "-",
        "true",
        "=",
        "/",
    ]);
    let known = prop::sample::select(known);
    let word = prop_oneof![
        6 => known.clone(),
        3 => usual.clone().prop_map(str::to_owned),
        1 => (known, usual).prop_map(|(flag, value)| format!("{flag}={value}")),
        1 => "\\PC{0,12}",
        1 => any::<String>().prop_map(|text| text.replace('\0', "")),
    ];
    prop::collection::vec(word, 0..8)
}

#[test]
fn no_line_of_words_makes_the_parser_panic() {
    runner(2000)
        .run(&line(vocabulary()), |words| {
            let line = std::iter::once("kubectl-acmbackup".to_owned()).chain(words);
            if let Ok(mut matches) = entry::command().try_get_matches_from(line) {
                let _ = Cli::from_arg_matches_mut(&mut matches);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_program_ends_every_line_of_words_with_a_code_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let known = vocabulary().into_iter().filter(|word| !NOT_RUN.contains(&word.as_str())).collect();
    runner(100)
        .run(&line(known), |words| {
            prop_assume!(
                !words.iter().any(|word| NOT_RUN.iter().any(|not| word == not || word.starts_with("-s")))
            );
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let output = acmbackup(&words).current_dir(folder.path()).write_stdin("").output().unwrap();
            let code = output.status.code();
            prop_assert!(code.is_some_and(|code| CODES.contains(&code)), "{words:?}: {output:?}");
            prop_assert!(!output.stderr.contains(&0x1b), "an escape sequence is passed through: {words:?}");
            Ok(())
        })
        .unwrap();
}

/// Lines that lead to a hub are answered by one that agrees to everything and means none of it.
#[test]
fn the_program_ends_every_line_of_words_on_an_obliging_hub_too() {
    let config = kubeconfig(&server(obliging));
    let folder = tempfile::tempdir().unwrap();
    let known = vocabulary().into_iter().filter(|word| !NOT_RUN.contains(&word.as_str())).collect();
    let commands = prop::sample::select(
        entry::command().get_subcommands().map(|c| c.get_name().to_owned()).collect::<Vec<_>>(),
    );
    runner(100)
        .run(&(commands, line(known)), |(command, words)| {
            let leaves = |word: &String| NOT_RUN.iter().any(|not| word == not) || word.starts_with("-s");
            // What follows or waits does so for longer than a test may take.
            let lasts =
                |word: &String| word.starts_with("-f") || word.starts_with("--f") || word.starts_with("--wa");
            prop_assume!(command != "run" && !words.iter().any(|word| leaves(word) || lasts(word)));
            let limits = ["-n", "acm", "--request-timeout", "2s"];
            let wait: &[&str] = if command == "wait" { &["--timeout", "0"] } else { &[] };
            let words: Vec<&str> = std::iter::once(&command)
                .chain(&words)
                .map(String::as_str)
                .take_while(|word| *word != "--")
                .collect();
            let mut program = acmbackup(&words);
            program.args(limits).args(wait).env("KUBECONFIG", config.path()).current_dir(folder.path());
            let output = program.write_stdin("").timeout(Duration::from_secs(100)).output().unwrap();
            let code = output.status.code();
            prop_assert!(
                code.is_some_and(|code| CODES.contains(&code) || matches!(code, 7 | 8)),
                "{words:?}: {output:?}"
            );
            prop_assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{words:?}");
            Ok(())
        })
        .unwrap();
}

/// What becomes of one line of a snapshot.
#[derive(Debug, Clone)]
enum Damage {
    Drop,
    Twice,
    Value(String),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = (usize, Damage)> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("9999-99-99T99:99:99Z".to_owned()),
        Just("\"\\u001b[2J\"".to_owned()),
        "\\PC{0,20}",
    ];
    let kinds = prop_oneof![
        Just(Damage::Drop),
        Just(Damage::Twice),
        value.prop_map(Damage::Value),
        (0_usize..20).prop_map(Damage::Cut),
    ];
    (0_usize..SNAPSHOT.lines().count(), kinds)
}

fn damaged(wounds: &[(usize, Damage)]) -> String {
    let mut lines: Vec<String> = SNAPSHOT.lines().map(str::to_owned).collect();
    for (at, damage) in wounds {
        let line = lines[*at].clone();
        lines[*at] = match damage {
            Damage::Drop => String::new(),
            Damage::Twice => format!("{line}\n{line}"),
            Damage::Value(value) => format!("{}: {value}", line.split(": ").next().unwrap()),
            Damage::Cut(length) => line.chars().take(*length).collect(),
        };
    }
    lines.join("\n")
}

#[test]
fn a_damaged_snapshot_is_read_or_refused() {
    runner(60)
        .run(&prop::collection::vec(damage(), 1..6), |wounds| {
            for arguments in
                [&["latest", "--all"][..], &["plan", "--managed-clusters", "latest"], &["status"]]
            {
                let output = acmbackup(arguments)
                    .args(["--from", "-"])
                    .write_stdin(damaged(&wounds))
                    .output()
                    .unwrap();
                let code = output.status.code();
                prop_assert!(
                    code.is_some_and(|code| CODES.contains(&code)),
                    "{arguments:?}: {}",
                    text(&output.stderr)
                );
                prop_assert!(
                    !output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b),
                    "{arguments:?}"
                );
            }
            Ok(())
        })
        .unwrap();
}

//! Every command in the documentation and in the help is one the program understands.

use std::process::Command;

use acmbackup::cli::entry;

use super::pages::{examples, pages};

/// The words a shell makes of each command of ours in an example.
fn commands(code: &str) -> Vec<Vec<String>> {
    let begin = |part: &str| part.find("kubectl acmbackup ").or_else(|| part.find("kubectl-acmbackup "));
    let ours = |part: &str| Some(part.get(begin(part)?..)?.split([')', '>']).next()?.to_owned());
    code.split(" | ").filter_map(ours).map(|command| words(&command)).collect()
}

fn words(command: &str) -> Vec<String> {
    let script = format!("words() {{ for word; do printf '%s\\0' \"$word\"; done; }}\nwords {command}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command}");
    let words = String::from_utf8(output.stdout).unwrap();
    let words =
        words.split_terminator('\0').skip_while(|word| *word == "kubectl" || word.contains("acmbackup"));
    words.map(str::to_owned).collect()
}

pub(super) fn understand(place: &str, code: &str) {
    for words in commands(code) {
        let line = std::iter::once("kubectl-acmbackup").chain(words.iter().map(String::as_str));
        if let Err(error) = entry::command().try_get_matches_from(line) {
            assert!(!error.use_stderr(), "{place}: {code}\n{error}");
        }
    }
}

#[test]
fn every_example_on_a_page_is_a_command_the_program_understands() {
    let mut count = 0;
    for (page, text) in pages() {
        for code in examples(&text) {
            understand(&page.display().to_string(), &code);
            count += 1;
        }
    }
    assert!(count > 60, "only {count} examples were found");
}

#[test]
fn every_example_in_the_help_is_a_command_the_program_understands() {
    for command in entry::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let found = examples(&format!("```\n{help}\n```"));
        let own = format!("kubectl acmbackup {}", command.get_name());
        assert!(
            command.get_name() == "version"
                || found.iter().any(|code| code.starts_with(&own))
                || help.is_empty(),
            "{own}"
        );
        for code in found {
            understand(command.get_name(), &code);
        }
    }
}

#[test]
fn examples_that_need_no_hub_end_well_when_they_are_run() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(
        env!("CARGO_BIN_EXE_kubectl-acmbackup"),
        folder.path().join("kubectl-acmbackup"),
    )
    .unwrap();
    let mut ran = 0;
    for (place, text) in pages() {
        let offline = |code: &String| code.contains("acmbackup install") && code.contains("--dry-run=client");
        for code in examples(&text).into_iter().filter(offline) {
            let script = code.replacen("kubectl acmbackup", "./kubectl-acmbackup", 1);
            let output =
                Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{}: {code}: {output:?}", place.display());
            ran += 1;
        }
    }
    assert!(ran > 0, "there is no such example any more");
}

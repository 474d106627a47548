//! Every command in the documentation and in the help is one the program understands.

use std::collections::BTreeSet;
use std::process::Command;

use acmbackup::cli::entry;

use super::{files_below, in_repository, read};

/// Pages with examples; `docs/commands.md` is made from the help.
fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), read("README.md"))];
    for path in files_below(&in_repository("docs"), ".md") {
        pages.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    }
    pages
}

/// Commands of ours in blocks of code, whatever prompt they have, and in tables.
fn examples(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        let in_block = fenced || line.starts_with("    ");
        let code = line.split_once("$ ").map_or(line, |(_, code)| code).trim();
        if in_block && code.starts_with("kubectl acmbackup ") {
            found.insert(code.to_owned());
        }
        if line.starts_with('|') {
            let codes =
                line.split('`').skip(1).step_by(2).filter(|code| code.starts_with("kubectl acmbackup "));
            found.extend(codes.map(str::to_owned));
        }
    }
    // How a command is used, and what a screen shows, is no example.
    found.retain(|code| !code.contains(['[', '<', '…']));
    found
}

/// The words a shell makes of a command, without what it does with the output.
fn words(code: &str) -> Vec<String> {
    let script = format!(
        "kubectl() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{}",
        code.split(" > ").next().unwrap()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{code}");
    let words = String::from_utf8(output.stdout).unwrap();
    words.split_terminator('\0').map(str::to_owned).collect()
}

pub(super) fn understand(place: &str, code: &str) {
    let words = words(code);
    let line = std::iter::once("kubectl-acmbackup").chain(words.iter().skip(1).map(String::as_str));
    if let Err(error) = entry::command().try_get_matches_from(line) {
        assert!(!error.use_stderr(), "{place}: {code}\n{error}");
    }
}

#[test]
fn every_example_on_a_page_is_a_command_the_program_understands() {
    let mut count = 0;
    for (place, text) in pages() {
        for code in examples(&text) {
            understand(&place, &code);
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
            assert!(output.status.success(), "{place}: {code}: {output:?}");
            ran += 1;
        }
    }
    assert!(ran > 0, "there is no such example any more");
}

//! Lines of examples that are no commands of ours: each is run somewhere, or it says here why it is not.

use std::collections::BTreeSet;

use super::pages::pages;
use super::read;

/// How such a line begins.
const BEGINNINGS: &[&str] = &["cargo ", "cosign ", "sha256sum ", "gh ", "mkdir ", "cp ", "docker ", "tar "];

const WORKFLOW: &str = ".github/workflows/ci.yml";
const RELEASE: &str = ".github/workflows/release.yml";

/// The beginning of a line, the file that runs it, and the words there.
const RUN: &[(&str, &str, &str)] = &[
    ("cargo ci", WORKFLOW, "- run: cargo ci"),
    ("cargo install --path .", WORKFLOW, "- run: cargo install --path . --locked"),
    (
        "cargo release-archives --platform linux/amd64 --check",
        WORKFLOW,
        "cargo release-archives ${{ matrix.arguments }}",
    ),
    ("cargo release-archives", RELEASE, "- run: cargo release-archives --check"),
    ("mkdir -p image/linux/amd64", RELEASE, "mkdir -p \"image/linux/$arch\""),
    ("cp target/release-archives", RELEASE, "cp target/release-archives/*-third-party-licences.txt"),
    ("docker buildx build", RELEASE, "docker buildx build --platform linux/amd64,linux/arm64"),
];

/// The beginning of a line, and why nothing runs it.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo demo", "takes minutes for what tests/e2e does; it is run whenever the pictures are made again"),
    ("cargo build --release --bin kubectl-acmbackup", "figures are taken by hand, a gate measures no time"),
    ("cargo run -p acmbackup-lab --bin", "figures are taken by hand, a gate measures no time"),
    ("cosign verify-blob", "there has to be a release"),
    ("sha256sum --check", "there has to be a release; a test of release/src/files.rs has the form it reads"),
    ("gh attestation verify", "there has to be a release"),
];

fn lines() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in pages() {
        let code = text.lines().filter_map(|line| line.strip_prefix("    "));
        let plain = code.map(|line| line.split(" # ").next().unwrap_or_default().trim().to_owned());
        found.extend(plain.filter(|line| BEGINNINGS.iter().any(|begin| line.starts_with(begin))));
    }
    found
}

#[test]
fn every_line_that_is_no_command_of_ours_is_run_somewhere_or_says_why_not() {
    let listed: Vec<&str> = RUN.iter().map(|run| run.0).chain(NOT_RUN.iter().map(|line| line.0)).collect();
    let lines = lines();
    for line in &lines {
        assert!(listed.iter().any(|begin| line.starts_with(begin)), "{line} is neither run nor listed");
    }
    for begin in listed {
        assert!(lines.iter().any(|line| line.starts_with(begin)), "no page says {begin} any more");
    }
}

#[test]
fn what_is_run_somewhere_is_found_there() {
    for (line, file, words) in RUN {
        assert!(read(file).contains(words), "{file} does not run {line}");
    }
}

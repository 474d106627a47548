//! `cargo ci`: everything that must hold before a merge, on a machine that has only Rust and Go.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The version of cargo-deny the checks were written for.
const CARGO_DENY_VERSION: &str = "0.20.2";
/// What reads the workflows as GitHub would; Go's checksum database says that it is what it was.
const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

fn main() -> ExitCode {
    match run() {
        Ok(counts) if counts.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ci: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Tests that ran, over all test programs.
#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

fn run() -> Result<Counts> {
    let started = Instant::now();
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    step("lints", || cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    step("workflows", workflows)?;
    step("lab programs", || {
        cargo(&["run", "--quiet", "-p", "acmbackup-lab", "--bin", "acmbackup-lab", "--", "build"])
    })?;
    let counts = step("tests", tests)?;
    step("documentation", documentation)?;
    step("licences, bans and sources", dependencies)?;
    println!("\nci took {}", minutes(started));
    println!("{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
    Ok(counts)
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    std::io::stdout().flush()?;
    let started = Instant::now();
    let done = work().with_context(|| format!("step {name:?} failed"))?;
    println!("    {name}: {}", minutes(started));
    Ok(done)
}

fn minutes(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    format!("{}m{:02}s", seconds / 60, seconds % 60)
}

fn cargo(arguments: &[&str]) -> Result<()> {
    cargo_with(arguments, &BTreeMap::new())
}

fn cargo_with(arguments: &[&str], environment: &BTreeMap<&str, &str>) -> Result<()> {
    let status =
        Command::new("cargo").args(arguments).envs(environment).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", arguments.join(" "));
    }
    Ok(())
}

/// Runs every test program to the end, so that one failure does not hide the next.
fn tests() -> Result<Counts> {
    let mut child = Command::new("cargo")
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        // Labs wait much: three at once fill two cores.
        .env("RUST_TEST_THREADS", "3")
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut counts = Counts::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        counts.add(&line);
    }
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        bail!("cargo test ended with {status}");
    }
    Ok(counts)
}

impl Counts {
    /// Adds a closing line such as `test result: ok. 4 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let number_before = |word: &str| {
            rest.split([';', '.'])
                .find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok())
                .unwrap_or(0)
        };
        self.passed += number_before("passed");
        self.failed += number_before("failed");
        self.skipped += number_before("ignored");
    }
}

fn documentation() -> Result<()> {
    cargo_with(
        &["doc", "--workspace", "--no-deps", "--locked"],
        &BTreeMap::from([("RUSTDOCFLAGS", "-D warnings")]),
    )
}

fn workflows() -> Result<()> {
    let files = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    let status =
        Command::new("go").args(["run", ACTIONLINT]).args(files).status().context("cannot start go")?;
    if !status.success() {
        bail!("actionlint ended with {status}");
    }
    Ok(())
}

/// The advisory database cannot be fetched everywhere: that check belongs to the hosted workflow.
fn dependencies() -> Result<()> {
    let program = cargo_deny()?;
    let status = Command::new(&program).args(["check", "licenses", "bans", "sources"]).status()?;
    if !status.success() {
        bail!("cargo deny ended with {status}");
    }
    Ok(())
}

/// Path of cargo-deny in the cache; installed there if it is missing.
fn cargo_deny() -> Result<PathBuf> {
    let root = acmbackup_lab::cache_folder()?.join(format!("cargo-deny-{CARGO_DENY_VERSION}"));
    let program = root.join("bin/cargo-deny");
    if !program.exists() {
        install_cargo_deny(&root)?;
    }
    Ok(program)
}

/// A debug build: it runs once per check and compiles in a third of the time.
fn install_cargo_deny(root: &Path) -> Result<()> {
    println!("    installing cargo-deny {CARGO_DENY_VERSION} (once, a few minutes)");
    let root = root.to_str().context("the cache folder has a name that is not text")?;
    cargo(&[
        "install",
        "--quiet",
        "--locked",
        "--debug",
        "--version",
        CARGO_DENY_VERSION,
        "--root",
        root,
        "cargo-deny",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut counts = Counts::default();
        counts.add(
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        counts.add("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add("running 4 tests");
        assert_eq!((counts.passed, counts.failed, counts.skipped), (6, 3, 1));
    }
}

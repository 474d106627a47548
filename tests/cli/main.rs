//! The built binary without any server: help, usage errors, exit codes, dry runs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod broken;
mod checker;
mod completion;
mod conflicts;
mod credentials;
mod errors;
mod escapes;
mod fuzz;
mod help;
mod install;
mod manual;
mod objects;
mod offline;
mod pod_logs;
mod problems;
mod schema;

use std::process::Output;

use assert_cmd::Command;

/// A hub as `snapshot` writes it down.
const SNAPSHOT: &str = include_str!("snapshot.yaml");

/// The binary in an empty environment: no kubeconfig, no terminal, no colour.
fn acmbackup(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-acmbackup"));
    command.env_clear().env("HOME", "/nonexistent").args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    acmbackup(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard error and the exit code.
fn failure(arguments: &[&str]) -> (String, i32) {
    let output = output(arguments);
    assert_eq!(text(&output.stdout), "", "an error leaves standard output empty");
    (text(&output.stderr), output.status.code().unwrap())
}

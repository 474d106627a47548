//! `docs/commands.md` is written from the command tree; `UPDATE=1 cargo test --test cli` renews it.

use std::fmt::Write;
use std::path::Path;

use acmbackup::cli::entry;
use clap::{Arg, Command};

const INTRODUCTION: &str = "# Commands\n\n\
    Generated from the program; do not edit. `UPDATE=1 cargo test --test cli manual` writes this page anew.\n\n\
    Global flags are the same for every command and listed once, at the end.\n";

#[test]
fn the_manual_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let wanted = manual();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/commands.md is out of date; run UPDATE=1 cargo test --test cli manual");
}

fn manual() -> String {
    let mut root = entry::command();
    root.build();
    let mut page = INTRODUCTION.to_owned();
    let shown = |command: &&Command| !command.is_hide_set() && command.get_name() != "help";
    for command in root.get_subcommands().filter(shown) {
        page.push_str(&section(command));
    }
    page.push_str("\n## Global flags\n\n");
    let globals = root.get_subcommands().next().unwrap();
    page.push_str(&flags(globals, true));
    page
}

fn section(command: &Command) -> String {
    let mut page = format!("\n## {}\n\n", command.get_name());
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = write!(page, "{about}\n\n    {}\n\n", usage.replace('\n', "\n    "));
    page.push_str(&flags(command, false));
    if let Some(examples) = command.get_after_help() {
        let _ = write!(page, "\n```\n{}\n```\n", examples.to_string().trim_end());
    }
    page
}

fn flags(command: &Command, global: bool) -> String {
    let rows: String = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && arg.is_global_set() == global && arg.get_id() != "help")
        .map(|arg| format!("| `{}` | {} |\n", in_a_cell(&written(arg)), in_a_cell(&meaning(arg))))
        .collect();
    if rows.is_empty() { rows } else { format!("| argument | meaning |\n| --- | --- |\n{rows}") }
}

/// A bar would end the cell.
fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// `-n, --namespace <NS>`, or the place of a word.
fn written(arg: &Arg) -> String {
    let short = arg.get_short().filter(|_| arg.get_long().is_some());
    short.map(|short| format!("-{short}, ")).unwrap_or_default() + &arg.to_string()
}

/// What help says about it: the values it takes, where its value comes from otherwise.
fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = match arg.get_action().takes_values() {
        true => arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
        false => Vec::new(),
    };
    if !values.is_empty() && !arg.is_hide_possible_values_set() {
        let _ = write!(text, " [values: {}]", values.join(", "));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let _ = write!(text, " [default: {}]", defaults.join(", "));
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(text, " [env: {}]", variable.to_string_lossy());
    }
    text
}

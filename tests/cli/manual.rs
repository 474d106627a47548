//! `docs/commands.md` is written from the command tree; `UPDATE=1 cargo test --test cli` renews it.

use std::fmt::Write;
use std::path::Path;

use acmbackup::cli::entry;
use clap::Command;

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
        .map(|arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            format!("| `{}` | {} |\n", arg.to_string().replace('|', "\\|"), help.replace('|', "\\|"))
        })
        .collect();
    if rows.is_empty() { rows } else { format!("| argument | meaning |\n| --- | --- |\n{rows}") }
}

//! Help of every command, as users see it.

use super::{output, text};

const COMMANDS: &[&str] = &[
    "schedule",
    "pause",
    "resume",
    "backup",
    "latest",
    "plan",
    "restore",
    "activate",
    "wait",
    "status",
    "get",
    "describe",
    "logs",
    "snapshot",
    "verify",
    "doctor",
    "prune",
    "delete",
    "run",
    "install",
    "uninstall",
    "completion",
    "version",
];

fn shown(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout)
}

#[test]
fn the_root_help_lists_commands_in_groups() {
    insta::assert_snapshot!("root", shown(&["--help"]));
}

#[test]
fn short_help_of_every_command_fits_a_screen() {
    for command in COMMANDS {
        insta::assert_snapshot!(format!("{command}-short"), shown(&[command, "-h"]));
    }
}

#[test]
fn full_help_names_every_global_flag_and_has_no_trailing_blanks() {
    for command in COMMANDS {
        let help = shown(&[command, "--help"]);
        for flag in ["--namespace", "--kubeconfig", "--server", "--request-timeout", "--color", "--as-group"]
        {
            assert!(help.contains(flag), "{command} lacks {flag}");
        }
        assert!(help.lines().all(|line| line == line.trim_end()), "{command} has trailing blanks");
    }
}

#[test]
fn help_speaks_of_kubectl_acmbackup_whatever_the_file_is_called() {
    for command in COMMANDS {
        assert!(
            shown(&[command, "-h"]).contains(&format!("Usage: kubectl acmbackup {command}")),
            "{command}"
        );
    }
}

#[test]
fn no_help_or_hint_names_a_command_that_does_not_exist() {
    for command in COMMANDS {
        let help = shown(&[command, "--help"]);
        for rest in help.split("kubectl acmbackup ").skip(1) {
            let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
            assert!(
                word.is_empty() || word == "help" || COMMANDS.contains(&word.as_str()),
                "{command}: {word}"
            );
        }
    }
}

#[test]
fn piped_output_never_contains_an_escape_sequence() {
    for arguments in [&["--help"][..], &["restore", "--help"], &["version", "--client"], &["nonsense"]] {
        let output = output(arguments);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{arguments:?}");
    }
}

//! The help of the program itself: commands in groups.

use clap::Command;

/// Groups of commands in the order they are shown; a command without a group does not exist.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Back up", &["schedule", "pause", "resume", "backup"]),
    ("Restore", &["latest", "plan", "restore", "activate", "wait"]),
    ("Look", &["status", "get", "describe", "logs", "snapshot"]),
    ("Check", &["doctor", "verify"]),
    ("Tidy up", &["prune", "delete"]),
    ("Controller", &["run", "install", "uninstall"]),
    ("Other", &["completion", "version"]),
];

const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}\n\n{before-help}Flags:\n{options}{after-help}";

/// The command with its sub-commands listed in groups.
pub fn with_groups(command: Command) -> Command {
    let listing = listing(&command);
    command
        .before_help(listing)
        .help_template(TEMPLATE)
        .after_help("Help about a command: kubectl acmbackup help COMMAND")
}

fn listing(command: &Command) -> String {
    let widest = GROUPS.iter().flat_map(|(_, names)| names.iter()).map(|name| name.len()).max().unwrap_or(0);
    let line = |name: &&str| {
        let about = command.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
        format!("  {name:<widest$}  {}\n", about.unwrap_or_default())
    };
    GROUPS
        .iter()
        .map(|(title, names)| format!("{title}:\n{}\n", names.iter().map(line).collect::<String>()))
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_is_in_exactly_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        grouped.sort_unstable();
        let command = Cli::command();
        let mut all: Vec<&str> =
            command.get_subcommands().filter(|c| !c.is_hide_set()).map(Command::get_name).collect();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }
}

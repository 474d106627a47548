//! Man pages, from the same command tree as the program's help.

use anyhow::Result;
use clap::Command;

use crate::archive::Entry;

/// One page for the program and one for each of its commands, as `man1/NAME.1`.
///
/// # Errors
///
/// A page cannot be written.
pub fn pages() -> Result<Vec<Entry>> {
    let mut root = acmbackup::cli::entry::command();
    root.build();
    let mut pages = vec![page(&root, "kubectl-acmbackup")?];
    for command in
        root.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
    {
        pages.push(page(command, &format!("kubectl-acmbackup-{}", command.get_name()))?);
    }
    Ok(pages)
}

fn page(command: &Command, name: &str) -> Result<Entry> {
    let mut text = Vec::new();
    let command = command.clone().name(name.to_owned()).version(env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command).manual("kubectl acmbackup").render(&mut text)?;
    Ok(Entry::text(&format!("man1/{name}.1"), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages().unwrap();
        let restore = pages.iter().find(|page| page.path == "man1/kubectl-acmbackup-restore.1").unwrap();
        let text = String::from_utf8(restore.bytes.clone()).unwrap();
        assert!(text.contains("\\-\\-managed\\-clusters"), "{text}");
        assert!(pages.iter().any(|page| page.path == "man1/kubectl-acmbackup.1"));
        assert_eq!(
            pages.len(),
            acmbackup::cli::help::GROUPS.iter().map(|(_, names)| names.len()).sum::<usize>() + 1
        );
    }
}

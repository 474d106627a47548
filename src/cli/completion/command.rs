//! The command: a script for a shell, or the link kubectl looks for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::env::Shells;

use super::super::environment::search_path;
use super::super::error::{CliError, Result};
use super::super::exit::Exit;
use super::super::output;
use super::super::session::Session;
use super::{answer, link};
use crate::render::Mark;

/// Set up shell completion
///
/// kubectl asks a program called kubectl_complete-acmbackup: this program under another name. The scripts for shells are
/// for calling kubectl-acmbackup directly.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup completion kubectl --install
  source <(kubectl-acmbackup completion bash)
  kubectl-acmbackup completion fish > ~/.config/fish/completions/kubectl-acmbackup.fish")]
pub struct CompletionArgs {
    /// Who is to complete
    #[arg(value_enum)]
    shell: Shell,
    /// Put the link where kubectl-acmbackup is found, or into this folder
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, value_hint = clap::ValueHint::DirPath)]
    install: Option<Option<PathBuf>>,
    /// Remove the link, from this folder if it was put there
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, conflicts_with = "install", value_hint = clap::ValueHint::DirPath)]
    uninstall: Option<Option<PathBuf>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// kubectl, for `kubectl acmbackup` in every shell
    Kubectl,
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Shell {
    /// What clap's registry of shells calls it; `None` = kubectl, which is no shell.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Kubectl => None,
            Self::Bash => Some("bash"),
            Self::Zsh => Some("zsh"),
            Self::Fish => Some("fish"),
            Self::Powershell => Some("powershell"),
            Self::Elvish => Some("elvish"),
        }
    }
}

/// Prints the script, or says or does what becomes of the link.
///
/// # Errors
///
/// The program is not on the path, or files cannot be written.
pub fn run(args: &CompletionArgs, session: &Session) -> Result<Exit> {
    match args.shell.name() {
        None => kubectl(args, session),
        Some(_) if args.install.is_some() || args.uninstall.is_some() => {
            Err(CliError::new(Exit::Usage, "--install and --uninstall go with `completion kubectl` only")
                .why("a shell reads its script from its own start file"))
        }
        Some(shell) => script(shell),
    }
}

fn script(shell: &str) -> Result<Exit> {
    let shells = Shells::builtins();
    let writer = shells.completer(shell).ok_or_else(|| CliError::new(Exit::Usage, "unknown shell"))?;
    let (mut text, name) = (Vec::new(), link::PROGRAM);
    writer
        .write_registration(answer::VARIABLE, name, name, name, &mut text)
        .map_err(|error| CliError::new(Exit::Defect, format!("cannot write the script: {error}")))?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

fn kubectl(args: &CompletionArgs, session: &Session) -> Result<Exit> {
    let path = search_path();
    let folder = args.install.clone().or(args.uninstall.clone()).flatten();
    let links = link::wanted(&path, folder.as_deref())?;
    for link in &links {
        let done = match (args.install.is_some(), args.uninstall.is_some()) {
            (true, _) => link.install()?,
            (_, true) => link.remove()?,
            _ => link.proposal(),
        };
        output::print(&format!("{} {done}\n", link.path().display()))?;
    }
    if args.install.is_none() && args.uninstall.is_none() {
        session.note(Mark::Neutral, "nothing was changed; add --install");
    }
    if let Some(folder) = folder.filter(|folder| args.install.is_some() && !path.contains(folder)) {
        let text = format!("{} is not on the PATH: kubectl will not find the link there", folder.display());
        session.note(Mark::Attention, &text);
    }
    Ok(Exit::Done)
}

//! `completion`: scripts for shells that call `kubectl-acmbackup` directly.

use clap::Args;
use clap_complete::Shell;

use super::error::Result;
use super::exit::Exit;
use super::{entry, output};

/// Print a completion script
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  source <(kubectl-acmbackup completion bash)")]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
///
/// Standard output cannot be written.
pub fn run(args: &CompletionArgs) -> Result<Exit> {
    let mut script = Vec::new();
    let mut command = entry::command().bin_name("kubectl-acmbackup");
    clap_complete::generate(args.shell, &mut command, "kubectl-acmbackup", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

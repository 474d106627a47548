//! What a user types: one file per command, and what all commands share.
//!
//! A command is an `Args` struct and a `run` function in its own file, two lines here, and a place in
//! [`help::GROUPS`].

pub mod backup;
pub mod captured;
pub mod completion;
pub mod delete;
pub mod describe;
pub mod doctor;
pub mod entry;
pub mod environment;
pub mod error;
pub mod exit;
pub mod get;
pub mod global;
pub mod help;
pub mod install;
pub mod latest;
pub mod logging;
pub mod logs;
pub mod moment;
pub mod noun;
pub mod output;
pub mod preflight;
pub mod prune;
pub mod question;
pub mod removing;
pub mod restore;
pub mod run;
pub mod schedule;
pub mod schema;
pub mod session;
pub mod snapshot;
pub mod status;
mod stored;
pub mod terminal;
pub mod values;
pub mod verify;
pub mod version;
pub mod wait;
pub mod watching;
pub mod writers;
pub mod writing;

use clap::{Parser, Subcommand};

pub use entry::main;
pub use error::{CliError, Result};
pub use exit::Exit;
pub use global::GlobalArgs;
pub use session::{Hub, Session};

/// Back up Open Cluster Management hubs, and restore them elsewhere
#[derive(Debug, Clone, Parser)]
#[command(
    name = "kubectl-acmbackup",
    bin_name = "kubectl acmbackup",
    version,
    disable_version_flag = true,
    arg_required_else_help = true,
    max_term_width = 120
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags every command has.
    #[command(flatten)]
    pub globals: GlobalArgs,
    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run the reconcile loop in the foreground
    Run(run::RunArgs),
    /// Create or change the backup schedule of this hub
    Schedule(schedule::ScheduleArgs),
    /// Stop making backups for now
    Pause(schedule::PauseArgs),
    /// Make backups again
    Resume(schedule::ResumeArgs),
    /// Take one run of backups now
    Backup(backup::BackupArgs),
    /// Show which backups `latest` means right now
    Latest(latest::LatestArgs),
    /// Show what a restore would do
    Plan(Box<restore::PlanArgs>),
    /// Restore this hub from backups
    Restore(Box<restore::RestoreArgs>),
    /// Take over the managed clusters
    Activate(restore::ActivateArgs),
    /// Wait until a schedule, restore or backup gets somewhere
    Wait(wait::WaitArgs),
    /// Show this hub on one screen
    Status(status::StatusArgs),
    /// List schedules, restores, backups or runs
    Get(get::GetArgs),
    /// Show one object, what is behind it, and why it is in its phase
    Describe(describe::DescribeArgs),
    /// Show the Velero logs behind a backup, run or restore
    Logs(logs::LogsArgs),
    /// Write what the planner sees to a file, for reports and tests
    Snapshot(snapshot::SnapshotArgs),
    /// Remove finished restores and old backups
    Prune(prune::PruneArgs),
    /// Delete a schedule, restore, backup or run
    Delete(delete::DeleteArgs),
    /// Check that everything needed is in place
    Doctor(doctor::DoctorArgs),
    /// Check that this hub could be restored from its backups
    Verify(verify::VerifyArgs),
    /// Install the CRDs and the loop
    Install(Box<install::InstallArgs>),
    /// Remove what install installed
    Uninstall(install::UninstallArgs),
    /// Set up shell completion
    Completion(completion::CompletionArgs),
    /// Print versions
    Version(version::VersionArgs),
}

/// Carries out a command.
///
/// # Errors
///
/// Whatever keeps the command from doing what was asked.
pub async fn run(command: Command, session: Session) -> Result<Exit> {
    match command {
        Command::Run(args) => run::run(args, &session).await,
        Command::Schedule(args) => schedule::run(args, &session).await,
        Command::Pause(args) => schedule::pause(args, &session).await,
        Command::Resume(args) => schedule::resume(args, &session).await,
        Command::Backup(args) => backup::run(args, &session).await,
        Command::Latest(args) => latest::run(args, &session).await,
        Command::Plan(args) => restore::plan(*args, &session).await,
        Command::Restore(args) => restore::restore(*args, &session).await,
        Command::Activate(args) => restore::activate(args, &session).await,
        Command::Wait(args) => wait::run(args, &session).await,
        Command::Status(args) => status::run(&args, &session).await,
        Command::Get(args) => get::run(args, &session).await,
        Command::Describe(args) => describe::run(args, &session).await,
        Command::Logs(args) => logs::run(args, &session).await,
        Command::Snapshot(args) => snapshot::run(args, &session).await,
        Command::Prune(args) => prune::run(args, &session).await,
        Command::Delete(args) => delete::run(args, &session).await,
        Command::Doctor(args) => doctor::run(args, &session).await,
        Command::Verify(args) => verify::run(args, &session).await,
        Command::Install(args) => install::run(*args, &session).await,
        Command::Uninstall(args) => install::uninstall(args, &session).await,
        Command::Completion(args) => completion::run(&args, &session),
        Command::Version(args) => version::run(&args, &session).await,
    }
}

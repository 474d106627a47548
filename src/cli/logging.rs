//! Logs of one-shot commands: to standard error, silent unless asked for.

use std::io::stderr;

use tracing_subscriber::EnvFilter;

use super::Command;
use super::session::Session;

/// Starts logging; `run` has its own form and starts it itself.
pub fn start(session: &Session, _command: &Command) {
    let filter = EnvFilter::try_from_env("ACMBACKUP_LOG").ok().filter(|_| session.globals.verbose == 0);
    let level = match session.globals.verbose {
        0 => "error",
        1 => "acmbackup=info",
        2 => "acmbackup=debug",
        _ => "acmbackup=trace,kube=debug",
    };
    let colored = session.err().color;
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(level)))
        .with_writer(stderr)
        .with_ansi(colored)
        .with_target(false)
        .init();
}

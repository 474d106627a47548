//! Logs of one-shot commands: to standard error, silent unless asked for.

use std::io::stderr;

use tracing_subscriber::EnvFilter;

use super::Command;
use super::run::RunArgs;
use super::session::Session;
use crate::controller::log::Lines;

/// Starts logging; `run` has its own form and starts it itself.
pub fn start(session: &Session, command: &Command) {
    if let Command::Run(args) = command {
        return start_loop(session, args);
    }
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

/// The loop tells of every step; its libraries stay silent, because they log whole objects.
fn start_loop(session: &Session, args: &RunArgs) {
    let level = match (session.globals.quiet, session.globals.verbose) {
        (true, _) => "acmbackup=warn",
        (_, 0 | 1) => "acmbackup=info",
        (_, 2) => "acmbackup=debug",
        _ => "acmbackup=trace",
    };
    let filter = EnvFilter::try_from_env("ACMBACKUP_LOG").ok().filter(|_| session.globals.verbose == 0);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(level)))
        .with_writer(stderr)
        .with_ansi(false);
    match args.logs_json() {
        true => log.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
        false => log.event_format(Lines).init(),
    }
}

//! The `status` command.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::next::next_commands;
use super::place::Place;
use super::watch;
use crate::cli::captured;
use crate::cli::error::Result;
use crate::cli::exit::Exit;
use crate::cli::output::{self, Frame, ScreenFormat};
use crate::cli::session::Session;
use crate::plan::Severity;
use crate::render::Style;
use crate::render::status::Status;

/// Show this hub on one screen
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup status
  kubectl acmbackup status -w
  kubectl acmbackup status --check -o json")]
pub struct StatusArgs {
    /// All namespaces with a storage location, schedule or restore
    #[arg(short = 'A', long, conflicts_with_all = ["from", "watch"])]
    pub(in crate::cli) all_namespaces: bool,
    /// Show it again whenever something changes
    #[arg(short, long, conflicts_with_all = ["from", "check"])]
    watch: bool,
    /// End with 1 if any problem is an error
    #[arg(long)]
    check: bool,
    /// Show a captured state; - reads standard input
    #[arg(long, value_name = "SNAPSHOT")]
    from: Option<PathBuf>,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub(super) output: Option<ScreenFormat>,
}

/// Shows the screen.
///
/// # Errors
///
/// The server cannot be reached, or no single namespace was found.
pub async fn run(args: &StatusArgs, session: &Session) -> Result<Exit> {
    if args.watch {
        return watch::run(args, session).await;
    }
    let places = match &args.from {
        Some(file) => vec![Place::captured(captured::read(file).await?)],
        None if args.all_namespaces => Place::everywhere(session).await?,
        None => vec![Place::live(&session.hub_or_default().await?, session).await?],
    };
    let seen: Vec<Seen> = places.into_iter().map(|place| Seen::of(place, session)).collect();
    show(&seen, args)?;
    let is_bad = |seen: &Seen| seen.status.problems.iter().any(|note| note.severity == Severity::Error);
    Ok(if args.check && seen.iter().any(is_bad) { Exit::No } else { Exit::Done })
}

fn show(seen: &[Seen], args: &StatusArgs) -> Result<()> {
    match args.output {
        Some(format) if args.all_namespaces => {
            let items: Vec<Value> = seen.iter().map(Seen::data).collect();
            let list = json!({"apiVersion": "acmbackup/v1", "kind": "StatusList", "items": items});
            output::print_data(&list, format)
        }
        Some(format) => seen.iter().try_for_each(|seen| output::print_data(&seen.data(), format)),
        None => {
            let screens: Vec<String> = seen.iter().map(|seen| seen.screen(&seen.session.out())).collect();
            output::print(&screens.join("\n"))
        }
    }
}

/// A hub, judged.
pub(super) struct Seen {
    place: Place,
    status: Status,
    session: Session,
}

impl Seen {
    /// Judges what was read, at the moment it is of.
    pub(super) fn of(place: Place, session: &Session) -> Self {
        let session = session.at(place.captured_at);
        let status = Status::of(&place.observed, &place.namespace, session.now());
        let commands = next_commands(&status, &session);
        Self { status: status.with_next(commands), place, session }
    }

    /// The screen.
    pub(super) fn screen(&self, style: &Style) -> String {
        let hub = self.place.context.as_deref().unwrap_or("captured");
        let namespace = format!("{} ({})", self.place.namespace, self.place.reason);
        self.status.screen(hub, &namespace, style)
    }

    /// The screen as data.
    pub(super) fn data(&self) -> Value {
        let frame = Frame {
            kind: "Status",
            namespace: &self.place.namespace,
            hub_id: self.status.hub_id.as_deref(),
            context: self.place.context.as_deref(),
            session: &self.session,
            problems: &self.status.problems,
        };
        frame.around(&json!(self.status))
    }
}

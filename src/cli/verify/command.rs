//! The `verify` command.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::read;
use crate::cli::error::Result;
use crate::cli::exit::Exit;
use crate::cli::moment::Moment;
use crate::cli::output::{self, Frame, ScreenFormat};
use crate::cli::session::{Hub, Session};
use crate::cli::values::{duration, run_id};
use crate::plan::runs::Run;
use crate::render::Style;
use crate::render::age::age;
use crate::render::checks::Checks;
use crate::render::contents::Contents;
use crate::render::hub_id::ShortIds;
use crate::render::text::harmless;
use crate::render::verify::{Facts, conclusion, judge};
use crate::wire::GoDuration;

/// Check that this hub could be restored from its backups
///
/// Looks at the newest run, at what Velero wrote into the storage location, and at what this hub serves. Ends with 1 if
/// a check failed; warnings are no failure.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup verify
  kubectl acmbackup verify --max-age 6h -q
  kubectl acmbackup verify 20261122100004 --deep
  kubectl acmbackup verify --check-here=false -o json")]
pub struct VerifyArgs {
    /// The run; the newest one if none is named
    #[arg(value_name = "RUN", value_parser = run_id)]
    pub(super) run: Option<String>,
    /// The newest run that is not younger: RFC 3339, or an age such as 6h
    #[arg(long, value_name = "TIME", conflicts_with = "run")]
    pub(super) as_of: Option<Moment>,
    /// Oldest a run may be; two periods of the schedule if nothing is said
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub(super) max_age: Option<GoDuration>,
    /// Read the archives, too: tokens still valid, API servers named, kubeconfigs present
    #[arg(long)]
    pub(super) deep: bool,
    /// Check whether this hub could be restored to
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true",
        num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    pub(super) check_here: bool,
    /// Show the objects of each kind in the backups, too
    #[arg(long)]
    details: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<ScreenFormat>,
}

/// Verifies a run.
///
/// # Errors
///
/// The hub cannot be read, or there is no such run.
pub async fn run(args: VerifyArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub().await?;
    let facts = read::facts(&args, (session, &hub)).await?;
    let checks = judge(&facts, args.check_here).leading_to(&session.globals.leading());
    show(&checks, &facts, (&args, session, &hub))?;
    Ok(if checks.success { Exit::Done } else { Exit::No })
}

fn show(checks: &Checks, facts: &Facts, (args, session, hub): (&VerifyArgs, &Session, &Hub)) -> Result<()> {
    let Some(format) = args.output else {
        if session.globals.quiet && checks.success {
            return Ok(());
        }
        return output::print(&screen(checks, facts, (&session.out(), args.details)));
    };
    let hub_id = facts.hub.as_ref().map(|hub| hub.hub_id.as_str());
    let frame = Frame { hub_id, problems: &checks.problems(), ..Frame::of("Verify", hub, session) };
    let answer = Answer { checks, run: &facts.run, kinds: args.details.then(|| kinds(facts)) };
    output::print_data(&frame.around(&answer), format)
}

/// What was found, as data.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Answer<'a> {
    #[serde(flatten)]
    checks: &'a Checks,
    /// The run that was verified.
    run: &'a Run,
    /// Objects by kind, over all parts; only with `--details`.
    #[serde(skip_serializing_if = "Option::is_none")]
    kinds: Option<BTreeMap<&'a str, usize>>,
}

fn screen(checks: &Checks, facts: &Facts, (style, details): (&Style, bool)) -> String {
    let writer = facts.run.hub.as_deref().map(|hub| {
        let ours = facts.hub.as_ref().map(|hub| hub.hub_id.as_str());
        format!(", written by hub {}", ShortIds::of([hub].into_iter().chain(ours)).show(hub))
    });
    let run = &facts.run;
    let mut text = format!(
        "Run {}{}, {} old\n\n{}",
        run.id,
        harmless(&writer.unwrap_or_default()),
        age(run.started, facts.now),
        checks.screen(style)
    );
    if details {
        text.push_str(&kinds_table(facts, style));
    }
    text.push_str(&format!("\n{}\n", conclusion(checks)));
    text
}

/// Objects by kind, over all parts; none where the contents are not known.
fn kinds(facts: &Facts) -> BTreeMap<&str, usize> {
    facts.contents.as_ref().map(Contents::counts).unwrap_or_default()
}

fn kinds_table(facts: &Facts, style: &Style) -> String {
    let lines = kinds(facts)
        .into_iter()
        .map(|(kind, count)| vec![harmless(kind).into_owned(), count.to_string()])
        .collect();
    format!("{}\n{}", style.bold("objects"), crate::render::columns(2, lines))
}

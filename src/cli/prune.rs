//! `prune`: finished restores, old runs and leftovers go, by rules.

use std::collections::BTreeSet;

use clap::Args;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

use super::error::{CliError, Result};
use super::exit::Exit;
use super::output::{self, Frame};
use super::question::Severity;
use super::removing;
use super::session::{Hub, Session};
use super::values::duration;
use super::writers;
use super::writing::{ConfirmArgs, Matter, WriteArgs};
use crate::plan::tidy::{Doomed, Rule, TidyReason, find, steps};
use crate::plan::{HubSnapshot, Step};
use crate::render::prune;
use crate::wire::GoDuration;

/// Rules that are shown where none is given.
const SHOWN: [Rule; 5] = [
    Rule::KeepRestores(5),
    Rule::RestoresOlderThan(SignedDuration::from_hours(30 * 24)),
    Rule::KeepRuns(12),
    Rule::IncompleteRuns,
    Rule::Orphans,
];

/// Remove finished restores and old backups
///
/// Without a rule it lists what each would remove. Backups go with their data. The newest complete run, anything newer
/// and whatever an unfinished restore uses always stay.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup prune
  kubectl acmbackup prune --keep-restores 3 --orphans --yes
  kubectl acmbackup prune --keep-runs 12 --yes --confirm hub-east")]
pub struct PruneArgs {
    /// Remove restores that are over, but not the newest N
    #[arg(long, value_name = "N")]
    keep_restores: Option<usize>,
    /// Remove restores that have been over for longer than this
    #[arg(long, value_name = "DUR", value_parser = duration)]
    restores_older_than: Option<GoDuration>,
    /// Remove runs with their data, but not the newest N
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    keep_runs: Option<usize>,
    /// Remove runs that lack a part, or of which one failed
    #[arg(long)]
    incomplete_runs: bool,
    /// Remove Velero restores whose restore is gone
    #[arg(long)]
    orphans: bool,
    #[command(flatten)]
    write: WriteArgs,
    #[command(flatten)]
    confirm: ConfirmArgs,
}

fn at_least_one(text: &str) -> std::result::Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if n > 0 => Ok(n),
        Ok(_) => Err("at least one run must be kept".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl PruneArgs {
    pub(super) fn rules(&self) -> Vec<Rule> {
        let age = self
            .restores_older_than
            .map(|age| Rule::RestoresOlderThan(SignedDuration::from_secs(age.as_secs())));
        let given = [
            self.keep_restores.map(Rule::KeepRestores),
            age,
            self.keep_runs.map(Rule::KeepRuns),
            self.incomplete_runs.then_some(Rule::IncompleteRuns),
            self.orphans.then_some(Rule::Orphans),
        ];
        given.into_iter().flatten().collect()
    }
}

/// What each rule would remove, as data.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Answer {
    /// The rules, with usual values.
    rules: Vec<Listed>,
}

/// What a rule would remove.
#[derive(Debug, Serialize, JsonSchema)]
struct Listed {
    /// The rule as its flag.
    rule: String,
    /// What it would remove.
    objects: Vec<Doomed>,
}

/// Removes, or lists what would be.
///
/// # Errors
///
/// The hub cannot be read, nobody confirmed, or the server refuses.
pub async fn run(args: PruneArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub().await?;
    let snapshot = removing::read(&hub).await?;
    let rules = args.rules();
    if rules.is_empty() {
        return list(&args, &snapshot, (session, &hub)).await;
    }
    let now = session.now();
    let found: Vec<(Rule, Vec<Doomed>)> =
        rules.into_iter().map(|rule| (rule, find(&snapshot, rule, now))).collect();
    let removals = removals(&snapshot, &found);
    match removals.is_empty() {
        true => session.tell("Nothing to remove.\n"),
        false => confirm(&args, &found, (session, &hub)).await?,
    }
    removing::carry_out(&removals, &args.write, (session, &hub)).await?;
    Ok(Exit::Done)
}

/// Each object once, whatever number of rules it falls under.
fn removals(snapshot: &HubSnapshot, found: &[(Rule, Vec<Doomed>)]) -> Vec<Step> {
    let mut seen = BTreeSet::new();
    let each = found.iter().flat_map(|(rule, doomed)| doomed.iter().map(move |doomed| (*rule, doomed)));
    let first = each.filter(|(_, doomed)| seen.insert(*doomed));
    steps(snapshot, first.map(|(rule, doomed)| (doomed, TidyReason::Rule(rule))))
}

async fn list(args: &PruneArgs, snapshot: &HubSnapshot, (session, hub): (&Session, &Hub)) -> Result<Exit> {
    let now = session.now();
    let found: Vec<(Rule, Vec<Doomed>)> = SHOWN.map(|rule| (rule, find(snapshot, rule, now))).into();
    match args.write.format() {
        Some(format) => {
            let hub_id = writers::id_of(hub).await;
            let frame = Frame { hub_id: hub_id.as_deref(), ..Frame::of("Prune", hub, session) };
            let listed = |(rule, objects): &(Rule, Vec<Doomed>)| Listed {
                rule: rule.to_string(),
                objects: objects.clone(),
            };
            let answer = Answer { rules: found.iter().map(listed).collect() };
            output::print_data(&frame.around(&answer), format)?;
        }
        None if args.write.output.is_some() => output::print(&prune::names(&found))?,
        None => {
            let text = prune::listing(&found, &session.out());
            output::print(&text)?;
            session.tell(&format!(
                "\nNothing was removed. {} with a rule removes what its line says.\n",
                session.command("prune")
            ));
        }
    }
    Ok(Exit::Done)
}

async fn confirm(
    args: &PruneArgs,
    found: &[(Rule, Vec<Doomed>)],
    (session, hub): (&Session, &Hub),
) -> Result<()> {
    let is_final = |doomed: &Doomed| matches!(doomed, Doomed::Run { .. } | Doomed::Backup { .. });
    let severity = match found.iter().flat_map(|(_, doomed)| doomed).any(is_final) {
        true => Severity::Severe,
        false => Severity::Ordinary,
    };
    let all: BTreeSet<&Doomed> = found.iter().flat_map(|(_, doomed)| doomed).collect();
    let consequence = format!("remove {} for good", prune::count_of(all.into_iter()));
    let matter = Matter { severity, consequence, summary: prune::listing(found, &session.err()) };
    args.confirm.ask((session, &hub.connection), &args.write, matter).await
}

/// As [`CliError`]s are made elsewhere: the object is not there.
pub(super) fn not_found(what: &str, session: &Session) -> Box<CliError> {
    CliError::new(Exit::NotFound, format!("{what} not found")).try_(session.command("get"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    fn rules(line: &str) -> Option<Vec<String>> {
        let words = format!("kubectl-acmbackup prune {line}");
        let cli = crate::cli::Cli::try_parse_from(words.split_whitespace()).ok()?;
        let crate::cli::Command::Prune(args) = cli.command else { panic!("another command") };
        Some(args.rules().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn flags_are_rules_and_none_is_given_by_itself() {
        assert_eq!(rules("").unwrap(), [] as [&str; 0]);
        assert_eq!(
            rules("--keep-runs 2 --restores-older-than 48h --orphans").unwrap(),
            ["--restores-older-than 48h", "--keep-runs 2", "--orphans"]
        );
    }

    #[test]
    fn keeping_no_run_is_no_rule() {
        assert_eq!(rules("--keep-runs 0"), None);
        assert_eq!(rules("--keep-restores 0").unwrap(), ["--keep-restores 0"]);
    }
}

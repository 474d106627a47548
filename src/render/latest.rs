//! What `latest` means: one row per part.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::Serialize;

use super::age;
use super::hub_id::ShortIds;
use super::style::Style;
use super::table::Table;
use crate::plan::Note;
use crate::plan::latest::{self, Candidates, Chosen, Unresolved, latest_of_all};
use crate::plan::runs::Runs;
use crate::velero::{Backup, BackupType};

/// What `latest` means, as `-o json` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Latest {
    /// One entry per part, in the order of screens.
    pub parts: Vec<Part>,
    /// All parts come from one run and one hub.
    pub consistent: bool,
    /// The newest complete run.
    pub complete_run: Option<String>,
    /// Warnings about parts that do not fit together.
    #[serde(skip)]
    pub notes: Vec<Note>,
}

/// What `latest` means for one part.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The part.
    pub part: &'static str,
    /// Name of the backup; `None` if none can be used.
    pub backup: Option<String>,
    /// How it ended.
    pub phase: Option<String>,
    /// The run it belongs to.
    pub run: Option<String>,
    /// The hub that made it.
    pub hub: Option<String>,
    /// When it started.
    #[schemars(with = "Option<Time>")]
    pub started_at: Option<Timestamp>,
    /// When Velero may remove it.
    #[schemars(with = "Option<Time>")]
    pub expires_at: Option<Timestamp>,
    /// Items in it.
    pub items: Option<i64>,
    /// Errors while it was made.
    pub errors: i64,
    /// Warnings while it was made.
    pub warnings: i64,
    /// Seconds since it started.
    pub age_seconds: Option<i64>,
    /// Where it is kept.
    pub location: Option<String>,
    /// Why this one, or why none.
    pub reason: String,
    /// Newer ones that cannot be used, newest first.
    pub passed_over: Vec<PassedOver>,
}

/// A newer backup that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PassedOver {
    /// Its name.
    pub backup: String,
    /// Where it stands.
    pub phase: String,
}

impl Latest {
    /// What `latest` means for these backups at `now`.
    pub fn of(candidates: &Candidates<'_>, now: Timestamp) -> Self {
        let runs = Runs::of(candidates);
        let chosen = latest_of_all(candidates);
        let parts: Vec<Part> = BackupType::DATA
            .into_iter()
            .filter_map(|part| Some(part_of(part, chosen.get(&part)?, &runs, now)))
            .collect();
        let used: BTreeMap<BackupType, &Backup> = chosen
            .iter()
            .filter_map(|(part, answer)| Some((*part, candidates.named(&answer.as_ref().ok()?.backup)?)))
            .collect();
        let same = |of: fn(&Part) -> &Option<String>| {
            parts.windows(2).all(|pair| matches!(pair, [a, b] if of(a) == of(b)))
        };
        Self {
            consistent: parts.iter().all(|part| part.backup.is_some())
                && same(|p| &p.run)
                && same(|p| &p.hub),
            complete_run: runs.newest_complete(None).map(|run| run.id.clone()),
            notes: latest::notes(&used, &runs, now),
            parts,
        }
    }

    /// The entry of a part.
    pub fn part(&self, part: BackupType) -> Option<&Part> {
        self.parts.iter().find(|entry| entry.part == part.part())
    }

    /// As a table; with everything known if `wide`.
    pub fn table(&self, style: &Style, wide: bool) -> String {
        let ids = ShortIds::of(self.parts.iter().filter_map(|part| part.hub.as_deref()));
        let mut titles = vec!["PART", "BACKUP", "STATUS", "RUN", "HUB"];
        if wide {
            titles.extend(["ITEMS", "ERRORS", "WARNINGS", "EXPIRES", "LOCATION", "WHY"]);
        }
        titles.push("AGE");
        let mut table = Table::new(titles).with_phases(&["STATUS"]).cutting("WHY");
        for part in &self.parts {
            table.row(part.cells(&ids, style.now, wide));
        }
        table.render(style)
    }

    /// Newer backups that were passed over, one line each.
    pub fn passed_over(&self) -> String {
        let lines =
            self.parts.iter().flat_map(|part| part.passed_over.iter().map(move |passed| (part.part, passed)));
        let line = |(part, passed): (&str, &PassedOver)| {
            format!("{part}: passed over {} ({})\n", passed.backup, passed.phase)
        };
        super::text::harmless_lines(&lines.map(line).collect::<String>())
    }
}

fn part_of(part: BackupType, answer: &Result<Chosen, Unresolved>, runs: &Runs, now: Timestamp) -> Part {
    let passed = |all: &[latest::PassedOver]| {
        let entry =
            |p: &latest::PassedOver| PassedOver { backup: p.backup.clone(), phase: p.phase.to_string() };
        all.iter().map(entry).collect()
    };
    let nothing = Part {
        part: part.part(),
        backup: None,
        phase: None,
        run: None,
        hub: None,
        started_at: None,
        expires_at: None,
        items: None,
        errors: 0,
        warnings: 0,
        age_seconds: None,
        location: None,
        reason: String::new(),
        passed_over: Vec::new(),
    };
    match answer {
        Err(problem) => Part {
            reason: problem.to_string(),
            passed_over: match problem {
                Unresolved::NoneUsable { passed_over, .. } => passed(passed_over),
                _ => Vec::new(),
            },
            ..nothing
        },
        Ok(chosen) => Part {
            backup: Some(chosen.backup.clone()),
            phase: Some(chosen.phase.to_string()),
            run: runs.of_backup(&chosen.backup).map(|run| run.id.clone()),
            hub: chosen.hub.clone(),
            started_at: chosen.started_at.as_ref().map(|time| time.0),
            expires_at: chosen.expires_at.as_ref().map(|time| time.0),
            items: chosen.items,
            errors: chosen.errors,
            warnings: chosen.warnings,
            age_seconds: chosen.started_at.as_ref().map(|time| now.as_second() - time.0.as_second()),
            location: chosen.location.clone(),
            reason: chosen.reason.to_string(),
            passed_over: passed(&chosen.passed_over),
            ..nothing
        },
    }
}

impl Part {
    fn cells(&self, ids: &ShortIds, now: Timestamp, wide: bool) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let hub = self.hub.as_deref().map(|hub| if wide { hub.to_owned() } else { ids.show(hub) });
        let mut cells =
            vec![self.part.to_owned(), text(&self.backup), text(&self.phase), text(&self.run), text(&hub)];
        if wide {
            cells.extend([
                self.items.map(|items| items.to_string()).unwrap_or_default(),
                self.errors.to_string(),
                self.warnings.to_string(),
                self.expires_at.map(|at| age::until(at, now)).unwrap_or_default(),
                text(&self.location),
                self.reason.clone(),
            ]);
        }
        cells.push(age::age_or_none(self.started_at, now));
        cells
    }
}

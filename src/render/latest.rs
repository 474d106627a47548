//! What `latest` means: one row per part.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::Serialize;

use super::age;
use super::hub_id::ShortIds;
use super::line::columns;
use super::problems::{next, problems};
use super::style::Style;
use super::table::Table;
use super::text::harmless;
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

    /// What stands below the table: newer backups that were passed over if `all`, what deserves attention, and the
    /// `commands` for it.
    pub fn remarks(&self, all: bool, commands: &[(String, String)], style: &Style) -> String {
        let mut text = if all { self.passed_over(style) } else { String::new() };
        if !self.notes.is_empty() {
            text.push_str(&format!("\n{}{}", problems(&self.notes, style), next(commands, style)));
        }
        text
    }

    fn passed_over(&self, style: &Style) -> String {
        let lines =
            self.parts.iter().flat_map(|part| part.passed_over.iter().map(|passed| passed.cells(style)));
        match columns(2, lines.collect()) {
            nothing if nothing.is_empty() => nothing,
            lines => format!("\n{}\n{lines}", style.bold("Passed over")),
        }
    }
}

impl PassedOver {
    fn cells(&self, style: &Style) -> Vec<String> {
        let phase = if self.phase.is_empty() { "not started" } else { &self.phase };
        vec![harmless(&self.backup).into_owned(), style.phase(phase)]
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
                self.backup.as_ref().map(|_| self.errors.to_string()).unwrap_or_default(),
                self.backup.as_ref().map(|_| self.warnings.to_string()).unwrap_or_default(),
                self.expires_at.map(|at| age::until(at, now)).unwrap_or_default(),
                text(&self.location),
                self.reason.clone(),
            ]);
        }
        cells.push(age::age_or_none(self.started_at, now));
        cells
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::render::looks::looks;

    const EAST: &str = "1f30bfe5-60b8-4511-805c-298e7c0898b3";
    const WEST: &str = "be97a9eb-60b8-4511-805c-298e7c0898b3";

    fn backup(part: &str, stamp: &str, (hub, phase): (&str, &str)) -> Value {
        let start = format!("2026-11-22T{}:{}:{}Z", &stamp[8..10], &stamp[10..12], &stamp[12..14]);
        let progress = json!({"totalItems": 29387, "itemsBackedUp": 29387});
        json!({
            "metadata": {
                "name": format!("acm-{part}-schedule-{stamp}"), "namespace": "acm", "creationTimestamp": start,
                "labels": {"cluster.open-cluster-management.io/backup-cluster": hub},
            },
            "spec": {"storageLocation": "default"},
            "status": {"phase": phase, "startTimestamp": start, "expiration": "2026-11-27T10:00:00Z",
                "warnings": 2, "progress": progress},
        })
    }

    /// The newest backups of managed clusters are not done, and those of resources are of another hub.
    fn of_two_runs() -> (Latest, Timestamp) {
        let old = ["credentials", "resources", "resources-generic", "managed-clusters"]
            .map(|part| backup(part, "20261122100004", (EAST, "Completed")));
        let new = [
            backup("credentials", "20261122120003", (EAST, "Completed")),
            backup("resources", "20261122120103", (WEST, "PartiallyFailed")),
            backup("resources-generic", "20261122120103", (WEST, "Completed")),
            backup("managed-clusters", "20261122120003", (EAST, "InProgress")),
            backup("managed-clusters", "20261122120303", (EAST, "")),
        ];
        let backups: Vec<Backup> = serde_json::from_value(json!([old.as_slice(), &new].concat())).unwrap();
        let now = "2026-11-22T12:06:03Z".parse().unwrap();
        (Latest::of(&Candidates::in_namespace(&backups, "acm"), now), now)
    }

    #[test]
    fn every_terminal_shows_what_latest_means_its_way() {
        let (latest, now) = of_two_runs();
        let commands = [
            ("kubectl acmbackup wait backup/acm-managed-clusters-schedule-20261122120003", ""),
            ("kubectl acmbackup restore --run complete", "uses 20261122100004 for all parts"),
        ];
        let commands = commands.map(|(command, remark)| (command.to_owned(), remark.to_owned()));
        let screen =
            |style: &Style| [latest.table(style, false), latest.remarks(true, &commands, style)].concat();
        insta::assert_snapshot!("looks", looks(now, screen));
        insta::assert_snapshot!("looks-wide", looks(now, |style| latest.table(style, true)));
        let nothing = Latest::of(&Candidates::in_namespace(&[], "acm"), now);
        insta::assert_snapshot!("looks-none", looks(now, |style| nothing.table(style, true)));
    }
}

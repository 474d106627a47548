//! How far a restore, schedule or backup got: lines to redraw, lines to append, and the end.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::activation::{Activation, activation};
use super::age::stopwatch;
use super::cleaning::{Cleaning, cleaning};
use super::line::columns;
use super::style::{Mark, Style};
use super::text::harmless;
use crate::api;
use crate::velero::{Backup, BackupType, Restore, RestorePhase, RestoreType};

/// Columns of a bar.
const BAR_COLUMNS: i64 = 24;
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// What is known about the object waited for.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Its name.
    pub subject: &'a str,
    /// Its phase; empty if it was not looked at yet.
    pub phase: String,
    /// What it says about itself; may be empty.
    pub message: &'a str,
    /// The Restore, if that is what is waited for.
    pub restore: Option<&'a api::Restore>,
    /// The Velero Restores behind it.
    pub velero: Vec<&'a Restore>,
    /// The Velero Backups, if those are what is waited for.
    pub backups: Vec<&'a Backup>,
    /// When waiting began.
    pub begin: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// One Velero operation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    part: &'static str,
    phase: String,
    done: Option<i64>,
    total: Option<i64>,
    seconds: Option<i64>,
    remark: String,
    /// What is shown instead of a phase and numbers; may be empty.
    saying: String,
}

impl Facts<'_> {
    /// The newest Velero Restore of each part in the order of restoring, or the backup.
    fn rows(&self) -> Vec<Row> {
        if !self.backups.is_empty() {
            return self.backups.iter().map(|backup| backup_row(backup, self.now)).collect();
        }
        let newest = |part: RestoreType| {
            let of_part = self.velero.iter().filter(|restore| part_of(restore) == Some(part));
            of_part
                .max_by_key(|restore| restore.metadata.creation_timestamp.as_ref().map(|time| time.0))
                .copied()
        };
        let found = RestoreType::ALL.into_iter().filter_map(|part| Some((part, newest(part)?)));
        let rows: Vec<(RestoreType, Row)> =
            found.map(|(part, restore)| (part, restore_row(part, restore, self.now))).collect();
        let ends: Vec<(RestoreType, bool)> =
            rows.iter().map(|(part, row)| (*part, row.mark() != Mark::Neutral)).collect();
        let cleanup =
            self.restore.and_then(|restore| cleaning(restore, &ends)).map(|found| cleanup_row(&found));
        let last =
            self.restore.and_then(|restore| activation(restore, &ends)).map(|found| activation_row(&found));
        rows.into_iter().map(|(_, row)| row).chain(cleanup).chain(last).collect()
    }

    fn elapsed(&self) -> String {
        stopwatch(self.now.as_second() - self.begin.as_second())
    }
}

/// What a Velero Restore of ours restores.
pub fn part_of(restore: &Restore) -> Option<RestoreType> {
    let backup = BackupType::of_backup_name(&restore.spec.backup_name)?;
    let active = restore.metadata.name.as_deref().is_some_and(|name| name.ends_with("-active"));
    RestoreType::ALL.into_iter().find(|part| part.backup_type() == backup && part.is_active() == active)
}

fn restore_row(part: RestoreType, restore: &Restore, now: Timestamp) -> Row {
    let status = restore.status.clone().unwrap_or_default();
    let remark = remark((status.errors, status.warnings), status.reasons());
    let progress = status.progress.unwrap_or_default();
    Row {
        part: part.part(),
        phase: status.phase.to_string(),
        done: progress.items_restored,
        total: progress.total_items,
        seconds: seconds(status.start_timestamp.as_ref(), status.completion_timestamp.as_ref(), now),
        remark,
        saying: String::new(),
    }
}

/// A line under those of Velero, for work that counts no items: how it stands, and what is wrong, if anything is.
fn own_row(part: &'static str, phase: RestorePhase, saying: String, problem: String) -> Row {
    let phase = match phase {
        RestorePhase::Completed if !problem.is_empty() => RestorePhase::PartiallyFailed,
        phase => phase,
    };
    let phase = phase.to_string();
    Row { part, phase, done: None, total: None, seconds: None, remark: problem, saying }
}

fn cleanup_row(cleaning: &Cleaning) -> Row {
    let phase = match cleaning {
        Cleaning::Waiting => RestorePhase::New,
        Cleaning::AtWork => RestorePhase::InProgress,
        Cleaning::Ended(_) => RestorePhase::Completed,
    };
    own_row("cleanup", phase, cleaning.text(), cleaning.problem().to_owned())
}

fn activation_row(activation: &Activation) -> Row {
    let phase = match activation {
        Activation::Waiting => RestorePhase::New,
        Activation::Ended(_) => RestorePhase::Completed,
    };
    own_row("activation", phase, activation.text(), activation.problem())
}

fn backup_row(backup: &Backup, now: Timestamp) -> Row {
    let status = backup.status.clone().unwrap_or_default();
    let remark = remark((status.errors, status.warnings), status.reasons());
    let progress = status.progress.unwrap_or_default();
    let name = backup.metadata.name.as_deref().unwrap_or_default();
    Row {
        part: BackupType::of_backup_name(name).map_or("backup", BackupType::part),
        phase: status.phase.to_string(),
        done: progress.items_backed_up,
        total: progress.total_items,
        seconds: seconds(status.start_timestamp.as_ref(), status.completion_timestamp.as_ref(), now),
        remark,
        saying: String::new(),
    }
}

fn remark<'a>(
    (errors, warnings): (Option<i64>, Option<i64>),
    reasons: impl Iterator<Item = &'a String>,
) -> String {
    let counts = counted(errors, "error").into_iter().chain(counted(warnings, "warning"));
    counts.chain(reasons.cloned()).collect::<Vec<_>>().join(", ")
}

fn counted(n: Option<i64>, what: &str) -> Option<String> {
    let n = usize::try_from(n?).ok().filter(|n| *n > 0)?;
    Some(super::text::count(n, what))
}

fn seconds(start: Option<&Time>, end: Option<&Time>, now: Timestamp) -> Option<i64> {
    let end = end.map_or(now, |end| end.0);
    Some((end.as_second() - start?.0.as_second()).max(0))
}

impl Row {
    fn mark(&self) -> Mark {
        match RestorePhase::from(self.phase.as_str()) {
            RestorePhase::Completed => Mark::Good,
            RestorePhase::PartiallyFailed => Mark::Attention,
            RestorePhase::Failed | RestorePhase::FailedValidation => Mark::Bad,
            _ => Mark::Neutral,
        }
    }

    fn is_running(&self) -> bool {
        self.mark() == Mark::Neutral && !matches!(self.phase.as_str(), "" | "New")
    }

    fn items(&self) -> String {
        match (self.done, self.total) {
            (Some(done), Some(total)) if self.is_running() => format!("{done}/{total}"),
            (Some(1), _) => "1 item".to_owned(),
            (Some(done), _) => format!("{done} items"),
            _ => String::new(),
        }
    }

    fn cells(&self, style: &Style, frame: usize) -> Vec<String> {
        let running = self.is_running() && style.unicode;
        let mark = if running {
            SPINNER.get(frame % SPINNER.len()).unwrap_or(&"⠋").to_string()
        } else {
            style.mark(self.mark())
        };
        let middle = match (self.mark(), self.is_running()) {
            _ if !self.saying.is_empty() => self.saying.clone(),
            (Mark::Good, _) => self.items(),
            (Mark::Neutral, false) => "waiting".to_owned(),
            (Mark::Neutral, true) => format!("{}  {}", bar(self, style), self.items()),
            _ => style.phase(&self.phase),
        };
        let time = self.seconds.map(stopwatch).unwrap_or_default();
        vec![mark, self.part.to_owned(), middle, time, harmless(&self.remark).into_owned()]
    }

    /// `resources Completed 14870/14886 4m28s warnings=16`; the key leaves out what only counts up.
    fn change(&self) -> (String, String) {
        let phase = if self.phase.is_empty() { "waiting" } else { self.phase.as_str() };
        let items = match (self.done, self.total) {
            (Some(done), Some(total)) => format!(" {done}/{total}"),
            _ => String::new(),
        };
        let (time, remark) = match self.mark() {
            Mark::Neutral => (String::new(), String::new()),
            _ => (
                self.seconds.map(|s| format!(" {}", stopwatch(s))).unwrap_or_default(),
                format!("  {}", self.remark),
            ),
        };
        let phase = if self.saying.is_empty() { phase } else { &self.saying };
        let line = format!("{} {phase}{items}{time}{}", self.part, remark.trim_end());
        (format!("{} {phase}", self.part), line)
    }
}

fn bar(row: &Row, style: &Style) -> String {
    let (full, empty) = if style.unicode { ("█", "░") } else { ("#", ".") };
    let filled = match (row.done, row.total) {
        (Some(done), Some(total)) if total > 0 => {
            (done.clamp(0, total) * BAR_COLUMNS / total).clamp(0, BAR_COLUMNS)
        }
        _ => 0,
    };
    let (filled, left) =
        (usize::try_from(filled).unwrap_or(0), usize::try_from(BAR_COLUMNS - filled).unwrap_or(0));
    format!("{}{}", full.repeat(filled), empty.repeat(left))
}

/// Lines to redraw: one per Velero operation, then the phase as a whole.
pub fn live_lines(facts: &Facts<'_>, style: &Style, frame: usize) -> Vec<String> {
    let rows = facts.rows();
    let mut lines: Vec<String> = match rows.is_empty() {
        true => Vec::new(),
        false => columns(2, rows.iter().map(|row| row.cells(style, frame)).collect())
            .lines()
            .map(str::to_owned)
            .collect(),
    };
    if frame > 0 {
        let phase = if facts.phase.is_empty() { "waiting for the loop" } else { facts.phase.as_str() };
        lines.push(style.dim(format!("  {} {}, {}", facts.subject, harmless(phase), facts.elapsed())));
        // What it says matters most while nothing moves.
        let saying = if rows.is_empty() { facts.message } else { "" };
        lines.extend(
            [saying, "Ctrl-C stops waiting, not the hub."]
                .into_iter()
                .filter(|text| !text.is_empty())
                .map(|text| style.dim(format!("  {}", harmless(text)))),
        );
    }
    lines
}

/// Lines to append: a key that tells whether it was said before, and the line.
pub fn change_lines(facts: &Facts<'_>) -> Vec<(String, String)> {
    let phase = if facts.phase.is_empty() { "waiting for the loop" } else { facts.phase.as_str() };
    let rows = facts.rows();
    let saying = if rows.is_empty() && !facts.message.is_empty() {
        format!(": {}", facts.message)
    } else {
        String::new()
    };
    let whole = format!("{} {phase}{saying}", facts.subject);
    let mut lines: Vec<(String, String)> = rows.iter().map(Row::change).collect();
    if facts.backups.is_empty() {
        lines.insert(0, (whole.clone(), whole));
    }
    lines
}

/// How it ended, in a sentence.
pub fn ending(facts: &Facts<'_>, style: &Style) -> String {
    let phase = if facts.phase.is_empty() { "deleted" } else { facts.phase.as_str() };
    let message = match (super::style::tone_of_phase(phase), facts.message) {
        (Mark::Good, _) | (_, "") => String::new(),
        (_, message) => format!(": {}", harmless(message)),
    };
    format!("{} {} after {}{message}", facts.subject, style.phase(phase), facts.elapsed())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::render::looks::looks;

    fn velero(backup: &str, status: &serde_json::Value) -> Restore {
        serde_json::from_value(json!({
            "metadata": {"name": format!("r1-{backup}")}, "spec": {"backupName": backup}, "status": status,
        }))
        .unwrap()
    }

    fn restores() -> Vec<Restore> {
        let (start, end) = ("2026-11-22T12:00:00Z", "2026-11-22T12:09:12Z");
        vec![
            velero(
                "acm-resources-schedule-20261122120103",
                &json!({
                    "phase": "InProgress", "startTimestamp": end, "progress": {"totalItems": 14886, "itemsRestored": 7112},
                }),
            ),
            velero(
                "acm-credentials-schedule-20261122120003",
                &json!({
                    "phase": "Completed", "startTimestamp": start, "completionTimestamp": end, "warnings": 16,
                    "progress": {"totalItems": 29387, "itemsRestored": 29387},
                }),
            ),
            velero("acm-resources-generic-schedule-20261122120003", &json!({})),
        ]
    }

    fn facts(velero: &[Restore]) -> Facts<'_> {
        Facts {
            subject: "r1",
            phase: "Running".to_owned(),
            message: "",
            restore: None,
            velero: velero.iter().collect(),
            backups: Vec::new(),
            begin: "2026-11-22T12:00:00Z".parse().unwrap(),
            now: "2026-11-22T12:11:53Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_running_restore_shows_a_line_per_velero_restore_in_order() {
        let restores = restores();
        let style = Style { unicode: true, ..Style::plain(Timestamp::UNIX_EPOCH) };
        insta::assert_snapshot!("live-utf8", live_lines(&facts(&restores), &style, 2).join("\n"));
        let ascii = Style::plain(Timestamp::UNIX_EPOCH);
        insta::assert_snapshot!("live-ascii", live_lines(&facts(&restores), &ascii, 2).join("\n"));
    }

    #[test]
    fn off_a_terminal_a_line_per_change_is_enough() {
        let restores = restores();
        let lines: Vec<String> = change_lines(&facts(&restores)).into_iter().map(|(_, line)| line).collect();
        assert_eq!(
            lines,
            [
                "r1 Running",
                "credentials Completed 29387/29387 9m12s  16 warnings",
                "resources InProgress 7112/14886",
                "resources-generic waiting"
            ]
        );
    }

    #[test]
    fn a_bad_end_tells_the_reason_the_hub_gives() {
        let mut bad = facts(&[]);
        bad.phase = "Error".to_owned();
        bad.message = "Velero restore x has failed\u{1b}[0m";
        assert_eq!(
            ending(&bad, &Style::plain(Timestamp::UNIX_EPOCH)),
            "r1 Error after 11m53s: Velero restore x has failed?[0m"
        );
    }

    #[test]
    fn every_terminal_shows_progress_its_way() {
        let restores = restores();
        let cleaning = json!({
            "metadata": {"name": "r1"}, "spec": {"cleanupBeforeRestore": "CleanupRestored"},
            "status": {"phase": "Running", "lastMessage": "m"},
        });
        let cleaning: api::Restore = serde_json::from_value(cleaning).unwrap();
        let facts = Facts { restore: Some(&cleaning), ..facts(&restores) };
        let screen = |style: &Style| {
            let lines = live_lines(&facts, style, 2).into_iter().map(|line| line + "\n").collect::<String>();
            format!("{lines}{}\n", ending(&facts, style))
        };
        insta::assert_snapshot!("looks", looks(facts.now, screen));
    }
}

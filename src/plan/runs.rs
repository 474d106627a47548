//! Runs: the backups made by one tick of the schedule.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::Serialize;

use super::latest::{Candidates, backup_name, hub_of};
use crate::api::keys;
use crate::velero::{Backup, BackupPhase, BackupType};
use crate::wire::Stamp;

/// Stamps of one tick may always be this far apart: Velero looks at each schedule about once a minute.
const SPREAD_MIN_SECONDS: i64 = 90;
/// Stamps of one tick are never further apart than this, however rare the ticks.
const SPREAD_MAX_SECONDS: i64 = 30 * 60;

/// The backups made by one tick of the schedule, of the four types that hold data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The earliest 14-digit stamp among the parts.
    pub id: String,
    /// Names of the backups by type.
    pub parts: BTreeMap<BackupType, String>,
    /// The hub that made them; `None` where that is unknown.
    pub hub: Option<String>,
    /// How the run stands as a whole.
    pub status: RunStatus,
    /// When the first part may be removed; `None` where that is unknown.
    #[schemars(with = "Option<Time>")]
    pub expires: Option<Timestamp>,
    /// The moment its id names.
    #[schemars(with = "Time")]
    pub started: Timestamp,
}

/// How a run stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub enum RunStatus {
    /// All four parts are there and Completed.
    Complete,
    /// All that is there has ended, but a part is missing, has errors or is being deleted.
    Partial,
    /// A part has not ended.
    InProgress,
    /// A part ended badly.
    Failed,
}

impl RunStatus {
    /// The word screens and JSON use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::Partial => "Partial",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
        }
    }
}

/// All runs of a namespace, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// Groups backups into runs; markers, validation backups and those without a stamp are no part of any.
    pub fn of(candidates: &Candidates<'_>) -> Self {
        let mut by_hub: BTreeMap<Option<&str>, Vec<Member<'_>>> = BTreeMap::new();
        for member in candidates.iter().filter_map(Member::of) {
            by_hub.entry(hub_of(member.backup)).or_default().push(member);
        }
        let mut runs: Vec<Run> = by_hub.into_values().flat_map(group).map(Group::run).collect();
        runs.sort_by(|a, b| (b.started, &b.hub).cmp(&(a.started, &a.hub)));
        Self(runs)
    }

    /// The runs, newest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Run> {
        self.0.iter()
    }

    /// The run of this id.
    pub fn find(&self, id: &str) -> Option<&Run> {
        self.iter().find(|run| run.id == id)
    }

    /// The run a backup is part of.
    pub fn of_backup(&self, name: &str) -> Option<&Run> {
        self.iter().find(|run| run.parts.values().any(|part| part == name))
    }

    /// The newest complete run, not later than `as_of` if that is given.
    pub fn newest_complete(&self, as_of: Option<Timestamp>) -> Option<&Run> {
        self.iter()
            .filter(|run| as_of.is_none_or(|as_of| run.started <= as_of))
            .find(|run| run.status == RunStatus::Complete)
    }
}

/// A backup with what places it in a run.
#[derive(Clone, Copy)]
struct Member<'a> {
    stamp: Stamp,
    part: BackupType,
    backup: &'a Backup,
}

impl<'a> Member<'a> {
    fn of(backup: &'a Backup) -> Option<Self> {
        let part = part_of(backup).filter(|part| BackupType::DATA.contains(part))?;
        Some(Self { stamp: Stamp::suffix_of(backup_name(backup))?, part, backup })
    }
}

/// The type of a backup by the schedule that made it, or by its name.
fn part_of(backup: &Backup) -> Option<BackupType> {
    let label = backup.metadata.labels.as_ref().and_then(|labels| labels.get(keys::VELERO_SCHEDULE_NAME));
    let by_label = label.and_then(|label| BackupType::ALL.into_iter().find(|t| t.schedule_name() == label));
    by_label.or_else(|| BackupType::of_backup_name(backup_name(backup)))
}

/// A run while it is put together.
struct Group<'a> {
    first: Stamp,
    parts: BTreeMap<BackupType, &'a Backup>,
}

/// Each schedule makes one backup a tick, so a backup goes to the oldest run near enough that lacks its type.
fn group(mut members: Vec<Member<'_>>) -> Vec<Group<'_>> {
    members.sort_by_key(|member| (member.stamp, member.part, backup_name(member.backup)));
    let spread = spread_seconds(&members);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut open = 0;
    for member in members {
        let is_near = |first: Stamp| seconds_between(first, member.stamp) <= spread;
        open += groups.iter().skip(open).take_while(|group| !is_near(group.first)).count();
        match groups.iter_mut().skip(open).find(|group| !group.parts.contains_key(&member.part)) {
            Some(group) => drop(group.parts.insert(member.part, member.backup)),
            None => groups
                .push(Group { first: member.stamp, parts: BTreeMap::from([(member.part, member.backup)]) }),
        }
    }
    groups
}

/// How far apart the stamps of one run may be: half the usual gap between ticks, within limits.
fn spread_seconds(members: &[Member<'_>]) -> i64 {
    let mut last: BTreeMap<BackupType, Stamp> = BTreeMap::new();
    let mut gaps: Vec<i64> = members
        .iter()
        .filter_map(|m| last.insert(m.part, m.stamp).map(|before| seconds_between(before, m.stamp)))
        .collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(i64::MAX);
    (usual / 2).clamp(SPREAD_MIN_SECONDS, SPREAD_MAX_SECONDS)
}

fn seconds_between(earlier: Stamp, later: Stamp) -> i64 {
    later.timestamp().as_second() - earlier.timestamp().as_second()
}

impl Group<'_> {
    fn run(self) -> Run {
        let expiration = |backup: &&Backup| Some(backup.status.as_ref()?.expiration.as_ref()?.0);
        Run {
            id: self.first.to_string(),
            hub: self.parts.values().find_map(|backup| hub_of(backup)).map(str::to_owned),
            status: self.status(),
            expires: self.parts.values().filter_map(expiration).min(),
            started: self.first.timestamp(),
            parts: self.parts.into_iter().map(|(part, b)| (part, backup_name(b).to_owned())).collect(),
        }
    }

    fn status(&self) -> RunStatus {
        use BackupPhase::{Completed, Deleting, Failed, FailedValidation, PartiallyFailed};
        let phases: Vec<BackupPhase> = self
            .parts
            .values()
            .map(|backup| backup.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default())
            .collect();
        if phases.iter().any(|phase| matches!(phase, Failed | FailedValidation)) {
            RunStatus::Failed
        } else if phases.iter().any(|phase| !matches!(phase, Completed | PartiallyFailed | Deleting)) {
            RunStatus::InProgress
        } else if phases.len() == BackupType::DATA.len() && phases.iter().all(|phase| *phase == Completed) {
            RunStatus::Complete
        } else {
            RunStatus::Partial
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backup(name: &str, phase: &str) -> Backup {
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "acm", "labels": {keys::BACKUP_CLUSTER: "east"}},
            "spec": {}, "status": {"phase": phase},
        }))
        .unwrap()
    }

    fn runs(names: &[(&str, &str)]) -> Runs {
        let backups: Vec<Backup> = names.iter().map(|(name, phase)| backup(name, phase)).collect();
        Runs::of(&Candidates::in_namespace(&backups, "acm"))
    }

    /// One backup of each type, the resources one a minute after the others.
    fn tick(stamp: &str, a_minute_later: &str) -> Vec<String> {
        BackupType::DATA
            .iter()
            .map(|part| {
                let stamp = if *part == BackupType::Resources { a_minute_later } else { stamp };
                format!("{}-{stamp}", part.schedule_name())
            })
            .collect()
    }

    fn completed(names: &[String]) -> Runs {
        let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "Completed")).collect();
        runs(&names)
    }

    fn ids(runs: &Runs) -> Vec<&str> {
        runs.iter().map(|run| run.id.as_str()).collect()
    }

    /// The operator's own run with 3500 clusters.
    #[test]
    fn stamps_a_minute_apart_are_one_run() {
        let runs = completed(&tick("20251126160014", "20251126160114"));
        assert_eq!(ids(&runs), ["20251126160014"]);
        let run = runs.find("20251126160014").unwrap();
        assert_eq!(run.status, RunStatus::Complete);
        assert_eq!(runs.of_backup("acm-resources-schedule-20251126160114"), Some(run));
    }

    #[test]
    fn a_missing_part_is_not_taken_from_the_next_run() {
        let mut names = tick("20261122080004", "20261122080104");
        names.retain(|name| !name.contains("managed-clusters"));
        names.extend(tick("20261122100004", "20261122100104"));
        let runs = completed(&names);
        assert_eq!(ids(&runs), ["20261122100004", "20261122080004"]);
        assert_eq!(runs.find("20261122080004").unwrap().status, RunStatus::Partial);
        assert_eq!(runs.newest_complete(None).unwrap().id, "20261122100004");
        let nine = "2026-11-22T09:00:00Z".parse().unwrap();
        assert_eq!(runs.newest_complete(Some(nine)), None);
    }

    #[test]
    fn runs_of_a_cron_of_one_minute_stay_apart() {
        let mut names = tick("20261122080000", "20261122080100");
        names.extend(tick("20261122080100", "20261122080200"));
        names.extend(tick("20261122080200", "20261122080300"));
        let runs = completed(&names);
        assert_eq!(ids(&runs), ["20261122080200", "20261122080100", "20261122080000"]);
        assert!(runs.iter().all(|run| run.status == RunStatus::Complete), "{runs:?}");
    }

    #[test]
    fn two_runs_by_hand_within_minutes_are_two_runs() {
        let mut names = tick("20261122080000", "20261122080000");
        names.extend(tick("20261122080500", "20261122080500"));
        assert_eq!(ids(&completed(&names)), ["20261122080500", "20261122080000"]);
    }

    #[test]
    fn markers_and_validation_backups_are_no_part() {
        let names = [("acm-validation-policy-schedule-20261122080000", "Completed")];
        assert_eq!(ids(&runs(&names)), [] as [&str; 0]);
        assert_eq!(ids(&runs(&[("acm-restore-clusters-20261122080000", "Completed")])), [] as [&str; 0]);
    }

    #[test]
    fn one_part_running_or_failed_is_the_status_of_the_run() {
        let first = ("acm-credentials-schedule-20261122080000", "Completed");
        for (phase, status) in [
            ("InProgress", RunStatus::InProgress),
            ("", RunStatus::InProgress),
            ("Failed", RunStatus::Failed),
            ("PartiallyFailed", RunStatus::Partial),
        ] {
            let runs = runs(&[first, ("acm-resources-schedule-20261122080000", phase)]);
            assert_eq!(runs.iter().next().unwrap().status, status, "{phase}");
        }
    }
}

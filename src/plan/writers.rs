//! The hubs that wrote backups, and how often each of them does.

use jiff::Timestamp;

use super::latest::{Candidates, backup_name, hub_of};
use super::runs::{Run, Runs};
use super::schedule::{VALIDATION_SURPLUS, longest_gap};
use crate::velero::{Backup, BackupType};
use crate::wire::{Cron, GoDuration, Stamp};

/// Seconds between runs where nothing tells.
const ASSUMED_SECONDS: i64 = 2 * 3600;

/// How often a hub writes backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// Seconds between two runs, the longest where they differ.
    pub period: i64,
    /// What tells it.
    pub told_by: ToldBy,
}

/// What tells how often a hub writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldBy {
    /// The cron of its BackupSchedule.
    Cron(String),
    /// The lifetime of its validation backup, which is made from the cron.
    ValidationBackup,
    /// The time between its runs.
    Runs,
    /// Nothing.
    Nobody,
}

/// A hub that wrote backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// Its id.
    pub hub: String,
    /// The newest run it wrote.
    pub newest: Run,
    /// How often it writes.
    pub rhythm: Rhythm,
}

impl Writer {
    /// Every hub among the writers of `runs`, that of the newest run first.
    pub fn all(candidates: &Candidates<'_>, runs: &Runs) -> Vec<Self> {
        let mut writers: Vec<Self> = Vec::new();
        for run in runs.iter() {
            let Some(hub) = run.hub.clone() else { continue };
            if writers.iter().all(|writer| writer.hub != hub) {
                let rhythm = Rhythm::of_hub(Some(&hub), candidates, runs);
                writers.push(Self { hub, newest: run.clone(), rhythm });
            }
        }
        writers
    }

    /// Seconds since it wrote.
    pub fn silence(&self, now: Timestamp) -> i64 {
        now.as_second() - self.newest.started.as_second()
    }

    /// True until it has missed two runs.
    pub fn seems_alive(&self, now: Timestamp) -> bool {
        self.silence(now) <= 2 * self.rhythm.period
    }
}

impl Rhythm {
    /// The rhythm of a cron; `None` for one that is none or never fires.
    pub fn of_cron(text: &str, now: Timestamp) -> Option<Self> {
        let period = longest_gap(&Cron::parse(text).ok()?, now)?.as_secs();
        Some(Self { period, told_by: ToldBy::Cron(text.to_owned()) })
    }

    /// The rhythm of whoever wrote a run: `cron`, which is given if this hub did, else what its runs tell.
    pub fn of_run(
        run: &Run,
        cron: Option<&str>,
        (candidates, runs): (&Candidates<'_>, &Runs),
        now: Timestamp,
    ) -> Self {
        let by_cron = cron.and_then(|cron| Self::of_cron(cron, now));
        by_cron.unwrap_or_else(|| Self::of_hub(run.hub.as_deref(), candidates, runs))
    }

    /// A run that has this long is gone before the next but one is made.
    pub fn is_soon(&self, seconds_left: i64) -> bool {
        seconds_left <= 2 * self.period
    }

    /// The rhythm in which a hub wrote, or whoever wrote without an id.
    ///
    /// Neither a run made by hand nor those of another hub change it.
    pub fn of_hub(hub: Option<&str>, candidates: &Candidates<'_>, runs: &Runs) -> Self {
        let by_validation = candidates.iter().filter(|backup| hub_of(backup) == hub);
        let by_validation = by_validation.filter_map(validation_period).max();
        if let Some((_, period)) = by_validation {
            return Self { period, told_by: ToldBy::ValidationBackup };
        }
        match usual_gap(runs.iter().filter(|run| run.hub.as_deref() == hub)) {
            Some(period) => Self { period, told_by: ToldBy::Runs },
            None => Self { period: ASSUMED_SECONDS, told_by: ToldBy::Nobody },
        }
    }
}

/// What a validation backup was told to outlive, with the moment it was made; a cron that never fires leaves nothing.
fn validation_period(backup: &Backup) -> Option<(Stamp, i64)> {
    let name = backup_name(backup);
    BackupType::of_backup_name(name).filter(|part| *part == BackupType::Validation)?;
    let lifetime: GoDuration = backup.spec.ttl.as_ref()?.parse().ok()?;
    let period = lifetime.as_secs() - VALIDATION_SURPLUS.as_secs();
    (period > 0).then_some(())?;
    Some((Stamp::suffix_of(name)?, period))
}

/// The median of the gaps. A single one may be that to a run made by hand, and counts only if it is long.
fn usual_gap<'a>(newest_first: impl Iterator<Item = &'a Run>) -> Option<i64> {
    let starts: Vec<i64> = newest_first.map(|run| run.started.as_second()).collect();
    let mut gaps: Vec<i64> =
        starts.windows(2).filter_map(|pair| Some(pair.first()? - pair.last()?)).collect();
    gaps.sort_unstable();
    match gaps.as_slice() {
        [only] => (*only >= ASSUMED_SECONDS).then_some(*only),
        gaps => gaps.get(gaps.len() / 2).copied().filter(|gap| *gap > 0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::keys;

    fn backup(schedule: &str, stamp: &str, hub: &str, ttl: &str) -> Backup {
        serde_json::from_value(json!({
            "metadata": {"name": format!("{schedule}-{stamp}"), "namespace": "acm", "labels": {keys::BACKUP_CLUSTER: hub}},
            "spec": {"ttl": ttl}, "status": {"phase": "Completed"},
        }))
        .unwrap()
    }

    fn run(stamp: &str, hub: &str) -> Backup {
        backup("acm-resources-schedule", stamp, hub, "120h0m0s")
    }

    fn validation(stamp: &str, hub: &str, ttl: &str) -> Backup {
        backup("acm-validation-policy-schedule", stamp, hub, ttl)
    }

    fn writers(backups: &[Backup]) -> Vec<Writer> {
        let candidates = Candidates::in_namespace(backups, "acm");
        Writer::all(&candidates, &Runs::of(&candidates))
    }

    fn told(backups: &[Backup]) -> Vec<(String, i64, ToldBy)> {
        let told = |writer: Writer| (writer.hub, writer.rhythm.period, writer.rhythm.told_by);
        writers(backups).into_iter().map(told).collect()
    }

    #[test]
    fn the_newest_validation_backup_of_a_hub_tells_its_period() {
        let backups = [
            run("20261122100004", "east"),
            run("20261122100504", "east"),
            validation("20261122080004", "east", "23h5m0s"),
            validation("20261122100004", "east", "2h5m0s"),
            validation("20261122110004", "west", "1h5m0s"),
        ];
        assert_eq!(told(&backups), [("east".to_owned(), 7200, ToldBy::ValidationBackup)]);
    }

    #[test]
    fn a_run_by_hand_does_not_change_a_rhythm() {
        let regular = ["20261122060004", "20261122080004", "20261122100004"].map(|stamp| run(stamp, "east"));
        let by_hand = [regular.as_slice(), &[run("20261122100504", "east")]].concat();
        let runs = [("east".to_owned(), 7200, ToldBy::Runs)];
        assert_eq!(told(&by_hand), runs);
        assert_eq!(told(&by_hand[2..]), [("east".to_owned(), 7200, ToldBy::Nobody)], "one gap of minutes");
        let daily = ["20261121100004", "20261122100004"].map(|stamp| run(stamp, "east"));
        assert_eq!(told(&daily), [("east".to_owned(), 86_400, ToldBy::Runs)]);
    }

    #[test]
    fn hubs_that_write_minutes_apart_have_a_rhythm_each_and_both_seem_alive() {
        let hours = ["06", "08", "10"];
        let backups: Vec<Backup> = hours
            .iter()
            .flat_map(|hour| {
                let stamp = |minute: &str| format!("20261122{hour}{minute}04");
                [run(&stamp("00"), "east"), run(&stamp("05"), "west")]
            })
            .collect();
        let now = "2026-11-22T11:00:00Z".parse().unwrap();
        let found = writers(&backups);
        assert_eq!(found.iter().map(|writer| writer.hub.as_str()).collect::<Vec<_>>(), ["west", "east"]);
        assert!(found.iter().all(|writer| writer.rhythm.period == 7200 && writer.seems_alive(now)));
        let later = "2026-11-22T14:06:00Z".parse().unwrap();
        assert!(!found.iter().any(|writer| writer.seems_alive(later)));
    }

    #[test]
    fn the_rhythm_of_a_cron_is_its_longest_gap() {
        let rhythm = |cron| Rhythm::of_cron(cron, "2026-11-22T10:00:00Z".parse().unwrap());
        let told_by = ToldBy::Cron("0 11,12 * * *".to_owned());
        assert_eq!(rhythm("0 11,12 * * *"), Some(Rhythm { period: 23 * 3600, told_by }));
        assert_eq!(rhythm("0 0 30 2 *"), None);
        assert_eq!(rhythm("often"), None);
    }
}

//! When waiting is over, and how it ended; decided from observed objects alone.

use jiff::Timestamp;

use super::sources::World;
use crate::api::{BackupChoice, BackupSchedulePhase, Restore, RestorePhase};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::plan::latest::{Candidates, latest_of_all};
use crate::plan::runs::{RunStatus, Runs};
use crate::velero::{Backup, BackupPhase, BackupType};

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is usual for the noun: Enabled, settled, ended.
    Usual,
    /// A phase by name.
    Phase(String),
    /// A paused schedule.
    Paused,
    /// A schedule whose hub took a complete run after this moment; `None` means after the waiting began.
    Run(Option<Timestamp>),
    /// A following restore that has restored the newest backups.
    Synced,
    /// The object is gone.
    Deleted,
}

impl std::str::FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("phase=")) {
            (_, Some(phase)) if !phase.is_empty() => Ok(Self::Phase(phase.to_owned())),
            ("paused", _) => Ok(Self::Paused),
            ("deleted", _) => Ok(Self::Deleted),
            ("run", _) => Ok(Self::Run(None)),
            ("synced", _) => Ok(Self::Synced),
            _ => Err("expected phase=X, paused, run, synced or deleted".to_owned()),
        }
    }
}

impl Condition {
    /// True if this can be said of an object of the noun.
    pub(in crate::cli) fn fits(&self, noun: Noun) -> bool {
        match self {
            Self::Usual | Self::Phase(_) | Self::Deleted => true,
            Self::Paused | Self::Run(_) => noun == Noun::Schedule,
            Self::Synced => noun == Noun::Restore,
        }
    }

    /// True if the backups have to be known to judge it.
    pub(super) fn needs_backups(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Synced)
    }

    /// The condition as it is typed; empty for the usual one.
    pub(super) fn flag(&self) -> String {
        match self {
            Self::Usual => String::new(),
            Self::Phase(phase) => format!(" --for phase={phase}"),
            Self::Paused => " --for paused".to_owned(),
            Self::Run(_) => " --for run".to_owned(),
            Self::Synced => " --for synced".to_owned(),
            Self::Deleted => " --for deleted".to_owned(),
        }
    }
}

/// How far the object is from what is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not there yet.
    Pending,
    /// Waiting is over.
    Over(Exit),
    /// It ended badly, unless somebody is about to look at it again.
    Bad,
    /// The object is gone.
    Gone,
}

/// How far `name` is, as the world shows it.
pub(super) fn judge(world: &World, noun: Noun, name: &str, condition: &Condition) -> Verdict {
    let Some(phase) = phase_of(world, noun, name) else {
        return if *condition == Condition::Deleted { Verdict::Over(Exit::Done) } else { Verdict::Gone };
    };
    match condition {
        Condition::Deleted => Verdict::Pending,
        Condition::Phase(wanted) if phase.eq_ignore_ascii_case(wanted) => Verdict::Over(Exit::Done),
        Condition::Phase(_) => Verdict::Pending,
        Condition::Paused => schedule(&phase, "Paused"),
        Condition::Run(after) => run(world, schedule(&phase, "Enabled"), *after),
        Condition::Synced => world.restores.get(name).map_or(Verdict::Gone, |found| synced(world, found)),
        Condition::Usual => match noun {
            Noun::Schedule => schedule(&phase, "Enabled"),
            Noun::Restore => world.restores.get(name).map_or(Verdict::Gone, |found| restore(world, found)),
            Noun::Backup | Noun::Run => backup(&phase),
        },
    }
}

/// The phase of an object; `None` if it is not there.
pub(super) fn phase_of(world: &World, noun: Noun, name: &str) -> Option<String> {
    match noun {
        Noun::Schedule => world.schedules.get(name).map(|schedule| schedule.phase().to_string()),
        Noun::Restore => world.restores.get(name).map(|restore| restore.phase().to_string()),
        Noun::Backup | Noun::Run => world
            .backups
            .get(name)
            .map(|backup| backup.status.as_ref().map(|status| status.phase.to_string()).unwrap_or_default()),
    }
}

fn schedule(phase: &str, wanted: &str) -> Verdict {
    match BackupSchedulePhase::from(phase) {
        _ if phase == wanted => Verdict::Over(Exit::Done),
        BackupSchedulePhase::BackupCollision => Verdict::Over(Exit::EndedBadly),
        BackupSchedulePhase::FailedValidation | BackupSchedulePhase::Failed => Verdict::Bad,
        _ => Verdict::Pending,
    }
}

fn restore(world: &World, restore: &Restore) -> Verdict {
    // While an activation has not begun the phase is still that of the passive part.
    let is_passive = restore.spec.managed_clusters_choice() == BackupChoice::Skip;
    let has_clusters = world.owned_by(restore).iter().any(|velero| {
        BackupType::of_backup_name(&velero.spec.backup_name) == Some(BackupType::ManagedClusters)
    });
    match restore.phase() {
        RestorePhase::Finished => Verdict::Over(Exit::Done),
        RestorePhase::FinishedWithErrors => Verdict::Over(Exit::EndedInPart),
        RestorePhase::Error => Verdict::Bad,
        RestorePhase::Enabled if is_passive => Verdict::Over(Exit::Done),
        RestorePhase::EnabledWithErrors if is_passive || has_clusters => Verdict::Over(Exit::EndedInPart),
        _ => Verdict::Pending,
    }
}

/// Only an Enabled schedule takes runs; a paused one may be resumed while somebody waits.
fn run(world: &World, enabled: Verdict, after: Option<Timestamp>) -> Verdict {
    let backups: Vec<Backup> = world.backups.values().cloned().collect();
    let namespace = world.namespace();
    let runs = Runs::of(&Candidates::in_namespace(&backups, &namespace));
    let is_new = |started: Timestamp| after.is_none_or(|after| started > after);
    let found = runs.iter().any(|run| run.status == RunStatus::Complete && is_new(run.started));
    match enabled {
        Verdict::Over(Exit::Done) if found => enabled,
        Verdict::Over(Exit::Done) => Verdict::Pending,
        other => other,
    }
}

/// In step with the newest backups of what a following restore restores.
fn synced(world: &World, found: &Restore) -> Verdict {
    let backups: Vec<Backup> = world.backups.values().cloned().collect();
    let namespace = world.namespace();
    let newest = latest_of_all(&Candidates::in_namespace(&backups, &namespace));
    let status = found.status.clone().unwrap_or_default();
    let tracked = [
        (BackupType::Credentials, status.velero_credentials_restore_name),
        (BackupType::Resources, status.velero_resources_restore_name),
        (BackupType::ResourcesGeneric, status.velero_generic_resources_restore_name),
    ];
    let in_step = tracked.into_iter().all(|(backup_type, name)| {
        let restored =
            name.and_then(|name| world.velero_restores.get(&name)).map(|velero| &velero.spec.backup_name);
        let wanted =
            newest.get(&backup_type).and_then(|chosen| chosen.as_ref().ok()).map(|chosen| &chosen.backup);
        // There need not be generic resources, but where there are they come last.
        let may_lack = backup_type == BackupType::ResourcesGeneric;
        restored == wanted && (restored.is_some() || may_lack)
    });
    match restore(world, found) {
        Verdict::Over(Exit::Done) if found.phase() == RestorePhase::Enabled && !in_step => Verdict::Pending,
        verdict => verdict,
    }
}

fn backup(phase: &str) -> Verdict {
    match BackupPhase::from(phase) {
        BackupPhase::Completed => Verdict::Over(Exit::Done),
        BackupPhase::PartiallyFailed => Verdict::Over(Exit::EndedInPart),
        BackupPhase::Failed | BackupPhase::FailedValidation => Verdict::Over(Exit::EndedBadly),
        _ => Verdict::Pending,
    }
}

/// How far all of them are: the last decides when, the worst how.
pub(super) fn judge_all(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let weight = |verdict: &Verdict| match verdict {
        Verdict::Gone => 5,
        Verdict::Pending => 4,
        Verdict::Bad => 3,
        Verdict::Over(Exit::EndedBadly) => 2,
        Verdict::Over(Exit::EndedInPart) => 1,
        Verdict::Over(_) => 0,
    };
    verdicts.max_by_key(weight).unwrap_or(Verdict::Gone)
}

/// One phase for all: the first that has not ended, else the worst, as Velero spells it.
pub(super) fn phase_of_all(phases: impl Iterator<Item = String>) -> String {
    let weight = |phase: &String| match backup(phase) {
        Verdict::Over(Exit::Done) => 0,
        Verdict::Over(Exit::EndedInPart) => 1,
        Verdict::Over(_) => 2,
        _ => 3,
    };
    phases.max_by_key(weight).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with_restore(clusters: &str, phase: &str) -> World {
        let restore: Restore = serde_json::from_value(json!({
            "metadata": {"name": "r1", "uid": "u1"},
            "spec": {"veleroManagedClustersBackupName": clusters},
            "status": {"phase": phase, "lastMessage": ""},
        }))
        .unwrap();
        let mut world = World::default();
        world.restores.insert("r1".to_owned(), restore);
        world
    }

    fn usual(clusters: &str, phase: &str) -> Verdict {
        judge(&with_restore(clusters, phase), Noun::Restore, "r1", &Condition::Usual)
    }

    #[test]
    fn a_restore_is_settled_once_its_phase_stays() {
        assert_eq!(usual("skip", "Running"), Verdict::Pending);
        assert_eq!(usual("skip", "Finished"), Verdict::Over(Exit::Done));
        assert_eq!(usual("skip", "FinishedWithErrors"), Verdict::Over(Exit::EndedInPart));
        assert_eq!(usual("skip", "Enabled"), Verdict::Over(Exit::Done));
        assert_eq!(usual("skip", "EnabledWithErrors"), Verdict::Over(Exit::EndedInPart));
        assert_eq!(usual("skip", "Error"), Verdict::Bad);
    }

    #[test]
    fn an_activation_is_not_over_while_the_passive_phase_still_shows() {
        assert_eq!(usual("latest", "Enabled"), Verdict::Pending);
        assert_eq!(usual("latest", "Finished"), Verdict::Over(Exit::Done));
    }

    fn with_backup(mut world: World, name: &str) -> World {
        let backup = serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "acm"},
            "status": {"phase": "Completed", "startTimestamp": "2026-11-22T12:00:00Z"},
        }));
        world.backups.insert(name.to_owned(), backup.unwrap());
        world
    }

    #[test]
    fn a_following_restore_is_synced_with_the_newest_backups_only() {
        let mut world = with_restore("skip", "Enabled");
        for part in [BackupType::Credentials, BackupType::Resources] {
            let backup = format!("{}-20261122120000", part.schedule_name());
            world = with_backup(world, &backup);
            let velero =
                serde_json::from_value(json!({"metadata": {"name": backup}, "spec": {"backupName": backup}}));
            world.velero_restores.insert(backup.clone(), velero.unwrap());
            let status = world.restores.get_mut("r1").unwrap().status.as_mut().unwrap();
            match part {
                BackupType::Credentials => status.velero_credentials_restore_name = Some(backup),
                _ => status.velero_resources_restore_name = Some(backup),
            }
        }
        let judged = |world: &World| judge(world, Noun::Restore, "r1", &Condition::Synced);
        assert_eq!(judged(&world), Verdict::Over(Exit::Done));
        let newer = with_backup(world.clone(), "acm-resources-schedule-20261122130000");
        assert_eq!(judged(&newer), Verdict::Pending);
        let late = with_backup(world, "acm-resources-generic-schedule-20261122120000");
        assert_eq!(judged(&late), Verdict::Pending, "the generic resources are yet to come");
    }

    #[test]
    fn a_run_counts_when_it_is_complete_and_new() {
        let schedule = json!({"metadata": {"name": "s"}, "status": {"phase": "Enabled", "lastMessage": ""}});
        let mut world = World::default();
        world.schedules.insert("s".to_owned(), serde_json::from_value(schedule).unwrap());
        let judged = |world: &World, after: &str| {
            judge(world, Noun::Schedule, "s", &Condition::Run(Some(after.parse().unwrap())))
        };
        assert_eq!(judged(&world, "2026-11-22T11:00:00Z"), Verdict::Pending);
        for part in BackupType::DATA {
            world = with_backup(world, &format!("{}-20261122120000", part.schedule_name()));
        }
        assert_eq!(judged(&world, "2026-11-22T11:00:00Z"), Verdict::Over(Exit::Done));
        assert_eq!(judged(&world, "2026-11-22T12:30:00Z"), Verdict::Pending);
    }

    #[test]
    fn what_is_gone_is_gone() {
        let world = World::default();
        assert_eq!(judge(&world, Noun::Restore, "r1", &Condition::Deleted), Verdict::Over(Exit::Done));
        assert_eq!(judge(&world, Noun::Restore, "r1", &Condition::Usual), Verdict::Gone);
    }

    #[test]
    fn backups_end_in_three_ways() {
        assert_eq!(backup("Finalizing"), Verdict::Pending);
        assert_eq!(backup("PartiallyFailed"), Verdict::Over(Exit::EndedInPart));
        assert_eq!(backup("Failed"), Verdict::Over(Exit::EndedBadly));
    }

    #[test]
    fn several_backups_are_over_with_the_last_and_as_bad_as_the_worst() {
        let all = |phases: &[&str]| judge_all(phases.iter().map(|phase| backup(phase)));
        assert_eq!(all(&["Completed", "InProgress", "Failed"]), Verdict::Pending);
        assert_eq!(all(&["Completed", "PartiallyFailed", "Completed"]), Verdict::Over(Exit::EndedInPart));
        assert_eq!(all(&["Failed", "PartiallyFailed"]), Verdict::Over(Exit::EndedBadly));
        assert_eq!(all(&["Completed", "Completed"]), Verdict::Over(Exit::Done));
        let phases = ["Completed", "Failed"].map(str::to_owned);
        assert_eq!(phase_of_all(phases.into_iter()), "Failed");
    }

    #[test]
    fn conditions_are_read_from_the_flag() {
        assert_eq!("phase=Running".parse(), Ok(Condition::Phase("Running".to_owned())));
        assert_eq!("deleted".parse(), Ok(Condition::Deleted));
        assert_eq!("run".parse(), Ok(Condition::Run(None)));
        assert!(!Condition::Synced.fits(Noun::Schedule));
        assert!("done".parse::<Condition>().is_err());
    }
}

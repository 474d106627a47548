//! When waiting is over, and how it ended; decided from observed objects alone.

use super::sources::World;
use crate::api::{BackupChoice, BackupSchedulePhase, Restore, RestorePhase};
use crate::cli::exit::Exit;
use crate::cli::noun::Noun;
use crate::velero::{BackupPhase, BackupType};

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is usual for the noun: Enabled, settled, ended.
    Usual,
    /// A phase by name.
    Phase(String),
    /// A paused schedule.
    Paused,
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
            _ => Err("expected phase=X, paused or deleted".to_owned()),
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
        assert!("done".parse::<Condition>().is_err());
    }
}

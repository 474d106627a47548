//! Properties of the planner on a simulated hub: see docs/architecture.md, "Rules for the planner".

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test program

mod cleanup;
mod clocks;
mod collisions;
mod hostile;
mod hubs;
mod labels;
mod objects;
mod schedules;
mod simulated_hub;
mod tokens;
mod two_schedules;

use std::collections::BTreeSet;

use acmbackup::api::{Cleanup, RestorePhase, RestoreStatus};
use acmbackup::plan::latest::{Candidates, Unresolved, latest_of_all};
use acmbackup::plan::{HubSnapshot, plan};
use acmbackup::velero::{self, Backup, BackupPhase, BackupType, RestorePhase as VeleroPhase, RestoreType};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use simulated_hub::{SimulatedHub, Trouble};

/// The same cases every time; PROPTEST_RNG_SEED asks for others.
pub(crate) fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let rng_seed = match usual.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_261_122),
        chosen => chosen,
    };
    ProptestConfig { cases: 256, failure_persistence: None, rng_seed, ..usual }
}

fn endings() -> impl Strategy<Value = VeleroPhase> {
    prop::sample::select(vec![VeleroPhase::Completed, VeleroPhase::PartiallyFailed, VeleroPhase::Failed])
}

fn troubles() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        (0..9_usize).prop_map(Trouble::CrashBefore),
        (0..9_usize).prop_map(Trouble::Refuse),
        Just(Trouble::StorageAway),
        Just(Trouble::None),
    ]
}

fn started(backup: &Backup) -> Option<jiff::Timestamp> {
    backup.status.as_ref()?.start_timestamp.as_ref().map(|time| time.0)
}

fn is_usable(backup: &Backup) -> bool {
    let phase = backup.status.as_ref().map(|status| status.phase.clone());
    matches!(phase, Some(BackupPhase::Completed | BackupPhase::PartiallyFailed))
}

fn is_to_come(backup: &Backup) -> bool {
    backup.status.as_ref().is_some_and(|status| status.phase == BackupPhase::New)
}

/// The end state without the moments it was reached at.
fn end_state(hub: &SimulatedHub) -> (RestoreStatus, BTreeSet<String>) {
    let mut status = hub.restore().status.clone().unwrap_or_default();
    status.completion_timestamp = None;
    let text = |restore: &velero::Restore| {
        format!("{:?} {}", restore.metadata.name, serde_json::to_string(&restore.spec).unwrap())
    };
    (status, hub.snapshot.velero.restores.iter().map(text).collect())
}

fn is_marker(key: &str) -> bool {
    key.contains("acm-restore-clusters-")
}

/// A name the API server accepts: DNS-1123 subdomains.
fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_allowed) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn permuted(hub: &HubSnapshot, by: usize) -> HubSnapshot {
    let mut hub = hub.clone();
    let turn = |length: usize| if length == 0 { 0 } else { by % length };
    let at = turn(hub.velero.backups.len());
    hub.velero.backups.rotate_left(at);
    hub.velero.backups.reverse();
    let at = turn(hub.velero.restores.len());
    hub.velero.restores.rotate_left(at);
    hub.velero.restores.reverse();
    hub.velero.schedules.reverse();
    hub
}

proptest! {
    #![proptest_config(config())]

    /// The order in which objects are listed means nothing.
    #[test]
    fn the_same_hub_gives_the_same_plan(
        spec in hubs::spec(), backups in hubs::backups(), passes in 0..6_usize, by in 0..9_usize,
    ) {
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, backups), hubs::noon());
        for _ in 0..passes {
            hub.pass(Trouble::None);
            hub.velero_moves(&VeleroPhase::Completed);
        }
        let wanted = plan(&hub.snapshot, hub.now);
        prop_assert_eq!(&wanted, &plan(&hub.snapshot, hub.now));
        prop_assert_eq!(&wanted, &plan(&permuted(&hub.snapshot, by), hub.now));
    }

    /// Every Restore ends, or waits without writing; no message grows from pass to pass. Spec: R-061, R-127, R-142, R-182
    #[test]
    fn every_restore_comes_to_rest(spec in hubs::spec(), backups in hubs::backups(), ending in endings()) {
        let hub = SimulatedHub::new(hubs::hub("r", &spec, backups), hubs::noon());
        let hub = hub.come_to_rest(&ending);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        let phase = hub.restore().phase();
        prop_assert!(!matches!(phase, RestorePhase::Started | RestorePhase::Running), "stuck in {phase}");
        prop_assert!(hub.created.values().all(|times| *times == 1), "created twice: {:?}", hub.created);
    }

    /// Finished means that every Velero restore was made and has ended. Spec: R-512, R-513
    #[test]
    fn finished_is_finished(spec in hubs::spec(), backups in hubs::backups(), moves in 0..40_usize) {
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, backups), hubs::noon());
        for _ in 0..moves {
            hub.pass(Trouble::None);
            let is_open = hub.snapshot.velero.restores.iter().any(|restore| {
                restore.status.as_ref().is_none_or(|status| status.phase != VeleroPhase::Completed)
            });
            let phase = hub.restore().phase();
            prop_assert!(!(is_open && (phase.is_terminal() || phase == RestorePhase::Enabled)), "{phase} too early");
            hub.velero_moves(&VeleroPhase::Completed);
        }
    }

    /// Rule 3: nothing relies on an earlier pass having finished. Spec: R-129, R-141, R-230
    #[test]
    fn a_crash_or_a_refusal_changes_nothing_in_the_end(
        spec in hubs::spec(), backups in hubs::backups(), first in troubles(), second in troubles(),
        between in 0..8_usize, ending in endings(),
    ) {
        // A backup that ends between two passes would rightly change what a later first pass chooses.
        let backups = backups.into_iter().filter(|backup| !is_to_come(backup)).collect();
        let calm = SimulatedHub::new(hubs::hub("r", &spec, backups), hubs::noon());
        let mut stormy = calm.clone();
        stormy.pass(first);
        for _ in 0..between {
            stormy.velero_moves(&ending);
            stormy.pass(Trouble::None);
        }
        stormy.pass(second);
        let calm = calm.come_to_rest(&ending).unwrap();
        let stormy = stormy.come_to_rest(&ending);
        prop_assert!(stormy.is_some(), "still writing");
        let stormy = stormy.unwrap();
        prop_assert_eq!(end_state(&calm), end_state(&stormy));
        let twice = stormy.created.iter().find(|(key, times)| **times > 1 && !is_marker(key));
        prop_assert!(twice.is_none(), "created twice: {:?}", twice);
    }

    /// R-160, R-161
    #[test]
    fn latest_is_really_latest(backups in hubs::backups()) {
        for (backup_type, answer) in latest_of_all(&Candidates::in_namespace(&backups, hubs::NAMESPACE)) {
            let prefix = backup_type.schedule_name();
            let usable: Vec<&Backup> = backups
                .iter()
                .filter(|backup| is_usable(backup) && backup.metadata.name.as_ref().unwrap().starts_with(prefix))
                .collect();
            match answer {
                Ok(chosen) => {
                    let chosen = usable.iter().find(|one| one.metadata.name.as_ref() == Some(&chosen.backup));
                    prop_assert!(chosen.is_some(), "unusable");
                    prop_assert!(usable.iter().all(|one| started(one) <= started(chosen.unwrap())));
                }
                Err(Unresolved::NoBackups { .. }) => prop_assert!(backups.is_empty()),
                Err(_) => prop_assert!(usable.is_empty()),
            }
        }
    }

    /// Backups become known in any order, and the newest may be on its way out or gone; what is restored only gets newer.
    /// Spec: R-310
    #[test]
    fn following_never_goes_back(
        arrivals in prop::collection::vec(
            (0..4_usize, 1..600_i64, 0..12_usize, prop::bool::weighted(0.3), any::<bool>()), 1..12,
        ),
    ) {
        let mut spec = hubs::spec_of(["skip", "latest", "latest"]);
        spec["syncRestoreWithNewBackups"] = json!(true);
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, hubs::one_run(300)), hubs::noon());
        let mut last = restored_from(&hub);
        for (part, minutes, passes, goes, is_gone) in arrivals {
            let backup = hubs::backup(BackupType::DATA[part], minutes, "Completed");
            if goes {
                let all = &mut hub.snapshot.velero.backups;
                let of_part = |one: &&mut Backup| BackupType::of_backup_name(one.metadata.name.as_ref().unwrap()) == Some(BackupType::DATA[part]);
                if let Some(newest) = all.iter_mut().filter(of_part).max_by_key(|one| started(one)) {
                    let name = newest.metadata.name.clone();
                    newest.status.as_mut().unwrap().phase = BackupPhase::Deleting;
                    all.retain(|one| !is_gone || one.metadata.name != name);
                }
            } else if !hub.snapshot.velero.backups.iter().any(|one| one.metadata.name == backup.metadata.name) {
                hub.snapshot.velero.backups.push(backup);
            }
            for _ in 0..passes {
                hub.pass(Trouble::None);
                hub.velero_moves(&VeleroPhase::Completed);
            }
            let now = restored_from(&hub);
            prop_assert!(last.iter().zip(&now).all(|(last, now)| last <= now), "{last:?} then {now:?}");
            last = now;
        }
        let hub = hub.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        let phase = hub.restore().phase();
        prop_assert!(phase.is_enabled(), "{phase}");
        prop_assert!(hub.created.values().all(|times| *times == 1), "created twice: {:?}", hub.created);
    }

    /// An activation stays with the run it began with, every part of it, and ends. Spec: R-313, R-314
    #[test]
    fn an_activation_ends_although_backups_keep_coming(
        arrivals in prop::collection::vec((0..4_usize, 1..200_i64), 0..20),
        trouble in troubles(), passes in 0..8_usize, again in troubles(),
    ) {
        let mut spec = hubs::spec_of(["skip", "latest", "latest"]);
        spec["syncRestoreWithNewBackups"] = json!(true);
        let hub = SimulatedHub::new(hubs::hub("r", &spec, hubs::one_run(300)), hubs::noon());
        let mut hub = hub.come_to_rest(&VeleroPhase::Completed).unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Enabled);
        hub.snapshot.restores[0].spec.velero_managed_clusters_backup_name = Some("latest".to_owned());
        hub.pass(trouble);
        while hub.restore().status.as_ref().unwrap().velero_managed_clusters_restore_name.is_none() {
            hub.pass(Trouble::None);
        }
        for (number, (part, minutes)) in arrivals.into_iter().enumerate() {
            hub.arrives(hubs::backup(BackupType::DATA[part], minutes, "Completed"));
            hub.pass(if number == passes { again } else { Trouble::None });
            hub.velero_moves(&VeleroPhase::Completed);
        }
        let hub = hub.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Finished);
        let run: BTreeSet<String> = hubs::one_run(300).into_iter().filter_map(|backup| backup.metadata.name).collect();
        prop_assert!(hub.made_from().is_subset(&run), "of another run: {:?}", hub.made_from());
        prop_assert_eq!(hub.snapshot.velero.restores.len(), 6);
        prop_assert!(hub.created.values().all(|times| *times == 1), "created twice: {:?}", hub.created);
        prop_assert!(hub.created.keys().any(|key| is_marker(key)), "no activation marker");
    }

    /// Whatever happens in two passes: a marker if managed clusters were restored to the end, and never a second one. That
    /// another hub restored the same managed clusters with a Restore of the same name changes nothing.
    /// Spec: R-121, R-720, R-723, R-724, R-727
    #[test]
    fn an_activation_writes_one_marker(
        clusters in prop::sample::select(vec!["latest", "skip", " Skip"]), first in troubles(), second in troubles(),
        between in 0..30_usize, name_length in 1..120_usize, ending in endings(), foreign in 0..3_usize,
    ) {
        let name = "r".repeat(name_length);
        let spec = hubs::spec_of([clusters, "latest", "latest"]);
        let mut hub = SimulatedHub::new(hubs::hub(&name, &spec, hubs::one_run(300)), hubs::noon());
        if foreign == 1 {
            hub.arrives(hubs::marker_elsewhere(&name));
        }
        hub.pass(first);
        for _ in 0..between {
            hub.velero_moves(&ending);
            hub.pass(Trouble::None);
        }
        hub.pass(second);
        if foreign == 2 {
            hub.arrives(hubs::marker_elsewhere(&name));
        }
        let hub = hub.come_to_rest(&ending).unwrap();
        let markers: Vec<&String> = hub.created.keys().filter(|key| key.starts_with("velero backup ")).collect();
        let expected = usize::from(clusters == "latest" && hub.restore().phase().is_terminal());
        prop_assert_eq!(markers.len(), expected, "{:?} in {}", markers, hub.restore().phase());
        let requests = &hub.snapshot.velero.delete_requests;
        let is_going = |name: &str| requests.iter().any(|request| request.spec.backup_name == name);
        prop_assert!(!markers.iter().any(|key| is_going(key.rsplit('/').next().unwrap())), "ours goes");
        let labels = hub.snapshot.velero.backups.iter().filter_map(|backup| backup.metadata.labels.as_ref());
        prop_assert!(labels.flat_map(|labels| labels.values()).all(|value| value.len() <= 63));
    }

    /// An edit in the middle changes nothing about it: managed clusters that are restored have a marker. Spec: R-119, R-723
    #[test]
    fn an_edit_in_the_middle_of_an_activation_loses_no_marker(
        sync in any::<bool>(), is_skipped in any::<bool>(), between in 0..40_usize, trouble in troubles(),
    ) {
        let mut spec = hubs::spec_of(["latest", "latest", "latest"]);
        spec["syncRestoreWithNewBackups"] = json!(sync);
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, hubs::one_run(300)), hubs::noon());
        hub.pass(Trouble::None);
        for _ in 0..between {
            hub.velero_moves(&VeleroPhase::Completed);
            hub.pass(Trouble::None);
        }
        let spec = &mut hub.snapshot.restores[0].spec;
        if is_skipped {
            spec.velero_managed_clusters_backup_name = Some("skip".to_owned());
        } else {
            spec.cleanup_before_restore = Some(Cleanup::CleanupAll);
        }
        hub.pass(trouble);
        let hub = hub.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        let is_here = hub.made_from().iter().any(|backup| backup.starts_with("acm-managed-clusters"));
        let markers = hub.created.keys().filter(|key| key.starts_with("velero backup ")).count();
        prop_assert_eq!(markers, usize::from(is_here));
        prop_assert!(is_here || is_skipped, "ended before the managed clusters were restored");
        let is_followed = sync && !is_here;
        let expected = if is_followed { RestorePhase::Enabled } else { RestorePhase::Finished };
        prop_assert_eq!(hub.restore().phase(), expected);
    }

    /// The same with trouble in the very pass that ends the run, before and after each of its steps. Spec: R-720, R-727
    #[test]
    fn a_run_that_is_cut_off_at_its_end_writes_one_marker(
        cleanup in prop::sample::select(vec!["None", "CleanupRestored"]), trouble in troubles(), again in troubles(),
    ) {
        let mut spec = hubs::spec_of(["latest", "latest", "latest"]);
        spec["cleanupBeforeRestore"] = json!(cleanup);
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, hubs::one_run(300)), hubs::noon());
        let writes_marker = |hub: &SimulatedHub| {
            let plan = hub.clone().decide();
            plan.steps.iter().any(|step| is_marker(&step.action.to_string()))
        };
        for _ in 0..80 {
            if writes_marker(&hub) {
                break;
            }
            hub.pass(Trouble::None);
            hub.velero_moves(&VeleroPhase::Completed);
        }
        prop_assert!(writes_marker(&hub), "no end");
        hub.pass(trouble);
        hub.pass(again);
        let hub = hub.come_to_rest(&VeleroPhase::Completed).unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Finished);
        prop_assert_eq!(hub.created.keys().filter(|key| key.starts_with("velero backup ")).count(), 1);
    }

    /// Whatever the names are, dots and dashes where a name is cut included. Spec: R-010, R-205, R-206
    #[test]
    fn names_are_accepted_and_unique(restore in hubs::object_name(), backup in hubs::object_name()) {
        let mut names = BTreeSet::new();
        // Of another backup, and of another Restore that differs in its last letter, there are other names.
        let other = |name: &str, letter: &str| format!("{}{letter}", &name[..name.len().min(252)]);
        let pairs = BTreeSet::from([
            (other(&restore, "x"), backup.clone()),
            (other(&restore, "y"), backup.clone()),
            (other(&restore, "x"), other(&backup, "z")),
        ]);
        for (restore, backup) in &pairs {
            for part in [RestoreType::Credentials, RestoreType::CredentialsActive] {
                let name = part.velero_restore_name(restore, backup);
                prop_assert!(is_subdomain(&name), "{name}");
                prop_assert!(name.contains(backup.as_str()) || backup.len() > 239, "cut: {name}");
                prop_assert!(names.insert(name.clone()), "twice: {name}");
            }
        }
    }

    /// The other side converges too, crashes included.
    #[test]
    fn every_schedule_comes_to_rest(
        paused in any::<bool>(), no_backup in any::<bool>(), trouble in troubles(), permutation in 0..5_usize,
    ) {
        let mut spec = json!({"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"});
        for (field, value) in [("paused", paused), ("noBackupOnStart", no_backup)] {
            if value {
                spec[field] = json!(true);
            }
        }
        let mut hub = SimulatedHub::new(hubs::scheduled_hub(&spec), hubs::noon());
        hub.pass(trouble);
        prop_assert_eq!(plan(&hub.snapshot, hub.now), plan(&permuted(&hub.snapshot, permutation), hub.now));
        hub.velero_moves(&VeleroPhase::Completed);
        prop_assert!(hub.come_to_rest(&VeleroPhase::Completed).is_some(), "still writing");
    }
}

/// The phases a Restore goes through, each once in a row, with the time of its last cycle.
fn story(hub: &mut SimulatedHub, passes: usize) -> Vec<(RestorePhase, Option<jiff::Timestamp>)> {
    let mut story = Vec::new();
    for _ in 0..passes {
        hub.pass(Trouble::None);
        let status = hub.restore().status.clone().unwrap_or_default();
        story.push((status.phase, status.completion_timestamp.map(|time| time.0)));
        hub.velero_moves(&VeleroPhase::Completed);
    }
    story.dedup();
    story
}

/// Spec: R-008, R-311, R-312, R-514
#[test]
fn a_following_restore_goes_from_started_over_running_to_enabled_in_every_cycle() {
    let mut spec = hubs::spec_of(["skip", "latest", "latest"]);
    spec["syncRestoreWithNewBackups"] = json!(true);
    let mut hub = SimulatedHub::new(hubs::hub("r", &spec, hubs::one_run(300)), hubs::noon());
    let first = story(&mut hub, 20);
    let phases: Vec<&RestorePhase> = first.iter().map(|(phase, _)| phase).collect();
    let one_by_one = |phases: &[&RestorePhase]| {
        let (begin, end) =
            (phases[0] == &RestorePhase::Started, phases[phases.len() - 1] == &RestorePhase::Enabled);
        let on_the_way = [RestorePhase::Started, RestorePhase::Running];
        begin && end && phases[..phases.len() - 1].iter().all(|phase| on_the_way.contains(phase))
    };
    assert!(one_by_one(&phases), "{phases:?}");
    let ended = first[first.len() - 1].1;
    assert!(ended.is_some() && first[..first.len() - 1].iter().all(|(_, time)| time.is_none()), "{first:?}");

    hub.snapshot.velero.backups.extend(hubs::one_run(100));
    let second = story(&mut hub, 20);
    let phases: Vec<&RestorePhase> = second.iter().map(|(phase, _)| phase).collect();
    assert!(one_by_one(&phases), "{phases:?}");
    assert!(
        second[..second.len() - 1].iter().all(|(_, time)| *time == ended),
        "the old time stays: {second:?}"
    );
    assert!(second[second.len() - 1].1 > ended, "{second:?}");

    hub.snapshot.restores[0].spec.sync_restore_with_new_backups = false;
    assert_eq!(story(&mut hub, 3)[0].0, RestorePhase::Finished);
}

/// The stamps of the backups restored last, of credentials, resources and generic resources.
fn restored_from(hub: &SimulatedHub) -> [Option<String>; 3] {
    let status = hub.restore().status.clone().unwrap_or_default();
    let names = [
        (BackupType::Credentials, status.velero_credentials_restore_name),
        (BackupType::Resources, status.velero_resources_restore_name),
        (BackupType::ResourcesGeneric, status.velero_generic_resources_restore_name),
    ];
    names.map(|(part, name)| {
        let all = &hub.snapshot.velero.restores;
        let of_part =
            |one: &&velero::Restore| BackupType::of_backup_name(&one.spec.backup_name) == Some(part);
        // What is only planned is not restored yet.
        let named = all.iter().find(|one| one.metadata.name == name);
        let restore = named.or_else(|| all.iter().rfind(of_part))?;
        Some(restore.spec.backup_name.rsplit_once('-')?.1.to_owned())
    })
}

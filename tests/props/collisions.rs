//! Two hubs on one storage: what is paused, and what must not be removed.

use std::collections::BTreeSet;

use acmbackup::api::{BackupSchedulePhase, keys};
use acmbackup::plan::{Action, NewObject, NextStatus, Plan, TargetKind, VeleroState};
use acmbackup::velero::{Backup, BackupPhase, BackupType, RestorePhase};
use acmbackup::wire::Stamp;
use proptest::prelude::*;
use serde_json::json;

use crate::hubs;
use crate::simulated_hub::{SimulatedHub, Trouble};

const PHASES: [&str; 7] =
    ["Completed", "PartiallyFailed", "InProgress", "Failed", "FailedValidation", "Deleting", "New"];

/// A hub that has backed up for a while.
fn settled(spec: &serde_json::Value) -> SimulatedHub {
    let hub = SimulatedHub::new(hubs::scheduled_hub(spec), hubs::noon());
    let mut hub = hub.come_to_rest(&RestorePhase::Completed).unwrap();
    hub.now += jiff::SignedDuration::from_hours(1);
    hub
}

/// A backup of this hub or of the other one, perhaps expired, perhaps asked away with or without errors.
#[derive(Debug, Clone)]
struct Strange {
    part: BackupType,
    minutes: i64,
    phase: &'static str,
    ours: bool,
    labelled: bool,
    request: Option<bool>,
}

fn strange() -> impl Strategy<Value = Vec<Strange>> {
    let place = (0..5_usize, -60..600_i64);
    let each = (0..PHASES.len(), any::<bool>(), prop::bool::weighted(0.9), prop::option::of(any::<bool>()));
    prop::collection::btree_map(place, each, 0..24).prop_map(|all| {
        let one = |((part, minutes), (phase, ours, labelled, request))| Strange {
            part: BackupType::ALL[part],
            minutes,
            phase: PHASES[phase],
            ours,
            labelled,
            request,
        };
        all.into_iter().map(one).collect()
    })
}

fn add(hub: &mut SimulatedHub, strange: &Strange) {
    let mut backup = hubs::backup(strange.part, strange.minutes, strange.phase);
    let labels = backup.metadata.labels.as_mut().unwrap();
    if strange.ours {
        labels.insert(keys::BACKUP_CLUSTER.to_owned(), "this-hub".to_owned());
    }
    if !strange.labelled {
        labels.clear();
        backup.metadata.name = Some(format!("mine-{}", strange.minutes + 100));
    }
    let status = backup.status.as_mut().unwrap();
    status.expiration = status.start_timestamp.clone();
    let name = backup.metadata.name.clone();
    hub.snapshot.velero.backups.push(backup);
    if let Some(has_errors) = strange.request {
        let errors = if has_errors { vec!["no"] } else { vec![] };
        let request = json!({"metadata": {"name": name, "namespace": hubs::NAMESPACE},
            "spec": {"backupName": name}, "status": {"errors": errors}});
        hub.snapshot.velero.delete_requests.push(serde_json::from_value(request).unwrap());
    }
}

/// Names of the backups a plan asks away, and of those it deletes itself.
fn removed(plan: &Plan) -> (Vec<&str>, Vec<&str>) {
    let (mut asked, mut deleted) = (Vec::new(), Vec::new());
    for step in &plan.steps {
        match &step.action {
            Action::Create(object) => {
                if let NewObject::DeleteBackupRequest(request) = &**object {
                    asked.push(request.spec.backup_name.as_str());
                }
            }
            Action::Delete(target) if target.kind == TargetKind::VeleroBackup => {
                deleted.push(target.name.as_str());
            }
            _ => {}
        }
    }
    (asked, deleted)
}

fn phase(backup: &Backup) -> BackupPhase {
    backup.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
}

fn schedule_of(backup: &Backup) -> Option<&str> {
    backup.metadata.labels.as_ref()?.get(keys::VELERO_SCHEDULE_NAME).map(String::as_str)
}

/// The newest finished resources backups.
fn kept(velero: &VeleroState, count: usize) -> BTreeSet<&str> {
    let finished = [
        BackupPhase::Completed,
        BackupPhase::PartiallyFailed,
        BackupPhase::Failed,
        BackupPhase::FailedValidation,
    ];
    let runs = velero.backups.iter().filter(|one| {
        schedule_of(one) == Some(BackupType::Resources.schedule_name()) && finished.contains(&phase(one))
    });
    let mut names: Vec<&str> = runs.filter_map(|one| one.metadata.name.as_deref()).collect();
    names.sort_by_key(|name| std::cmp::Reverse(Stamp::suffix_of(name)));
    names.into_iter().take(count).collect()
}

fn is_collision(hub: &SimulatedHub, plan: &Plan) -> bool {
    let planned = matches!(&plan.status, Some(NextStatus::BackupSchedule(status))
        if status.phase == BackupSchedulePhase::BackupCollision);
    planned || hub.snapshot.schedules[0].phase() == BackupSchedulePhase::BackupCollision
}

proptest! {
    #![proptest_config(crate::config())]

    /// Whatever lies in the storage, and however requests went. Spec: S-120, S-230, S-231, S-250, S-254, S-257
    #[test]
    fn no_backup_goes_that_is_kept_or_not_ours_or_still_being_made(
        backups in strange(), count in 1..4_usize, passes in 1..4_usize,
    ) {
        let mut hub = settled(&json!({"veleroSchedule": "0 */2 * * *", "maxBackups": count}));
        backups.iter().for_each(|one| add(&mut hub, one));
        for _ in 0..passes {
            let plan = hub.decide();
            let velero = hub.snapshot.velero.clone();
            let (asked, deleted) = removed(&plan);
            for name in asked.iter().chain(&deleted) {
                let backup = velero.backups.iter().find(|one| one.metadata.name.as_deref() == Some(name)).unwrap();
                let schedule = schedule_of(backup);
                prop_assert!(schedule.is_some_and(|name| name.starts_with("acm-")), "{name} is not ours");
                prop_assert!(phase(backup) != BackupPhase::InProgress, "{name} is being made");
                prop_assert!(!kept(&velero, count).contains(name), "{name} is kept");
                let is_validation = schedule == Some(BackupType::Validation.schedule_name());
                prop_assert!(is_validation || !is_collision(&hub, &plan), "{name} in a collision");
            }
            for name in deleted {
                let request = velero.delete_requests.iter().find(|one| one.spec.backup_name == name);
                let errors = request.and_then(|request| request.status.as_ref()?.errors.clone());
                prop_assert!(errors.is_some_and(|errors| !errors.is_empty()), "Velero was not asked about {name}");
            }
            hub.pass(Trouble::None);
        }
    }

    /// Spec: S-106, S-120, S-124
    #[test]
    fn a_collision_is_over_only_when_every_schedule_is_paused(refused in prop::collection::vec(0..6_usize, 0..4)) {
        let mut hub = settled(&json!({"veleroSchedule": "0 */2 * * *"}));
        hub.snapshot.velero.backups.push(hubs::backup(BackupType::Resources, -30, "Completed"));
        for step in refused {
            hub.pass(Trouble::Refuse(step));
            let all_paused = hub.snapshot.velero.schedules.iter().all(|one| one.spec.paused);
            let is_final = hub.snapshot.schedules[0].phase() == BackupSchedulePhase::BackupCollision;
            prop_assert_eq!(is_final, all_paused);
            prop_assert!(is_final || hub.backs_off);
        }
        let hub = hub.come_to_rest(&RestorePhase::Completed).unwrap();
        prop_assert_eq!(hub.snapshot.schedules[0].phase(), BackupSchedulePhase::BackupCollision);
        prop_assert!(hub.snapshot.velero.schedules.iter().all(|one| one.spec.paused));
    }
}

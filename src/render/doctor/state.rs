//! Is anything in the way?

use kube::ResourceExt;

use super::observed::Observed;
use super::report::check;
use crate::api::{BackupSchedule, BackupSchedulePhase, Restore};
use crate::render::checks::Check;
use crate::velero::{BackupType, Schedule};

pub(super) fn checks(observed: &Observed) -> Vec<Check> {
    let restores = observed.restores.known.as_deref().unwrap_or_default();
    let velero = &observed.velero_schedules;
    vec![
        check(&observed.schedules, "collision", |schedules| collision(schedules)),
        check(&observed.schedules, "in the way", |schedules| in_the_way(schedules, restores)),
        check(&observed.schedules, "velero schedules", |schedules| {
            check(velero, "velero schedules", |velero| five(schedules, velero))
        }),
    ]
}

fn collision(schedules: &[BackupSchedule]) -> Check {
    match schedules.iter().find(|schedule| schedule.phase() == BackupSchedulePhase::BackupCollision) {
        None => Check::ok("collision", "no collision"),
        Some(schedule) => {
            let name = schedule.name_any();
            let told = schedule.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default();
            Check::fail("collision", format!("{name} is in BackupCollision"))
                .problem("collision")
                .detail(told)
                .hint("pause the hub that must stop; then, on the other: schedule --recreate")
        }
    }
}

/// An active schedule and an unfinished Restore hinder each other. Spec: S-032, R-811
fn in_the_way(schedules: &[BackupSchedule], restores: &[Restore]) -> Check {
    let active = schedules.iter().find(|schedule| schedule.phase() == BackupSchedulePhase::Enabled);
    let unfinished = restores.iter().find(|restore| !restore.phase().is_terminal());
    match (active, unfinished) {
        (Some(schedule), Some(restore)) => {
            let (schedule, restore) = (schedule.name_any(), restore.name_any());
            Check::fail("in the way", format!("{schedule} is Enabled while {restore} is not finished"))
                .problem("restore-in-the-way")
                .hint("a hub either makes backups or is restored: pause the one or delete the other")
        }
        _ => Check::ok("in the way", "nothing is in the way"),
    }
}

/// A schedule that works has five Velero Schedules. Spec: S-001
fn five(schedules: &[BackupSchedule], velero: &[Schedule]) -> Check {
    let name = "velero schedules";
    if !schedules.iter().any(|schedule| schedule.phase() == BackupSchedulePhase::Enabled) {
        return Check::skipped(name, "no schedule is Enabled");
    }
    let there = |wanted: &str| velero.iter().any(|schedule| schedule.name_any() == wanted);
    let missing: Vec<&str> =
        BackupType::ALL.into_iter().map(BackupType::schedule_name).filter(|wanted| !there(wanted)).collect();
    match missing.as_slice() {
        [] => Check::ok(name, "all five Velero schedules are there"),
        missing => Check::fail(name, format!("missing: {}", missing.join(", ")))
            .problem("incomplete-run")
            .hint("the loop makes them anew; if it does not: kubectl acmbackup describe schedule"),
    }
}

//! A BackupSchedule, described.

use kube::ResourceExt;

use super::description::{Behind, Description, Line, Seen};
use super::restore::about_to_happen;
use crate::api::{BackupSchedule, BackupSchedulePhase};
use crate::plan::latest::Candidates;
use crate::plan::next_run::{hub_of, next_run, schedules_of};
use crate::plan::runs::Runs;
use crate::plan::validate;
use crate::render::age;
use crate::velero::{self, BackupType};

/// Describes a BackupSchedule.
pub fn schedule(schedule: &BackupSchedule, seen: Seen<'_>) -> Description {
    Description {
        object: format!("schedule/{}", schedule.name_any()),
        phase: schedule.phase().to_string(),
        facts: facts(schedule, seen),
        behind: behind(schedule, seen),
        why: why(schedule, seen),
        next: next(schedule),
        ..Description::default()
    }
}

fn facts(schedule: &BackupSchedule, seen: Seen<'_>) -> Vec<Line> {
    let spec = &schedule.spec;
    let velero = &seen.hub.velero.schedules;
    let line = |name, value: String| Line { name, value };
    let hub = hub_of(schedule, velero).unwrap_or_default();
    let runs = Runs::of(&Candidates::of(seen.hub));
    let last = runs.iter().find(|run| run.hub.as_deref() == Some(hub));
    let last = last
        .map(|run| format!("{}, {} ago, {}", run.id, age::age(run.started, seen.now), run.status.as_str()));
    let next = next_run(schedule, velero, seen.now);
    let next = next.map(|at| format!("{at}, {}", age::ahead(at, seen.now, "due now")));
    vec![
        line("Namespace", schedule.namespace().unwrap_or_default()),
        line("Age", age::age_or_none(schedule.creation_timestamp().map(|time| time.0), seen.now)),
        line("Phase", schedule.phase().to_string()),
        line("Cron", spec.velero_schedule.clone()),
        line("Keeps", spec.velero_ttl.clone().unwrap_or_default()),
        line("Paused", if spec.paused { "yes".to_owned() } else { "no".to_owned() }),
        line("Hub", hub.to_owned()),
        line("Last run", last.unwrap_or_default()),
        line("Next run", next.unwrap_or_default()),
    ]
}

fn behind(schedule: &BackupSchedule, seen: Seen<'_>) -> Vec<Behind> {
    let part_of = |name: &str| BackupType::ALL.into_iter().find(|part| part.schedule_name() == name);
    let of = |velero: &velero::Schedule| {
        let status = velero.status.clone().unwrap_or_default();
        Behind {
            kind: "schedule",
            part: part_of(&velero.name_any()).map(BackupType::part).unwrap_or_default(),
            name: velero.name_any(),
            phase: if velero.spec.paused { "Paused".to_owned() } else { status.phase.to_string() },
            items: None,
            errors: None,
            warnings: None,
            messages: status.validation_errors.unwrap_or_default(),
        }
    };
    let mut behind: Vec<Behind> = schedules_of(schedule, &seen.hub.velero.schedules).map(of).collect();
    behind.sort_by(|a, b| a.name.cmp(&b.name));
    behind
}

fn why(schedule: &BackupSchedule, seen: Seen<'_>) -> Vec<String> {
    let phase = schedule.phase();
    let message = schedule.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default();
    let mut why = vec![match (phase.to_string().as_str(), message.as_str()) {
        ("", _) => "no loop has looked at it yet".to_owned(),
        (phase, "") => format!("{phase}, without a message"),
        (phase, message) => format!("{phase}  because {message}"),
    }];
    why.extend(validate::terms(&schedule.spec).err().map(|problem| format!("its spec is wrong: {problem}")));
    let locations = &seen.hub.velero.storage_locations;
    let options = &seen.hub.options;
    let storage = validate::storage(locations, &seen.hub.subject.namespace, options.accept_unowned_storage);
    why.extend(storage.err().map(|problem| format!("backups cannot be stored: {problem}")));
    let unfinished = seen.hub.restores.iter().find(|restore| !restore.phase().is_terminal());
    why.extend(unfinished.map(|restore| {
        format!("restore {} is not finished, and a hub either restores or backs up", restore.name_any())
    }));
    let there = schedules_of(schedule, &seen.hub.velero.schedules).count();
    if there != BackupType::ALL.len() {
        why.push(format!("{there} of its {} Velero schedules are there", BackupType::ALL.len()));
    }
    if phase == BackupSchedulePhase::BackupCollision {
        why.push(
            "a collision is final: this hub makes no backups until the schedule is made anew".to_owned(),
        );
    }
    why.extend(seen.plan.into_iter().flat_map(|plan| about_to_happen(plan, &phase.to_string())));
    why
}

fn next(schedule: &BackupSchedule) -> Vec<(String, String)> {
    let (rest, remark) = match schedule.phase() {
        BackupSchedulePhase::Enabled => ("backup", "take a run now"),
        BackupSchedulePhase::Paused => ("resume", "make backups again"),
        BackupSchedulePhase::BackupCollision => {
            ("schedule --recreate", "if this hub is to go on; pause the other one first")
        }
        BackupSchedulePhase::Unset | BackupSchedulePhase::New => ("wait schedule", "until it is Enabled"),
        _ => ("doctor --for schedule", "is everything in place?"),
    };
    vec![(rest.to_owned(), remark.to_owned())]
}

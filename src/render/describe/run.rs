//! A run, described: the backups of one tick of the schedule.

use kube::ResourceExt;

use super::backup::phase_of;
use super::description::{Behind, Description, Line, Seen};
use crate::plan::runs::{Run, RunStatus};
use crate::render::age;
use crate::velero::{BackupPhase, BackupType};

/// Describes a run.
pub fn run(run: &Run, seen: Seen<'_>) -> Description {
    let behind: Vec<Behind> =
        BackupType::DATA.into_iter().filter_map(|part| part_of(run, part, seen)).collect();
    Description {
        object: format!("run/{}", run.id),
        phase: run.status.as_str().to_owned(),
        facts: facts(run, seen),
        why: why(run, &behind),
        next: next(run),
        behind,
        ..Description::default()
    }
}

fn facts(run: &Run, seen: Seen<'_>) -> Vec<Line> {
    let line = |name, value: String| Line { name, value };
    let expires = run.expires.map(|at| format!("{at}, {}", age::ahead(at, seen.now, "now")));
    vec![
        line("Namespace", seen.hub.subject.namespace.clone()),
        line("Phase", run.status.as_str().to_owned()),
        line("Parts", format!("{}/{}", run.parts.len(), BackupType::DATA.len())),
        line("Hub", run.hub.clone().unwrap_or_default()),
        line("Started", format!("{}, {} ago", run.started, age::age(run.started, seen.now))),
        line("Expires", expires.unwrap_or_default()),
    ]
}

fn part_of(run: &Run, part: BackupType, seen: Seen<'_>) -> Option<Behind> {
    let name = run.parts.get(&part)?;
    let backup = seen.hub.velero.backups.iter().find(|backup| backup.name_any() == *name)?;
    let status = backup.status.clone().unwrap_or_default();
    let messages = status.reasons().cloned().collect();
    let progress = status.progress.unwrap_or_default();
    Some(Behind {
        kind: "backup",
        part: part.part(),
        name: name.clone(),
        phase: phase_of(backup).to_string(),
        items: progress.items_backed_up.or(progress.total_items),
        errors: status.errors.or(Some(0)),
        warnings: status.warnings.or(Some(0)),
        messages,
    })
}

fn why(run: &Run, behind: &[Behind]) -> Vec<String> {
    let missing = BackupType::DATA.into_iter().filter(|part| !run.parts.contains_key(part));
    let missing = missing.map(|part| format!("{} is missing", part.part()));
    let not_well =
        behind.iter().filter(|part| part.phase != BackupPhase::Completed.to_string()).map(|part| match part
            .phase
            .as_str()
        {
            "" => format!("{} has not started", part.part),
            phase => format!("{} is {phase}", part.part),
        });
    let mut why: Vec<String> = missing.chain(not_well).collect();
    why.insert(
        0,
        match run.status {
            RunStatus::Complete => "Complete  because all four parts are there and Completed".to_owned(),
            status => format!("{}  because not all four parts are Completed:", status.as_str()),
        },
    );
    why
}

fn next(run: &Run) -> Vec<(String, String)> {
    match run.status {
        RunStatus::Complete => {
            vec![(format!("plan --run {}", run.id), "what restoring it would do".to_owned())]
        }
        _ => vec![("get runs".to_owned(), "is there another one?".to_owned())],
    }
}

//! A Restore of ours, described.

use kube::ResourceExt;

use super::description::{Behind, Chosen, Description, Line, Seen};
use crate::api::{self, BackupChoice, RestorePhase};
use crate::plan::restore::{owned_restores, validate, wanted_restores};
use crate::plan::{NextStatus, Plan};
use crate::render::age;
use crate::velero::{self, BackupType, RestoreType};

/// Describes a Restore of ours.
pub fn restore(restore: &api::Restore, seen: Seen<'_>) -> Description {
    let status = restore.status.clone().unwrap_or_default();
    let preview = wanted_restores(seen.hub, restore, seen.now);
    Description {
        object: format!("restore/{}", restore.name_any()),
        phase: status.phase.to_string(),
        facts: facts(restore, &status, seen),
        chosen: BackupType::DATA.into_iter().map(|part| chosen(restore, part, seen)).collect(),
        behind: behind(restore, seen),
        why: why(restore, &status, seen),
        events: Vec::new(),
        next: next(restore, &status),
        problems: preview.notes,
    }
}

fn facts(restore: &api::Restore, status: &api::RestoreStatus, seen: Seen<'_>) -> Vec<Line> {
    let spec = &restore.spec;
    let line = |name, value: String| Line { name, value };
    let sync = match (spec.sync_restore_with_new_backups, status.phase.is_terminal()) {
        (false, _) => "no".to_owned(),
        (true, true) => "no longer".to_owned(),
        (true, false) => format!("every {}", age::interval(validate::shown_sync_interval(spec))),
    };
    let cleanup = spec.cleanup_before_restore.as_ref().map(ToString::to_string).unwrap_or_default();
    let completed = status.completion_timestamp.as_ref().map(|time| time.0);
    let mut lines = vec![
        line("Namespace", restore.namespace().unwrap_or_default()),
        line("Age", age::age_or_none(restore.creation_timestamp().map(|time| time.0), seen.now)),
        line("Phase", status.phase.to_string()),
        line("Cleanup", cleanup),
        line("Follows", sync),
    ];
    lines.extend(completed.map(|at| line("Completed", at.to_string())));
    let deleted = restore.metadata.deletion_timestamp.as_ref();
    lines.extend(deleted.map(|at| line("Deleted", format!("since {}, finalizers hold it", at.0))));
    lines
}

/// What the user wrote for a part, and the backup it means in this cycle.
fn chosen(restore: &api::Restore, part: BackupType, seen: Seen<'_>) -> Chosen {
    let choice = match part {
        BackupType::Credentials => restore.spec.credentials_choice(),
        BackupType::ManagedClusters => restore.spec.managed_clusters_choice(),
        _ => restore.spec.resources_choice(),
    };
    let preview = wanted_restores(seen.hub, restore, seen.now);
    let wanted = preview.restores.iter().find(|wanted| wanted.part.backup_type() == part);
    let left_out = preview.left_out.iter().find(|left| left.what.backup_type() == part);
    let reason = match (wanted, left_out, &preview.problem, &choice) {
        (Some(wanted), ..) => wanted.reason.to_string(),
        (_, Some(left), ..) => left.reason.to_string(),
        (_, _, _, BackupChoice::Skip) => "not asked for".to_owned(),
        (_, _, Some(problem), _) => problem.to_string(),
        _ => String::new(),
    };
    let follows_resources = part == BackupType::ResourcesGeneric;
    Chosen {
        part: part.part(),
        choice: if follows_resources { "with resources".to_owned() } else { text_of(choice) },
        backup: wanted.map(|wanted| wanted.backup.clone()),
        reason,
    }
}

fn text_of(choice: BackupChoice) -> String {
    match choice {
        BackupChoice::Latest => "latest".to_owned(),
        BackupChoice::Skip => "skip".to_owned(),
        BackupChoice::Name(name) => name,
    }
}

/// The older first; those of one second in the order in which their parts are restored.
fn behind(restore: &api::Restore, seen: Seen<'_>) -> Vec<Behind> {
    let name = restore.name_any();
    let part_of = |velero: &velero::Restore| {
        let backup = &velero.spec.backup_name;
        RestoreType::ALL
            .into_iter()
            .filter(|part| BackupType::of_backup_name(backup) == Some(part.backup_type()))
            .find(|part| part.velero_restore_name(&name, backup) == velero.name_any())
    };
    let owned = owned_restores(restore, &seen.hub.velero.restores);
    let mut behind: Vec<_> = owned.into_iter().map(|velero| (part_of(velero), velero)).collect();
    behind.sort_by_key(|(part, velero)| (velero.creation_timestamp().map(|time| time.0), *part));
    let view = |(part, velero): (Option<RestoreType>, _)| {
        velero_restore(part.map(RestoreType::part).unwrap_or_default(), velero)
    };
    behind.into_iter().map(view).collect()
}

/// A Velero Restore behind something; `part` is empty where it is unknown.
pub(super) fn velero_restore(part: &'static str, velero: &velero::Restore) -> Behind {
    let status = velero.status.clone().unwrap_or_default();
    Behind {
        kind: "restore",
        part,
        name: velero.name_any(),
        phase: status.phase.to_string(),
        items: status.progress.as_ref().and_then(|progress| progress.items_restored),
        errors: status.errors.or(Some(0)),
        warnings: status.warnings.or(Some(0)),
        messages: status.reasons().cloned().collect(),
    }
}

fn why(restore: &api::Restore, status: &api::RestoreStatus, seen: Seen<'_>) -> Vec<String> {
    let mut why = Vec::new();
    why.push(match (status.phase.to_string().as_str(), status.last_message.as_str()) {
        ("", _) => "no loop has looked at it yet".to_owned(),
        (phase, "") => format!("{phase}, without a message"),
        (phase, message) => format!("{phase}  because {message}"),
    });
    why.extend(about_following(restore).filter(|_| !status.phase.is_terminal()));
    why.push(match restore.spec.managed_clusters_choice() {
        BackupChoice::Skip => "managed clusters is skip, so they stay with the hub they are on".to_owned(),
        _ => "managed clusters is not skip, so they come to this hub".to_owned(),
    });
    if status.phase.is_terminal() {
        why.push(format!("{} is final: nothing more is restored by it", status.phase));
    }
    why.extend(seen.plan.into_iter().flat_map(|plan| about_to_happen(plan, &status.phase.to_string())));
    why
}

/// Spec
fn about_following(restore: &api::Restore) -> Option<String> {
    let spec = &restore.spec;
    let interval = age::interval(validate::shown_sync_interval(spec));
    match (spec.sync_restore_with_new_backups, validate::sync(spec)) {
        (false, _) => None,
        (true, None) => Some(format!("looks for newer backups every {interval} while it is Enabled")),
        (true, Some(problem)) => Some(format!("does not follow new backups: {problem}")),
    }
}

/// What the loop would do at this moment, from its own planner.
pub(super) fn about_to_happen(plan: &Plan, phase: &str) -> Vec<String> {
    let steps = plan.steps.iter().map(|step| format!("the loop will {}: {}", step.action, step.reason));
    let next = plan.status.as_ref().map(|status| match status {
        NextStatus::BackupSchedule(status) => (status.phase.to_string(), status.last_message.clone()),
        NextStatus::Restore(status) => (status.phase.to_string(), status.last_message.clone()),
    });
    let next = next.filter(|(next, _)| next != phase);
    let next = next.map(|(phase, message)| format!("the loop will set it to {phase}: {message}"));
    steps.chain(next).collect()
}

fn next(restore: &api::Restore, status: &api::RestoreStatus) -> Vec<(String, String)> {
    let name = restore.name_any();
    let command = |rest: String, remark: &str| (rest, remark.to_owned());
    match &status.phase {
        RestorePhase::Enabled => vec![
            command(format!("plan restore/{name} --managed-clusters latest"), "what taking over would do"),
            command(format!("activate {name}"), "take over the managed clusters"),
        ],
        RestorePhase::Started | RestorePhase::Running | RestorePhase::Unset => {
            vec![command(format!("wait restore/{name}"), "until it has settled")]
        }
        phase if phase.is_terminal() => {
            vec![command(
                format!("delete restore/{name}"),
                "if it is no longer needed; what it restored stays",
            )]
        }
        _ => vec![command("doctor".to_owned(), "is everything in place?")],
    }
}

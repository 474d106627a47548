//! A Velero Backup, described.

use kube::ResourceExt;

use super::description::{Behind, Description, Line, Seen};
use super::restore::velero_restore;
use crate::plan::latest::{Candidates, hub_of, is_usable, latest_of_all};
use crate::plan::runs::Runs;
use crate::render::age;
use crate::velero::{Backup, BackupPhase, BackupStatus, BackupType};

/// Describes a Velero Backup.
pub fn backup(backup: &Backup, seen: Seen<'_>) -> Description {
    let status = backup.status.clone().unwrap_or_default();
    Description {
        object: format!("backup/{}", backup.name_any()),
        phase: phase_of(backup).to_string(),
        facts: facts(backup, &status, seen),
        behind: behind(backup, seen),
        why: why(backup, &status, seen),
        next: next(backup),
        ..Description::default()
    }
}

/// Where it stands; one on its way out is Deleting whatever Velero wrote.
pub(super) fn phase_of(backup: &Backup) -> BackupPhase {
    match backup.metadata.deletion_timestamp {
        Some(_) => BackupPhase::Deleting,
        None => backup.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default(),
    }
}

fn facts(backup: &Backup, status: &BackupStatus, seen: Seen<'_>) -> Vec<Line> {
    let line = |name, value: String| Line { name, value };
    let time = |time: &Option<_>| time.as_ref().map(moment).unwrap_or_default();
    let name = backup.name_any();
    let run = Runs::of(&Candidates::of(seen.hub)).of_backup(&name).map(|run| run.id.clone());
    let progress = status.progress.clone().unwrap_or_default();
    let items = progress.items_backed_up.or(progress.total_items);
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let expires = status.expiration.as_ref();
    let expires = expires.map(|at| format!("{}, {}", at.0, age::ahead(at.0, seen.now, "now")));
    vec![
        line("Namespace", backup.namespace().unwrap_or_default()),
        line("Phase", phase_of(backup).to_string()),
        line("Part", BackupType::of_backup_name(&name).map(BackupType::part).unwrap_or_default().to_owned()),
        line("Run", run.unwrap_or_default()),
        line("Hub", hub_of(backup).unwrap_or_default().to_owned()),
        line("Items", number(items)),
        line("Errors", number(status.errors.or(Some(0)))),
        line("Warnings", number(status.warnings.or(Some(0)))),
        line("Started", time(&status.start_timestamp)),
        line("Completed", time(&status.completion_timestamp)),
        line("Expires", expires.unwrap_or_default()),
        line("Location", backup.spec.storage_location.clone().unwrap_or_default()),
    ]
}

fn moment(time: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Time) -> String {
    time.0.to_string()
}

/// Velero Restores made from it, and requests to delete it.
fn behind(backup: &Backup, seen: Seen<'_>) -> Vec<Behind> {
    let name = backup.name_any();
    let part = BackupType::of_backup_name(&name).map(BackupType::part).unwrap_or_default();
    let velero = &seen.hub.velero;
    let restores = velero.restores.iter().filter(|restore| restore.spec.backup_name == name);
    let restores = restores.map(|restore| velero_restore(part, restore));
    let requests = velero.delete_requests.iter().filter(|request| request.spec.backup_name == name);
    let requests = requests.map(|request| {
        let status = request.status.clone().unwrap_or_default();
        Behind {
            kind: "deletebackuprequest",
            part,
            name: request.name_any(),
            phase: status.phase.unwrap_or_default(),
            items: None,
            errors: None,
            warnings: None,
            messages: status.errors.unwrap_or_default(),
        }
    });
    restores.chain(requests).collect()
}

fn why(backup: &Backup, status: &BackupStatus, seen: Seen<'_>) -> Vec<String> {
    let name = backup.name_any();
    let phase = phase_of(backup);
    let mut why: Vec<String> =
        status.reasons().map(|said| format!("{phase}  because Velero says: {said}")).collect();
    why.push(match (is_usable(backup), &phase) {
        (true, BackupPhase::PartiallyFailed) => "it has errors, and can be restored all the same".to_owned(),
        (true, _) => "it can be restored".to_owned(),
        (false, BackupPhase::Unset) => "Velero has not looked at it yet".to_owned(),
        (false, phase) => format!("{phase}: it cannot be restored, so `latest` passes it over"),
    });
    let Some(part) = BackupType::of_backup_name(&name).filter(|part| BackupType::DATA.contains(part)) else {
        why.push("it holds no data that is restored".to_owned());
        return why;
    };
    let latest = latest_of_all(&Candidates::of(seen.hub));
    why.extend(latest.get(&part).and_then(|chosen| chosen.as_ref().ok()).map(|chosen| {
        match chosen.backup == name {
            true => format!("`latest` means it now, for {}", part.part()),
            false => format!("`latest` means {} now, for {}", chosen.backup, part.part()),
        }
    }));
    why
}

fn next(backup: &Backup) -> Vec<(String, String)> {
    let name = backup.name_any();
    match is_usable(backup) {
        true => vec![("latest".to_owned(), "what a restore would use".to_owned())],
        false if backup.status.as_ref().is_none_or(|status| status.completion_timestamp.is_none()) => {
            vec![(format!("wait backup/{name}"), "until it has ended".to_owned())]
        }
        false => vec![(format!("delete backup/{name}"), "with its data".to_owned())],
    }
}

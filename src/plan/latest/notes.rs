//! What a person should know about backups that are to be restored together. Spec: R-164

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::candidates::{backup_name, hub_of};
use crate::plan::runs::Runs;
use crate::plan::{Note, Severity};
use crate::velero::{Backup, BackupStorageLocation, BackupType};

/// Warnings about backups of different runs or hubs, or past their expiry.
pub fn notes(chosen: &BTreeMap<BackupType, &Backup>, runs: &Runs, now: Timestamp) -> Vec<Note> {
    let mut notes = older_runs(chosen, runs);
    notes.extend(mixed_hubs(chosen));
    notes.extend(chosen.iter().filter_map(|(part, backup)| expired(*part, backup, now)));
    notes
}

/// A warning where Velero has not looked through the storage yet: `latest` may be older than it should be. Spec: R-155
pub fn unsynced(storage: &BackupStorageLocation) -> Option<Note> {
    let name = storage.metadata.name.as_deref().unwrap_or_default();
    let message = format!("{name} was never synced completely, latest may not be the newest backup in it");
    (!storage.is_synced()).then(|| Note::warning("stale-backups", name, message))
}

fn older_runs(chosen: &BTreeMap<BackupType, &Backup>, runs: &Runs) -> Vec<Note> {
    let run_of =
        |backup: &Backup| runs.of_backup(backup_name(backup)).map(|run| (run.started, run.id.clone()));
    let by_part: Vec<_> = chosen.iter().filter_map(|(part, backup)| Some((*part, run_of(backup)?))).collect();
    let Some((_, newest)) = by_part.iter().map(|(_, run)| run).max() else { return Vec::new() };
    by_part
        .iter()
        .filter(|(_, (_, id))| id != newest)
        .map(|(part, (_, id))| {
            let message = format!("from run {id}, older than {newest} of other parts");
            Note::warning("older-run", part.part(), message)
        })
        .collect()
}

fn mixed_hubs(chosen: &BTreeMap<BackupType, &Backup>) -> Option<Note> {
    let mut by_hub: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for part in BackupType::DATA {
        let Some(backup) = chosen.get(&part) else { continue };
        by_hub.entry(hub_of(backup)?).or_default().push(part.part());
    }
    let told: Vec<String> =
        by_hub.iter().map(|(hub, parts)| format!("{} by hub {hub}", parts.join(", "))).collect();
    let message = format!("made by different hubs: {}", told.join("; "));
    (told.len() > 1).then(|| Note::warning("mixed-hubs", "", message))
}

fn expired(part: BackupType, backup: &Backup, now: Timestamp) -> Option<Note> {
    let expiration = backup.status.as_ref()?.expiration.as_ref()?;
    (expiration.0 <= now).then(|| Note {
        name: Some("expires-soon".to_owned()),
        severity: Severity::Warning,
        subject: part.part().to_owned(),
        message: format!("{} has expired, Velero may remove it any time", backup_name(backup)),
        hint: String::new(),
    })
}

//! The table of Velero Backups.

use super::Look;
use crate::plan::latest::{Candidates, backup_name, hub_of};
use crate::plan::runs::Runs;
use crate::render::Style;
use crate::render::age::{age_or_none, seconds, until};
use crate::render::hub_id::ShortIds;
use crate::velero::{Backup, BackupType};

/// Velero Backups, newest first; `all` are those their runs are made of.
pub fn backups(items: &[Backup], all: &[Backup], style: &Style, look: Look) -> String {
    let usual = ["NAME", "PART", "STATUS", "ITEMS", "ERRORS", "HUB", "EXPIRES"];
    let mut table = look.table(&usual, &["WARNINGS", "RUN", "LOCATION", "STARTED", "DURATION"]);
    let ids = ShortIds::of(all.iter().filter_map(hub_of));
    let mut sorted: Vec<&Backup> = items.iter().collect();
    sorted.sort_by_key(|backup| {
        (&backup.metadata.namespace, std::cmp::Reverse(begin(backup)), backup_name(backup))
    });
    for backup in sorted {
        let status = backup.status.clone().unwrap_or_default();
        let namespace = backup.metadata.namespace.as_deref().unwrap_or_default();
        let items = status.progress.and_then(|progress| progress.items_backed_up.or(progress.total_items));
        let number = |n: Option<i64>| n.unwrap_or(0).to_string();
        let run = || {
            let runs = Runs::of(&Candidates::in_namespace(all, namespace));
            runs.of_backup(backup_name(backup)).map(|run| run.id.clone()).unwrap_or_default()
        };
        let started = status.start_timestamp.as_ref().map(|time| time.0);
        let took = status.completion_timestamp.as_ref().zip(started);
        table.row(look.row(
            backup.metadata.namespace.as_ref(),
            (
                vec![
                    backup_name(backup).to_owned(),
                    BackupType::of_backup_name(backup_name(backup)).map_or("", BackupType::part).to_owned(),
                    status.phase.to_string(),
                    items.map(|items| items.to_string()).unwrap_or_default(),
                    number(status.errors),
                    look.hub(hub_of(backup), &ids),
                    status.expiration.as_ref().map(|time| until(time.0, style.now)).unwrap_or_default(),
                ],
                if look.wide {
                    vec![
                        number(status.warnings),
                        run(),
                        backup.spec.storage_location.clone().unwrap_or_default(),
                        started.map(|at| at.to_string()).unwrap_or_default(),
                        took.map(|(end, start)| seconds(end.0.as_second() - start.as_second()))
                            .unwrap_or_default(),
                    ]
                } else {
                    Vec::new()
                },
            ),
            age_or_none(begin(backup), style.now),
        ));
    }
    table.render(style)
}

/// When Velero started it, or before that when the object was made.
fn begin(backup: &Backup) -> Option<jiff::Timestamp> {
    let started = backup.status.as_ref().and_then(|status| status.start_timestamp.as_ref());
    started.or(backup.metadata.creation_timestamp.as_ref()).map(|time| time.0)
}

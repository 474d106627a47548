//! The table of Restores.

use super::Look;
use crate::api::Restore;
use crate::plan::restore::validate::shown_sync_interval;
use crate::render::Style;
use crate::render::age::{self, age_or_none};

/// Our Restores.
pub fn restores(items: &[Restore], style: &Style, look: Look) -> String {
    let usual = ["NAME", "PHASE", "MANAGED-CLUSTERS", "CREDENTIALS", "RESOURCES", "SYNC"];
    let mut table = look.table(&usual, &["CLEANUP", "COMPLETED", "VELERO-RESTORES", "MESSAGE"]);
    for restore in items {
        let (meta, spec) = (&restore.metadata, &restore.spec);
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let status = restore.status.clone().unwrap_or_default();
        table.row(look.row(
            meta.namespace.as_ref(),
            (
                vec![
                    text(&meta.name),
                    status.phase.to_string(),
                    text(&spec.velero_managed_clusters_backup_name),
                    text(&spec.velero_credentials_backup_name),
                    text(&spec.velero_resources_backup_name),
                    sync(restore),
                ],
                vec![
                    spec.cleanup_before_restore.as_ref().map(ToString::to_string).unwrap_or_default(),
                    age_or_none(status.completion_timestamp.as_ref().map(|time| time.0), style.now),
                    velero_restores(restore).to_string(),
                    status.last_message,
                ],
                age_or_none(meta.creation_timestamp.as_ref().map(|time| time.0), style.now),
            ),
        ));
    }
    table.render(style)
}

/// The interval at which a Restore looks for new backups, or `no`.
fn sync(restore: &Restore) -> String {
    match restore.spec.sync_restore_with_new_backups {
        false => "no".to_owned(),
        true => age::interval(shown_sync_interval(&restore.spec)),
    }
}

/// Number of Velero Restores the status names, made or about to be made.
fn velero_restores(restore: &Restore) -> usize {
    let Some(status) = &restore.status else { return 0 };
    let names = [
        &status.velero_credentials_restore_name,
        &status.velero_resources_restore_name,
        &status.velero_generic_resources_restore_name,
        &status.velero_managed_clusters_restore_name,
    ];
    names.into_iter().flatten().filter(|name| !name.is_empty()).count()
}

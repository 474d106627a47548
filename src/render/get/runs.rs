//! The table of runs.

use std::collections::BTreeSet;

use super::Look;
use crate::plan::latest::{Candidates, backup_name};
use crate::plan::runs::{Run, Runs};
use crate::render::Style;
use crate::render::age::{age, until};
use crate::render::hub_id::ShortIds;
use crate::velero::{Backup, BackupType};

/// The runs of every namespace that has backups, newest first in each.
pub fn all_runs(backups: &[Backup]) -> Vec<(String, Run)> {
    let namespaces: BTreeSet<&str> =
        backups.iter().filter_map(|backup| backup.metadata.namespace.as_deref()).collect();
    let of = |namespace: &str| {
        Runs::of(&Candidates::in_namespace(backups, namespace)).iter().cloned().collect::<Vec<_>>()
    };
    namespaces.into_iter().flat_map(|ns| of(ns).into_iter().map(|run| (ns.to_owned(), run))).collect()
}

/// Runs with their namespaces; `backups` hold the phases of their parts.
pub fn runs(items: &[(String, Run)], backups: &[Backup], style: &Style, look: Look) -> String {
    let parts = BackupType::DATA.map(|part| part.part().to_uppercase());
    let wide: Vec<&str> = parts.iter().map(String::as_str).collect();
    let mut table = look.table(&["RUN", "PARTS", "STATUS", "HUB", "EXPIRES"], &wide);
    if look.wide {
        table = table.with_phases(&[&["STATUS"], wide.as_slice()].concat());
    }
    let ids = ShortIds::of(items.iter().filter_map(|(_, run)| run.hub.as_deref()));
    for (namespace, run) in items {
        let phase = |part: &BackupType| {
            run.parts.get(part).map(|name| phase_of(backups, namespace, name)).unwrap_or_default()
        };
        table.row(look.row(
            Some(namespace),
            (
                vec![
                    run.id.clone(),
                    format!("{}/{}", run.parts.len(), BackupType::DATA.len()),
                    run.status.as_str().to_owned(),
                    look.hub(run.hub.as_deref(), &ids),
                    run.expires.map(|at| until(at, style.now)).unwrap_or_default(),
                ],
                BackupType::DATA.iter().map(phase).collect(),
            ),
            age(run.started, style.now),
        ));
    }
    table.render(style)
}

fn phase_of(backups: &[Backup], namespace: &str, name: &str) -> String {
    let found = backups.iter().find(|backup| {
        backup_name(backup) == name && backup.metadata.namespace.as_deref().is_none_or(|ns| ns == namespace)
    });
    let status = found.and_then(|backup| backup.status.as_ref());
    status
        .map(|status| status.phase.to_string())
        .filter(|phase| !phase.is_empty())
        .unwrap_or_else(|| "New".to_owned())
}

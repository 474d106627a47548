//! The table of BackupSchedules.

use super::Look;
use crate::api::BackupSchedule;
use crate::plan::latest::Candidates;
use crate::plan::next_run::{hub_of, next_run};
use crate::plan::runs::Runs;
use crate::render::Style;
use crate::render::age::{age_or_none, until};
use crate::velero::{Backup, Schedule};

/// BackupSchedules; times of runs come from Velero's Schedules and Backups, which may be missing.
pub fn schedules(
    items: &[BackupSchedule],
    (velero, backups): (&[Schedule], &[Backup]),
    style: &Style,
    look: Look,
) -> String {
    let usual = ["NAME", "PHASE", "CRON", "TTL", "LAST-RUN", "NEXT-RUN"];
    let mut table = look.table(&usual, &["PAUSED", "MSA", "HUB", "MESSAGE"]);
    for schedule in items {
        let (meta, spec) = (&schedule.metadata, &schedule.spec);
        let hub = hub_of(schedule, velero);
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        let runs = Runs::of(&Candidates::in_namespace(backups, namespace));
        let last = runs.iter().find(|run| hub.is_some() && run.hub.as_deref() == hub);
        let next = next_run(schedule, velero, style.now);
        let status = schedule.status.as_ref();
        table.row(look.row(
            meta.namespace.as_ref(),
            (
                vec![
                    meta.name.clone().unwrap_or_default(),
                    schedule.phase().to_string(),
                    spec.velero_schedule.clone(),
                    spec.velero_ttl.clone().unwrap_or_default(),
                    age_or_none(last.map(|run| run.started), style.now),
                    next.map(|next| until(next, style.now)).unwrap_or_default(),
                ],
                vec![
                    spec.paused.to_string(),
                    spec.use_managed_service_account.to_string(),
                    hub.unwrap_or_default().to_owned(),
                    status.map(|status| status.last_message.clone()).unwrap_or_default(),
                ],
            ),
            age_or_none(meta.creation_timestamp.as_ref().map(|time| time.0), style.now),
        ));
    }
    table.render(style)
}

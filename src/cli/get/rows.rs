//! Tables of `get`: columns as cli.md section 6.9 has them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kube::ResourceExt;

use crate::plan::latest::{Candidates, hub_of};
use crate::plan::runs::{Run, Runs};
use crate::render::hub_id::ShortIds;
use crate::render::{Table, age};
use crate::velero::{Backup, BackupType};
use crate::wire::Cron;
use crate::{api, velero};

/// How a table is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) namespaces: bool,
    pub(super) wide: bool,
    pub(super) headless: bool,
}

impl View {
    fn table(self, titles: &[&'static str], wide: &[&'static str], phases: &[&str]) -> Table {
        let mut all: Vec<&str> = if self.namespaces { vec!["NAMESPACE"] } else { Vec::new() };
        all.extend(titles);
        if self.wide {
            all.extend(wide);
        }
        all.push("AGE");
        Table::new(all).with_phases(phases).cutting("MESSAGE").headless(self.headless)
    }

    fn row(
        self,
        namespace: Option<String>,
        (usual, wide): (Vec<String>, Vec<String>),
        age: String,
    ) -> Vec<String> {
        let mut cells: Vec<String> =
            self.namespaces.then(|| namespace.unwrap_or_default()).into_iter().collect();
        cells.extend(usual);
        if self.wide {
            cells.extend(wide);
        }
        cells.push(age);
        cells
    }
}

fn created(object: &impl ResourceExt, now: Timestamp) -> String {
    age::age_or_none(object.creation_timestamp().map(|time| time.0), now)
}

pub(super) fn schedules(all: &[api::BackupSchedule], runs: &Runs, view: View, now: Timestamp) -> Table {
    let titles = ["NAME", "PHASE", "CRON", "TTL", "LAST-RUN", "NEXT-RUN"];
    let mut table = view.table(&titles, &["PAUSED", "MSA", "HUB", "MESSAGE"], &["PHASE"]);
    let last = runs.iter().next();
    for schedule in all {
        let spec = &schedule.spec;
        let next =
            Cron::parse(&spec.velero_schedule).ok().filter(|_| !spec.paused).and_then(|cron| cron.next(now));
        let status = schedule.status.clone().unwrap_or_default();
        let usual = vec![
            schedule.name_any(),
            schedule.phase().to_string(),
            spec.velero_schedule.clone(),
            spec.velero_ttl.clone().unwrap_or_default(),
            age::age_or_none(last.map(|run| run.started), now),
            next.map(|at| age::until(at, now)).unwrap_or_default(),
        ];
        let wide = vec![
            spec.paused.to_string(),
            spec.use_managed_service_account.to_string(),
            last.and_then(|run| run.hub.clone()).unwrap_or_default(),
            status.last_message,
        ];
        table.row(view.row(schedule.namespace(), (usual, wide), created(schedule, now)));
    }
    table
}

pub(super) fn restores(all: &[api::Restore], view: View, now: Timestamp) -> Table {
    let titles = ["NAME", "PHASE", "MANAGED-CLUSTERS", "CREDENTIALS", "RESOURCES", "SYNC"];
    let mut table = view.table(&titles, &["CLEANUP", "COMPLETED", "VELERO-RESTORES", "MESSAGE"], &["PHASE"]);
    for restore in all {
        let (spec, status) = (&restore.spec, restore.status.clone().unwrap_or_default());
        let choice = |field: &Option<String>| field.clone().unwrap_or_else(|| "latest".to_owned());
        let interval = spec.restore_sync_interval.clone().unwrap_or_else(|| "30m".to_owned());
        let usual = vec![
            restore.name_any(),
            restore.phase().to_string(),
            choice(&spec.velero_managed_clusters_backup_name),
            choice(&spec.velero_credentials_backup_name),
            choice(&spec.velero_resources_backup_name),
            if spec.sync_restore_with_new_backups { interval } else { "no".to_owned() },
        ];
        let made = [
            &status.velero_credentials_restore_name,
            &status.velero_resources_restore_name,
            &status.velero_generic_resources_restore_name,
            &status.velero_managed_clusters_restore_name,
        ];
        let wide = vec![
            spec.cleanup_before_restore.clone().unwrap_or_default().to_string(),
            age::age_or_none(status.completion_timestamp.as_ref().map(|time| time.0), now),
            made.iter().filter(|name| name.as_ref().is_some_and(|name| !name.is_empty())).count().to_string(),
            status.last_message.clone(),
        ];
        table.row(view.row(restore.namespace(), (usual, wide), created(restore, now)));
    }
    table
}

pub(super) fn backups(all: &[Backup], view: View, now: Timestamp) -> Table {
    let titles = ["NAME", "PART", "STATUS", "ITEMS", "ERRORS", "HUB", "EXPIRES"];
    let mut table = view.table(&titles, &["WARNINGS", "RUN", "LOCATION", "STARTED", "DURATION"], &["STATUS"]);
    let ids = ShortIds::of(all.iter().filter_map(hub_of));
    let run_of = if view.wide { run_ids(all) } else { BTreeMap::new() };
    let mut sorted: Vec<&Backup> = all.iter().collect();
    sorted.sort_by_key(|backup| (backup.namespace(), std::cmp::Reverse(started(backup)), backup.name_any()));
    for backup in sorted {
        let status = backup.status.clone().unwrap_or_default();
        let name = backup.name_any();
        let usual = vec![
            name.clone(),
            BackupType::of_backup_name(&name).map(BackupType::part).unwrap_or_default().to_owned(),
            status.phase.to_string(),
            items(&status).map(|items| items.to_string()).unwrap_or_default(),
            status.errors.unwrap_or(0).to_string(),
            hub_of(backup)
                .map(|hub| if view.wide { hub.to_owned() } else { ids.show(hub) })
                .unwrap_or_default(),
            status.expiration.as_ref().map(|at| age::until(at.0, now)).unwrap_or_default(),
        ];
        let duration = started(backup).zip(status.completion_timestamp.as_ref().map(|time| time.0));
        let wide = vec![
            status.warnings.unwrap_or(0).to_string(),
            run_of.get(&(backup.namespace().unwrap_or_default(), name)).cloned().unwrap_or_default(),
            backup.spec.storage_location.clone().unwrap_or_default(),
            started(backup).map(|at| at.to_string()).unwrap_or_default(),
            duration.map(|(from, to)| age::stopwatch(to.as_second() - from.as_second())).unwrap_or_default(),
        ];
        table.row(view.row(backup.namespace(), (usual, wide), age::age_or_none(started(backup), now)));
    }
    table
}

/// The run of each backup, by namespace and name.
fn run_ids(all: &[Backup]) -> BTreeMap<(String, String), String> {
    let namespaces: BTreeSet<String> = all.iter().filter_map(ResourceExt::namespace).collect();
    let mut ids = BTreeMap::new();
    for namespace in namespaces {
        for run in Runs::of(&Candidates::in_namespace(all, &namespace)).iter() {
            let names = run.parts.values().map(|name| ((namespace.clone(), name.clone()), run.id.clone()));
            ids.extend(names);
        }
    }
    ids
}

fn started(backup: &Backup) -> Option<Timestamp> {
    let status = backup.status.as_ref().and_then(|status| status.start_timestamp.as_ref());
    status.or(backup.metadata.creation_timestamp.as_ref()).map(|time| time.0)
}

fn items(status: &velero::BackupStatus) -> Option<i64> {
    let progress = status.progress.as_ref()?;
    progress.items_backed_up.or(progress.total_items)
}

pub(super) fn runs(all: &[(String, Run)], backups: &[Backup], view: View, now: Timestamp) -> Table {
    let titles = ["RUN", "PARTS", "STATUS", "HUB", "EXPIRES"];
    let wide = ["CREDENTIALS", "RESOURCES", "RESOURCES-GENERIC", "MANAGED-CLUSTERS"];
    let phases = [&["STATUS"], &wide[..]].concat();
    let mut table = view.table(&titles, &wide, &phases);
    let ids = ShortIds::of(all.iter().filter_map(|(_, run)| run.hub.as_deref()));
    for (namespace, run) in all {
        let usual = vec![
            run.id.clone(),
            format!("{}/{}", run.parts.len(), BackupType::DATA.len()),
            format!("{:?}", run.status),
            run.hub
                .as_deref()
                .map(|hub| if view.wide { hub.to_owned() } else { ids.show(hub) })
                .unwrap_or_default(),
            run.expires.map(|at| age::until(at, now)).unwrap_or_default(),
        ];
        let phase = |part: BackupType| {
            let backup = run.parts.get(&part).and_then(|name| backups.iter().find(|b| b.name_any() == *name));
            backup.and_then(|b| b.status.as_ref()).map(|status| status.phase.to_string()).unwrap_or_default()
        };
        let parts = BackupType::DATA.into_iter().map(phase).collect();
        table.row(view.row(Some(namespace.clone()), (usual, parts), age::age(run.started, now)));
    }
    table
}

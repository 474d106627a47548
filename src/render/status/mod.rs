//! One screen about a hub: what is shown here, how in `screen`, what is wrong in `problems`.

mod problems;
mod role;
mod screen;
mod step;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use schemars::JsonSchema;
use serde::Serialize;

use super::latest::Latest;
use crate::api;
use crate::plan::Note;
use crate::plan::latest::Candidates;
use crate::plan::next_run::{hub_of, next_run};
use crate::plan::restore::validate::shown_sync_interval;
use crate::plan::runs::{Run, Runs};
use crate::plan::writers::Rhythm;
use crate::velero::server::Server;
use crate::velero::{self, Backup, BackupStorageLocation, BackupType};

/// Why something is not known; never to be shown as empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// It may not be read.
    Forbidden,
    /// The server does not know the kind.
    NotServed,
    /// A captured state does not hold it.
    NotCaptured,
}

/// What was read, or why it was not.
#[derive(Debug, Clone)]
pub struct Observed {
    /// There is no such namespace.
    pub no_namespace: bool,
    /// Id of this hub; `unknown` where there is none.
    pub hub_id: Result<String, Unread>,
    /// Our BackupSchedules.
    pub schedules: Result<Vec<api::BackupSchedule>, Unread>,
    /// Our Restores.
    pub restores: Result<Vec<api::Restore>, Unread>,
    /// Storage locations of the namespace.
    pub locations: Result<Vec<BackupStorageLocation>, Unread>,
    /// Velero Schedules of the namespace.
    pub velero_schedules: Result<Vec<velero::Schedule>, Unread>,
    /// Velero Backups of the namespace.
    pub backups: Result<Vec<Backup>, Unread>,
    /// Who holds the lease; `None` = nobody.
    pub lease: Result<Option<LoopView>, Unread>,
    /// Velero servers of the namespace.
    pub servers: Result<Vec<Server>, Unread>,
}

/// One screen about a hub, as `-o json` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// What the hub is for.
    pub role: Role,
    /// Where backups are kept.
    pub storage: Vec<StorageView>,
    /// How it is backed up.
    pub schedule: Option<ScheduleView>,
    /// The newest run, whoever wrote it.
    pub last_run: Option<RunView>,
    /// What `latest` means now; `None` where the backups are not known.
    pub latest: Option<Latest>,
    /// The Restore that matters most: an unfinished one, else the newest.
    pub restore: Option<RestoreView>,
    /// Who reconciles.
    #[serde(rename = "loop")]
    pub loop_: Option<LoopView>,
    /// What to do next.
    pub next: Vec<String>,
    /// What deserves attention.
    #[serde(skip)]
    pub problems: Vec<Note>,
    /// Id of this hub.
    #[serde(skip)]
    pub hub_id: Option<String>,
    /// Names of what is not known, and why.
    #[serde(skip)]
    pub unread: Vec<(&'static str, Unread)>,
    #[serde(skip)]
    remarks: Vec<String>,
}

/// What a hub is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Owns the managed clusters and writes backups.
    Active,
    /// Follows the backups of another hub.
    Passive,
    /// Takes over managed clusters right now.
    Activating,
    /// Another hub writes to the same storage.
    Contested,
    /// Nothing of this.
    Idle,
    /// What would tell may not be read.
    Unknown,
}

/// A storage location.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageView {
    /// Its name.
    pub name: String,
    /// Whether it can be used.
    pub phase: String,
    /// When that was found out.
    #[schemars(with = "Option<Time>")]
    pub checked_at: Option<Timestamp>,
    /// Why not.
    pub message: Option<String>,
}

/// The schedule.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// Its cron text.
    pub cron: String,
    /// How long backups are kept.
    pub ttl: Option<String>,
    /// When the next run begins; `None` while paused.
    #[schemars(with = "Option<Time>")]
    pub next_run_at: Option<Timestamp>,
    /// The newest run of this hub.
    pub last_run: Option<RunView>,
    /// What it says.
    pub message: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub status: String,
    /// The hub that made it.
    pub hub: Option<String>,
    /// When it began.
    #[schemars(with = "Time")]
    pub started_at: Timestamp,
    /// When its first part may be removed.
    #[schemars(with = "Option<Time>")]
    pub expires_at: Option<Timestamp>,
    /// Its backups.
    pub parts: Vec<PartView>,
}

/// A backup of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PartView {
    /// What it holds.
    pub part: &'static str,
    /// Its name; `None` if it is missing.
    pub backup: Option<String>,
    /// How it stands.
    pub phase: String,
    /// Items in it.
    pub items: Option<i64>,
}

/// A Restore.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreView {
    /// Its name.
    pub name: String,
    /// Its phase.
    pub phase: String,
    /// What it says.
    pub message: String,
    /// It follows new backups, looking this often.
    pub sync_interval: Option<String>,
    /// What was chosen for managed clusters.
    pub managed_clusters: String,
    /// The newest run a following Restore has restored something of.
    pub run: Option<String>,
    /// There is no newer backup of what it follows; `None` where it follows nothing.
    pub in_step: Option<bool>,
}

/// Who reconciles.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoopView {
    /// How a loop is known: by its `lease`.
    pub kind: &'static str,
    /// Who holds the lease.
    pub holder: String,
    /// When it was renewed.
    #[schemars(with = "Option<Time>")]
    pub renewed_at: Option<Timestamp>,
    /// Longer ago than it may be.
    pub overdue: bool,
}

impl Status {
    /// Puts together what was read.
    pub fn of(observed: &Observed, namespace: &str, now: Timestamp) -> Self {
        let schedule = observed.schedules.as_ref().ok().and_then(|all| all.first());
        let restore = observed.restores.as_deref().ok().and_then(foremost);
        let backups = observed.backups.as_deref().unwrap_or_default();
        let velero = observed.velero_schedules.as_deref().unwrap_or_default();
        let candidates = Candidates::in_namespace(backups, namespace);
        let runs = Runs::of(&candidates);
        let lost = schedule.and_then(|schedule| role::lost_to(schedule, observed, (namespace, now)));
        let mut status = Self {
            role: role::of((schedule, restore), lost.as_ref(), observed),
            storage: observed.locations.iter().flatten().map(storage).collect(),
            schedule: schedule.map(|schedule| ScheduleView {
                last_run: own_run(&runs, hub_of(schedule, velero)).map(|run| run_view(run, backups)),
                next_run_at: next_run(schedule, velero, now),
                ..schedule_view(schedule)
            }),
            last_run: runs.iter().next().map(|run| run_view(run, backups)),
            latest: observed.backups.is_ok().then(|| Latest::of(&candidates, now)),
            restore: restore.map(|restore| RestoreView {
                run: step::run_of(restore, backups, &runs),
                in_step: step::is_in_step(restore, backups, &candidates),
                ..restore_view(restore)
            }),
            loop_: observed.lease.clone().ok().flatten(),
            next: Vec::new(),
            problems: Vec::new(),
            hub_id: observed.hub_id.clone().ok(),
            unread: unread(observed),
            remarks: Vec::new(),
        };
        status.problems = problems::find(&status, observed, now);
        let cron = |run: &Run| schedule.filter(|_| run.hub == status.hub_id);
        let expiring = runs.iter().next().and_then(|run| {
            let cron = cron(run).map(|schedule| schedule.spec.velero_schedule.as_str());
            problems::expires_soon(run, &Rhythm::of_run(run, cron, (&candidates, &runs), now), now)
        });
        status.problems.extend(expiring);
        status.problems.extend(lost.map(|collision| role::lost_problem(&collision, observed)));
        status
    }

    /// Sets the next commands, each with a remark.
    #[must_use]
    pub fn with_next(mut self, commands: Vec<(String, String)>) -> Self {
        (self.next, self.remarks) = commands.into_iter().unzip();
        self
    }

    /// The hub whose backups are here.
    pub fn writer(&self) -> Option<&str> {
        self.last_run.as_ref()?.hub.as_deref()
    }
}

/// An unfinished Restore, else the newest one.
fn foremost(restores: &[api::Restore]) -> Option<&api::Restore> {
    let key = |restore: &&api::Restore| {
        (!restore.phase().is_terminal(), restore.creation_timestamp().map(|at| at.0))
    };
    restores.iter().max_by_key(key)
}

fn unread(observed: &Observed) -> Vec<(&'static str, Unread)> {
    [
        ("hub", observed.hub_id.as_ref().err()),
        ("schedules", observed.schedules.as_ref().err()),
        ("restores", observed.restores.as_ref().err()),
        ("storage", observed.locations.as_ref().err()),
        ("velero-schedules", observed.velero_schedules.as_ref().err()),
        ("backups", observed.backups.as_ref().err()),
        ("loop", observed.lease.as_ref().err()),
    ]
    .into_iter()
    .filter_map(|(name, why)| Some((name, *why?)))
    .collect()
}

/// The newest run of the hub the Velero Schedules name.
fn own_run<'a>(runs: &'a Runs, hub: Option<&str>) -> Option<&'a Run> {
    runs.iter().find(|run| hub.is_some() && run.hub.as_deref() == hub)
}

fn storage(location: &BackupStorageLocation) -> StorageView {
    let status = location.status.clone().unwrap_or_default();
    StorageView {
        name: location.name_any(),
        phase: status.phase.to_string(),
        checked_at: status.last_validation_time.map(|time| time.0),
        message: status.message,
    }
}

/// What the object itself says.
fn schedule_view(schedule: &api::BackupSchedule) -> ScheduleView {
    let spec = &schedule.spec;
    ScheduleView {
        name: schedule.name_any(),
        phase: schedule.phase().to_string(),
        cron: spec.velero_schedule.clone(),
        ttl: spec.velero_ttl.clone(),
        next_run_at: None,
        last_run: None,
        message: schedule.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default(),
    }
}

fn run_view(run: &Run, backups: &[Backup]) -> RunView {
    let part = |part: BackupType| {
        let name = run.parts.get(&part);
        let status = name
            .and_then(|name| backups.iter().find(|backup| backup.metadata.name.as_ref() == Some(name)))
            .and_then(|backup| backup.status.clone())
            .unwrap_or_default();
        let progress = status.progress.unwrap_or_default();
        PartView {
            part: part.part(),
            backup: name.cloned(),
            phase: status.phase.to_string(),
            items: progress.items_backed_up.or(progress.total_items),
        }
    };
    RunView {
        id: run.id.clone(),
        status: run.status.as_str().to_owned(),
        hub: run.hub.clone(),
        started_at: run.started,
        expires_at: run.expires,
        parts: BackupType::DATA.into_iter().map(part).collect(),
    }
}

fn restore_view(restore: &api::Restore) -> RestoreView {
    let spec = &restore.spec;
    RestoreView {
        name: restore.name_any(),
        phase: restore.phase().to_string(),
        message: restore.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default(),
        sync_interval: step::follows(restore).then(|| shown_sync_interval(spec).to_owned()),
        managed_clusters: spec
            .velero_managed_clusters_backup_name
            .clone()
            .unwrap_or_else(|| "latest".to_owned()),
        run: None,
        in_step: None,
    }
}

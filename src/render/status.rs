//! One screen about a hub.

use jiff::Timestamp;
use kube::ResourceExt;
use serde::Serialize;

use super::age;
use super::hub_id::ShortIds;
use super::line::columns;
use super::problems::{next, problems};
use super::style::{Mark, Style};
use super::text::{count, harmless};
use crate::api::{self, BackupChoice, BackupSchedulePhase};
use crate::plan::latest::Candidates;
use crate::plan::runs::{Run, Runs};
use crate::plan::{Note, Severity};
use crate::velero::{Backup, BackupStorageLocation, BackupType, StorageLocationPhase};
use crate::wire::{Cron, GoDuration};

/// What was read; `None` = could not be read, because it is forbidden or not served.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Id of this hub; `unknown` where there is none.
    pub hub_id: Option<String>,
    /// Our BackupSchedules.
    pub schedules: Option<Vec<api::BackupSchedule>>,
    /// Our Restores.
    pub restores: Option<Vec<api::Restore>>,
    /// Storage locations of the namespace.
    pub locations: Option<Vec<BackupStorageLocation>>,
    /// Velero Backups of the namespace.
    pub backups: Option<Vec<Backup>>,
    /// Who holds the lease; the outer `None` = could not be read.
    pub lease: Option<Option<LoopView>>,
}

/// One screen about a hub, as `-o json` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Names of what could not be read.
    #[serde(skip)]
    pub unread: Vec<&'static str>,
    #[serde(skip)]
    remarks: Vec<String>,
}

/// What a hub is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
}

/// A storage location.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageView {
    /// Its name.
    pub name: String,
    /// Whether it can be used.
    pub phase: String,
    /// When that was found out.
    pub checked_at: Option<Timestamp>,
    /// Why not.
    pub message: Option<String>,
}

/// The schedule.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    pub next_run_at: Option<Timestamp>,
    /// What it says.
    pub message: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub status: String,
    /// The hub that made it.
    pub hub: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// Its backups.
    pub parts: Vec<PartView>,
}

/// A backup of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
}

/// Who reconciles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoopView {
    /// Who holds the lease.
    pub holder: String,
    /// When it was renewed.
    pub renewed_at: Option<Timestamp>,
    /// Longer ago than it may be.
    pub overdue: bool,
}

impl Status {
    /// Puts together what was read.
    pub fn of(observed: &Observed, namespace: &str, now: Timestamp) -> Self {
        let schedule = observed.schedules.as_ref().and_then(|all| all.first());
        let restore = observed.restores.as_deref().and_then(foremost);
        let backups = observed.backups.as_deref().unwrap_or_default();
        let runs = Runs::of(&Candidates::in_namespace(backups, namespace));
        let mut status = Self {
            role: role(schedule, restore),
            storage: observed.locations.iter().flatten().map(storage).collect(),
            schedule: schedule.map(|schedule| schedule_view(schedule, now)),
            last_run: runs.iter().next().map(|run| run_view(run, backups)),
            restore: restore.map(restore_view),
            loop_: observed.lease.clone().flatten(),
            next: Vec::new(),
            problems: Vec::new(),
            hub_id: observed.hub_id.clone(),
            unread: unread(observed),
            remarks: Vec::new(),
        };
        status.problems = found_problems(&status, observed, now);
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

    /// The screen; `hub` and `namespace` are the first two lines.
    pub fn screen(&self, hub: &str, namespace: &str, style: &Style) -> String {
        let ids = ShortIds::of(self.hub_id.as_deref().into_iter().chain(self.writer()));
        let mut text = columns(
            0,
            vec![
                vec!["Hub".to_owned(), format!("{}  {}", style.bold(hub), self.identity(&ids))],
                vec!["Namespace".to_owned(), namespace.to_owned()],
            ],
        );
        text.push('\n');
        text.push_str(&columns(0, self.body(&ids, style)));
        text.push_str(&format!("Loop      {}\n\n", self.loop_line(style.now)));
        match self.problems.is_empty() {
            true => text.push_str(&format!("{} No problems.\n", style.mark(Mark::Good))),
            false => text.push_str(&problems(&self.problems, style)),
        }
        let commands: Vec<(String, String)> =
            self.next.iter().cloned().zip(self.remarks.iter().cloned()).collect();
        text.push_str(&next(&commands));
        text
    }

    fn identity(&self, ids: &ShortIds) -> String {
        let id = match self.hub_id.as_deref() {
            None => "hub id not readable".to_owned(),
            Some("unknown") => "hub id unknown".to_owned(),
            Some(id) => ids.show(id),
        };
        let role = match (self.role, self.writer()) {
            (Role::Passive, Some(writer)) => format!("passive, follows hub {}", ids.show(writer)),
            (role, _) => format!("{role:?}").to_lowercase(),
        };
        format!("{}  {role}", harmless(&id))
    }

    /// Not in the columns of the rest, because holders have long names.
    fn loop_line(&self, now: Timestamp) -> String {
        match &self.loop_ {
            None => self.none("loop").to_owned(),
            Some(held) => format!("{} {}", harmless(&held.holder), held.text(now)),
        }
    }

    /// What stands for nothing: not there, or not readable.
    fn none(&self, what: &str) -> &'static str {
        if self.unread.contains(&what) { "<not readable>" } else { "<none>" }
    }

    fn body(&self, ids: &ShortIds, style: &Style) -> Vec<Vec<String>> {
        let now = style.now;
        let none =
            |what: &str| if self.unread.contains(&what) { "<not readable>" } else { "<none>" }.to_owned();
        let mut lines: Vec<Vec<String>> = Vec::new();
        for (i, location) in self.storage.iter().enumerate() {
            let checked = location
                .checked_at
                .map(|at| format!(", checked {} ago", age::age(at, now)))
                .unwrap_or_default();
            let title = if i == 0 { "Storage" } else { "" };
            let state = if location.phase.is_empty() { "not checked by Velero" } else { &location.phase };
            lines.push(vec![
                title.to_owned(),
                location.name.clone(),
                format!("{}{checked}", style.phase(state)),
            ]);
        }
        if self.storage.is_empty() {
            lines.push(vec!["Storage".to_owned(), none("storage")]);
        }
        lines.push(match &self.schedule {
            None => vec!["Schedule".to_owned(), none("schedules")],
            Some(schedule) => vec!["Schedule".to_owned(), schedule.name.clone(), schedule.text(style)],
        });
        match &self.last_run {
            None => lines.push(vec!["Last run".to_owned(), none("backups")]),
            Some(run) => lines.extend(run.lines(self.hub_id.as_deref(), ids, style)),
        }
        lines.push(match &self.restore {
            None => vec!["Restore".to_owned(), none("restores")],
            Some(restore) => vec!["Restore".to_owned(), restore.name.clone(), restore.text(style)],
        });
        // What a restore under way says is news; what a settled one says is known, or a problem.
        if let Some(restore) =
            self.restore.as_ref().filter(|r| matches!(r.phase.as_str(), "Started" | "Running"))
        {
            lines.push(vec![String::new(), String::new(), style.dim(harmless(&restore.message))]);
        }
        lines
    }
}

fn role(schedule: Option<&api::BackupSchedule>, restore: Option<&api::Restore>) -> Role {
    let unfinished = restore.filter(|restore| !restore.phase().is_terminal());
    let clusters = unfinished.map(|restore| restore.spec.managed_clusters_choice());
    let took_over = restore.is_some_and(has_taken_over);
    match (schedule.map(api::BackupSchedule::phase), clusters) {
        (Some(BackupSchedulePhase::BackupCollision), _) => Role::Contested,
        (_, Some(BackupChoice::Skip)) => Role::Passive,
        (_, Some(_)) => Role::Activating,
        (Some(_), None) => Role::Active,
        (None, None) if took_over => Role::Active,
        (None, None) => Role::Idle,
    }
}

/// The managed clusters came here with this Restore.
fn has_taken_over(restore: &api::Restore) -> bool {
    let ended = restore.phase().is_terminal();
    let made =
        restore.status.as_ref().and_then(|status| status.velero_managed_clusters_restore_name.as_ref());
    ended && made.is_some_and(|name| !name.is_empty())
}

/// An unfinished Restore, else the newest one.
fn foremost(restores: &[api::Restore]) -> Option<&api::Restore> {
    let key = |restore: &&api::Restore| {
        (!restore.phase().is_terminal(), restore.creation_timestamp().map(|at| at.0))
    };
    restores.iter().max_by_key(key)
}

fn unread(observed: &Observed) -> Vec<&'static str> {
    [
        ("schedules", observed.schedules.is_none()),
        ("restores", observed.restores.is_none()),
        ("storage", observed.locations.is_none()),
        ("backups", observed.backups.is_none()),
        ("loop", observed.lease.is_none()),
    ]
    .into_iter()
    .filter_map(|(name, missing)| missing.then_some(name))
    .collect()
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

fn schedule_view(schedule: &api::BackupSchedule, now: Timestamp) -> ScheduleView {
    let spec = &schedule.spec;
    let runs = !spec.paused && schedule.phase() != BackupSchedulePhase::BackupCollision;
    ScheduleView {
        name: schedule.name_any(),
        phase: schedule.phase().to_string(),
        cron: spec.velero_schedule.clone(),
        ttl: spec.velero_ttl.clone(),
        next_run_at: runs.then(|| Cron::parse(&spec.velero_schedule).ok()?.next(now)).flatten(),
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
        status: format!("{:?}", run.status),
        hub: run.hub.clone(),
        started_at: run.started,
        parts: BackupType::DATA.into_iter().map(part).collect(),
    }
}

fn restore_view(restore: &api::Restore) -> RestoreView {
    let spec = &restore.spec;
    let interval = spec.restore_sync_interval.clone().unwrap_or_else(|| "30m".to_owned());
    RestoreView {
        name: restore.name_any(),
        phase: restore.phase().to_string(),
        message: restore.status.as_ref().map(|status| status.last_message.clone()).unwrap_or_default(),
        sync_interval: spec.sync_restore_with_new_backups.then_some(interval),
        managed_clusters: spec
            .velero_managed_clusters_backup_name
            .clone()
            .unwrap_or_else(|| "latest".to_owned()),
    }
}

impl ScheduleView {
    fn text(&self, style: &Style) -> String {
        let phase = if self.phase.is_empty() { "not processed yet" } else { &self.phase };
        let kept =
            self.ttl.as_deref().and_then(|ttl| ttl.parse::<GoDuration>().ok()).filter(|ttl| !ttl.is_zero());
        let kept = kept.map(|ttl| format!(", keeps {}", age::seconds(ttl.as_secs()))).unwrap_or_default();
        let next = self
            .next_run_at
            .map(|at| format!(", next run in {}", age::until(at, style.now)))
            .unwrap_or_default();
        let zone = if self.cron.contains("TZ=") || self.cron.starts_with("@every") { "" } else { " UTC" };
        format!("{}, {}{zone}{kept}{next}", style.phase(phase), harmless(&self.cron))
    }
}

impl RunView {
    fn lines(&self, ours: Option<&str>, ids: &ShortIds, style: &Style) -> Vec<Vec<String>> {
        let foreign = self.hub.as_deref().filter(|hub| Some(*hub) != ours);
        let writer = foreign.map(|hub| format!(", written by hub {}", ids.show(hub))).unwrap_or_default();
        let age = age::age(self.started_at, style.now);
        let text = format!("{age} ago, {}{writer}", style.phase(&self.status));
        let mut lines = vec![vec!["Last run".to_owned(), self.id.clone(), text]];
        for part in &self.parts {
            let phase = if part.backup.is_none() { "missing" } else { part.phase.as_str() };
            let phase = if phase.is_empty() { "waiting" } else { phase };
            let items = part
                .items
                .map(|n| format!("  {}", count(usize::try_from(n).unwrap_or(0), "item")))
                .unwrap_or_default();
            lines.push(vec![String::new(), part.part.to_owned(), format!("{}{items}", style.phase(phase))]);
        }
        lines
    }
}

impl RestoreView {
    fn text(&self, style: &Style) -> String {
        let phase = if self.phase.is_empty() { "not processed yet" } else { &self.phase };
        let every = self
            .sync_interval
            .as_ref()
            .map(|every| format!(", every {}", harmless(every)))
            .unwrap_or_default();
        let clusters = match self.managed_clusters.to_lowercase().as_str() {
            "skip" => ", managed clusters not activated".to_owned(),
            other => format!(", managed clusters {}", harmless(other)),
        };
        format!("{}{every}{clusters}", style.phase(phase))
    }
}

impl LoopView {
    fn text(&self, now: Timestamp) -> String {
        let renewed =
            self.renewed_at.map(|at| format!(", renewed {} ago", age::age(at, now))).unwrap_or_default();
        let state = if self.overdue { "held the lease" } else { "holds the lease" };
        format!("{state}{renewed}")
    }
}

fn error(name: &str, subject: impl Into<String>, message: impl Into<String>) -> Note {
    Note { severity: Severity::Error, ..Note::warning(name, subject, message) }
}

fn found_problems(status: &Status, observed: &Observed, now: Timestamp) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    notes.extend(storage_problems(status, observed));
    notes.extend(status.schedule.as_ref().and_then(schedule_problem));
    notes.extend(status.restore.as_ref().and_then(restore_problem));
    if status.role == Role::Active && status.schedule.is_none() && observed.schedules.is_some() {
        let message = "the managed clusters were restored here, but this hub makes no backups".to_owned();
        notes.push(Note { severity: Severity::Warning, ..Note::info("", message) });
    }
    notes.extend(loop_problem(status, observed));
    notes.extend(staleness(status, now));
    if status.hub_id.as_deref() == Some("unknown") {
        notes.push(Note::warning(
            "hub-id-unknown",
            "",
            "the hub has no id, so collisions with other hubs cannot be seen",
        ));
    }
    for what in &status.unread {
        notes.push(Note::warning("forbidden", *what, "may not be read, or is not served here"));
    }
    notes
}

fn storage_problems(status: &Status, observed: &Observed) -> Vec<Note> {
    let Some(locations) = &observed.locations else { return Vec::new() };
    if locations.is_empty() {
        return vec![error("storage-missing", "", "there is no storage location in this namespace")];
    }
    let bad =
        status.storage.iter().filter(|location| location.phase != StorageLocationPhase::Available.as_str());
    bad.map(|location| {
        let why = location
            .message
            .as_deref()
            .map(|message| format!("\nVelero says: {message}"))
            .unwrap_or_default();
        let state = if location.phase.is_empty() { "not checked by Velero yet" } else { &location.phase };
        error("storage-unavailable", "", format!("storage location {} is {state}{why}", location.name))
    })
    .collect()
}

fn schedule_problem(schedule: &ScheduleView) -> Option<Note> {
    let message = format!("{} is in {}\n{}", schedule.name, schedule.phase, schedule.message);
    match BackupSchedulePhase::from(schedule.phase.as_str()) {
        BackupSchedulePhase::BackupCollision => Some(error("collision", "", message)),
        BackupSchedulePhase::FailedValidation | BackupSchedulePhase::Failed => {
            Some(Note { name: None, ..error("", "", message) })
        }
        _ => None,
    }
}

fn restore_problem(restore: &RestoreView) -> Option<Note> {
    let message = format!("{} is {}\n{}", restore.name, restore.phase, restore.message);
    match super::style::tone_of_phase(&restore.phase) {
        Mark::Bad => Some(Note { name: None, ..error("", "", message) }),
        Mark::Attention => Some(Note { severity: Severity::Warning, ..Note::info("", message) }),
        _ => None,
    }
}

fn loop_problem(status: &Status, observed: &Observed) -> Option<Note> {
    observed.lease.as_ref()?;
    let has_work = status.schedule.is_some()
        || status.restore.as_ref().is_some_and(|r| !r.phase.starts_with("Finished"));
    match &status.loop_ {
        Some(held) if held.overdue => Some(Note::warning(
            "lease-stale",
            "",
            format!("{} does not renew the lease; nothing is reconciled", held.holder),
        )),
        None if has_work => {
            Some(Note::warning("loop-missing", "", "nobody holds the lease, so nothing is reconciled"))
        }
        _ => None,
    }
}

/// No run for more than two periods although the schedule is active.
fn staleness(status: &Status, now: Timestamp) -> Option<Note> {
    let schedule = status.schedule.as_ref().filter(|schedule| schedule.phase == "Enabled")?;
    let period = Cron::parse(&schedule.cron).ok()?.period(now)?.as_secs();
    let run = status.last_run.as_ref()?;
    let silent = now.as_second() - run.started_at.as_second();
    (silent > 2 * period).then(|| {
        let message = format!(
            "the newest run is {} old, the schedule makes one every {}",
            age::seconds(silent),
            age::seconds(period)
        );
        Note::warning("stale-backups", "", message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: &str = "2026-11-22T11:15:31Z";

    fn observed(schedules: &Value, restores: &Value, writer: &str) -> Observed {
        let backup = |(part, items): (BackupType, i64)| {
            json!({
                "metadata": {
                    "name": format!("{}-20261122100004", part.schedule_name()), "namespace": "acm",
                    "labels": {"cluster.open-cluster-management.io/backup-cluster": writer},
                },
                "status": {"phase": "Completed", "startTimestamp": "2026-11-22T10:00:04Z", "progress": {"itemsBackedUp": items}},
            })
        };
        let backups: Vec<Value> =
            BackupType::DATA.into_iter().zip([29387, 14886, 1, 51422]).map(backup).collect();
        let read = |value: &Value| serde_json::from_value(value.clone()).unwrap();
        Observed {
            hub_id: Some("be97a9eb-60b8-4511-805c-298e7c0898b3".to_owned()),
            schedules: Some(serde_json::from_value(schedules.clone()).unwrap()),
            restores: Some(serde_json::from_value(restores.clone()).unwrap()),
            locations: Some(read(&json!([{
                "metadata": {"name": "default", "namespace": "acm"},
                "status": {"phase": "Available", "lastValidationTime": "2026-11-22T11:15:10Z"},
            }]))),
            backups: Some(serde_json::from_value(json!(backups)).unwrap()),
            lease: Some(Some(LoopView {
                holder: "cluster-backup-7c4d9".to_owned(),
                renewed_at: Some("2026-11-22T11:15:23Z".parse().unwrap()),
                overdue: false,
            })),
        }
    }

    fn screen(observed: &Observed, width: usize, rich: bool) -> String {
        let now = NOW.parse().unwrap();
        let style = Style { color: rich, unicode: rich, width: Some(width), now };
        Status::of(observed, "acm", now).screen(
            "hub-west",
            "acm (the only one with a storage location)",
            &style,
        )
    }

    fn schedule(phase: &str, message: &str) -> Value {
        json!([{
            "metadata": {"name": "schedule-acm", "namespace": "acm"},
            "spec": {"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"},
            "status": {"phase": phase, "lastMessage": message},
        }])
    }

    fn restore(phase: &str, clusters: &str) -> Value {
        json!([{
            "metadata": {"name": "restore-acm-passive", "namespace": "acm"},
            "spec": {
                "veleroManagedClustersBackupName": clusters, "veleroCredentialsBackupName": "latest",
                "veleroResourcesBackupName": "latest", "syncRestoreWithNewBackups": true, "restoreSyncInterval": "10m",
            },
            "status": {"phase": phase, "lastMessage": "as it is"},
        }])
    }

    #[test]
    fn an_active_hub_fits_eighty_columns() {
        let observed = observed(&schedule("Enabled", ""), &json!([]), "be97a9eb-60b8-4511-805c-298e7c0898b3");
        let text = screen(&observed, 80, false);
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        insta::assert_snapshot!("active", text);
        insta::assert_snapshot!("active-rich", screen(&observed, 160, true));
    }

    #[test]
    fn a_passive_hub_names_the_hub_it_follows() {
        let observed = observed(&json!([]), &restore("Enabled", "skip"), "1f30bfe5-0000");
        insta::assert_snapshot!("passive", screen(&observed, 160, false));
    }

    #[test]
    fn a_contested_hub_says_why() {
        let schedules = schedule("BackupCollision", "hub 1f30bfe5-0000 wrote last\u{1b}[2J");
        insta::assert_snapshot!(
            "contested",
            screen(&observed(&schedules, &json!([]), "1f30bfe5-0000"), 160, false)
        );
    }

    #[test]
    fn what_could_not_be_read_is_never_shown_as_empty() {
        let nothing = Observed { hub_id: Some("x".to_owned()), ..Observed::default() };
        let text = screen(&nothing, 160, false);
        assert!(text.contains("<not readable>") && !text.contains("<none>"), "{text}");
        assert!(text.contains("[forbidden]"), "{text}");
    }

    #[test]
    fn roles_follow_from_what_is_there() {
        let role = |schedules: &Value, restores: &Value| {
            Status::of(&observed(schedules, restores, "x"), "acm", NOW.parse().unwrap()).role
        };
        let none = json!([]);
        assert_eq!(role(&none, &none), Role::Idle);
        assert_eq!(role(&schedule("Paused", ""), &none), Role::Active);
        assert_eq!(role(&none, &restore("Started", "latest")), Role::Activating);
        assert_eq!(role(&none, &restore("Finished", "skip")), Role::Idle);
        assert_eq!(role(&schedule("BackupCollision", ""), &restore("Enabled", "skip")), Role::Contested);
    }
}

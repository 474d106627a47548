//! A hub without machines: carries out plans as an API server would, and moves Velero's objects along.

use std::collections::{BTreeMap, BTreeSet};

use acmbackup::plan::cleanup::{Leftover, Leftovers};
use acmbackup::plan::tokens::TokenFacts;
use acmbackup::plan::{
    Action, Decision, Failure, HubFacts, HubSnapshot, ImportFacts, NewObject, NextStatus, OnRequest, Outcome,
    Plan, Query, ServedApis, SubjectKind, Target, TargetKind, Wake, is_failure, plan, settle, stops,
    with_owner_uids,
};
use acmbackup::velero::{self, BackupPhase, BackupType, RestorePhase};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::DynamicObject;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::objects;

/// What goes wrong in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// The process dies before this step; no status is written.
    CrashBefore(usize),
    /// The server refuses this step.
    Refuse(usize),
    /// The storage cannot be reached during this pass.
    StorageAway,
    /// The server makes no Velero Schedule of this type.
    Deny(BackupType),
}

/// A hub and its clock.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedHub {
    pub(crate) snapshot: HubSnapshot,
    pub(crate) now: Timestamp,
    /// How often an object of each kind and name was created.
    pub(crate) created: BTreeMap<String, usize>,
    /// Objects that are neither ours nor Velero's.
    pub(crate) objects: Vec<Leftover>,
    /// Those of them that were removed, in order.
    pub(crate) removed: Vec<Leftover>,
    /// The last pass is to be repeated, ever later.
    pub(crate) backs_off: bool,
    uids: usize,
}

impl SimulatedHub {
    pub(crate) fn new(snapshot: HubSnapshot, now: Timestamp) -> Self {
        Self {
            snapshot,
            now,
            created: BTreeMap::new(),
            objects: Vec::new(),
            removed: Vec::new(),
            backs_off: false,
            uids: 0,
        }
    }

    /// What the planner wants now, with its questions answered.
    pub(crate) fn decide(&mut self) -> Plan {
        for _ in 0..4 {
            match plan(&self.snapshot, self.now) {
                Decision::Do(plan) => return plan,
                Decision::NeedMore(queries) => queries.iter().for_each(|query| self.answer(query)),
            }
        }
        panic!("the planner asked more than three times");
    }

    fn answer(&mut self, query: &Query) {
        match query {
            Query::Hub => {
                let facts = HubFacts {
                    hub_id: "this-hub".to_owned(),
                    local_cluster: Some(objects::LOCAL.to_owned()),
                    ..HubFacts::default()
                };
                self.snapshot.on_request.hub = Some(facts);
            }
            Query::Tokens | Query::TokensLeft => {
                self.snapshot.on_request.tokens = Some(TokenFacts::default());
            }
            Query::TokensWanted => self.snapshot.on_request.tokens_wanted = Some(false),
            Query::Served => self.snapshot.on_request.served = Some(ServedApis::default()),
            Query::InternalHubs => self.snapshot.on_request.internal_hubs = Some(Vec::new()),
            Query::RestoresWaitedFor => {
                self.snapshot.on_request.restores_waited_for = Some(Default::default());
            }
            Query::Volumes => self.snapshot.on_request.volumes = Some(Vec::new()),
            Query::Imports => self.snapshot.on_request.imports = Some(ImportFacts::default()),
            Query::Credentials => self.snapshot.on_request.credentials = Some(Default::default()),
            Query::Removable => self.snapshot.on_request.removable = Some(objects::served()),
            Query::Backup(name) => {
                let backups = &self.snapshot.velero.backups;
                let found = backups.iter().find(|backup| backup.metadata.name.as_ref() == Some(name));
                self.snapshot.on_request.backups.insert(name.clone(), found.map(objects::whole));
            }
            Query::Leftovers(searches) => {
                let found = objects::find(&self.objects, searches);
                self.snapshot.on_request.leftovers = Some(Leftovers { found, unlisted: Vec::new() });
            }
        }
    }

    /// One pass, a second later; true if anything was written.
    pub(crate) fn pass(&mut self, trouble: Trouble) -> bool {
        let storage = self.snapshot.velero.storage_locations.clone();
        if trouble == Trouble::StorageAway {
            self.snapshot.velero.storage_locations.clear();
        }
        let wrote = self.pass_with(trouble);
        // What stays true for a while; the rest is read anew in each pass that needs it.
        let OnRequest { hub, served, .. } = std::mem::take(&mut self.snapshot.on_request);
        self.snapshot.on_request = OnRequest { hub, served, ..OnRequest::default() };
        self.snapshot.velero.storage_locations = storage;
        wrote
    }

    fn pass_with(&mut self, trouble: Trouble) -> bool {
        self.now += SignedDuration::from_secs(1);
        let plan = self.decide();
        let mut outcomes = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            if trouble == Trouble::CrashBefore(index) {
                return true;
            }
            let stopped = plan.steps.iter().zip(&outcomes).any(|(step, outcome)| stops(step, outcome));
            let outcome = match trouble {
                _ if stopped => Outcome::Skipped,
                Trouble::Refuse(refused) if refused == index => refusal(),
                Trouble::Deny(part) if makes_schedule(&step.action, part) => refusal(),
                _ => self.act(&step.action, &outcomes),
            };
            outcomes.push(outcome);
        }
        if trouble == Trouble::CrashBefore(plan.steps.len()) {
            return true;
        }
        let status = settle(&plan, &outcomes);
        self.backs_off = is_failure(&plan, &outcomes) && plan.wake_on_failure == Wake::Backoff;
        let wrote = status.is_some() || !plan.steps.is_empty() || is_failure(&plan, &outcomes);
        if let Some(status) = status {
            self.write(status);
        }
        wrote
    }

    fn write(&mut self, status: NextStatus) {
        let name = Some(self.snapshot.subject.name.clone());
        match status {
            NextStatus::Restore(status) => {
                for restore in self.snapshot.restores.iter_mut().filter(|one| one.metadata.name == name) {
                    restore.status = Some(*status.clone());
                }
            }
            NextStatus::BackupSchedule(status) => {
                for schedule in self.snapshot.schedules.iter_mut().filter(|one| one.metadata.name == name) {
                    schedule.status = Some(*status.clone());
                }
            }
        }
    }

    fn act(&mut self, action: &Action, done: &[Outcome]) -> Outcome {
        match action {
            Action::Create(object) => self.create(&with_owner_uids((**object).clone(), done)),
            Action::Patch(target, patch) => self.patch(target, patch),
            Action::Delete(target) | Action::DeleteForeground(target) | Action::DetachAndDelete(target) => {
                self.delete(target)
            }
            Action::Import(_) | Action::Emit(_) => Outcome::Done(None),
        }
    }

    fn create(&mut self, object: &NewObject) -> Outcome {
        self.uids += 1;
        let mut value = serde_json::to_value(object).unwrap();
        value["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
        value["metadata"]["creationTimestamp"] = serde_json::to_value(Time(self.now)).unwrap();
        let key = object.to_string();
        let velero = &mut self.snapshot.velero;
        let found = match object {
            NewObject::VeleroSchedule(_) => add(&mut velero.schedules, &value),
            NewObject::VeleroBackup(_) => add(&mut velero.backups, &value),
            NewObject::VeleroRestore(_) => add(&mut velero.restores, &value),
            NewObject::DeleteBackupRequest(_) => add(&mut velero.delete_requests, &value),
            NewObject::Other(other) => unreachable!("{} is not simulated", other.kind),
        };
        match found {
            Some(found) => Outcome::AlreadyThere(Box::new(found)),
            None => {
                *self.created.entry(key).or_default() += 1;
                Outcome::Done(Some(Box::new(serde_json::from_value(value).unwrap())))
            }
        }
    }

    fn patch(&mut self, target: &Target, patch: &Value) -> Outcome {
        let velero = &mut self.snapshot.velero;
        match &target.kind {
            TargetKind::VeleroSchedule => change(&mut velero.schedules, target, patch),
            TargetKind::VeleroBackup => change(&mut velero.backups, target, patch),
            TargetKind::VeleroRestore => change(&mut velero.restores, target, patch),
            TargetKind::Restore => change(&mut self.snapshot.restores, target, patch),
            TargetKind::BackupSchedule => change(&mut self.snapshot.schedules, target, patch),
            TargetKind::Other(kind) => unreachable!("{kind} is not simulated"),
        }
    }

    fn delete(&mut self, target: &Target) -> Outcome {
        let velero = &mut self.snapshot.velero;
        match &target.kind {
            TargetKind::VeleroSchedule => remove(&mut velero.schedules, target),
            TargetKind::VeleroBackup => remove(&mut velero.backups, target),
            TargetKind::VeleroRestore => remove(&mut velero.restores, target),
            TargetKind::Restore => remove(&mut self.snapshot.restores, target),
            TargetKind::BackupSchedule => remove(&mut self.snapshot.schedules, target),
            TargetKind::Other(_) => self.remove_object(target),
        }
    }

    fn remove_object(&mut self, target: &Target) -> Outcome {
        let is_it = |object: &Leftover| Some(&object.uid) == target.uid.as_ref();
        let Some(at) = self.objects.iter().position(is_it) else { return Outcome::Gone };
        self.removed.push(self.objects.remove(at));
        Outcome::Done(None)
    }

    /// Velero works: one restore goes one phase on, all schedules and backups are dealt with.
    ///
    /// `ending` is how a restore that ends now ends. True if anything moved.
    pub(crate) fn velero_moves(&mut self, ending: &RestorePhase) -> bool {
        let schedules = self.snapshot.velero.schedules.iter_mut();
        let now = Time(self.now);
        let looked = schedules.map(|schedule| velero_looks_at(schedule, &now));
        let mut moved = looked.filter(|moved| *moved).count() > 0;
        let end = Some(Time(self.now));
        for backup in &mut self.snapshot.velero.backups {
            let status = backup.status.get_or_insert_default();
            if matches!(status.phase, BackupPhase::Unset | BackupPhase::New) {
                status.phase = BackupPhase::Completed;
                status.start_timestamp = end.clone();
                status.completion_timestamp = end.clone();
                moved = true;
            }
        }
        moved | self.next_restore().map(|restore| advance(restore, ending)).is_some()
    }

    /// Velero takes restores one by one, in the order they were made.
    fn next_restore(&mut self) -> Option<&mut velero::Restore> {
        let is_open = |restore: &&mut velero::Restore| {
            let phase = restore.status.as_ref().map(|status| status.phase.clone()).unwrap_or_default();
            matches!(
                phase,
                RestorePhase::Unset | RestorePhase::New | RestorePhase::InProgress | RestorePhase::Finalizing
            )
        };
        self.snapshot.velero.restores.iter_mut().find(is_open)
    }

    /// Passes and Velero's work in turn until neither has anything to do; `None` if that never happens.
    pub(crate) fn come_to_rest(mut self, ending: &RestorePhase) -> Option<Self> {
        for _ in 0..80 {
            let wrote = self.pass(Trouble::None);
            if !self.velero_moves(ending) && !wrote {
                return Some(self);
            }
        }
        None
    }

    /// A backup of another hub comes here now, whenever it was made.
    ///
    /// Stored times are whole seconds: of two things in one second nobody can say which came first.
    pub(crate) fn arrives(&mut self, mut backup: velero::Backup) {
        backup.metadata.creation_timestamp = Some(Time(self.now + SignedDuration::from_secs(1)));
        self.snapshot.velero.backups.push(backup);
    }

    /// The backups behind all Velero Restores that were ever made and are still there.
    pub(crate) fn made_from(&self) -> BTreeSet<String> {
        self.snapshot.velero.restores.iter().map(|restore| restore.spec.backup_name.clone()).collect()
    }

    /// The Restore the passes are about.
    pub(crate) fn restore(&self) -> &acmbackup::api::Restore {
        assert_eq!(self.snapshot.subject.kind, SubjectKind::Restore);
        self.snapshot.subject_restore().unwrap()
    }
}

fn refusal() -> Outcome {
    Outcome::Failed(Failure { message: "refused".to_owned() })
}

fn makes_schedule(action: &Action, part: BackupType) -> bool {
    let Action::Create(object) = action else { return false };
    matches!(&**object, NewObject::VeleroSchedule(_))
        && object.metadata().name.as_deref() == Some(part.schedule_name())
}

fn advance(restore: &mut velero::Restore, ending: &RestorePhase) {
    let status = restore.status.get_or_insert_default();
    status.phase = match status.phase {
        RestorePhase::Unset => RestorePhase::New,
        RestorePhase::New => RestorePhase::InProgress,
        RestorePhase::InProgress => RestorePhase::Finalizing,
        _ => ending.clone(),
    };
}

/// Velero turns `skipImmediately` off once it has skipped, and judges the schedule.
fn velero_looks_at(schedule: &mut velero::Schedule, now: &Time) -> bool {
    if schedule.spec.paused {
        return false;
    }
    let before = schedule.clone();
    let skips = schedule.spec.skip_immediately.replace(false) == Some(true);
    let status = schedule.status.get_or_insert_default();
    status.phase = velero::SchedulePhase::Enabled;
    status.last_skipped = skips.then(|| now.clone()).or(status.last_skipped.take());
    *schedule != before
}

fn name_of(object: &Value) -> Option<String> {
    object.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned)
}

/// Adds an object; the one that is there already, if there is one of that name.
fn add<T: Serialize + DeserializeOwned>(list: &mut Vec<T>, object: &Value) -> Option<DynamicObject> {
    let name = name_of(object);
    let found = list.iter().map(|one| serde_json::to_value(one).unwrap()).find(|one| name_of(one) == name);
    if found.is_none() {
        list.push(serde_json::from_value(object.clone()).unwrap());
    }
    found.map(|found| serde_json::from_value(found).unwrap())
}

fn change<T: Serialize + DeserializeOwned>(list: &mut [T], target: &Target, patch: &Value) -> Outcome {
    for one in list {
        let mut value = serde_json::to_value(&*one).unwrap();
        if name_of(&value).as_deref() == Some(&target.name) {
            merge(&mut value, patch);
            *one = serde_json::from_value(value.clone()).unwrap();
            return Outcome::Done(Some(Box::new(serde_json::from_value(value).unwrap())));
        }
    }
    Outcome::Gone
}

fn remove<T: Serialize>(list: &mut Vec<T>, target: &Target) -> Outcome {
    let before = list.len();
    list.retain(|one| name_of(&serde_json::to_value(one).unwrap()).as_deref() != Some(&target.name));
    if list.len() == before { Outcome::Gone } else { Outcome::Done(None) }
}

/// RFC 7396.
fn merge(base: &mut Value, patch: &Value) {
    let (Value::Object(base), Value::Object(patch)) = (&mut *base, patch) else {
        *base = patch.clone();
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            base.shift_remove(key);
        } else {
            merge(base.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

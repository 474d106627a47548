//! What the loop knows of the hub: one store per kind, and what each piece of news touches.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::DynamicObject;

use super::feeds::Item;
use super::others::{Change, Known, Others};
use super::queue::{DEBOUNCE, SLOW_DEBOUNCE};
use super::store::{Key, Store, key_of, key_of_unreadable, parse_version};
use crate::cluster::facts::{ALWAYS_READ, selections_of};
use crate::cluster::list::{Kind, describe, plural};
use crate::cluster::selection::Selected;
use crate::cluster::watch::News;
use crate::cluster::write::Place;
use crate::cluster::{Class, guard};
use crate::plan::{
    HubSnapshot, LoopOptions, OnRequest, Query, Subject, SubjectKind, Unreadable, VeleroState, cut,
};
use crate::{api, velero};

/// Everything watched.
#[derive(Debug)]
pub(super) struct World {
    schedules: Store<api::BackupSchedule>,
    restores: Store<api::Restore>,
    velero_schedules: Store<velero::Schedule>,
    backups: Store<velero::Backup>,
    velero_restores: Store<velero::Restore>,
    storage_locations: Store<velero::BackupStorageLocation>,
    delete_requests: Store<velero::DeleteBackupRequest>,
    others: Others,
    /// BackupSchedules that were seen to go and have not been taken leave of. Spec: S-193
    departed: BTreeSet<Key>,
    broken: BTreeMap<String, String>,
    /// The log says that something is broken.
    told_broken: bool,
    /// What the log has said of objects that cannot be read, by kind and place.
    unreadable: BTreeMap<(String, Key), String>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            schedules: Store::default(),
            restores: Store::default(),
            velero_schedules: Store::default(),
            backups: Store::default(),
            velero_restores: Store::default(),
            storage_locations: Store::for_news_in(without_heartbeat),
            delete_requests: Store::default(),
            others: Others::default(),
            departed: BTreeSet::new(),
            broken: BTreeMap::new(),
            told_broken: false,
            unreadable: BTreeMap::new(),
        }
    }
}

/// Velero looks at a location every minute. That it ever did matters, when it did last does not.
fn without_heartbeat(mut location: velero::BackupStorageLocation) -> velero::BackupStorageLocation {
    // Without a status subresource each heartbeat counts as a new generation, and moves the time of its manager.
    (location.metadata.generation, location.metadata.managed_fields) = (None, None);
    if let Some(status) = &mut location.status {
        status.last_validation_time = None;
        status.last_synced_time = status.last_synced_time.take().map(|_| Time(Timestamp::UNIX_EPOCH));
    }
    location
}

/// Whether another hub writes to the storage is told by the resources backups of all namespaces. Spec: S-111
fn tells_of_runs(news: &News<velero::Backup>) -> bool {
    let is_of_resources = |backup: &velero::Backup| {
        let labels = backup.metadata.labels.as_ref();
        let schedule = labels.and_then(|labels| labels.get(api::keys::VELERO_SCHEDULE_NAME));
        schedule.is_some_and(|name| name == velero::BackupType::Resources.schedule_name())
    };
    match news {
        News::All { .. } => true,
        News::Set(backup) | News::Gone(backup) => is_of_resources(backup),
        _ => false,
    }
}

/// What a piece of news touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// Everything in these namespaces.
    pub(super) namespaces: BTreeSet<String>,
    /// Everything everywhere.
    pub(super) everything: bool,
    /// What the server serves may have changed.
    pub(super) served: bool,
    /// All BackupSchedules, after this long.
    pub(super) schedules: Option<Duration>,
    /// BackupSchedules that just went.
    pub(super) departed: Vec<Subject>,
}

impl World {
    /// Takes in a piece of news.
    pub(super) fn take(&mut self, item: Item) -> Touched {
        let item = match item {
            Item::Other(selected, news) => return self.take_other(selected, news),
            Item::Schedule(news) => return self.take_schedule(news),
            item => item,
        };
        let Self { broken, told_broken, unreadable, .. } = self;
        let mut notes = Notes { broken, told_broken, unreadable };
        let namespaces = match item {
            Item::Other(..) | Item::Schedule(_) => return Touched::default(),
            Item::Restore(news) => {
                let namespaces = notes.absorb(&mut self.restores, news);
                self.spare_what_restores_bring();
                namespaces
            }
            Item::VeleroSchedule(news) => notes.absorb(&mut self.velero_schedules, news),
            Item::VeleroBackup(news) => {
                let is_of_all = tells_of_runs(&news);
                let namespaces = notes.absorb(&mut self.backups, news);
                let schedules = (is_of_all && !namespaces.is_empty()).then_some(SLOW_DEBOUNCE);
                return Touched { namespaces, schedules, ..Touched::default() };
            }
            Item::VeleroRestore(news) => notes.absorb(&mut self.velero_restores, news),
            Item::DeleteRequest(news) => notes.absorb(&mut self.delete_requests, news),
            // A rule looks at the storage locations of all namespaces. Spec: R-130
            Item::StorageLocation(news) => {
                let changed = !notes.absorb(&mut self.storage_locations, news).is_empty();
                return Touched { everything: changed, ..Touched::default() };
            }
            // Each pass asks for it anyway. Spec: R-100, R-806
            Item::InternalHub(news) => {
                let changed = matches!(news, News::All { .. } | News::Set(_) | News::Gone(_));
                return Touched { everything: changed, ..Touched::default() };
            }
            Item::Crd(news) => {
                let changed = matches!(news, News::All { .. } | News::Set(_) | News::Gone(_));
                return Touched { everything: changed, served: changed, ..Touched::default() };
            }
        };
        Touched { namespaces, ..Touched::default() }
    }

    /// Remembers which BackupSchedules went. Spec: S-193
    fn take_schedule(&mut self, news: News<api::BackupSchedule>) -> Touched {
        let may_go = matches!(news, News::All { .. } | News::Gone(_) | News::UnreadableGone(_));
        let before: BTreeSet<Key> =
            if may_go { self.schedules.keys().cloned().collect() } else { BTreeSet::new() };
        let Self { broken, told_broken, unreadable, .. } = self;
        let namespaces = Notes { broken, told_broken, unreadable }.absorb(&mut self.schedules, news);
        let there: BTreeSet<&Key> = self.schedules.keys().collect();
        let departed = &mut self.departed;
        departed.retain(|key| !there.contains(key));
        let gone = before.into_iter().filter(|key| !there.contains(key));
        let gone: Vec<Subject> = gone.filter(|key| departed.insert(key.clone())).map(schedule_of).collect();
        self.spare_what_restores_bring();
        Touched { namespaces, departed: gone, ..Touched::default() }
    }

    /// The tokens that are there may be those a Restore has brought, for clusters it has yet to import: no leave is taken
    /// of any BackupSchedule. Spec: S-193, R-733
    fn spare_what_restores_bring(&mut self) {
        if self.restores.values().any(|restore| !restore.phase().is_terminal()) {
            self.departed.clear();
        }
    }

    /// Thousands of these may change in a row; the first whole list is waited for.
    fn take_other(&mut self, selected: Selected, news: News<DynamicObject>) -> Touched {
        let schedules = match self.others.take(selected, news) {
            Change::None => None,
            Change::Some => Some(SLOW_DEBOUNCE),
            Change::Complete => Some(DEBOUNCE),
        };
        Touched { schedules, ..Touched::default() }
    }

    /// Objects of other components that rules read now. Nothing is followed for a hub that is not backed up.
    pub(super) fn wanted(&mut self) -> BTreeSet<Selected> {
        let mut wanted = BTreeSet::from_iter(ALWAYS_READ.iter().copied());
        if !self.departed.is_empty() {
            wanted.extend(selections_of(&Query::TokensLeft));
        }
        for schedule in self.schedules.values() {
            let query =
                if schedule.spec.use_managed_service_account { Query::Tokens } else { Query::TokensLeft };
            wanted.extend(selections_of(&query));
            wanted.extend(selections_of(&Query::Credentials));
        }
        let (namespaces, names_config_maps) = self.others.of_hive();
        wanted.extend((!namespaces.is_empty()).then_some(Selected::ClusterSecrets));
        wanted.extend(names_config_maps.then_some(Selected::ClusterConfigMaps));
        self.others.keep(&wanted);
        wanted
    }

    /// The namespaces Hive works in; none before all of them are known.
    pub(super) fn hive_namespaces(&self) -> BTreeSet<String> {
        self.others.of_hive().0
    }

    /// The objects behind a question, as far as they are followed.
    pub(super) fn lists(&self, query: &Query) -> Known {
        match query {
            Query::Credentials => self.others.of_credentials(),
            _ => self.others.lists(selections_of(query)),
        }
    }

    /// The BackupSchedules that want tokens, as `namespace/name`; one that cannot be read may. Spec: S-193
    pub(super) fn wanting_tokens(&self) -> BTreeSet<String> {
        let mut wanting = crate::plan::tokens::wanting(self.schedules.values());
        let unreadable = self.schedules.unreadable_keys();
        wanting.extend(unreadable.map(|(namespace, name)| format!("{namespace}/{name}")));
        wanting
    }

    /// Forgets a BackupSchedule that is gone. True if there was one to forget.
    pub(super) fn take_leave(&mut self, subject: &Subject) -> bool {
        let key = (subject.namespace.clone(), subject.name.clone());
        subject.kind == SubjectKind::BackupSchedule && self.departed.remove(&key)
    }

    /// Takes in the server's answer to a write of ours. True if it changed anything.
    pub(super) fn take_own(&mut self, object: &DynamicObject) -> bool {
        let Some(types) = &object.types else { return false };
        match (types.api_version.as_str(), types.kind.as_str()) {
            ("cluster.open-cluster-management.io/v1beta1", "BackupSchedule") => {
                set(&mut self.schedules, object)
            }
            ("cluster.open-cluster-management.io/v1beta1", "Restore") => set(&mut self.restores, object),
            ("velero.io/v1", "Schedule") => set(&mut self.velero_schedules, object),
            ("velero.io/v1", "Backup") => set(&mut self.backups, object),
            ("velero.io/v1", "Restore") => set(&mut self.velero_restores, object),
            ("velero.io/v1", "DeleteBackupRequest") => set(&mut self.delete_requests, object),
            _ => self.others.take_own(object),
        }
    }

    /// Forgets an object we deleted. True if it was known.
    pub(super) fn forget(&mut self, place: &Place) -> bool {
        let key = &(place.namespace.clone(), place.name.clone());
        match (place.resource.group.as_str(), place.resource.kind.as_str()) {
            ("velero.io", "Schedule") => self.velero_schedules.forget(key),
            ("velero.io", "Backup") => self.backups.forget(key),
            ("velero.io", "Restore") => self.velero_restores.forget(key),
            (api::GROUP, "Restore") => self.restores.forget(key),
            _ => self.others.forget(&place.resource, key),
        }
    }

    /// The subjects of a namespace; of all namespaces without one.
    pub(super) fn subjects(&self, namespace: Option<&str>) -> Vec<Subject> {
        let is_here = |key: &&Key| namespace.is_none_or(|namespace| key.0 == namespace);
        let named = |kind| move |key: &Key| Subject { kind, namespace: key.0.clone(), name: key.1.clone() };
        let schedules = self.schedules.keys().filter(is_here).map(named(SubjectKind::BackupSchedule));
        schedules.chain(self.restores.keys().filter(is_here).map(named(SubjectKind::Restore))).collect()
    }

    /// True if the subject is there, readable or not, or has yet to be taken leave of.
    pub(super) fn has(&self, subject: &Subject) -> bool {
        let key = (subject.namespace.clone(), subject.name.clone());
        let is_readable = match subject.kind {
            SubjectKind::BackupSchedule => self.schedules.get(&key).is_some() || self.departed.contains(&key),
            SubjectKind::Restore => self.restores.get(&key).is_some(),
        };
        is_readable || self.unreadable(subject).is_some()
    }

    fn unreadable(&self, subject: &Subject) -> Option<&Unreadable> {
        let key = (subject.namespace.clone(), subject.name.clone());
        match subject.kind {
            SubjectKind::BackupSchedule => self.schedules.unreadable(&key),
            SubjectKind::Restore => self.restores.unreadable(&key),
        }
    }

    /// What a pass about `subject` may know.
    pub(super) fn snapshot(&self, subject: &Subject, options: &LoopOptions) -> HubSnapshot {
        let namespace = subject.namespace.as_str();
        HubSnapshot {
            subject: subject.clone(),
            unreadable: self.unreadable(subject).cloned(),
            options: options.clone(),
            schedules: self.schedules.in_namespace(namespace),
            restores: self.restores.in_namespace(namespace),
            unreadable_schedules: self.schedules.unreadable_in(namespace),
            unreadable_restores: self.restores.unreadable_in(namespace),
            velero: VeleroState {
                schedules: self.velero_schedules.in_namespace(namespace),
                unreadable_schedules: self.velero_schedules.unreadable_in(namespace),
                backups: self.backups.all(),
                restores: self.velero_restores.in_namespace(namespace),
                storage_locations: self.storage_locations.all(),
                delete_requests: self.delete_requests.in_namespace(namespace),
            },
            on_request: OnRequest::default(),
        }
    }

    /// All BackupSchedules and Restores, for figures and the end of `--once`.
    pub(super) fn ours(&self) -> (Vec<api::BackupSchedule>, Vec<api::Restore>) {
        (self.schedules.all(), self.restores.all())
    }

    /// All of Velero's Backups, Restores and storage locations, for figures.
    pub(super) fn of_velero(
        &self,
    ) -> (Vec<velero::Backup>, Vec<velero::Restore>, Vec<velero::BackupStorageLocation>) {
        (self.backups.all(), self.velero_restores.all(), self.storage_locations.all())
    }

    /// Kinds whose first list has not arrived.
    pub(super) fn unsynced(&self) -> Vec<String> {
        let synced = [
            (plural::<api::BackupSchedule>(), self.schedules.is_synced()),
            (plural::<api::Restore>(), self.restores.is_synced()),
            (plural::<velero::Schedule>(), self.velero_schedules.is_synced()),
            (plural::<velero::Backup>(), self.backups.is_synced()),
            (plural::<velero::Restore>(), self.velero_restores.is_synced()),
            (plural::<velero::BackupStorageLocation>(), self.storage_locations.is_synced()),
            (plural::<velero::DeleteBackupRequest>(), self.delete_requests.is_synced()),
        ];
        synced.into_iter().filter(|(_, is_synced)| !is_synced).map(|(name, _)| name).collect()
    }

    /// Watches that do not work, and why.
    pub(super) fn broken(&self) -> &BTreeMap<String, String> {
        &self.broken
    }
}

fn schedule_of((namespace, name): Key) -> Subject {
    Subject { kind: SubjectKind::BackupSchedule, namespace, name }
}

/// What is remembered beside the objects.
struct Notes<'a> {
    broken: &'a mut BTreeMap<String, String>,
    told_broken: &'a mut bool,
    unreadable: &'a mut BTreeMap<(String, Key), String>,
}

impl Notes<'_> {
    /// Takes news into a store; returns the namespaces in which something changed.
    fn absorb<K: Kind + PartialEq>(&mut self, store: &mut Store<K>, news: News<K>) -> BTreeSet<String> {
        let changed: BTreeSet<Key> = match news {
            News::All { objects, unreadable, version } => {
                let there: BTreeSet<Key> = unreadable.iter().map(key_of_unreadable).collect();
                self.unreadable.retain(|(kind, key), _| *kind != plural::<K>() || there.contains(key));
                unreadable.iter().for_each(|object| self.report_unreadable::<K>(object));
                store.replace(objects, unreadable, parse_version(&version))
            }
            News::Set(object) => {
                let key = key_of(&object);
                self.unreadable.remove(&(plural::<K>(), key.clone()));
                store.set(object).then_some(key).into_iter().collect()
            }
            News::Gone(object) => store.gone(&object).then(|| key_of(&object)).into_iter().collect(),
            News::Unreadable(object) => {
                self.report_unreadable::<K>(&object);
                let key = key_of_unreadable(&object);
                store.set_unreadable(*object).then_some(key).into_iter().collect()
            }
            News::UnreadableGone(object) => {
                let key = key_of_unreadable(&object);
                self.unreadable.remove(&(plural::<K>(), key.clone()));
                store.unreadable_gone(&object).then_some(key).into_iter().collect()
            }
            // Kinds the loop cannot do without are never absent, only broken.
            News::Absent => BTreeSet::new(),
            News::Broken(error) => {
                self.report_broken(plural::<K>(), error.cause(), error.class());
                BTreeSet::new()
            }
            News::Working => {
                self.broken.remove(&plural::<K>());
                if *self.told_broken && self.broken.is_empty() {
                    *self.told_broken = false;
                    tracing::info!("all watches work again");
                }
                BTreeSet::new()
            }
        };
        changed.into_iter().map(|(namespace, _)| namespace).collect()
    }

    /// Once per trouble: a lost server breaks all watches, and a busy one is asked again at once.
    fn report_broken(&mut self, kind: String, cause: String, class: Class) {
        if !*self.told_broken && class != Class::Busy {
            *self.told_broken = true;
            tracing::warn!("cannot watch {kind}: {cause}; trying again until it works");
        }
        self.broken.insert(kind, cause);
    }

    /// Once per object and reason, which may quote a value of any size.
    fn report_unreadable<K: Kind>(&mut self, object: &Unreadable) {
        let line = cut(&format!("left out, because it cannot be read: {}", describe::<K>(object)));
        let key = (plural::<K>(), key_of_unreadable(object));
        if self.unreadable.insert(key, line.clone()).as_ref() != Some(&line) {
            tracing::error!("{line}");
        }
    }
}

fn set<K: Kind + PartialEq>(store: &mut Store<K>, object: &DynamicObject) -> bool {
    match guard::read::<K>(object) {
        Ok(mut object) => {
            object.meta_mut().managed_fields = None;
            store.set_own(object)
        }
        Err(unreadable) => store.set_unreadable(*unreadable),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backup_schedule(phase: &str, version: &str) -> serde_json::Value {
        json!({"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
            "metadata": {"namespace": "acm", "name": "s", "uid": "u", "resourceVersion": version},
            "spec": {"veleroSchedule": "0 * * * *"}, "status": {"phase": phase, "lastMessage": ""}})
    }

    #[test]
    fn a_pass_after_our_own_write_sees_it_and_the_watchs_echo_touches_nothing() {
        let mut world = World::default();
        let ours: DynamicObject = serde_json::from_value(backup_schedule("Enabled", "9")).unwrap();
        assert!(world.take_own(&ours));
        let echo = serde_json::from_value(backup_schedule("Enabled", "9")).unwrap();
        assert_eq!(world.take(Item::Schedule(News::Set(echo))), Touched::default());
        let older = serde_json::from_value(backup_schedule("New", "8")).unwrap();
        assert_eq!(world.take(Item::Schedule(News::Set(older))), Touched::default());
    }

    /// S-193: a BackupSchedule that went is looked at once more, unless another of its name is there already
    #[test]
    fn a_schedule_that_went_is_kept_until_leave_is_taken() {
        let mut world = World::default();
        let object: api::BackupSchedule = serde_json::from_value(backup_schedule("Enabled", "9")).unwrap();
        world.take(Item::Schedule(News::Set(object.clone())));
        let [subject] = world.subjects(None).try_into().unwrap();
        let touched = world.take(Item::Schedule(News::Gone(object.clone())));
        assert_eq!(touched.departed, std::slice::from_ref(&subject));
        assert!(world.has(&subject) && world.subjects(None).is_empty(), "nothing else brings it forward");
        assert!(world.wanted().contains(&Selected::Accounts));
        assert!(world.take_leave(&subject));
        assert!(!world.has(&subject) && !world.take_leave(&subject));
        world.take(Item::Schedule(News::Set(object.clone())));
        world.take(Item::Schedule(News::All {
            objects: Vec::new(),
            unreadable: Vec::new(),
            version: "20".into(),
        }));
        assert!(world.has(&subject), "gone while the watch was broken");
        world.take(Item::Schedule(News::Set(object)));
        assert!(!world.take_leave(&subject));
    }

    /// S-193, R-733: a schedule has to be gone before a Restore begins, whose tokens must not go with it
    #[test]
    fn no_leave_is_taken_once_a_restore_is_at_work() {
        let restore = |phase: &str| -> api::Restore {
            let metadata = json!({"name": "r", "namespace": "acm", "uid": "r-uid", "resourceVersion": "10"});
            serde_json::from_value(json!({"metadata": metadata, "status": {"phase": phase}})).unwrap()
        };
        let schedule: api::BackupSchedule = serde_json::from_value(backup_schedule("Enabled", "9")).unwrap();
        for (phase, is_left) in [("", false), ("Started", false), ("Enabled", false), ("Finished", true)] {
            for restore_comes_first in [true, false] {
                let mut world = World::default();
                world.take(Item::Schedule(News::Set(schedule.clone())));
                let [subject] = world.subjects(None).try_into().unwrap();
                let mut news =
                    [Item::Restore(News::Set(restore(phase))), Item::Schedule(News::Gone(schedule.clone()))];
                if !restore_comes_first {
                    news.reverse();
                }
                news.into_iter().for_each(|item| drop(world.take(item)));
                assert_eq!(world.has(&subject), is_left, "{phase}, {restore_comes_first}");
            }
        }
    }

    /// S-291: a hub without BackupSchedules, or with none that wants tokens, does not list its clusters
    #[test]
    fn only_what_some_schedule_needs_is_followed() {
        let mut world = World::default();
        assert_eq!(world.wanted(), ALWAYS_READ.iter().copied().collect());
        let mut object: api::BackupSchedule =
            serde_json::from_value(backup_schedule("Enabled", "9")).unwrap();
        world.take(Item::Schedule(News::Set(object.clone())));
        assert!(
            world.wanted().contains(&Selected::Accounts) && !world.wanted().contains(&Selected::Clusters)
        );
        object.spec.use_managed_service_account = true;
        object.metadata.resource_version = Some("10".to_owned());
        world.take(Item::Schedule(News::Set(object)));
        assert!(world.wanted().contains(&Selected::Clusters));
    }

    /// Spec: S-023, R-100, R-130
    #[test]
    fn a_storage_location_concerns_every_namespace() {
        let mut world = World::default();
        let mut location = velero::BackupStorageLocation::default();
        location.metadata.namespace = Some("elsewhere".into());
        assert!(world.take(Item::StorageLocation(News::Set(location))).everything);
    }

    /// S-111, S-296: another hub may write into the same storage from any namespace
    #[test]
    fn a_resources_backup_concerns_the_schedules_of_all_namespaces() {
        let mut world = World::default();
        let mut news = |schedule: &str, version: &str| {
            let labels = json!({"velero.io/schedule-name": schedule});
            let metadata = json!({"namespace": "other", "name": schedule, "uid": schedule, "labels": labels,
                "resourceVersion": version});
            let backup = serde_json::from_value(json!({"metadata": metadata, "spec": {}})).unwrap();
            world.take(Item::VeleroBackup(News::Set(backup)))
        };
        let touched = news("acm-resources-schedule", "1");
        assert_eq!(touched.schedules, Some(SLOW_DEBOUNCE));
        assert_eq!(touched.namespaces, BTreeSet::from(["other".to_owned()]));
        assert_eq!(news("acm-resources-schedule", "1"), Touched::default(), "no news");
        assert_eq!(news("acm-credentials-schedule", "1").schedules, None);
    }

    #[test]
    fn what_the_log_has_said_is_forgotten_with_the_object() {
        let mut world = World::default();
        let object: DynamicObject = serde_json::from_value(backup_schedule("", "9")).unwrap();
        let why = |why: &str| Unreadable { object: object.clone(), why: why.repeat(100_000) };
        for text in ["a", "b"] {
            world.take(Item::Schedule(News::Unreadable(Box::new(why(text)))));
        }
        let told: Vec<&String> = world.unreadable.values().collect();
        assert!(told.len() == 1 && told[0].len() < 2000, "one line of bounded length for each object");
        let hub = world
            .snapshot(&Subject { namespace: "acm".into(), ..Subject::default() }, &LoopOptions::default());
        assert_eq!(hub.unreadable_schedules.len(), 1, "S-109: it is there all the same");
        world.take(Item::Schedule(News::UnreadableGone(Box::new(why("b")))));
        assert!(world.unreadable.is_empty());
    }

    #[test]
    fn the_heartbeat_of_a_storage_location_is_no_news_but_its_first_sync_is() {
        let mut world = World::default();
        let at = |version: u32, synced: Option<&str>| {
            let manager =
                json!([{"manager": "velero-server", "time": format!("2026-11-22T10:0{version}:00Z")}]);
            let location = json!({"metadata": {"namespace": "acm", "name": "l", "resourceVersion": version.to_string(),
                "generation": version, "managedFields": manager},
                "spec": {"provider": "aws"}, "status": {"phase": "Available", "lastSyncedTime": synced}});
            Item::StorageLocation(News::Set(serde_json::from_value(location).unwrap()))
        };
        world.take(at(1, None));
        assert!(world.take(at(2, Some("2026-11-22T10:00:00Z"))).everything);
        assert!(!world.take(at(3, Some("2026-11-22T10:01:00Z"))).everything);
    }

    /// S-017
    #[test]
    fn an_object_that_turns_unreadable_is_still_a_subject_and_shows_why() {
        let mut world = World::default();
        let object = serde_json::from_value(backup_schedule("Enabled", "9")).unwrap();
        world.take(Item::Schedule(News::Set(object)));
        let object = serde_json::from_value(backup_schedule("Enabled", "10")).unwrap();
        let news = Unreadable { object, why: "spec: wrong".into() };
        let touched = world.take(Item::Schedule(News::Unreadable(Box::new(news.clone()))));
        assert_eq!(touched.namespaces, BTreeSet::from(["acm".to_owned()]));
        let subjects = world.subjects(None);
        let hub = world.snapshot(&subjects[0], &LoopOptions::default());
        assert_eq!((hub.schedules.len(), hub.unreadable.as_ref()), (0, Some(&news)));

        let again = world.take(Item::Schedule(News::Unreadable(Box::new(news.clone()))));
        assert_eq!(again, Touched::default());
        world.take(Item::Schedule(News::UnreadableGone(Box::new(news))));
        assert!(world.subjects(None).is_empty() && world.take_leave(&subjects[0]));
        assert!(!world.has(&subjects[0]));
    }

    #[test]
    fn an_object_that_is_mended_is_readable_again() {
        let mut world = World::default();
        let object: DynamicObject = serde_json::from_value(backup_schedule("", "9")).unwrap();
        let broken = Unreadable { object, why: "spec: wrong".into() };
        let list = News::All { objects: vec![], unreadable: vec![broken], version: "9".into() };
        assert!(!world.take(Item::Schedule(list)).namespaces.is_empty());
        let mended = serde_json::from_value(backup_schedule("", "10")).unwrap();
        world.take(Item::Schedule(News::Set(mended)));
        let hub = world.snapshot(&world.subjects(None)[0], &LoopOptions::default());
        assert_eq!((hub.schedules.len(), hub.unreadable), (1, None));
    }
}

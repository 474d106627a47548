//! The objects of one kind as last seen, kept by a watch and by our own writes.
//!
//! A watch tells of our own writes a little later. The store takes the server's answer to a write at once
//! and lets nothing older replace it, so that no pass plans on a state it has itself changed.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::ObjectMeta;

use crate::cluster::list::Object;
use crate::plan::Unreadable;

/// Namespace and name.
pub(super) type Key = (String, String);

/// The objects of one kind, in order of namespace and name.
#[derive(Debug)]
pub(super) struct Store<K> {
    objects: BTreeMap<Key, K>,
    /// Uids of objects we deleted ourselves, until the watch says so too.
    deleted: BTreeSet<String>,
    /// Objects that are there and do not decode.
    unreadable: BTreeMap<Key, Unreadable>,
    /// The highest version a list or a watch has told.
    told: u64,
    is_synced: bool,
    /// What of an object is worth a pass.
    relevant: fn(K) -> K,
}

impl<K> Default for Store<K> {
    fn default() -> Self {
        Self::for_news_in(|object| object)
    }
}

impl<K> Store<K> {
    /// An empty store; objects that are equal after `relevant` are no news.
    pub(super) fn for_news_in(relevant: fn(K) -> K) -> Self {
        Self {
            objects: BTreeMap::new(),
            deleted: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            told: 0,
            is_synced: false,
            relevant,
        }
    }
}

impl<K: Object + PartialEq> Store<K> {
    /// True once the first list has arrived.
    pub(super) fn is_synced(&self) -> bool {
        self.is_synced
    }

    /// All objects of a namespace.
    pub(super) fn in_namespace(&self, namespace: &str) -> Vec<K> {
        self.objects.iter().filter(|((ns, _), _)| ns == namespace).map(|(_, object)| object.clone()).collect()
    }

    /// All objects.
    pub(super) fn all(&self) -> Vec<K> {
        self.objects.values().cloned().collect()
    }

    /// Namespaces and names of the objects that do not decode.
    pub(super) fn unreadable_keys(&self) -> impl Iterator<Item = &Key> {
        self.unreadable.keys()
    }

    /// All objects, in place.
    pub(super) fn values(&self) -> impl Iterator<Item = &K> {
        self.objects.values()
    }

    /// Namespaces and names of all objects, readable or not.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys().chain(self.unreadable.keys())
    }

    /// One object.
    pub(super) fn get(&self, key: &Key) -> Option<&K> {
        self.objects.get(key)
    }

    /// Takes an object the watch tells of. True if something relevant is different.
    pub(super) fn set(&mut self, object: K) -> bool {
        self.told = self.told.max(version_of(&object));
        self.set_own(object)
    }

    /// Takes an object if it is newer than what is known. True if something relevant is different.
    pub(super) fn set_own(&mut self, object: K) -> bool {
        let is_news = !self.deleted.contains(uid_of(&object)) && self.is_newer(&key_of(&object), &object);
        is_news && self.put(object)
    }

    /// Every write moves the version, which is no news by itself.
    fn essence(&self, object: &K) -> K {
        let mut essence = (self.relevant)(object.clone());
        essence.meta_mut().resource_version = None;
        essence
    }

    /// Forgets an object the watch reports as gone. True if it was known.
    pub(super) fn gone(&mut self, object: &K) -> bool {
        self.deleted.remove(uid_of(object));
        let key = key_of(object);
        let is_same = self.objects.get(&key).is_some_and(|known| uid_of(known) == uid_of(object));
        let was_unreadable =
            self.unreadable.get(&key).is_some_and(|u| u.object.metadata.uid == object.meta().uid);
        (was_unreadable && self.unreadable.remove(&key).is_some())
            || (is_same && self.objects.remove(&key).is_some())
    }

    /// Forgets an object we deleted ourselves. True if it was known.
    pub(super) fn forget(&mut self, key: &Key) -> bool {
        let Some(object) = self.objects.remove(key) else { return false };
        self.deleted.insert(uid_of(&object).to_owned());
        true
    }

    /// Takes an object that does not decode. True if that is news.
    pub(super) fn set_unreadable(&mut self, object: Unreadable) -> bool {
        let key = key_of_unreadable(&object);
        self.told = self.told.max(version_in(&object.object.metadata));
        let was_readable = self.objects.remove(&key).is_some();
        let before = self.unreadable.insert(key.clone(), object);
        was_readable || before.as_ref() != self.unreadable.get(&key)
    }

    /// Forgets an object that did not decode. True if it was known.
    pub(super) fn unreadable_gone(&mut self, object: &Unreadable) -> bool {
        self.unreadable.remove(&key_of_unreadable(object)).is_some()
    }

    /// What is there under this name and does not decode.
    pub(super) fn unreadable(&self, key: &Key) -> Option<&Unreadable> {
        self.unreadable.get(key)
    }

    /// All objects of a namespace that do not decode.
    pub(super) fn unreadable_in(&self, namespace: &str) -> Vec<Unreadable> {
        self.unreadable.values().filter(|object| object.namespace() == namespace).cloned().collect()
    }

    /// Forgets everything: the server no longer serves the kind. True if anything was known, or nothing was sure.
    pub(super) fn clear(&mut self) -> bool {
        let was_news = !self.is_synced || !self.objects.is_empty();
        self.objects.clear();
        self.unreadable.clear();
        self.deleted.clear();
        self.told = 0;
        self.is_synced = true;
        was_news
    }

    /// Replaces everything by a list as of `version`; what we wrote since stays. Returns what changed.
    ///
    /// A list is never older than what a watch has told before. If it is, the server has gone back in time, as etcd
    /// restored from a backup does: nothing known before counts then, and neither does what we wrote.
    pub(super) fn replace(
        &mut self,
        listed: Vec<K>,
        unreadable: Vec<Unreadable>,
        version: u64,
    ) -> BTreeSet<Key> {
        let listed: BTreeMap<Key, K> = listed.into_iter().map(|object| (key_of(&object), object)).collect();
        let went_back = version < self.told;
        self.told = version;
        let is_ours = |known: &K| !went_back && version_of(known) > version;
        let mut changed: BTreeSet<Key> = std::mem::take(&mut self.unreadable).into_keys().collect();
        self.objects.retain(|key, known| {
            let stays = listed.contains_key(key) || is_ours(known);
            if !stays {
                changed.insert(key.clone());
            }
            stays
        });
        // A list asked for before our deletion shows the object once more; the next list is from after it.
        let deleted = std::mem::take(&mut self.deleted);
        for (key, object) in listed {
            let is_late = !went_back && deleted.contains(uid_of(&object));
            if !is_late && !self.objects.get(&key).is_some_and(is_ours) && self.put(object) {
                changed.insert(key);
            }
        }
        changed.extend(unreadable.iter().map(key_of_unreadable));
        for object in unreadable {
            self.set_unreadable(object);
        }
        self.is_synced = true;
        changed
    }

    /// True if something relevant is different.
    fn put(&mut self, object: K) -> bool {
        let now = self.essence(&object);
        self.unreadable.remove(&key_of(&object));
        let before = self.objects.insert(key_of(&object), object);
        before.is_none_or(|before| self.essence(&before) != now)
    }

    fn is_newer(&self, key: &Key, object: &K) -> bool {
        let Some(known) = self.objects.get(key) else { return true };
        uid_of(known) != uid_of(object) || version_of(object) > version_of(known)
    }
}

/// Namespace and name of an object.
pub(super) fn key_of<K: Object>(object: &K) -> Key {
    let meta = object.meta();
    (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

pub(super) fn key_of_unreadable(object: &Unreadable) -> Key {
    (object.namespace().to_owned(), object.name().to_owned())
}

fn uid_of<K: Object>(object: &K) -> &str {
    object.meta().uid.as_deref().unwrap_or_default()
}

/// Resource versions of one kind grow, as Kubernetes promises since 1.35 and has always kept.
pub(super) fn version_of<K: Object>(object: &K) -> u64 {
    version_in(object.meta())
}

fn version_in(metadata: &ObjectMeta) -> u64 {
    parse_version(metadata.resource_version.as_deref().unwrap_or_default())
}

/// The number in a resource version; 0 where there is none.
pub(super) fn parse_version(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::velero;

    fn restore(name: &str, uid: &str, version: u64) -> velero::Restore {
        let mut restore = velero::Restore::default();
        restore.metadata.namespace = Some("acm".into());
        restore.metadata.name = Some(name.into());
        restore.metadata.uid = Some(uid.into());
        restore.metadata.resource_version = Some(version.to_string());
        restore
    }

    #[test]
    fn a_change_no_rule_can_see_is_no_news_but_moves_the_version() {
        let mut store = Store::default();
        store.set(restore("r", "u", 9));
        assert!(!store.set(restore("r", "u", 10)));
        assert_eq!(version_of(store.get(&key("r")).unwrap()), 10);
    }

    fn key(name: &str) -> Key {
        ("acm".into(), name.into())
    }

    #[test]
    fn an_older_event_never_replaces_our_own_write() {
        let mut store = Store::default();
        assert!(store.set(restore("r", "u", 9)));
        assert!(!store.set(restore("r", "u", 8)), "the watch lags behind");
        assert!(!store.set(restore("r", "u", 9)), "the watch reports our own write");
        let mut newer = restore("r", "u", 10);
        newer.spec.backup_name = "b".into();
        assert!(store.set(newer));
    }

    #[test]
    fn what_we_deleted_does_not_come_back_by_a_late_event() {
        let mut store = Store::default();
        store.set(restore("r", "u", 9));
        assert!(store.forget(&key("r")));
        assert!(!store.set(restore("r", "u", 9)));
        assert!(!store.gone(&restore("r", "u", 10)));
        assert!(store.set(restore("r", "another", 11)), "a new object of the same name does");
    }

    #[test]
    fn a_late_goodbye_does_not_remove_the_successor() {
        let mut store = Store::default();
        store.set(restore("r", "new", 12));
        assert!(!store.gone(&restore("r", "old", 11)));
        assert!(store.get(&key("r")).is_some());
    }

    #[test]
    fn a_list_from_before_our_write_does_not_undo_it() {
        let mut store = Store::default();
        store.set(restore("old", "o", 3));
        store.set_own(restore("ours", "u", 9));
        let changed = store.replace(vec![restore("other", "x", 4)], vec![], 8);
        assert_eq!(changed, BTreeSet::from([key("old"), key("other")]));
        assert!(store.get(&key("ours")).is_some());
        assert!(store.is_synced());
    }

    #[test]
    fn a_server_that_went_back_in_time_is_believed() {
        let mut store = Store::default();
        store.replace(
            vec![restore("kept", "k", 70), restore("gone", "g", 80), restore("ended", "e", 60)],
            vec![],
            90,
        );
        store.set(restore("kept", "k", 95));
        store.set_own(restore("ours", "u", 96));
        store.forget(&key("ended"));
        let mut older = restore("kept", "k", 40);
        older.spec.backup_name = "as it was".into();
        let changed = store.replace(vec![older.clone(), restore("ended", "e", 30)], vec![], 50);
        assert_eq!(changed, BTreeSet::from(["kept", "gone", "ours", "ended"].map(key)));
        assert_eq!(store.all(), [restore("ended", "e", 30), older]);
        assert!(store.set(restore("new", "n", 51)), "and so is what follows");
    }

    #[test]
    fn a_list_is_believed_over_what_is_newer_only_by_its_number() {
        let mut store = Store::default();
        store.replace(vec![restore("r", "u", 80)], vec![], 90);
        let mut older = restore("r", "u", 40);
        older.spec.backup_name = "as it was".into();
        store.replace(vec![older.clone()], vec![], 120);
        assert_eq!(store.all(), [older], "restored, and much was written since");
    }

    #[test]
    fn a_list_from_before_our_deletion_does_not_bring_the_object_back() {
        let mut store = Store::default();
        store.replace(vec![restore("r", "u", 9)], vec![], 9);
        store.forget(&key("r"));
        assert_eq!(store.replace(vec![restore("r", "u", 9)], vec![], 9), BTreeSet::new());
        assert!(store.get(&key("r")).is_none());
        store.replace(vec![restore("r", "u", 9)], vec![], 10);
        assert!(store.get(&key("r")).is_some(), "still there long after: something keeps it");
    }
}

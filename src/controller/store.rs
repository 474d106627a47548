//! The objects of one kind as last seen, kept by a watch and by our own writes.
//!
//! A watch tells of our own writes a little later. The store takes the server's answer to a write at once
//! and lets nothing older replace it, so that no pass plans on a state it has itself changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::list::Object;

/// Namespace and name.
pub(super) type Key = (String, String);

/// The objects of one kind, in order of namespace and name.
#[derive(Debug)]
pub(super) struct Store<K> {
    objects: BTreeMap<Key, K>,
    /// Uids of objects we deleted ourselves, until the watch says so too.
    deleted: BTreeSet<String>,
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
        Self { objects: BTreeMap::new(), deleted: BTreeSet::new(), is_synced: false, relevant }
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

    /// All objects, in place.
    pub(super) fn values(&self) -> impl Iterator<Item = &K> {
        self.objects.values()
    }

    /// Namespaces and names of all objects.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys()
    }

    /// One object.
    pub(super) fn get(&self, key: &Key) -> Option<&K> {
        self.objects.get(key)
    }

    /// Takes an object if it is newer than what is known. True if something relevant is different.
    pub(super) fn set(&mut self, object: K) -> bool {
        let key = key_of(&object);
        if self.deleted.contains(uid_of(&object)) || !self.is_newer(&key, &object) {
            return false;
        }
        let now = self.essence(&object);
        let before = self.objects.insert(key, object);
        before.is_none_or(|before| self.essence(&before) != now)
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
        is_same && self.objects.remove(&key).is_some()
    }

    /// Forgets an object we deleted ourselves. True if it was known.
    pub(super) fn forget(&mut self, key: &Key) -> bool {
        let Some(object) = self.objects.remove(key) else { return false };
        self.deleted.insert(uid_of(&object).to_owned());
        true
    }

    /// Forgets an object that can no longer be read. True if it was known.
    pub(super) fn drop_unreadable(&mut self, key: &Key) -> bool {
        self.objects.remove(key).is_some()
    }

    /// Forgets everything: the server no longer serves the kind. True if anything was known, or nothing was sure.
    pub(super) fn clear(&mut self) -> bool {
        let was_news = !self.is_synced || !self.objects.is_empty();
        self.objects.clear();
        self.deleted.clear();
        self.is_synced = true;
        was_news
    }

    /// Replaces everything by a list as of `version`; what we wrote since stays. Returns what changed.
    pub(super) fn replace(&mut self, listed: Vec<K>, version: u64) -> BTreeSet<Key> {
        let listed: BTreeMap<Key, K> = listed.into_iter().map(|object| (key_of(&object), object)).collect();
        let mut changed = BTreeSet::new();
        self.objects.retain(|key, known| {
            let stays = listed.contains_key(key) || version_of(known) > version;
            if !stays {
                changed.insert(key.clone());
            }
            stays
        });
        let uids: BTreeSet<&str> = listed.values().map(uid_of).collect();
        self.deleted.retain(|uid| uids.contains(uid.as_str()));
        for (key, object) in listed {
            if self.set(object) {
                changed.insert(key);
            }
        }
        self.is_synced = true;
        changed
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

fn uid_of<K: Object>(object: &K) -> &str {
    object.meta().uid.as_deref().unwrap_or_default()
}

/// Resource versions of one kind grow, as Kubernetes promises since 1.35 and has always kept.
pub(super) fn version_of<K: Object>(object: &K) -> u64 {
    parse_version(object.meta().resource_version.as_deref().unwrap_or_default())
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
        store.set(restore("ours", "u", 9));
        let changed = store.replace(vec![restore("other", "x", 4)], 8);
        assert_eq!(changed, BTreeSet::from([key("old"), key("other")]));
        assert!(store.get(&key("ours")).is_some());
        assert!(store.is_synced());
    }
}

//! Objects of other components as last seen, each kind on a shelf of its own.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use kube::core::{ApiResource, DynamicObject};

use super::store::{Key, Store, key_of, parse_version};
use crate::cluster::Class;
use crate::cluster::facts::{Lists, selections_of};
use crate::cluster::selection::Selected;
use crate::cluster::watch::News;
use crate::plan::{Query, Unreadable, labels};

/// The objects of other components that are followed.
#[derive(Debug, Default)]
pub(super) struct Others {
    shelves: BTreeMap<Selected, Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    store: Store<DynamicObject>,
    /// The server does not serve the kind.
    is_absent: bool,
    /// The watch does not come up; it is told once.
    is_broken: bool,
}

/// What the shelves know.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// Everything asked for.
    All(Lists),
    /// Not yet: some first list is on its way.
    NotYet,
    /// Not all of it: something is not watched, or cannot be.
    InPart,
}

/// What a piece of news changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// An object.
    Some,
    /// Everything on a shelf is known now.
    Complete,
}

impl Others {
    /// Keeps shelves for exactly these objects.
    pub(super) fn keep(&mut self, wanted: &BTreeSet<Selected>) {
        self.shelves.retain(|selected, _| wanted.contains(selected));
        for selected in wanted {
            self.shelves.entry(*selected).or_default();
        }
    }

    /// Takes in a piece of news; late news of what is no longer followed is dropped.
    pub(super) fn take(&mut self, selected: Selected, news: News<DynamicObject>) -> Change {
        let Some(shelf) = self.shelves.get_mut(&selected) else { return Change::None };
        let was_complete = shelf.store.is_synced();
        let changed = shelf.take(&selected.scope().name, news);
        match shelf.store.is_synced() {
            true if !was_complete => Change::Complete,
            _ if changed => Change::Some,
            _ => Change::None,
        }
    }

    /// Takes in the server's answer to a write of ours. True if it changed anything.
    pub(super) fn take_own(&mut self, object: &DynamicObject) -> bool {
        let key = key_of(object);
        let mut changed = false;
        for (selected, shelf) in &mut self.shelves {
            if selected.is_of_hive_namespaces() && shelf.store.get(&key).is_none() {
                continue;
            }
            if selected.includes(object) {
                changed |= shelf.store.set_own(selected.trim(object.clone()));
            } else if shelf.store.get(&key).is_some_and(|known| known.uid() == object.uid()) {
                // It no longer belongs here.
                changed |= shelf.store.forget(&key);
            }
        }
        changed
    }

    /// Forgets an object we deleted. True if it was known.
    pub(super) fn forget(&mut self, resource: &ApiResource, key: &Key) -> bool {
        let of_kind = self.shelves.iter_mut().filter(|(selected, _)| selected.is_of_kind(resource));
        of_kind.fold(false, |changed, (_, shelf)| shelf.store.forget(key) || changed)
    }

    /// The objects of these selections.
    pub(super) fn lists(&self, selections: &[Selected]) -> Known {
        let mut lists = Lists::default();
        for selected in selections {
            match self.shelves.get(selected) {
                Some(shelf) if shelf.is_absent => lists.insert(*selected, None),
                Some(shelf) if shelf.store.is_synced() => lists.insert(*selected, Some(shelf.store.all())),
                Some(shelf) if !shelf.is_broken => return Known::NotYet,
                _ => return Known::InPart,
            };
        }
        Known::All(lists)
    }

    /// The objects that decide on labels, once they are known; what cannot be read is left out. Spec: S-131
    pub(super) fn of_credentials(&self) -> Known {
        let mut lists = Lists::default();
        for selected in selections_of(&Query::Credentials) {
            let Some(shelf) = self.shelves.get(selected).filter(|shelf| shelf.is_settled()) else {
                return Known::NotYet;
            };
            lists.insert(*selected, Some(shelf.store.all()));
        }
        for (selected, shelf) in self.shelves.iter().filter(|(selected, _)| selected.is_of_hive_namespaces())
        {
            if !shelf.is_settled() {
                return Known::NotYet;
            }
            lists.insert(*selected, Some(shelf.store.all()));
        }
        Known::All(lists)
    }

    /// The namespaces Hive works in, and whether it names configmaps there; none before all of it is known.
    pub(super) fn of_hive(&self) -> (BTreeSet<String>, bool) {
        let shelves = [Selected::Deployments, Selected::Pools].map(|selected| self.shelves.get(&selected));
        if !shelves.iter().all(|shelf| shelf.is_some_and(Shelf::is_settled)) {
            return (BTreeSet::new(), false);
        }
        let objects = || shelves.iter().flatten().flat_map(|shelf| shelf.store.values());
        let names_config_maps = objects().any(|object| labels::manifests_config_map(object).is_some());
        (objects().filter_map(ResourceExt::namespace).collect(), names_config_maps)
    }
}

impl Shelf {
    /// As much is known as will be for now.
    fn is_settled(&self) -> bool {
        self.store.is_synced() || self.is_absent || self.is_broken
    }

    fn take(&mut self, name: &str, news: News<DynamicObject>) -> bool {
        match news {
            News::All { objects, unreadable, version } => {
                unreadable.iter().for_each(|object| leave_out(name, object));
                let was_absent = std::mem::take(&mut self.is_absent);
                self.is_broken = false;
                !self.store.replace(objects, unreadable, parse_version(&version)).is_empty() || was_absent
            }
            News::Set(object) => self.store.set(object),
            News::Gone(object) => self.store.gone(&object),
            News::Absent => {
                let was_there = !std::mem::replace(&mut self.is_absent, true);
                self.store.clear() || was_there
            }
            News::Unreadable(object) => {
                leave_out(name, &object);
                self.store.set_unreadable(*object)
            }
            News::UnreadableGone(object) => self.store.unreadable_gone(&object),
            News::Broken(error) => {
                if !std::mem::replace(&mut self.is_broken, true) && error.class() != Class::Busy {
                    tracing::warn!("cannot watch {name}: {}; trying again until it works", error.cause());
                }
                false
            }
            News::Working => {
                self.is_broken = false;
                false
            }
        }
    }
}

fn leave_out(name: &str, object: &Unreadable) {
    let (namespace, name_of, why) = (object.namespace(), object.name(), &object.why);
    tracing::error!("left out, because it cannot be read: {name} {namespace}/{name_of}: {why}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRETS: Selected = Selected::TokenSecrets;

    fn secret(version: u32, label: &str) -> DynamicObject {
        serde_json::from_value(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": "auto-import-account", "namespace": "c1", "uid": "u", "resourceVersion": version.to_string(),
            "labels": {"authentication.open-cluster-management.io/is-managed-serviceaccount": label},
        }}))
        .unwrap()
    }

    fn others() -> Others {
        let mut others = Others::default();
        others.keep(&BTreeSet::from([SECRETS]));
        others
    }

    fn count(others: &Others) -> usize {
        match others.lists(&[SECRETS]) {
            Known::All(lists) => lists[&SECRETS].as_ref().map_or(0, Vec::len),
            other => panic!("{other:?}"),
        }
    }

    /// S-150: what is not known yet is never taken for absent
    #[test]
    fn a_shelf_says_nothing_before_its_first_list() {
        let mut others = others();
        assert_eq!(others.lists(&[SECRETS]), Known::NotYet);
        assert_eq!(others.lists(&[Selected::Accounts]), Known::InPart, "nobody follows them");
        let all = News::All { objects: Vec::new(), unreadable: Vec::new(), version: "7".into() };
        assert_eq!(others.take(SECRETS, all), Change::Complete);
        assert_eq!(count(&others), 0);
    }

    /// S-132, S-150: a kind that is not served has no objects, and says so
    #[test]
    fn an_absent_kind_is_known_to_be_absent() {
        let mut others = others();
        assert_eq!(others.take(SECRETS, News::Absent), Change::Complete);
        assert_eq!(others.lists(&[SECRETS]), Known::All(Lists::from([(SECRETS, None)])));
        assert_eq!(others.take(SECRETS, News::Absent), Change::None);
        let all = News::All { objects: Vec::new(), unreadable: Vec::new(), version: "7".into() };
        assert_eq!(others.take(SECRETS, all), Change::Some, "it is served now");
    }

    /// S-150, S-191: a watch that does not come up is asked about, not believed to be empty
    #[test]
    fn a_broken_watch_is_not_an_empty_list() {
        let mut others = others();
        let broken = crate::cluster::Error::timed_out("list", "secrets");
        assert_eq!(others.take(SECRETS, News::Broken(broken)), Change::None);
        assert_eq!(others.lists(&[SECRETS]), Known::InPart);
    }

    #[test]
    fn our_own_write_is_seen_at_once_and_leaves_the_shelf_when_its_label_goes() {
        let mut others = others();
        others.take(SECRETS, News::All { objects: Vec::new(), unreadable: Vec::new(), version: "7".into() });
        assert!(others.take_own(&secret(8, "true")));
        assert_eq!(count(&others), 1);
        assert!(others.take_own(&secret(9, "no")));
        assert_eq!(count(&others), 0);
    }

    fn whole(objects: serde_json::Value) -> News<DynamicObject> {
        News::All {
            objects: serde_json::from_value(objects).unwrap(),
            unreadable: Vec::new(),
            version: "7".into(),
        }
    }

    fn with_shelves(selections: &[Selected]) -> Others {
        let mut others = Others::default();
        others.keep(&selections.iter().copied().collect());
        others
    }

    /// S-201, S-203: the first backups must not miss a namespace
    #[test]
    fn the_namespaces_of_hive_are_told_once_all_are_known() {
        let mut others = with_shelves(selections_of(&Query::Credentials));
        let manifests = json!({"provisioning": {"manifestsConfigMapRef": {"name": "m"}}});
        others.take(
            Selected::Deployments,
            whole(json!([{"metadata": {"namespace": "c1"}, "spec": manifests}])),
        );
        assert_eq!(others.of_hive(), (BTreeSet::new(), false));
        others.take(Selected::Pools, whole(json!([{"metadata": {"namespace": "pools"}}])));
        assert_eq!(others.of_hive(), (BTreeSet::from(["c1".to_owned(), "pools".to_owned()]), true));
    }

    /// S-131, S-132: what is not served, or may not be read, keeps nothing from being backed up
    #[test]
    fn credentials_are_known_as_far_as_they_can_be() {
        let mut others = with_shelves(selections_of(&Query::Credentials));
        others.take(Selected::Deployments, News::Absent);
        others.take(Selected::Pools, News::Absent);
        others.take(Selected::HostSecrets, whole(json!([{"metadata": {"namespace": "infra"}}])));
        assert_eq!(others.of_credentials(), Known::NotYet);
        let broken = crate::cluster::Error::timed_out("list", "secrets");
        others.take(Selected::AgentSecrets, News::Broken(broken));
        let Known::All(lists) = others.of_credentials() else { panic!("not known") };
        assert_eq!(lists[&Selected::HostSecrets].as_ref().map(Vec::len), Some(1));
    }

    /// S-207, S-291: what has its label leaves the shelf; of other secrets none is taken in
    #[test]
    fn a_labelled_secret_leaves_the_shelf_at_once() {
        let mut others = with_shelves(&[Selected::AgentSecrets, Selected::ClusterSecrets]);
        let secret = |version: &str, labels: serde_json::Value| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "infra", "name": "pull",
                "uid": "u", "resourceVersion": version, "labels": labels}})
        };
        let watched = json!({"agent-install.openshift.io/watch": "true"});
        others.take(Selected::AgentSecrets, whole(json!([secret("5", watched.clone())])));
        others.take(Selected::ClusterSecrets, whole(json!([])));
        let mut labelled = watched;
        labelled["cluster.open-cluster-management.io/backup"] = json!("agent-install");
        assert!(others.take_own(&serde_json::from_value(secret("8", labelled)).unwrap()));
        let empty =
            Lists::from([(Selected::AgentSecrets, Some(vec![])), (Selected::ClusterSecrets, Some(vec![]))]);
        assert_eq!(others.lists(&[Selected::AgentSecrets, Selected::ClusterSecrets]), Known::All(empty));
    }
}

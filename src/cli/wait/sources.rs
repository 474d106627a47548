//! What is known about the objects waited for, kept fresh by watches.

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::cli::noun::Noun;
use crate::cluster::list::{Kind, Scope};
use crate::cluster::presence::Presence;
use crate::cluster::watch::{News, follow};
use crate::{api, cluster, velero};

/// Objects by name.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) schedules: BTreeMap<String, api::BackupSchedule>,
    pub(super) restores: BTreeMap<String, api::Restore>,
    pub(super) velero_restores: BTreeMap<String, velero::Restore>,
    pub(super) backups: BTreeMap<String, velero::Backup>,
    /// Kinds that were listed once; before that an absent object may be there.
    pub(super) listed: BTreeSet<&'static str>,
}

impl World {
    /// The namespace of the backups; empty while none is known.
    pub(super) fn namespace(&self) -> String {
        self.backups.values().find_map(ResourceExt::namespace).unwrap_or_default()
    }

    /// The Velero Restores of one of our Restores.
    pub(super) fn owned_by(&self, restore: &api::Restore) -> Vec<&velero::Restore> {
        let is_owned = |velero: &&velero::Restore| {
            velero.owner_references().iter().any(|owner| Some(&owner.uid) == restore.metadata.uid.as_ref())
        };
        self.velero_restores.values().filter(is_owned).collect()
    }
}

/// A change of the world, or of the connection to it.
pub(super) enum Change {
    /// To be carried out on the world; the first one of a kind makes it known.
    World(Box<dyn FnOnce(&mut World) + Send>),
    /// The connection is lost for now.
    Broken(cluster::Error),
}

/// Watches of the kinds a noun needs, and their changes.
pub(super) struct Sources {
    pub(super) changes: UnboundedReceiver<Change>,
    /// Number of kinds that are watched.
    pub(super) kinds: usize,
}

impl Sources {
    /// Starts to watch; ends by itself when dropped.
    ///
    /// All backups are watched only when a run is waited for or the condition is about them.
    pub(super) fn start(
        client: &kube::Client,
        namespace: &str,
        (noun, name): (Noun, &str),
        with_backups: bool,
    ) -> Self {
        let (send, changes) = unbounded_channel();
        let start = Start { client, namespace, send };
        let backups = with_backups && !matches!(noun, Noun::Backup | Noun::Run);
        if backups {
            start.watch(|world: &mut World| &mut world.backups);
        }
        let kinds = match noun {
            Noun::Schedule => {
                start.watch(|world: &mut World| &mut world.schedules);
                1
            }
            Noun::Restore => {
                start.watch(|world: &mut World| &mut world.restores);
                start.watch(|world: &mut World| &mut world.velero_restores);
                2
            }
            Noun::Backup => {
                start.watch_scope(start.all().named(name), |world| &mut world.backups);
                1
            }
            Noun::Run => {
                start.watch(|world: &mut World| &mut world.backups);
                1
            }
        };
        Self { changes, kinds: kinds + usize::from(backups) }
    }
}

struct Start<'a> {
    client: &'a kube::Client,
    namespace: &'a str,
    send: UnboundedSender<Change>,
}

impl Start<'_> {
    fn all<K: Kind>(&self) -> Scope<K> {
        Scope::of(Some(self.namespace))
    }

    fn watch<K: Kind + Sync>(&self, shelf: fn(&mut World) -> &mut BTreeMap<String, K>) {
        self.watch_scope(self.all(), shelf);
    }

    fn watch_scope<K: Kind + Sync>(
        &self,
        scope: Scope<K>,
        shelf: fn(&mut World) -> &mut BTreeMap<String, K>,
    ) {
        let (client, send) = (self.client.clone(), self.send.clone());
        tokio::spawn(async move {
            let tell = move |news: News<K>| match change_of(news, shelf) {
                Some(change) => send.send(change).is_ok(),
                None => !send.is_closed(),
            };
            follow(client, scope, Presence::Certain, tell).await;
        });
    }
}

fn change_of<K: Kind>(news: News<K>, shelf: fn(&mut World) -> &mut BTreeMap<String, K>) -> Option<Change> {
    Some(match news {
        News::All { objects, .. } => Change::World(Box::new(move |world| {
            world.listed.insert(std::any::type_name::<K>());
            *shelf(world) = objects
                .into_iter()
                .map(|object| (object.meta().name.clone().unwrap_or_default(), object))
                .collect();
        })),
        News::Set(object) => Change::World(Box::new(move |world| {
            shelf(world).insert(object.meta().name.clone().unwrap_or_default(), object);
        })),
        News::Gone(object) => Change::World(Box::new(move |world| {
            shelf(world).remove(object.meta().name.as_deref().unwrap_or_default());
        })),
        News::Unreadable(object) | News::UnreadableGone(object) => Change::World(Box::new(move |world| {
            shelf(world).remove(object.name());
        })),
        News::Broken(error) => Change::Broken(error),
        News::Absent | News::Working => return None,
    })
}

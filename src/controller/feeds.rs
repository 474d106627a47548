//! The watches behind the loop, all telling one inbox.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::ResourceExt;
use kube::core::{DynamicObject, PartialObjectMeta};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::within::follow_within;
use crate::cluster::list::{Kind, Scope};
use crate::cluster::presence::{Crds, Presence};
use crate::cluster::selection::Selected;
use crate::cluster::watch::{News, follow};
use crate::{api, velero};

/// A CRD, as far as its coming and going matters.
pub(super) type Crd = PartialObjectMeta<CustomResourceDefinition>;

/// What the hub's installer waits with, as far as its coming and going matters.
pub(super) type InternalHub = PartialObjectMeta<api::InternalHubComponent>;

/// News of one kind.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "an item lives only from the watch to the store")]
pub(super) enum Item {
    /// Of BackupSchedules.
    Schedule(News<api::BackupSchedule>),
    /// Of Restores.
    Restore(News<api::Restore>),
    /// Of Velero Schedules.
    VeleroSchedule(News<velero::Schedule>),
    /// Of Velero Backups.
    VeleroBackup(News<velero::Backup>),
    /// Of Velero Restores.
    VeleroRestore(News<velero::Restore>),
    /// Of storage locations.
    StorageLocation(News<velero::BackupStorageLocation>),
    /// Of Velero's delete requests.
    DeleteRequest(News<velero::DeleteBackupRequest>),
    /// Of the hub's installer: Restores go with the hub.
    InternalHub(News<InternalHub>),
    /// Of CRDs: what the server serves may have changed.
    Crd(News<Crd>),
    /// Of objects of other components.
    Other(Selected, News<DynamicObject>),
}

/// Where the loop works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    /// The one namespace whose objects are reconciled; `None` = all.
    pub(super) namespace: Option<String>,
    /// Backups and storage locations of other namespaces may be read too.
    pub(super) sees_all: bool,
    /// The hub has an installer that can be watched. Spec: R-100
    pub(super) sees_installer: bool,
}

/// The running watches; they end when this is dropped.
pub(super) struct Feeds {
    tasks: JoinSet<()>,
    client: Client,
    sender: UnboundedSender<Item>,
    crds: watch::Sender<Crds>,
    others: BTreeMap<Selected, AbortHandle>,
    hive_namespaces: watch::Sender<BTreeSet<String>>,
}

impl Feeds {
    /// No watch yet, and the inbox all of them will tell.
    pub(super) fn new(client: Client) -> (Self, UnboundedReceiver<Item>) {
        let (sender, inbox) = unbounded_channel();
        let (crds, _) = watch::channel(None);
        let (hive_namespaces, _) = watch::channel(BTreeSet::new());
        let (tasks, others) = (JoinSet::new(), BTreeMap::new());
        (Self { tasks, client, sender, crds, others, hive_namespaces }, inbox)
    }

    /// Starts the watch on CRDs.
    pub(super) fn watch_crds(&mut self) {
        let crds = self.crds.clone();
        self.watch(None, move |news| {
            note(&crds, &news);
            Item::Crd(news)
        });
    }

    /// Follows exactly these objects of other components; what runs already goes on.
    pub(super) fn want(&mut self, wanted: &BTreeSet<Selected>, hive_namespaces: BTreeSet<String>) {
        self.hive_namespaces.send_if_modified(|known| {
            let is_news = *known != hive_namespaces;
            *known = hive_namespaces;
            is_news
        });
        self.others.retain(|selected, task| {
            let stays = wanted.contains(selected);
            if !stays {
                task.abort();
            }
            stays
        });
        for selected in wanted {
            if !self.others.contains_key(selected) {
                let task = self.follow(*selected);
                self.others.insert(*selected, task);
            }
        }
    }

    fn follow(&mut self, selected: Selected) -> AbortHandle {
        let (client, sender) = (self.client.clone(), self.sender.clone());
        if selected.is_of_hive_namespaces() {
            let namespaces = self.hive_namespaces.subscribe();
            let tell = move |news| sender.send(Item::Other(selected, news)).is_ok();
            return self.tasks.spawn(follow_within(client, selected, namespaces, tell));
        }
        let presence = selected.presence(self.crds.subscribe());
        let tell = move |news| sender.send(Item::Other(selected, news)).is_ok();
        self.tasks.spawn(follow(client, selected.scope(), presence, tell))
    }

    /// Starts the watches on everything a pass reads or waits for.
    pub(super) fn watch_all(&mut self, reach: &Reach) {
        let here = reach.namespace.as_deref();
        let around = here.filter(|_| !reach.sees_all);
        self.watch(here, Item::Schedule);
        self.watch(here, Item::Restore);
        self.watch(here, Item::VeleroSchedule);
        self.watch(here, Item::VeleroRestore);
        self.watch(here, Item::DeleteRequest);
        self.watch(around, Item::VeleroBackup);
        self.watch(around, Item::StorageLocation);
        if reach.sees_installer {
            self.watch(None, Item::InternalHub);
        }
    }

    fn watch<K: Kind + Sync>(
        &mut self,
        namespace: Option<&str>,
        wrap: impl Fn(News<K>) -> Item + Send + 'static,
    ) {
        let (client, sender) = (self.client.clone(), self.sender.clone());
        let scope = Scope::<K>::of(namespace);
        self.tasks
            .spawn(follow(client, scope, Presence::Certain, move |news| sender.send(wrap(news)).is_ok()));
    }
}

/// Keeps the names of the CRDs, by which the watches on kinds a hub may lack come and go.
fn note(crds: &watch::Sender<Crds>, news: &News<Crd>) {
    match news {
        News::All { objects, .. } => {
            crds.send_replace(Some(objects.iter().map(ResourceExt::name_any).collect()));
        }
        News::Set(crd) => {
            crds.send_if_modified(|crds| crds.as_mut().is_some_and(|crds| crds.insert(crd.name_any())));
        }
        News::Gone(crd) => {
            crds.send_if_modified(|crds| crds.as_mut().is_some_and(|crds| crds.remove(&crd.name_any())));
        }
        _ => {}
    }
}

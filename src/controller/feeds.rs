//! The watches behind the loop, all telling one inbox.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::core::PartialObjectMeta;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::cluster::list::Kind;
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
}

impl Feeds {
    /// No watch yet, and the inbox all of them will tell.
    pub(super) fn new(client: Client) -> (Self, UnboundedReceiver<Item>) {
        let (sender, inbox) = unbounded_channel();
        (Self { tasks: JoinSet::new(), client, sender }, inbox)
    }

    /// Starts the watch on CRDs.
    pub(super) fn watch_crds(&mut self) {
        self.watch(None, Item::Crd);
    }

    /// Starts the watches on everything a pass reads or waits for.
    pub(super) fn watch_all(&mut self, reach: &Reach) {
        let here = reach.namespace.clone();
        let around = here.clone().filter(|_| !reach.sees_all);
        self.watch(here.clone(), Item::Schedule);
        self.watch(here.clone(), Item::Restore);
        self.watch(here.clone(), Item::VeleroSchedule);
        self.watch(here.clone(), Item::VeleroRestore);
        self.watch(here, Item::DeleteRequest);
        self.watch(around.clone(), |news| Item::VeleroBackup(slim(news)));
        self.watch(around, Item::StorageLocation);
        if reach.sees_installer {
            self.watch(None, Item::InternalHub);
        }
    }

    fn watch<K: Kind + Sync>(
        &mut self,
        namespace: Option<String>,
        wrap: impl Fn(News<K>) -> Item + Send + 'static,
    ) {
        let (client, sender) = (self.client.clone(), self.sender.clone());
        self.tasks.spawn(follow(client, namespace, move |news| sender.send(wrap(news)).is_ok()));
    }
}

/// There may be thousands of Backups, and no rule reads what they contain.
fn slim(news: News<velero::Backup>) -> News<velero::Backup> {
    match news {
        News::All { objects, unreadable, version } => {
            News::All { objects: objects.into_iter().map(slim_backup).collect(), unreadable, version }
        }
        News::Set(backup) => News::Set(slim_backup(backup)),
        other => other,
    }
}

fn slim_backup(mut backup: velero::Backup) -> velero::Backup {
    backup.spec = velero::BackupSpec { storage_location: backup.spec.storage_location, ..Default::default() };
    if let Some(status) = &mut backup.status {
        status.other.clear();
    }
    backup
}

//! Where the files of backups are, and the object lists among them.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use kube::ResourceExt;

use super::session::Hub;
use crate::cluster::stored::Storage;
use crate::cluster::{Class, Error};
use crate::plan::HubSnapshot;
use crate::render::contents::Contents;
use crate::velero::object_list::ObjectList;
use crate::velero::{Backup, BackupStorageLocation, BackupType, StoredFile};

/// The backups of a hub, and the storage locations they may be in.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    /// The hub.
    pub(super) hub: &'a Hub,
    /// Its backups.
    pub(super) backups: &'a [Backup],
    /// Its storage locations.
    pub(super) locations: &'a [BackupStorageLocation],
}

impl<'a> Stored<'a> {
    /// Those of a snapshot.
    pub(super) fn of(hub: &'a Hub, snapshot: &'a HubSnapshot) -> Self {
        Self { hub, backups: &snapshot.velero.backups, locations: &snapshot.velero.storage_locations }
    }

    /// The storage of a backup.
    ///
    /// # Errors
    ///
    /// Its storage location is not on this hub, or names an authority that cannot be read.
    pub(super) async fn storage_of(&self, backup: &str) -> Result<Storage, Error> {
        let named = self.backups.iter().find(|one| one.name_any() == backup);
        let place = named.and_then(|backup| backup.spec.storage_location.clone()).unwrap_or_default();
        let location = self.locations.iter().find(|location| {
            location.namespace().as_deref() == Some(self.hub.namespace()) && location.name_any() == place
        });
        let missing = || {
            let why = format!("its storage location {place} is not on this hub");
            Error::storage(Class::Unreachable, backup, why)
        };
        Storage::of(self.hub.client(), location.ok_or_else(missing)?).await
    }

    /// The object lists of the backups of these parts, each read while the others are; `keep` as in [`ObjectList`].
    ///
    /// # Errors
    ///
    /// One of them cannot be read.
    pub(super) async fn contents(
        &self,
        parts: &BTreeMap<BackupType, String>,
        keep: impl Fn(&str, &str) -> bool + Clone + Send + 'static,
    ) -> Result<Contents, Error> {
        let lists = parts.iter().map(async |(part, name)| {
            let (storage, keep) = (self.storage_of(name).await?, keep.clone());
            let list =
                storage.read(StoredFile::BackupResourceList, name, move |list| ObjectList::read(list, keep));
            Ok::<_, Error>((*part, list.await?))
        });
        Ok(Contents { lists: try_join_all(lists).await?.into_iter().collect() })
    }
}

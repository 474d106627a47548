//! What a restore would change in objects that are here: the archives of its backups against the hub.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::ControlFlow;

use futures::StreamExt;
use kube::Client;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::cli::session::Hub;
use crate::cli::stored;
use crate::cluster::{Class, Error, write};
use crate::plan::HubSnapshot;
use crate::render::diff::{Change, Changes, diff};
use crate::velero::contents::{Place, each};
use crate::velero::selects::Stored;
use crate::velero::{Restore, RestoreSpec, StoredFile};

/// Objects read from the hub at the same time.
const AT_ONCE: usize = 16;
/// Objects of an archive that wait to be compared, so that memory never holds more.
const WAITING: usize = 64;

/// Compares what `restores` would bring with what is here; what cannot be read is told in the answer.
pub(super) async fn changes(hub: &Hub, snapshot: &HubSnapshot, restores: &[Restore]) -> Changes {
    let mut changes = Changes::default();
    let mut forbidden = BTreeSet::new();
    for (backup, specs) in by_backup(restores) {
        if let Err(error) = of_backup((hub, snapshot), (&backup, specs), (&mut changes, &mut forbidden)).await
        {
            changes.unknown.push(format!("{backup} was not compared: {error}"));
        }
    }
    let told = forbidden.into_iter().map(|kind| format!("{kind} may not be read, and were not compared"));
    changes.unknown.extend(told);
    changes
}

/// A backup is read once, whatever number of Restores takes from it.
fn by_backup(restores: &[Restore]) -> BTreeMap<String, Vec<RestoreSpec>> {
    let mut specs: BTreeMap<String, Vec<RestoreSpec>> = BTreeMap::new();
    for restore in restores {
        specs.entry(restore.spec.backup_name.clone()).or_default().push(restore.spec.clone());
    }
    specs
}

async fn of_backup(
    (hub, snapshot): (&Hub, &HubSnapshot),
    (backup, specs): (&str, Vec<RestoreSpec>),
    (changes, forbidden): (&mut Changes, &mut BTreeSet<String>),
) -> Result<(), Error> {
    let storage = stored::Stored::of(hub, snapshot).storage_of(backup).await?;
    let (found, mut waiting) = mpsc::channel(WAITING);
    let reading =
        storage.read(StoredFile::BackupContents, backup, move |archive| read(archive, &specs, &found));
    let comparing = async {
        let objects = futures::stream::poll_fn(|context| waiting.poll_recv(context));
        let mut compared = objects.map(|object| compare(hub.client(), object)).buffered(AT_ONCE);
        while let Some((object, compared)) = compared.next().await {
            match compared {
                Ok(Compared::Missing) => changes.missing += 1,
                Ok(Compared::Same) => changes.unchanged += 1,
                Ok(Compared::Differs(diff)) => changes.changed.push(object.change(backup, diff)),
                Err(error) if error.class() == Class::Forbidden => drop(forbidden.insert(object.kind)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    let (read, compared) = futures::join!(reading, comparing);
    compared.and(read)
}

/// An object of the archive that would be restored.
#[derive(Debug)]
struct Restored {
    /// `plural` or `plural.group`.
    kind: String,
    /// Where it comes to; empty for cluster-scoped kinds.
    namespace: String,
    name: String,
    object: Value,
}

impl Restored {
    fn change(self, backup: &str, diff: String) -> Change {
        let (kind, namespace, name) = (self.kind, self.namespace, self.name);
        Change { kind, namespace, name, backup: backup.to_owned(), diff }
    }

    fn resource(&self) -> ApiResource {
        let text = |key: &str| self.object.get(key).and_then(Value::as_str).unwrap_or_default();
        let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
        let plural = self.kind.split('.').next().unwrap_or_default();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, text("kind")), plural)
    }
}

/// Sends on what any of the Restores takes. Nobody listening any more ends it.
fn read(archive: impl Read, specs: &[RestoreSpec], found: &mpsc::Sender<Restored>) -> std::io::Result<()> {
    let owned = |place: Place<'_>| Some([place.resource, place.namespace, place.name].map(str::to_owned));
    each(archive, owned, |[kind, namespace, name], mut object| {
        let stored = Stored { resource: &kind, namespace: &namespace, object: &object };
        let Some(spec) = specs.iter().find(|spec| spec.takes(stored)) else {
            return ControlFlow::Continue(());
        };
        let target = spec.target(&namespace).to_owned();
        if let Some(place) = object.pointer_mut("/metadata/namespace") {
            *place = json!(target);
        }
        match found.blocking_send(Restored { kind, namespace: target, name, object }) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })
}

enum Compared {
    /// It is not here, or its kind is not.
    Missing,
    Same,
    Differs(String),
}

async fn compare(client: &Client, restored: Restored) -> (Restored, Result<Compared, Error>) {
    let compared = here(client, &restored).await.map(|here| match here {
        None => Compared::Missing,
        Some(here) => diff(&json!(here), &restored.object).map_or(Compared::Same, Compared::Differs),
    });
    (restored, compared)
}

async fn here(client: &Client, restored: &Restored) -> Result<Option<DynamicObject>, Error> {
    let place = write::Place {
        resource: restored.resource(),
        namespace: restored.namespace.clone(),
        name: restored.name.clone(),
    };
    place.api(client).get_opt(&place.name).await.map_err(Error::on("get", place.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::velero::contents::packed;

    #[test]
    fn each_object_that_is_taken_is_sent_once_under_its_new_namespace() {
        let secret = |name: &str, namespace: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}});
        let entries = [
            ("resources/secrets/namespaces/a/s1.json", secret("s1", "a")),
            ("resources/secrets/v1-preferredversion/namespaces/a/s1.json", secret("s1", "a")),
            ("resources/secrets/namespaces/b/s2.json", secret("s2", "b")),
            ("metadata/version", json!("1.1.0")),
        ];
        let spec: RestoreSpec =
            serde_json::from_value(json!({"excludedNamespaces": ["b"], "namespaceMapping": {"a": "c"}}))
                .unwrap();
        let (sender, mut receiver) = mpsc::channel(8);
        read(packed(&entries).as_slice(), &[spec.clone(), spec], &sender).unwrap();
        drop(sender);
        let found = receiver.blocking_recv().unwrap();
        assert_eq!((found.namespace.as_str(), found.name.as_str()), ("c", "s1"));
        assert_eq!(found.object["metadata"]["namespace"], "c");
        assert_eq!(found.resource().plural, "secrets");
        assert!(receiver.blocking_recv().is_none());
    }
}

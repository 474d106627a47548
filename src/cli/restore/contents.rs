//! What only the hub and the storage location tell of a restore: what it brings, leaves out and removes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cleanup::{self, Looked};
use crate::api;
use crate::cli::session::Hub;
use crate::cli::stored::Stored;
use crate::cluster::discovery::served;
use crate::cluster::{Class, Error};
use crate::plan::restore::velero_restores;
use crate::plan::{HubSnapshot, Note};
use crate::render::contents::{Contents, LOCAL_CLUSTER};
use crate::render::plan::PlanView;
use crate::velero::{BackupType, Restore};

/// How much is read from the storage location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Extent {
    /// Nothing.
    Nothing,
    /// What a question needs: the managed clusters that would come, and what the cleanup would remove.
    Question,
    /// All there is to say, in numbers.
    Everything,
    /// All of it, and the name of every object.
    EveryObject,
}

/// Completes the view of a restore on a hub; what cannot be found out is said in it.
pub(super) async fn complete(
    view: &mut PlanView,
    (hub, snapshot, restore): (&Hub, &HubSnapshot, &api::Restore),
    extent: Extent,
    now: Timestamp,
) {
    let looked = cleanup::looked(hub, snapshot, restore, now).await;
    let parts = parts(view, looked.as_ref(), extent);
    let stored = Stored::of(hub, snapshot);
    let contents = match parts.is_empty() {
        true => None,
        false => Some(stored.contents(&parts, |_, _| true).await),
    };
    let readable = contents.as_ref().and_then(|contents| contents.as_ref().ok());
    view.cleanup = cleanup::view(restore, looked.as_ref(), readable);
    match contents {
        Some(Ok(contents)) => {
            let taken = taken(&contents, view, &velero_restores(snapshot, restore, now));
            view.count(&taken, local_cluster(view, looked.as_ref()));
            if extent == Extent::EveryObject {
                view.name_objects(&taken);
            }
            if extent >= Extent::Everything {
                leave_out(view, &taken, hub).await;
            }
        }
        Some(Err(error)) if extent >= Extent::Everything || view.activates => {
            view.warnings.push(not_checked(extent, &error));
        }
        Some(Err(_)) | None => {}
    }
}

/// The backups whose lists are read.
fn parts(view: &PlanView, looked: Option<&Looked>, extent: Extent) -> BTreeMap<BackupType, String> {
    let is_wanted = |part: BackupType| match extent {
        Extent::Nothing => false,
        Extent::Question => {
            view.activates && matches!(part, BackupType::ManagedClusters | BackupType::Credentials)
        }
        Extent::Everything | Extent::EveryObject => true,
    };
    let steps = view.steps.iter().map(|step| (step.backup_type, step.backup.clone()));
    let compared = looked.iter().flat_map(|looked| &looked.cleaned.deletions);
    let compared = compared.map(|deletion| (deletion.part, deletion.reason.backup.clone()));
    let compared = compared.filter(|_| extent != Extent::Nothing);
    steps.filter(|(part, _)| is_wanted(*part)).chain(compared).collect()
}

/// What the Velero Restores that are still to be made take of the lists, as far as labels do not decide.
fn taken(contents: &Contents, view: &PlanView, restores: &[Restore]) -> Contents {
    let mut taken = Contents::default();
    for step in &view.steps {
        let restore = restores.iter().find(|one| one.metadata.name.as_ref() == Some(&step.name));
        if let (Some(restore), Some(list)) = (restore, contents.lists.get(&step.backup_type)) {
            let list = || list.only(|key, name| restore.spec.takes_listed(key, name));
            taken.lists.entry(step.backup_type).or_insert_with(list);
        }
    }
    taken
}

/// The name of the hub that wrote the backups among its clusters; it is known of this hub only.
fn local_cluster<'a>(view: &PlanView, looked: Option<&'a Looked>) -> &'a str {
    let here = looked.and_then(|looked| looked.hub.as_ref());
    let ours = here.filter(|here| view.steps.iter().any(|step| step.hub.as_ref() == Some(&here.hub_id)));
    ours.and_then(|here| here.local_cluster.as_deref()).unwrap_or(LOCAL_CLUSTER)
}

async fn leave_out(view: &mut PlanView, taken: &Contents, hub: &Hub) {
    match served(hub.client(), |_| true).await {
        Ok(served) => view.leave_out(taken.not_served(&served)),
        Err(error) => {
            let told = format!("not checked which kinds are served here: {}", error.cause());
            view.warnings.push(Note::info("", told));
        }
    }
}

fn not_checked(extent: Extent, error: &Error) -> Note {
    let what = match extent {
        Extent::Nothing | Extent::Question => {
            "how many managed clusters move, and whether each has an import token"
        }
        Extent::Everything | Extent::EveryObject => {
            "objects, managed clusters and their import tokens, kinds not served here"
        }
    };
    let name = match error.class() {
        Class::Forbidden => "forbidden",
        _ => "storage-unreachable-from-here",
    };
    Note::warning(name, "", format!("not checked: {what}: {}", error.cause()))
}

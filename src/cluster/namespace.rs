//! Finding the namespace to work in.

use std::collections::BTreeSet;
use std::fmt;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};

use super::client::Connection;
use super::error::{Class, Error};
use super::list::{Kind, items};
use crate::{api, velero};

/// Where the operator lives, taken when nothing else says otherwise.
pub const DEFAULT_NAMESPACE: &str = "open-cluster-management-backup";

/// The namespace to work in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub namespace: String,
    /// Why it was chosen.
    pub reason: Reason,
}

/// Why a namespace was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Named by the user.
    Given,
    /// The kubeconfig context names it, and it holds something of ours or a storage location.
    Context,
    /// The only one with a storage location that has an owner.
    OnlyStorage,
    /// The only one with a storage location and a BackupSchedule or Restore.
    InUse,
    /// The default, among several with a storage location.
    DefaultAmongSeveral,
    /// The default, because storage locations may not be listed everywhere.
    DefaultUnseen,
    /// The default, because no storage location leads anywhere.
    DefaultNothing,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "given",
            Self::Context => "from the kubeconfig context",
            Self::OnlyStorage => "the only one with a storage location",
            Self::InUse => "the one in use, of several with a storage location",
            Self::DefaultAmongSeveral => "the default, of several with a storage location",
            Self::DefaultUnseen => "the default; storage locations of all namespaces may not be listed",
            Self::DefaultNothing => "the default; no storage location was found",
        })
    }
}

/// Why no namespace was found.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceProblem {
    /// Several fit; sorted.
    #[error("several namespaces have a storage location: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// None has a storage location with an owner.
    #[error("no namespace has a storage location")]
    None,
    /// Velero's kinds are not served.
    #[error("the server does not know backupstoragelocations.velero.io")]
    NoVelero,
    /// The server did not answer.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Finds the namespace: the given one, the context's, or the one with a storage location.
///
/// # Errors
///
/// None or several fit, or a read failed.
pub async fn find(connection: &Connection, explicit: Option<&str>) -> Result<Found, NamespaceProblem> {
    if let Some(namespace) = explicit {
        return Ok(Found { namespace: namespace.to_owned(), reason: Reason::Given });
    }
    if let Some(namespace) = connection.context_namespace.as_deref()
        && holds_something(connection, namespace).await?
    {
        return Ok(Found { namespace: namespace.to_owned(), reason: Reason::Context });
    }
    match items::<velero::BackupStorageLocation>(&connection.client, None).await {
        Ok(locations) => {
            let with_storage = owned_namespaces(&locations);
            let in_use =
                if with_storage.len() > 1 { namespaces_in_use(connection).await? } else { BTreeSet::new() };
            choose(with_storage, &in_use)
        }
        Err(error) => match error.class() {
            Class::Forbidden => {
                Ok(Found { namespace: DEFAULT_NAMESPACE.to_owned(), reason: Reason::DefaultUnseen })
            }
            Class::KindMissing => Err(NamespaceProblem::NoVelero),
            _ => Err(error.into()),
        },
    }
}

/// Whether a namespace exists.
///
/// # Errors
///
/// It cannot be asked for.
pub async fn exists(client: &Client, name: &str) -> Result<bool, Error> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let found = namespaces.get_metadata_opt(name).await;
    Ok(found.map_err(Error::on("get", format!("namespace {name}")))?.is_some())
}

/// The namespace to look at where there is no storage location.
pub fn default_for_nothing() -> Found {
    Found { namespace: DEFAULT_NAMESPACE.to_owned(), reason: Reason::DefaultNothing }
}

async fn holds_something(connection: &Connection, namespace: &str) -> Result<bool, Error> {
    Ok(holds::<velero::BackupStorageLocation>(connection, namespace).await?
        || holds::<api::BackupSchedule>(connection, namespace).await?
        || holds::<api::Restore>(connection, namespace).await?)
}

/// What is not served or may not be seen is not there as far as a choice goes.
async fn holds<K: Kind>(connection: &Connection, namespace: &str) -> Result<bool, Error> {
    Ok(!seen(items::<K>(&connection.client, Some(namespace)).await)?.is_empty())
}

async fn namespaces_in_use(connection: &Connection) -> Result<BTreeSet<String>, Error> {
    let schedules = seen(items::<api::BackupSchedule>(&connection.client, None).await)?;
    let restores = seen(items::<api::Restore>(&connection.client, None).await)?;
    let of_schedules = schedules.iter().filter_map(ResourceExt::namespace);
    Ok(of_schedules.chain(restores.iter().filter_map(ResourceExt::namespace)).collect())
}

fn seen<K>(listed: Result<Vec<K>, Error>) -> Result<Vec<K>, Error> {
    match listed {
        Err(error) if matches!(error.class(), Class::KindMissing | Class::Forbidden) => Ok(Vec::new()),
        answer => answer,
    }
}

fn owned_namespaces(locations: &[velero::BackupStorageLocation]) -> BTreeSet<String> {
    let owned = locations.iter().filter(|l| l.owner_references().iter().any(|owner| !owner.kind.is_empty()));
    let found: BTreeSet<String> = owned.filter_map(ResourceExt::namespace).collect();
    // Plain Velero has no owner on its locations, yet there is nothing else to choose from.
    if found.is_empty() { locations.iter().filter_map(ResourceExt::namespace).collect() } else { found }
}

fn choose(with_storage: BTreeSet<String>, in_use: &BTreeSet<String>) -> Result<Found, NamespaceProblem> {
    let used: Vec<&String> = with_storage.intersection(in_use).collect();
    let (namespace, reason) = match (with_storage.len(), used.as_slice()) {
        (0, _) => return Err(NamespaceProblem::None),
        (1, _) => (with_storage.first().cloned(), Reason::OnlyStorage),
        (_, [one]) => (Some((*one).clone()), Reason::InUse),
        _ => (with_storage.get(DEFAULT_NAMESPACE).cloned(), Reason::DefaultAmongSeveral),
    };
    match namespace {
        Some(namespace) => Ok(Found { namespace, reason }),
        None => Err(NamespaceProblem::Ambiguous(with_storage.into_iter().collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_only_namespace_with_storage_is_taken() {
        let found = choose(set(&["acm"]), &set(&[])).unwrap();
        assert_eq!((found.namespace.as_str(), found.reason), ("acm", Reason::OnlyStorage));
    }

    #[test]
    fn of_several_the_one_in_use_is_taken_then_the_default() {
        let several = set(&["a", "b", DEFAULT_NAMESPACE]);
        assert_eq!(choose(several.clone(), &set(&["b"])).unwrap().reason, Reason::InUse);
        assert_eq!(choose(several, &set(&["a", "b"])).unwrap().namespace, DEFAULT_NAMESPACE);
    }

    #[test]
    fn several_without_a_favourite_are_listed_in_order() {
        match choose(set(&["b", "a"]), &set(&[])) {
            Err(NamespaceProblem::Ambiguous(names)) => assert_eq!(names, ["a", "b"]),
            other => panic!("{other:?}"),
        }
    }
}

//! Carrying out removals, one line for each; what `delete` and `prune` share.

use kube::ResourceExt;
use serde_json::{Value, json};

use super::error::{CliError, Result};
use super::exit::Exit;
use super::output::{self, list_of};
use super::session::{Hub, Session};
use super::writing::{WriteArgs, identity};
use crate::cluster::apply::{place_of, place_of_new};
use crate::cluster::observe::observe;
use crate::cluster::write::{self, Deletion, Place};
use crate::cluster::{Class, Error};
use crate::plan::{Action, HubSnapshot, LoopOptions, NewObject, Step, Subject, SubjectKind};
use crate::velero::Backup;

/// Reads all that decides about removals.
///
/// # Errors
///
/// The hub cannot be read.
pub async fn read(hub: &Hub) -> Result<HubSnapshot> {
    let namespace = hub.namespace().to_owned();
    let subject = Subject { kind: SubjectKind::Restore, namespace, name: String::new() };
    Ok(observe(hub.client(), &subject, &LoopOptions::default()).await?)
}

/// Takes the steps one after the other; one that fails does not keep the others from being tried.
///
/// # Errors
///
/// The first failure.
pub async fn carry_out(steps: &[Step], write: &WriteArgs, (session, hub): (&Session, &Hub)) -> Result<()> {
    let mut failed = None;
    let mut removed: Vec<Value> = Vec::new();
    for step in steps {
        let done =
            if write.is_client_dry_run() { pretended(&step.action) } else { take(step, write, hub).await };
        match done {
            Ok((place, object)) => match write.format() {
                Some(_) => removed.push(object),
                None => write.report((&place, &object), "deleted", &session.out())?,
            },
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    if let Some(format) = write.format() {
        output::print_data(&list_of(removed), format)?;
    }
    failed.map_or(Ok(()), Err)
}

/// What is removed, and as which object.
type Removed = (Place, Value);

fn pretended(action: &Action) -> Result<Removed> {
    match action {
        Action::Create(object) => Ok((backup_of(object)?, json!(object))),
        Action::Delete(target) => {
            let place = place_of(target);
            let object = identity(&place);
            Ok((place, object))
        }
        other => Err(unexpected(other)),
    }
}

async fn take(step: &Step, write: &WriteArgs, hub: &Hub) -> Result<Removed> {
    match &step.action {
        Action::Create(object) => {
            let place = backup_of(object)?;
            let created =
                write::create(hub.client(), &place_of_new(object), &json!(object), write.mode()).await;
            match created {
                Ok(created) => Ok((place, json!(created))),
                Err(error) if error.class() == Class::AlreadyExists => Ok((place, json!(object))),
                Err(error) => Err(error.into()),
            }
        }
        Action::Delete(target) => {
            let place = place_of(target);
            let deletion = Deletion { uid: target.uid.as_deref(), ..Deletion::default() };
            let left = write::delete(hub.client(), &place, deletion, write.mode()).await;
            let object = gone(left)?.unwrap_or_else(|| identity(&place));
            Ok((place, object))
        }
        other => Err(unexpected(other)),
    }
}

/// What is left of it; `None` where the server says no more than that it is gone. What was gone before counts as removed.
fn gone(left: std::result::Result<Option<kube::core::DynamicObject>, Error>) -> Result<Option<Value>> {
    match left {
        Ok(left) => Ok(left.map(|left| json!(left))),
        Err(error) if error.class() == Class::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A backup is removed by a request of its name, so that its data goes too.
fn backup_of(object: &NewObject) -> Result<Place> {
    let metadata = object.metadata();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    match object {
        NewObject::DeleteBackupRequest(request) => Ok(Place::of::<Backup>(namespace, &request.name_any())),
        other => Err(CliError::new(Exit::Defect, format!("{other} removes nothing"))),
    }
}

fn unexpected(action: &Action) -> Box<CliError> {
    CliError::new(Exit::Defect, format!("{action} is no removal"))
}

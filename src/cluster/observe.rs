//! Direct reads of one hub, for commands; the loop reads from its watches instead.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kube::Client;

use super::error::{Class, Error};
pub use super::facts::Reader;
use super::list::{Kind, Scope, items, items_everywhere, list};
use crate::plan::{
    self, Decision, HubSnapshot, LoopOptions, OnRequest, Plan, Query, Subject, SubjectKind, VeleroState,
};
use crate::{api, velero};

/// How often the planner may ask for more within a pass.
pub(crate) const MAX_QUESTIONS: usize = 2;

/// Reads the hub as far as a plan for `subject` needs it.
///
/// # Errors
///
/// Any read that fails, our own CRDs or Velero's missing ([`Class::KindMissing`]), or a subject that
/// does not decode ([`Class::Unreadable`]).
pub async fn observe(
    client: &Client,
    subject: &Subject,
    options: &LoopOptions,
) -> Result<HubSnapshot, Error> {
    let namespace = subject.namespace.as_str();
    let (schedules, restores, velero) = futures::try_join!(
        ours::<api::BackupSchedule>(client, subject, SubjectKind::BackupSchedule),
        ours::<api::Restore>(client, subject, SubjectKind::Restore),
        velero_state(client, namespace),
    )?;
    Ok(HubSnapshot {
        subject: subject.clone(),
        options: options.clone(),
        schedules,
        restores,
        velero,
        on_request: OnRequest::default(),
    })
}

/// Reads Velero's objects of a namespace; backups and storage locations of all that may be read.
///
/// # Errors
///
/// Any read that fails.
pub async fn velero_state(client: &Client, namespace: &str) -> Result<VeleroState, Error> {
    let here = Some(namespace);
    let (schedules, backups, restores, storage_locations, delete_requests) = futures::try_join!(
        items::<velero::Schedule>(client, here),
        items_everywhere::<velero::Backup>(client, namespace),
        items::<velero::Restore>(client, here),
        items_everywhere::<velero::BackupStorageLocation>(client, namespace),
        items::<velero::DeleteBackupRequest>(client, here),
    )?;
    Ok(VeleroState { schedules, backups, restores, storage_locations, delete_requests })
}

/// Reads the Velero Backups of a namespace and nothing else.
///
/// # Errors
///
/// Any failure to read them.
pub async fn backups_only(client: &Client, namespace: &str) -> Result<Vec<velero::Backup>, Error> {
    items(client, Some(namespace)).await
}

/// Our own objects; the subject must be readable.
async fn ours<K: Kind>(client: &Client, subject: &Subject, kind: SubjectKind) -> Result<Vec<K>, Error> {
    let listed = list::<K>(client, &Scope::of::<K>(Some(&subject.namespace))).await?;
    let mine = format!("{}/{}: ", subject.namespace, subject.name);
    match listed.unreadable.iter().find_map(|object| object.strip_prefix(&mine)) {
        Some(why) if subject.kind == kind => Err(Error::unreadable(subject.to_string(), why)),
        _ => Ok(listed.items),
    }
}

/// Plans for a snapshot; answers what the planner asks for on the way.
///
/// Returns the snapshot with the answers in it, so that it can be kept for a test or a bug report.
///
/// # Errors
///
/// Any read that fails, or a planner that keeps asking.
pub async fn decide(reader: &Reader, hub: HubSnapshot, now: Timestamp) -> Result<(HubSnapshot, Plan), Error> {
    with_answers(reader, hub, |hub| match plan::plan(hub, now) {
        Decision::Do(plan) => Ok(plan),
        Decision::NeedMore(queries) => Err(queries),
    })
    .await
}

/// Asks `rule` until it has all the facts it wants.
///
/// # Errors
///
/// Any read that fails, or a rule that keeps asking.
pub async fn with_answers<T>(
    reader: &Reader,
    mut hub: HubSnapshot,
    rule: impl Fn(&HubSnapshot) -> Result<T, BTreeSet<Query>>,
) -> Result<(HubSnapshot, T), Error> {
    for _ in 0..=MAX_QUESTIONS {
        match rule(&hub) {
            Ok(answer) => return Ok((hub, answer)),
            Err(queries) => {
                let facts = reader.answer(&hub.subject.namespace, &queries).await?;
                hub.on_request.fill(facts);
            }
        }
    }
    Err(Error::unreadable(hub.subject.to_string(), "the planner asked too often"))
}

/// True if a failure means that the hub lacks our CRDs or Velero's.
pub fn is_kind_missing(error: &Error) -> bool {
    error.class() == Class::KindMissing
}

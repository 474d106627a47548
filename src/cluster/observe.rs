//! Direct reads of one hub, for commands; the loop reads from its watches instead.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kube::Client;

use super::error::Error;
pub use super::facts::Reader;
use super::list::{Scope, items, items_everywhere, list, warn_of};
use crate::plan::{self, Decision, HubSnapshot, LoopOptions, Plan, Query, Subject, SubjectKind, VeleroState};
use crate::{api, velero};

/// How often the planner may ask for more within a pass.
pub(crate) const MAX_QUESTIONS: usize = 3;

/// Reads the hub as far as a plan for `subject` needs it.
///
/// # Errors
///
/// Any read that fails, our own CRDs or Velero's missing (`KindMissing`), or a subject that does not decode (`Unreadable`).
pub async fn observe(
    client: &Client,
    subject: &Subject,
    options: &LoopOptions,
) -> Result<HubSnapshot, Error> {
    let namespace = subject.namespace.as_str();
    let here = Some(namespace);
    let (of_schedules, of_restores) =
        (Scope::<api::BackupSchedule>::of(here), Scope::<api::Restore>::of(here));
    let (schedules, restores, velero) = futures::try_join!(
        list(client, &of_schedules),
        list(client, &of_restores),
        velero_state(client, namespace),
    )?;
    let of_kind = match subject.kind {
        SubjectKind::BackupSchedule => &schedules.unreadable,
        SubjectKind::Restore => &restores.unreadable,
    };
    if let Some(unreadable) = of_kind.iter().find(|object| object.name() == subject.name) {
        return Err(Error::unreadable(subject.to_string(), unreadable.why.clone()));
    }
    Ok(HubSnapshot {
        subject: subject.clone(),
        options: options.clone(),
        schedules: schedules.items,
        restores: restores.items,
        unreadable_schedules: schedules.unreadable,
        unreadable_restores: restores.unreadable,
        velero,
        ..HubSnapshot::default()
    })
}

/// Reads Velero's objects of a namespace; backups and storage locations of all that may be read.
///
/// # Errors
///
/// Any read that fails.
pub async fn velero_state(client: &Client, namespace: &str) -> Result<VeleroState, Error> {
    let here = Some(namespace);
    let scope = Scope::<velero::Schedule>::of(here);
    let (schedules, backups, restores, storage_locations, delete_requests) = futures::try_join!(
        list(client, &scope),
        items_everywhere::<velero::Backup>(client, namespace),
        items::<velero::Restore>(client, here),
        items_everywhere::<velero::BackupStorageLocation>(client, namespace),
        items::<velero::DeleteBackupRequest>(client, here),
    )?;
    warn_of(&schedules);
    let (schedules, unreadable_schedules) = (schedules.items, schedules.unreadable);
    Ok(VeleroState { schedules, unreadable_schedules, backups, restores, storage_locations, delete_requests })
}

/// Reads the Velero Backups of a namespace and nothing else.
///
/// # Errors
///
/// Any failure to read them.
pub async fn backups_only(client: &Client, namespace: &str) -> Result<Vec<velero::Backup>, Error> {
    items(client, Some(namespace)).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake;

    /// A server that has nothing at all, and refuses to list `kind`.
    fn server_without(kind: &'static str) -> Client {
        fake::server(
            move |request| {
                if request.uri().path().ends_with(kind) { fake::refusal(500) } else { fake::nothing() }
            },
        )
    }

    /// Spec: S-032, R-112, R-154, R-980: upstream takes no answer for no backups, and is Finished with nothing done
    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_that_failed_is_never_an_empty_one() {
        let subject = Subject { kind: SubjectKind::Restore, namespace: "acm".into(), name: "r".into() };
        for kind in ["velero.io/v1/backups", "acm/restores", "backupstoragelocations"] {
            let observed = observe(&server_without(kind), &subject, &LoopOptions::default()).await;
            assert!(observed.is_err(), "{kind}");
        }
        assert!(observe(&server_without("nothing"), &subject, &LoopOptions::default()).await.is_ok());
    }
}

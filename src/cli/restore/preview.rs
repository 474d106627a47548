//! What a Restore would do on a hub, asked from the planner.

use jiff::Timestamp;
use serde_json::Value;

use super::choice::no_backup;
use crate::api::{self, RestorePhase};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::cli::session::{Hub, Session};
use crate::cli::writers;
use crate::cluster::observe::{Reader, decide, observe};
use crate::plan::latest::Candidates;
use crate::plan::restore::{Preview, activation_preview, wanted_restores};
use crate::plan::runs::Runs;
use crate::plan::{HubSnapshot, LoopOptions, NextStatus, Note, Plan, Subject, SubjectKind};
use crate::render::plan::{PlanView, old_hub_note};

/// Reads the hub as the planner needs it for a Restore.
///
/// # Errors
///
/// Any read that fails.
pub(super) async fn read(hub: &Hub, name: &str) -> Result<HubSnapshot> {
    let subject =
        Subject { kind: SubjectKind::Restore, namespace: hub.namespace().to_owned(), name: name.to_owned() };
    Ok(observe(hub.client(), &subject, &LoopOptions::default()).await?)
}

/// What `restore` would do on `snapshot`; `stopped` is the status the loop would give it instead.
pub(super) fn view(
    snapshot: &HubSnapshot,
    restore: &api::Restore,
    stopped: Option<&api::RestoreStatus>,
    now: Timestamp,
) -> PlanView {
    let preview = wanted_restores(snapshot, restore, now);
    PlanView::of(restore, &preview, &Candidates::of(snapshot), stopped)
}

/// What activating `restore` would do.
pub(super) fn activation(
    snapshot: &HubSnapshot,
    restore: &api::Restore,
    now: Timestamp,
) -> (PlanView, Preview) {
    let preview = activation_preview(snapshot, restore, now);
    (PlanView::of(&activated(restore), &preview, &Candidates::of(snapshot), None), preview)
}

/// The Restore as it is once it is activated.
pub(super) fn activated(restore: &api::Restore) -> api::Restore {
    let mut activated = restore.clone();
    activated.spec.velero_managed_clusters_backup_name = Some("latest".to_owned());
    activated
}

/// The status with which the loop would stop `restore` before it begins.
///
/// # Errors
///
/// A fact the planner asks for cannot be read.
pub(super) async fn stopped(
    hub: &Hub,
    snapshot: &HubSnapshot,
    restore: &api::Restore,
    now: Timestamp,
) -> Result<Option<api::RestoreStatus>> {
    let reader = Reader::new(hub.client().clone(), None);
    let (_, plan) = decide(&reader, with(snapshot, restore), now).await?;
    Ok(bad_end(plan))
}

/// The snapshot as it would be with `restore` in it.
pub(super) fn with(snapshot: &HubSnapshot, restore: &api::Restore) -> HubSnapshot {
    let mut snapshot = snapshot.clone();
    let name = restore.metadata.name.clone();
    snapshot.subject = Subject {
        kind: SubjectKind::Restore,
        namespace: restore.metadata.namespace.clone().unwrap_or(snapshot.subject.namespace),
        name: name.clone().unwrap_or_default(),
    };
    snapshot.restores.retain(|other| other.metadata.name != name);
    snapshot.restores.push(restore.clone());
    // What the loop does for the hub's installer is no part of what a person asks about.
    snapshot.on_request.internal_hubs = Some(Vec::new());
    snapshot
}

pub(super) fn bad_end(plan: Plan) -> Option<api::RestoreStatus> {
    let Some(NextStatus::Restore(status)) = plan.status else { return None };
    let bad = matches!(
        status.phase,
        RestorePhase::Error | RestorePhase::FinishedWithErrors | RestorePhase::EnabledWithErrors
    );
    (bad && plan.steps.is_empty()).then_some(*status)
}

/// Every chosen backup exists and can be used, and nothing is lost on the way.
///
/// # Errors
///
/// Exit 4 without a backup, exit 5 if the generic resources of a fixed choice would be lost.
pub(super) fn usable(snapshot: &HubSnapshot, restore: &api::Restore, now: Timestamp) -> Result<()> {
    match wanted_restores(snapshot, restore, now).problem {
        Some(unresolved) => Err(no_backup(&unresolved)),
        None => Ok(()),
    }
}

/// A fixed choice must not lose the generic resources.
///
/// # Errors
///
/// Exit 5 if it would.
pub(super) fn generic_kept(view: &PlanView, snapshot: &HubSnapshot) -> Result<()> {
    let Some(left) = view.left_out.iter().find(|left| left.what == "resources-generic") else {
        return Ok(());
    };
    if !Runs::of(&Candidates::of(snapshot))
        .iter()
        .any(|run| run.parts.contains_key(&crate::velero::BackupType::ResourcesGeneric))
    {
        return Ok(());
    }
    Err(CliError::named(
        problem::GENERIC_LOST,
        Exit::Refused,
        "these backups cannot be named without losing resources-generic",
    )
    .why(left.reason.clone())
    .try_for("kubectl acmbackup restore --resources latest", "latest finds it")
    .try_for("--without-generic", "if nothing in it matters"))
}

/// Warnings about other hubs that still seem to write backups; none if this hub's own id cannot be read.
pub(super) async fn old_hubs(
    hub: &Hub,
    snapshot: &HubSnapshot,
    view: &PlanView,
    session: &Session,
) -> Vec<Note> {
    let Some(id) = writers::id_of(hub).await else { return Vec::new() };
    let chosen: Vec<&str> = view.steps.iter().filter_map(|step| step.hub.as_deref()).collect();
    let others = writers::at_work(&Candidates::of(snapshot), &chosen, &id, session.now());
    let told = |other: writers::OtherHub| {
        old_hub_note(other.sentence(&session.err()) + ". Stop it, or pause its schedule, first")
    };
    others.into_iter().map(told).collect()
}

/// The object as it is sent: without a status.
pub(super) fn to_object(restore: &api::Restore) -> Value {
    let mut object = serde_json::json!(restore);
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}

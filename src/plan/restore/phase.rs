//! From the Velero Restores of a cycle to the phase of the Restore. Spec: R-500…R-514

use std::collections::BTreeSet;

use super::facts::{Facts, phase_of, velero_name};
use super::wanted::WantedRestore;
use crate::api::RestorePhase;
use crate::plan::message::cut;
use crate::velero::{self, RestorePhase as VeleroPhase, RestoreType};

/// Where the Restore stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) phase: RestorePhase,
    pub(super) message: String,
}

impl Standing {
    pub(super) fn new(phase: RestorePhase, message: impl AsRef<str>) -> Self {
        Self { phase, message: cut(message.as_ref()) }
    }
}

/// Whether managed clusters may be restored yet. Spec
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// Until the Velero Restore of this name has ended.
    Waits(String),
    /// Until these claims are there, as `name:namespace`.
    WaitsForVolumes(BTreeSet<String>),
    /// The Velero Restore of this name failed.
    Shut(String),
}

/// Managed clusters come only after their credentials did. Spec
pub(super) fn gate_of_credentials(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Gate {
    let first = |part: RestoreType| wanted.iter().find(|restore| restore.part == part);
    let Some(active) = first(RestoreType::CredentialsActive) else { return Gate::Open };
    let mut gate = Gate::Open;
    for credentials in first(RestoreType::Credentials).into_iter().chain([active]) {
        match facts.owned_named(&credentials.name).map(phase_of) {
            Some(phase) if has_failed(&phase) => return Gate::Shut(credentials.name.clone()),
            Some(phase) if is_finished(&phase) => {}
            _ => gate = Gate::Waits(credentials.name.clone()),
        }
    }
    gate
}

/// Everything the cycle will make is there and has ended; managed clusters are not made after credentials that failed.
pub(super) fn have_ended(facts: &Facts<'_>, wanted: &[WantedRestore]) -> bool {
    let is_shut = matches!(gate_of_credentials(facts, wanted), Gate::Shut(_));
    wanted.iter().all(|wanted| match facts.owned_named(&wanted.name) {
        Some(restore) => is_finished(&phase_of(restore)),
        None => is_shut && wanted.part == RestoreType::ManagedClusters,
    })
}

/// Something of the cycle failed.
pub(super) fn have_failed(facts: &Facts<'_>, wanted: &[WantedRestore]) -> bool {
    let mut phases = wanted.iter().filter_map(|wanted| facts.owned_named(&wanted.name)).map(phase_of);
    phases.any(|phase| has_failed(&phase))
}

/// The phase once every wanted Velero Restore is there. Spec: …R-513
pub(super) fn roll_up(facts: &Facts<'_>, wanted: &[WantedRestore]) -> Standing {
    let current: Vec<&velero::Restore> =
        wanted.iter().filter_map(|restore| facts.owned_named(&restore.name)).collect();
    let in_phase = |test: fn(&VeleroPhase) -> bool| current.iter().find(|restore| test(&phase_of(restore)));
    if let Some(failed) = in_phase(has_failed) {
        return Standing::new(facts.error_phase(), failure(failed));
    }
    if let Some(running) = in_phase(|phase| *phase == VeleroPhase::InProgress) {
        return Standing::new(
            RestorePhase::Running,
            format!("Velero restore {} is running", velero_name(running)),
        );
    }
    if let Some(new) = in_phase(|phase| matches!(phase, VeleroPhase::Unset | VeleroPhase::New)) {
        return Standing::new(
            RestorePhase::Started,
            format!("Velero restore {} has started", velero_name(new)),
        );
    }
    match in_phase(|phase| !is_finished(phase)) {
        Some(closing) => closing_standing(facts, closing),
        None => {
            let is_activated = wanted.iter().any(|wanted| wanted.part == RestoreType::ManagedClusters);
            ended(facts, is_activated, in_phase(|phase| *phase == VeleroPhase::PartiallyFailed).is_some())
        }
    }
}

/// All have ended. Spec
fn ended(facts: &Facts<'_>, is_activated: bool, partially: bool) -> Standing {
    if facts.is_sync_valid() && !is_activated {
        return Standing::new(
            RestorePhase::Enabled,
            "all Velero restores have ended, continue to sync with new backups",
        );
    }
    // An edit that makes following impossible must not end it for good. Spec: R-503
    if facts.sync_problem.is_some() && facts.status.phase == RestorePhase::Enabled {
        return Standing::new(RestorePhase::Enabled, "all Velero restores have ended");
    }
    if partially {
        let message = "all Velero restores ran to the end, with one or more errors";
        return Standing::new(RestorePhase::FinishedWithErrors, message);
    }
    Standing::new(RestorePhase::Finished, "all Velero restores have run well")
}

/// Neither running nor finished: nothing new is said. Spec: R-512
fn closing_standing(facts: &Facts<'_>, closing: &velero::Restore) -> Standing {
    let status = &facts.status;
    if matches!(status.phase, RestorePhase::Started | RestorePhase::Running)
        && !status.last_message.is_empty()
    {
        return Standing::new(status.phase.clone(), status.last_message.clone());
    }
    let message = format!("Velero restore {} is {}", velero_name(closing), phase_of(closing));
    Standing::new(RestorePhase::Running, message)
}

/// What went wrong with a failed Velero Restore, with Velero's own reason.
pub(super) fn failure(failed: &velero::Restore) -> String {
    let status = failed.status.clone().unwrap_or_default();
    let reasons: Vec<&str> = status.reasons().map(String::as_str).collect();
    let name = velero_name(failed);
    let what =
        format!("Velero restore {name} has failed validation or encountered errors ({})", status.phase);
    if reasons.is_empty() { what } else { format!("{what}: {}", reasons.join("; ")) }
}

/// Spec: R-500
pub(super) fn is_finished(phase: &VeleroPhase) -> bool {
    matches!(phase, VeleroPhase::Completed | VeleroPhase::PartiallyFailed) || has_failed(phase)
}

fn has_failed(phase: &VeleroPhase) -> bool {
    matches!(phase, VeleroPhase::Failed | VeleroPhase::FailedValidation)
}

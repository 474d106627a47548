//! One pass of a cycle: what is missing is made, what is there is judged. Spec: R-123…R-129

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::end::{self, End};
use super::facts::{Facts, controller_of, track, tracked_name};
use super::notes;
use super::phase::{Gate, Standing, failure, roll_up};
use super::reason::{Picked, RestoreReason};
use super::sync::{self, Picks, passive};
use super::wanted::{WantedRestore, wanted};
use super::{object, orphans, validate, volumes};
use crate::api::{RestorePhase, RestoreStatus};
use crate::plan::latest::Unresolved;
use crate::plan::{Action, Decision, Event, NewObject, NextStatus, Note, Plan, Record, Step, Wake};
use crate::velero::{BackupType, RestoreType};

/// How long to wait after a failure, unless something changes first. Spec: R-006
pub(super) const RETRY: Duration = Duration::from_secs(60);

/// What to do for a Restore nothing stands in the way of.
pub(super) fn plan(facts: &Facts<'_>) -> Decision {
    let chosen = sync::picks(facts).and_then(|picks| Ok((wanted(facts, &picks)?, picks)));
    match chosen {
        Err(unresolved) => Decision::Do(unresolved_plan(facts, &unresolved)),
        Ok((wanted, picks)) => match volumes::gate(facts, &wanted) {
            Ok(gate) => Pass::new(facts, (&wanted, gate), &picks).plan(),
            Err(queries) => Decision::NeedMore(queries),
        },
    }
}

/// Nothing is made while a part has no backup. Spec
fn unresolved_plan(facts: &Facts<'_>, unresolved: &Unresolved) -> Plan {
    let standing = Standing::new(facts.error_phase(), unresolved.to_string());
    Plan { wake: Wake::After(RETRY), ..status_plan(facts, with_standing(facts, standing)) }
}

/// A plan that changes the status at most.
pub(super) fn status_plan(facts: &Facts<'_>, status: RestoreStatus) -> Plan {
    Plan { status: changed(facts, status), wake: Wake::OnChange, ..Plan::default() }
}

/// The observed status with another phase and message; a final phase gets its time. Spec: R-501
pub(super) fn with_standing(facts: &Facts<'_>, standing: Standing) -> RestoreStatus {
    let mut status = facts.status.clone();
    if standing.phase.is_terminal() {
        status.completion_timestamp = Some(whole_seconds(facts.now));
    }
    status.phase = standing.phase;
    status.last_message = standing.message;
    status
}

/// Spec: R-142
fn changed(facts: &Facts<'_>, status: RestoreStatus) -> Option<NextStatus> {
    (facts.restore.status.as_ref() != Some(&status)).then(|| NextStatus::Restore(Box::new(status)))
}

/// Times are stored in whole seconds.
fn whole_seconds(now: Timestamp) -> Time {
    Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
}

struct Pass<'a> {
    facts: &'a Facts<'a>,
    wanted: &'a [WantedRestore],
    gate: Gate,
    backup_notes: Vec<Note>,
    spec_notes: Vec<Note>,
}

impl<'a> Pass<'a> {
    fn new(facts: &'a Facts<'a>, (wanted, gate): (&'a [WantedRestore], Gate), picks: &Picks) -> Self {
        Self {
            facts,
            wanted,
            gate,
            backup_notes: notes::of_backups(facts, picks),
            spec_notes: notes::of_spec(facts, picks),
        }
    }

    fn plan(self) -> Decision {
        if self.wanted.is_empty() {
            let message = format!("Restore {} has nothing to do: every part is skipped", self.facts.name);
            return Decision::Do(self.ends(Standing::new(RestorePhase::Finished, message), End::default()));
        }
        if let Some(standing) = self.foreign() {
            return Decision::Do(Plan { wake: Wake::After(RETRY), ..self.ends(standing, End::default()) });
        }
        if let Some(standing) = self.forbidden() {
            return Decision::Do(self.ends(standing, End::default()));
        }
        if self.wanted.iter().any(|wanted| !wanted.exists && !is_planned(self.facts, wanted)) {
            return Decision::Do(self.begins());
        }
        let creations = self.creations();
        if !creations.is_empty() {
            return Decision::Do(self.creates(creations));
        }
        let standing = self.held().unwrap_or_else(|| roll_up(self.facts, self.wanted));
        match end::end(self.facts, self.wanted, &standing.phase) {
            Ok(end) => Decision::Do(self.ends(standing, end)),
            Err(queries) => Decision::NeedMore(queries),
        }
    }

    /// The Velero Restores to make now, in order. Spec
    fn missing(&self) -> impl Iterator<Item = &WantedRestore> {
        let is_free = |wanted: &&WantedRestore| {
            !wanted.exists && (wanted.part != RestoreType::ManagedClusters || self.gate == Gate::Open)
        };
        self.wanted.iter().filter(is_free)
    }

    fn creations(&self) -> Vec<Step> {
        self.missing().map(|wanted| creation(self.facts, wanted)).collect()
    }

    /// A name that is taken by somebody else's Velero Restore. Spec
    fn foreign(&self) -> Option<Standing> {
        let (wanted, other) =
            self.missing().find_map(|wanted| Some((wanted, self.facts.foreign_named(&wanted.name)?)))?;
        let owner = controller_of(&other.metadata);
        let is_namesake = owner.is_some_and(|owner| owner.kind == "Restore" && owner.name == self.facts.name);
        Some(if is_namesake {
            let message = format!(
                "waiting for Velero restore {} of an earlier Restore of this name to be removed",
                wanted.name
            );
            Standing::new(RestorePhase::Started, message)
        } else {
            let message =
                format!("Velero restore {} exists and does not belong to this Restore", wanted.name);
            Standing::new(self.facts.error_phase(), message)
        })
    }

    /// A mapping that was edited in the middle of a restore leads nothing more into a namespace of the system. Spec: R-055
    fn forbidden(&self) -> Option<Standing> {
        let problem = validate::namespace_mapping(&self.facts.restore.spec).into_iter().next()?;
        let is_missing = self.wanted.iter().any(|wanted| !wanted.exists);
        is_missing.then(|| Standing::new(self.facts.error_phase(), problem.to_string()))
    }

    /// Managed clusters that may not be restored yet. Spec
    fn held(&self) -> Option<Standing> {
        let is_missing =
            |wanted: &WantedRestore| wanted.part == RestoreType::ManagedClusters && !wanted.exists;
        if !self.wanted.iter().any(is_missing) {
            return None;
        }
        match &self.gate {
            Gate::Open => None,
            Gate::Waits(name) => {
                let message =
                    format!("waiting for Velero restore {name} before managed clusters are restored");
                Some(Standing::new(RestorePhase::Started, message))
            }
            Gate::WaitsForVolumes(claims) => {
                let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
                Some(Standing::new(RestorePhase::Started, format!("waiting for PVC {}", claims.join(", "))))
            }
            Gate::Shut(name) => {
                let why = self.facts.owned_named(name).map(failure).unwrap_or_default();
                let message = format!("managed clusters are not restored: {why}");
                Some(Standing::new(self.facts.error_phase(), message))
            }
        }
    }

    /// The whole set is written before any of it is made: neither a crash nor a refusal changes it. Spec: R-314
    ///
    /// The status wakes the next pass, which makes what it names.
    fn begins(&self) -> Plan {
        let message = format!("Restore {} has chosen its backups", self.facts.name);
        let mut status = self.status(Standing::new(RestorePhase::Started, message));
        for backup_type in BackupType::DATA {
            track(&mut status, passive(backup_type), self.passive_name(backup_type).map(str::to_owned));
        }
        let is_replaced =
            |wanted: &&WantedRestore| wanted.reason == Picked::Instead && !wanted.part.is_active();
        let events = self.wanted.iter().filter(is_replaced).map(replaced).collect();
        Plan { status: changed(self.facts, status), ..self.frame(events) }
    }

    /// The name of the Velero Restore that is wanted for a type of backup; `None` for one that is left out.
    fn passive_name(&self, backup_type: BackupType) -> Option<&str> {
        let named = self.wanted.iter().find(|wanted| wanted.part == passive(backup_type));
        named.map(|wanted| wanted.name.as_str())
    }

    /// Spec
    fn creates(&self, creations: Vec<Step>) -> Plan {
        let message = format!("Restore {} has started", self.facts.name);
        let standing = self.held().filter(|standing| standing.phase == RestorePhase::Started);
        let standing = standing.unwrap_or_else(|| Standing::new(RestorePhase::Started, message));
        let failed = Standing::new(self.facts.error_phase(), "a Velero restore could not be created");
        Plan {
            status_on_failure: Some(self.failed(failed)),
            wake_on_failure: Wake::After(RETRY),
            status: changed(self.facts, self.status(standing)),
            ..self.frame(creations)
        }
    }

    /// The plan of a pass that makes no Velero Restore.
    fn ends(&self, standing: Standing, End { steps: last, notes, messages }: End) -> Plan {
        let phase = standing.phase.clone();
        let failed =
            Standing::new(self.facts.status.phase.clone(), "the activation marker could not be written");
        let on_failure = (!last.is_empty()).then(|| self.failed(failed));
        let mut status = self.status(standing);
        status.messages = messages.or(status.messages);
        let mut plan = Plan {
            status: changed(self.facts, status),
            status_on_failure: on_failure,
            wake_on_failure: if last.is_empty() { Wake::default() } else { Wake::After(RETRY) },
            wake: self.wake(&phase),
            ..self.frame(last)
        };
        plan.notes.extend(notes);
        plan
    }

    /// Steps with those of every pass, and the notes.
    fn frame(&self, mut steps: Vec<Step>) -> Plan {
        steps.extend(orphans::steps(self.facts, self.wanted));
        let notes = self.backup_notes.iter().chain(&self.spec_notes).cloned().collect();
        Plan { steps, notes, wake: Wake::OnChange, ..Plan::default() }
    }

    /// The status of a failed pass; the cause is told after its message.
    fn failed(&self, standing: Standing) -> NextStatus {
        let message = standing.message.clone();
        NextStatus::Restore(Box::new(RestoreStatus { last_message: message, ..self.status(standing) }))
    }

    /// Spec: R-140
    fn wake(&self, phase: &RestorePhase) -> Wake {
        if matches!(self.gate, Gate::WaitsForVolumes(_)) {
            return Wake::After(volumes::AGAIN);
        }
        let spec = &self.facts.restore.spec;
        if spec.sync_restore_with_new_backups && phase.is_enabled() {
            // A bad interval is told in a note and replaced by the usual one.
            let usual = || validate::sync_interval(&crate::api::RestoreSpec::default()).unwrap_or(RETRY);
            return Wake::After(validate::sync_interval(spec).unwrap_or_else(|_| usual()));
        }
        Wake::OnChange
    }

    /// The status with the names of what is there, and without those of what was planned and is no longer wanted.
    /// Spec
    fn status(&self, standing: Standing) -> RestoreStatus {
        let observed = &self.facts.status;
        let is_kept = standing.message == observed.last_message;
        let mut status = with_standing(self.facts, standing);
        if !is_kept {
            status.last_message = self.with_remarks(status.last_message);
        }
        for wanted in self.wanted.iter().filter(|wanted| wanted.exists) {
            track(&mut status, wanted.part, Some(wanted.name.clone()));
        }
        for backup_type in BackupType::DATA {
            let is_made =
                tracked_name(&status, backup_type).is_some_and(|name| self.facts.owned_named(name).is_some());
            if !is_made && self.passive_name(backup_type).is_none() {
                track(&mut status, passive(backup_type), None);
            }
        }
        if status.phase.is_enabled() && end::has_new_outcome(self.facts, self.wanted) {
            status.completion_timestamp = Some(whole_seconds(end::noted_at(self.facts, self.wanted)));
        } else if status.phase == observed.phase && observed.last_message.starts_with(&status.last_message) {
            // What the end of the last run told is told until the next one.
            status.last_message.clone_from(&observed.last_message);
        }
        status
    }

    /// Each remark once. Spec
    fn with_remarks(&self, message: String) -> String {
        let ignored = self.facts.sync_problem.as_ref().map(notes::sync_ignored);
        let filtered = notes::filtered_cleanup(&self.facts.restore.spec);
        let skipped = notes::skipped_cleanup(self.facts);
        let remarks = [Some(notes::in_words(&self.backup_notes)), ignored, filtered, skipped];
        remarks
            .into_iter()
            .flatten()
            .filter(|remark| !remark.is_empty())
            .fold(message, |text, remark| format!("{text}; {remark}"))
    }
}

/// The message of the status is soon another one; the event stays. Spec: R-314
fn replaced(wanted: &WantedRestore) -> Step {
    let event = Event {
        warning: true,
        reason: "ChosenBackupGone".to_owned(),
        action: "ChooseBackup".to_owned(),
        note: format!("{} is restored from {}, {}", wanted.part.part(), wanted.backup, wanted.reason),
    };
    Step::optional(Action::Emit(event), RestoreReason::Replaced)
}

/// The status names it, so it belongs to the cycle that has begun; an active one belongs to its twin. Spec: R-314
fn is_planned(facts: &Facts<'_>, wanted: &WantedRestore) -> bool {
    let backup_type = wanted.part.backup_type();
    let name = passive(backup_type).velero_restore_name(facts.name, &wanted.backup);
    tracked_name(&facts.status, backup_type) == Some(name.as_str())
}

/// Spec
fn creation(facts: &Facts<'_>, wanted: &WantedRestore) -> Step {
    let object = NewObject::VeleroRestore(object::object(facts, wanted));
    let reason = RestoreReason::Restores { part: wanted.part, why: wanted.reason };
    Step::required(Action::Create(Box::new(object)), reason)
        .recording(Record::RestoreName(wanted.part))
        .announcing(Event {
            warning: false,
            reason: "VeleroRestoreCreated".to_owned(),
            action: "CreateRestore".to_owned(),
            note: format!("created Velero restore {}", wanted.name),
        })
}

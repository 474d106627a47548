//! One pass over one object: plan, apply, settle, write status.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;

use super::answers::Answers;
use super::metrics::Metrics;
use super::world::World;
use crate::cluster::Error;
use crate::cluster::apply::{Applier, place_of};
use crate::cluster::facts::Reader;
use crate::cluster::status::{self, Written};
use crate::plan::{
    self, Action, HubSnapshot, LoopOptions, NextStatus, Outcome, Plan, Step, Subject, SubjectKind, Wake,
};

/// When to look again while first lists are on their way; their arrival brings it forward.
const SOON: Duration = Duration::from_millis(100);

/// What passes share.
pub(super) struct Passes {
    /// Answers the planner's questions.
    pub(super) answers: Answers,
    /// Carries out steps.
    pub(super) applier: Applier,
    /// What the user chose.
    pub(super) options: LoopOptions,
    /// Log every step and take none.
    pub(super) dry_run: bool,
    /// The last plan logged for each object, so that a dry run says nothing twice.
    said: BTreeMap<Subject, String>,
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// It changed something, so that there may be more to do, here and for its neighbours.
    pub(super) changed: bool,
    /// It failed and is to be tried again.
    pub(super) failed: bool,
    /// When to look again; `None` = when something changes, or after the backoff if it failed.
    pub(super) wake: Option<Duration>,
}

impl Passes {
    /// Nothing known yet.
    pub(super) fn new(reader: Reader, options: LoopOptions, dry_run: bool) -> Self {
        let applier = Applier::new(reader.client.clone());
        Self { answers: Answers::new(reader), applier, options, dry_run, said: BTreeMap::new() }
    }

    /// When to look again; while discovery may lag behind, no later than that it cannot any more.
    fn due(&self, wake: Wake) -> Option<Duration> {
        [due(wake), self.answers.settling()].into_iter().flatten().min()
    }

    /// Makes a pass over an object.
    ///
    /// # Errors
    ///
    /// A read or the status write failed; steps that fail are part of the verdict.
    pub(super) async fn pass(
        &mut self,
        world: &mut World,
        subject: &Subject,
        metrics: &Metrics,
    ) -> Result<Verdict, Error> {
        let hub = world.snapshot(subject, &self.options);
        let Some((hub, plan)) = self.answers.decide(world, hub).await? else {
            return Ok(Verdict { changed: false, failed: false, wake: Some(SOON) });
        };
        if self.dry_run {
            self.say(subject, &plan);
            return Ok(Verdict { changed: false, failed: false, wake: due(plan.wake) });
        }
        let outcomes = self.applier.apply(&plan, &reference_of(&hub)).await;
        let mut changed = false;
        for (step, outcome) in plan.steps.iter().zip(&outcomes) {
            report(subject, step, outcome);
            metrics.count_action(subject, &step.action, outcome);
            changed |= take_in(world, &step.action, outcome);
        }
        let next = plan::settle(&plan, &outcomes);
        let written = self.write_status(world, &hub, next).await?;
        changed |= matches!(written, Some(Written::Done(_)));
        if plan::is_failure(&plan, &outcomes) || written == Some(Written::Conflict) {
            return Ok(Verdict { changed, failed: true, wake: due(plan.wake_on_failure) });
        }
        Ok(Verdict { changed, failed: !changed && plan.wake == Wake::Backoff, wake: self.due(plan.wake) })
    }

    async fn write_status(
        &self,
        world: &mut World,
        hub: &HubSnapshot,
        next: Option<NextStatus>,
    ) -> Result<Option<Written>, Error> {
        let Some(next) = next else { return Ok(None) };
        let written = status::write(&self.answers.reader.client, hub, &next).await?;
        if let Written::Done(object) = &written {
            report_phase(hub, &next);
            world.take_own(object);
        }
        Ok(Some(written))
    }

    /// Logs a plan that will not be carried out, once.
    fn say(&mut self, subject: &Subject, plan: &Plan) {
        let text = serde_json::to_string(&plan.steps).unwrap_or_default();
        if self.said.insert(subject.clone(), text.clone()) == Some(text) {
            return;
        }
        for step in &plan.steps {
            log_step(subject, step, "would be taken");
        }
    }
}

fn due(wake: Wake) -> Option<Duration> {
    match wake {
        Wake::After(pause) => Some(pause),
        Wake::OnChange | Wake::Backoff => None,
    }
}

fn reference_of(hub: &HubSnapshot) -> ObjectReference {
    let found = match hub.subject.kind {
        SubjectKind::BackupSchedule => hub.subject_schedule().map(|schedule| schedule.object_ref(&())),
        SubjectKind::Restore => hub.subject_restore().map(|restore| restore.object_ref(&())),
    };
    found.unwrap_or_default()
}

/// Takes the answer to a step into the stores. True if something is different now.
fn take_in(world: &mut World, action: &Action, outcome: &Outcome) -> bool {
    match (action, outcome) {
        (_, Outcome::Done(Some(object)) | Outcome::AlreadyThere(object)) => world.take_own(object),
        (
            Action::Delete(target) | Action::DeleteForeground(target) | Action::DetachAndDelete(target),
            Outcome::Done(None) | Outcome::Gone,
        )
        | (Action::Patch(target, _), Outcome::Gone) => world.forget(&place_of(target)),
        _ => false,
    }
}

fn report(subject: &Subject, step: &Step, outcome: &Outcome) {
    match outcome {
        Outcome::Done(_) => log_step(subject, step, "done"),
        Outcome::AlreadyThere(_) => log_step(subject, step, "already there"),
        Outcome::Gone => log_step(subject, step, "gone already"),
        Outcome::Skipped => {}
        Outcome::Conflict => {
            tracing::info!(subject = %short(subject), action = %step.action, outcome = "conflict", "{}: it changed meanwhile, will look again", step.action);
        }
        Outcome::Failed(failure) => {
            tracing::warn!(subject = %short(subject), action = %step.action, outcome = "failed", "{}", failure.message);
        }
    }
}

fn log_step(subject: &Subject, step: &Step, outcome: &str) {
    let (action, reason) = (step.action.to_string(), step.reason.to_string());
    let remark = if outcome == "done" { String::new() } else { format!("   ({outcome})") };
    tracing::info!(subject = %short(subject), action, reason, outcome, "{action}   {reason}{remark}");
}

fn report_phase(hub: &HubSnapshot, next: &NextStatus) {
    let (before, after, message) = match next {
        NextStatus::BackupSchedule(next) => {
            let before = hub.subject_schedule().map(|schedule| schedule.phase().to_string());
            (before, next.phase.to_string(), &next.last_message)
        }
        NextStatus::Restore(next) => {
            let before = hub.subject_restore().map(|restore| restore.phase().to_string());
            (before, next.phase.to_string(), &next.last_message)
        }
    };
    let before = before.filter(|phase| !phase.is_empty()).unwrap_or_else(|| "(new)".to_owned());
    if before != after {
        tracing::info!(subject = %short(&hub.subject), before, phase = after, "{before} → {after}   {message}");
    }
}

/// `kind/name`, as lines of the log begin.
pub(super) fn short(subject: &Subject) -> String {
    match subject.kind {
        SubjectKind::BackupSchedule => format!("backupschedule/{}", subject.name),
        SubjectKind::Restore => format!("restore/{}", subject.name),
    }
}

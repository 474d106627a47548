//! What to do for a Restore: who may begin at all. Spec: R-110…R-127

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::cycle::{RETRY, status_plan, with_standing};
use super::facts::Facts;
use super::phase::Standing;
use super::reason::RestoreReason;
use super::{conflict, cycle, deletion, first_sync, installer, validate};
use crate::api::{self, RestorePhase};
use crate::plan::validate::storage;
use crate::plan::{Action, Decision, Event, HubSnapshot, Plan, Query, Step, Wake, expired, unreadable};
use crate::velero::BackupStorageLocation;

/// What to do for the Restore of `hub`.
pub fn plan(hub: &HubSnapshot, now: Timestamp) -> Decision {
    let housekeeping = expired::steps(hub, now);
    let decision = match (&hub.unreadable, hub.subject_restore()) {
        // What is being deleted is let go as any other: that takes its metadata only.
        (Some(unreadable), _) if unreadable.object.metadata.deletion_timestamp.is_some() => {
            of_restore(&Facts::of(hub, &unreadable.as_restore(), now))
        }
        (Some(unreadable), _) => Decision::Do(unreadable::plan(hub, unreadable)),
        (None, Some(restore)) => of_restore(&Facts::of(hub, restore, now)),
        (None, None) => Decision::Do(Plan { wake: Wake::OnChange, ..Plan::default() }),
    };
    after(housekeeping, decision)
}

/// Spec: R-113…R-115
fn of_restore(facts: &Facts<'_>) -> Decision {
    let hubs = match &facts.hub.on_request.internal_hubs {
        Some(hubs) => hubs.as_slice(),
        // Nobody waits for a Restore that does not exist yet.
        None if facts.restore.metadata.uid.is_none() => &[],
        None => return Decision::NeedMore(BTreeSet::from([Query::InternalHubs])),
    };
    if facts.restore.metadata.deletion_timestamp.is_some() {
        return deletion::plan(facts, hubs);
    }
    if let Some(plan) = installer::removal(facts, hubs) {
        return Decision::Do(plan);
    }
    after(installer::waiting_steps(facts, hubs), of_living(facts))
}

fn of_living(facts: &Facts<'_>) -> Decision {
    // Nothing revives a finished Restore. Spec: R-116
    if facts.status.phase.is_terminal() {
        return Decision::Do(Plan { wake: Wake::OnChange, ..Plan::default() });
    }
    match may_work(facts) {
        Ok(storage) => {
            noting(first_sync::given_up(facts, storage), with_hooks_event(facts, cycle::plan(facts)))
        }
        Err(plan) => with_hooks_event(facts, Decision::Do(*plan)),
    }
}

/// A plan with steps before its own.
fn after(steps: Vec<Step>, decision: Decision) -> Decision {
    match decision {
        Decision::Do(mut plan) => {
            plan.steps.splice(0..0, steps);
            Decision::Do(plan)
        }
        question @ Decision::NeedMore(_) => question,
    }
}

/// The storage to restore from, or the plan that says why nothing is restored now. Spec: R-118…
fn may_work<'a>(facts: &Facts<'a>) -> Result<&'a BackupStorageLocation, Box<Plan>> {
    if let Some(why) = conflict::conflict(facts).or_else(|| refusal(facts)) {
        let standing = Standing::new(RestorePhase::FinishedWithErrors, why);
        return Err(Box::new(status_plan(facts, with_standing(facts, standing))));
    }
    let hub = facts.hub;
    let accept_unowned = hub.options.accept_unowned_storage;
    let storage =
        storage(&hub.velero.storage_locations, facts.namespace, accept_unowned).map_err(|problem| {
            let standing = Standing::new(facts.error_phase(), problem.to_string());
            Box::new(Plan { wake: Wake::After(RETRY), ..status_plan(facts, with_standing(facts, standing)) })
        })?;
    match first_sync::awaited(facts, storage) {
        None => Ok(storage),
        Some(wait) => {
            // What it followed so far is still restored.
            let is_begun = facts.is_at_work();
            let phase = if is_begun { facts.status.phase.clone() } else { RestorePhase::Started };
            let standing = Standing::new(phase, wait.message);
            let plan = status_plan(facts, with_standing(facts, standing));
            Err(Box::new(Plan { wake: Wake::After(wait.remaining), ..plan }))
        }
    }
}

/// An edit does not end what has begun: managed clusters that are here must be told of, and no phase is left for that.
/// Spec
fn refusal(facts: &Facts<'_>) -> Option<String> {
    validate::refusal(facts.restore).filter(|_| !facts.is_at_work()).map(|why| why.to_string())
}

fn noting(note: Option<crate::plan::Note>, decision: Decision) -> Decision {
    match decision {
        Decision::Do(mut plan) => {
            plan.notes.extend(note);
            Decision::Do(plan)
        }
        question @ Decision::NeedMore(_) => question,
    }
}

/// Tells once, at the first look, that hooks are not run. Spec
fn with_hooks_event(facts: &Facts<'_>, decision: Decision) -> Decision {
    let is_first_look = facts.status.phase == RestorePhase::Unset;
    let event = (is_first_look && has_hooks(facts.restore))
        .then(|| Step::optional(Action::Emit(hooks_event()), RestoreReason::HooksIgnored));
    after(event.into_iter().collect(), decision)
}

fn has_hooks(restore: &api::Restore) -> bool {
    let resources = restore.spec.hooks.as_ref().and_then(|hooks| hooks.resources.as_ref());
    resources.is_some_and(|resources| !resources.is_empty())
}

fn hooks_event() -> Event {
    Event {
        warning: true,
        reason: "RestoreHooksNotSupported".to_owned(),
        action: "RestoreHooksNotSupported".to_owned(),
        note: "restore hooks are set and will not run".to_owned(),
    }
}

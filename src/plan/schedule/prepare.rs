//! What is done before backups: labels come first, then tokens. Spec: S-130

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::pass::{Pass, resting};
use crate::api::BackupSchedulePhase;
use crate::plan::tokens::{self, Component, TokenFacts};
use crate::plan::validate::Terms;
use crate::plan::{HubSnapshot, Plan, Query, Step, Wake, labels};

/// Steps of one pass, at most, so that a pause or a collision is never long in coming. Spec: S-294
const BATCH: usize = 1000;
/// How long until what failed, and does not keep backups from being made, is tried again. Spec: S-270
const TRY_AGAIN: Duration = Duration::from_secs(300);
/// How long until discovery and the watches agree.
const AGREE: Duration = Duration::from_secs(5);

const NOT_ENABLED: &str = "useManagedServiceAccount cannot be used: the managed-serviceaccount component is not enabled \
    on this hub. Enable it, or turn the option off";

/// What is to be done, and when to look again even if nothing changes.
#[derive(Debug, Default)]
pub(super) struct Preparation {
    steps: Vec<Step>,
    wake: Option<Duration>,
}

impl Preparation {
    /// All that prepares a backup; no cluster holds up a label. Spec: S-130, S-131
    pub(super) fn of(pass: &Pass<'_>, terms: &Terms) -> Result<Self, BTreeSet<Query>> {
        let tokens = tokens_of(pass, terms)?;
        let steps = labels_of(pass)?.into_iter().chain(tokens.steps).collect();
        Ok(Self { steps, wake: tokens.wake })
    }

    /// Everything, then the plan: before there are Velero Schedules a pause or a collision has nothing to stop, and
    /// the first run is to hold it all.
    pub(super) fn before(self, plan: Plan) -> Plan {
        let (steps, wake) = (self.steps, self.wake);
        let wake =
            [wake, after(plan.wake), (!steps.is_empty()).then_some(TRY_AGAIN)].into_iter().flatten().min();
        let mut plan = plan;
        plan.wake = wake.map_or(plan.wake, Wake::After);
        plan.steps.splice(0..0, steps);
        plan
    }

    /// As much as fits into a pass, then the plan; the rest follows at once, because a pass that did something is
    /// followed by another. Spec: S-294
    pub(super) fn in_part_before(self, plan: Plan, now: Timestamp) -> Plan {
        Self { steps: part(self.steps, now), ..self }.before(plan)
    }
}

/// As many steps as fit into a pass, beginning one batch further on each time what failed is tried again: steps that
/// fail for good keep none of the others from its turn. Spec: S-131, S-294
fn part(mut steps: Vec<Step>, now: Timestamp) -> Vec<Step> {
    if steps.len() > BATCH {
        let turn = now.as_second().unsigned_abs() / TRY_AGAIN.as_secs();
        let begin = usize::try_from(turn).unwrap_or_default().wrapping_mul(BATCH) % steps.len();
        steps.rotate_left(begin);
        steps.truncate(BATCH);
    }
    steps
}

fn after(wake: Wake) -> Option<Duration> {
    match wake {
        Wake::After(pause) => Some(pause),
        Wake::OnChange | Wake::Backoff => None,
    }
}

/// Spec: S-151
fn tokens_of(pass: &Pass<'_>, terms: &Terms) -> Result<Preparation, BTreeSet<Query>> {
    let (facts, component) = component(pass)?;
    let local_cluster = local_cluster(pass.hub);
    let later = |pause| Preparation { wake: Some(pause), ..Preparation::default() };
    Ok(match (pass.schedule.spec.use_managed_service_account, component) {
        (_, Component::Unsure) => later(AGREE),
        (true, Component::OtherVersion) => later(TRY_AGAIN),
        (true, Component::Enabled) => {
            let (steps, next) = tokens::wanted(facts, terms, local_cluster, pass.now);
            Preparation { steps, wake: next.map(|next| until(next, pass.now)) }
        }
        (false, Component::Enabled | Component::NotInstalled) => {
            Preparation { steps: unwanted(pass.hub, facts)?, wake: None }
        }
        _ => Preparation::default(),
    })
}

/// Steps that remove the tokens of the hub, if really nobody wants them; that is asked only if there is something to
/// remove, because the loop may not watch all namespaces. Spec: S-151, S-193
fn unwanted(hub: &HubSnapshot, facts: &TokenFacts) -> Result<Vec<Step>, BTreeSet<Query>> {
    let steps = tokens::unwanted(facts, local_cluster(hub));
    if steps.is_empty() || !facts.wanted_by.is_empty() {
        return Ok(Vec::new());
    }
    match hub.on_request.tokens_wanted {
        Some(true) => Ok(Vec::new()),
        Some(false) => Ok(steps),
        None => Err(BTreeSet::from([Query::TokensWanted])),
    }
}

/// Spec: S-200 to S-209
fn labels_of(pass: &Pass<'_>) -> Result<Vec<Step>, BTreeSet<Query>> {
    match &pass.hub.on_request.credentials {
        Some(facts) => Ok(labels::steps(facts, local_cluster(pass.hub))),
        None => Err(unanswered(pass.hub, pass.schedule.spec.use_managed_service_account)),
    }
}

/// A second account is due once half of a token's life is over, not at the half. Spec: S-166
fn until(next: Timestamp, now: Timestamp) -> Duration {
    next.duration_since(now).unsigned_abs() + Duration::from_secs(1)
}

/// The end of a pass over a BackupSchedule that wants tokens on a hub that cannot make them; `None` if it can.
///
/// # Errors
/// The questions to answer first. Spec: S-036
pub(super) fn unusable(pass: &Pass<'_>) -> Result<Option<Plan>, BTreeSet<Query>> {
    if !pass.schedule.spec.use_managed_service_account {
        return Ok(None);
    }
    let (facts, component) = component(pass)?;
    Ok(matches!(component, Component::NotInstalled | Component::NotServed).then(|| {
        let steps = part(tokens::unusable(facts), pass.now);
        pass.plan(steps, BackupSchedulePhase::FailedValidation, NOT_ENABLED)
    }))
}

/// What a BackupSchedule that is gone leaves behind is removed, unless another one wants it. Spec: S-193
///
/// # Errors
/// The questions to answer first.
pub(super) fn farewell(hub: &HubSnapshot, now: Timestamp) -> Result<Plan, BTreeSet<Query>> {
    let known = &hub.on_request;
    let (Some(_), Some(served), Some(facts)) = (&known.hub, &known.served, &known.tokens) else {
        return Err(unanswered(hub, false));
    };
    match Component::of(facts, served) {
        Component::Unsure => Ok(Plan { wake: Wake::After(AGREE), ..Plan::default() }),
        Component::OtherVersion => Ok(resting()),
        _ => Ok(Plan { steps: part(unwanted(hub, facts)?, now), ..resting() }),
    }
}

fn component<'a>(pass: &Pass<'a>) -> Result<(&'a TokenFacts, Component), BTreeSet<Query>> {
    let known = &pass.hub.on_request;
    match (&known.hub, &known.served, &known.tokens) {
        (Some(_), Some(served), Some(facts)) => Ok((facts, Component::of(facts, served))),
        _ => Err(unanswered(pass.hub, pass.schedule.spec.use_managed_service_account)),
    }
}

fn local_cluster(hub: &HubSnapshot) -> Option<&str> {
    hub.on_request.hub.as_ref()?.local_cluster.as_deref()
}

/// Asks for everything a pass may need at once. Spec: S-079, S-140
pub(super) fn unanswered(hub: &HubSnapshot, wants_tokens: bool) -> BTreeSet<Query> {
    let (known, tokens) = (&hub.on_request, if wants_tokens { Query::Tokens } else { Query::TokensLeft });
    let all = [
        (known.hub.is_none(), Query::Hub),
        (known.served.is_none(), Query::Served),
        (known.tokens.is_none(), tokens),
        // Nobody's secrets are looked at to take leave of a BackupSchedule.
        (known.credentials.is_none() && hub.subject_schedule().is_some(), Query::Credentials),
    ];
    all.into_iter().filter(|(is_open, _)| *is_open).map(|(_, query)| query).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::schedule::ScheduleReason;
    use crate::plan::{Action, Event};

    fn steps(count: usize) -> Vec<Step> {
        let step = |number: usize| {
            let event = Event {
                warning: false,
                reason: number.to_string(),
                action: String::new(),
                note: String::new(),
            };
            Step::optional(Action::Emit(event), ScheduleReason::Paused)
        };
        (0..count).map(step).collect()
    }

    /// S-131, S-294: whatever fails for good, and however much of it there is
    #[test]
    fn every_step_gets_its_turn_although_those_before_it_fail_each_time() {
        for count in [1, BATCH, BATCH + 1, 3 * BATCH, 10_501] {
            let mut left: BTreeSet<String> =
                steps(count).iter().map(|step| step.action.to_string()).collect();
            for turn in 0..count.div_ceil(BATCH) {
                let now =
                    Timestamp::from_second(1_800_000_007).unwrap() + TRY_AGAIN * u32::try_from(turn).unwrap();
                let taken = part(steps(count), now);
                assert!(taken.len() == count.min(BATCH));
                let taken: BTreeSet<String> = taken.iter().map(|step| step.action.to_string()).collect();
                left.retain(|step| !taken.contains(step));
            }
            assert!(left.is_empty(), "{} of {count} are left", left.len());
        }
    }
}

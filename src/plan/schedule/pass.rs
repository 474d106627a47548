//! One pass over a BackupSchedule, from the top. Spec: S-030

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::owned::Owned;
use super::prepare::{self, Preparation};
use super::templates::Wishes;
use super::{create, drift, included, pause, status, validate};
use crate::api::{BackupSchedule, BackupSchedulePhase, BackupScheduleStatus};
use crate::plan::message::cut;
use crate::plan::validate::Terms;
use crate::plan::{
    Decision, HubSnapshot, NextStatus, Plan, Query, Step, Wake, collision, expired, prune, unreadable,
};
use crate::velero::Schedule;

const RECREATING: &str = "Velero Schedules were missing: the set is initialised anew";

/// What a pass looks at.
pub(super) struct Pass<'a> {
    pub(super) hub: &'a HubSnapshot,
    pub(super) schedule: &'a BackupSchedule,
    pub(super) owned: Owned<'a>,
    pub(super) now: Timestamp,
}

/// What to do for the BackupSchedule of `hub`.
pub fn plan(hub: &HubSnapshot, now: Timestamp) -> Decision {
    let expired = expired::steps(hub, now);
    if let Some(unreadable) = &hub.unreadable {
        let plan = unreadable::plan(hub, unreadable);
        return Decision::Do(with_expired(plan, expired, expired::next(hub, now), now));
    }
    let plan = match hub.subject_schedule() {
        None => prepare::farewell(hub, now),
        Some(schedule) if schedule.metadata.deletion_timestamp.is_some() => Ok(resting()),
        Some(schedule) => (Pass { hub, schedule, owned: Owned::of(hub, schedule), now }).plan_all(),
    };
    match plan {
        Ok(plan) => Decision::Do(with_expired(plan, expired, expired::next(hub, now), now)),
        Err(queries) => Decision::NeedMore(queries),
    }
}

/// The collision the BackupSchedule of `hub` ends in as soon as it is not paused; `None` if it ends in none.
///
/// # Errors
///
/// The questions to answer first. Spec: S-110 to S-117
pub fn collision(hub: &HubSnapshot, now: Timestamp) -> Result<Option<collision::Collision>, BTreeSet<Query>> {
    match hub.subject_schedule() {
        Some(schedule) => (Pass { hub, schedule, owned: Owned::of(hub, schedule), now }).collision(),
        None => Ok(None),
    }
}

/// Expired validation backups go first, whatever else is wrong, and wake the loop when the next is due. Spec: S-230
fn with_expired(mut plan: Plan, expired: Vec<Step>, next: Option<Timestamp>, now: Timestamp) -> Plan {
    plan.steps.splice(0..0, expired);
    if let (Wake::OnChange, Some(next)) = (plan.wake, next) {
        plan.wake = Wake::After(next.duration_since(now).unsigned_abs() + Duration::from_secs(1));
    }
    plan
}

/// Nothing to do until something changes.
pub(super) fn resting() -> Plan {
    Plan { wake: Wake::OnChange, ..Plan::default() }
}

impl<'a> Pass<'a> {
    /// Early exits first; then create, delete, change or watch the set.
    fn plan_all(&self) -> Result<Plan, BTreeSet<Query>> {
        if self.schedule.phase() == BackupSchedulePhase::BackupCollision {
            return Ok(resting());
        }
        let (surroundings, terms) = (validate::surroundings(self), validate::terms(self));
        if self.schedule.spec.paused {
            return self.pause(surroundings.err(), terms.err());
        }
        if let Err(message) = surroundings {
            return Ok(self.refuse(&message));
        }
        let terms = match terms {
            Ok(terms) => terms,
            Err(message) => return Ok(prepare::unusable(self)?.unwrap_or_else(|| self.refuse(&message))),
        };
        if let Some(collision) = self.collision()? {
            return Ok(pause::for_collision(self, &collision));
        }
        if let Some(message) = self.owned.unreadable_message() {
            return Ok(self.refuse(&message));
        }
        if let Some(plan) = prepare::unusable(self)? {
            return Ok(plan);
        }
        if self.owned.is_empty() {
            return self.create(&terms);
        }
        if !self.owned.missing().is_empty() {
            return self.recreate(&terms);
        }
        Ok(Preparation::of(self, &terms)?.in_part_before(self.keep(&terms)?, self.now))
    }

    /// Pausing comes before everything that has to be asked for. Spec: S-030, S-038
    fn pause(&self, around: Option<String>, wrong: Option<String>) -> Result<Plan, BTreeSet<Query>> {
        let is_done = self.owned.running().next().is_none();
        let unusable = if is_done && around.is_none() { prepare::unusable(self)? } else { None };
        Ok(unusable.unwrap_or_else(|| pause::plan(self, around.or(wrong))))
    }

    /// Spec: S-037
    fn refuse(&self, message: &str) -> Plan {
        self.plan(Vec::new(), BackupSchedulePhase::FailedValidation, message)
    }

    fn collision(&self) -> Result<Option<collision::Collision>, BTreeSet<Query>> {
        match self.judged() {
            Some(reference) => collision::find(self.hub, reference).map_err(|query| BTreeSet::from([query])),
            None => Ok(None),
        }
    }

    /// The schedule a collision is judged by, once the set is old enough and Velero has had its first look at it;
    /// `None` while nobody can say who writes to the storage. Spec: S-110
    fn judged(&self) -> Option<&'a Schedule> {
        let was_settled =
            !matches!(self.schedule.phase(), BackupSchedulePhase::Unset | BackupSchedulePhase::New);
        self.owned.reference().filter(|_| was_settled && self.grace_left().is_none())
    }

    fn grace_left(&self) -> Option<Duration> {
        collision::grace_left(self.owned.reference()?, self.now)
    }

    fn create(&self, terms: &Terms) -> Result<Plan, BTreeSet<Query>> {
        match create::obstacle(self) {
            Some(plan) => Ok(plan),
            None => {
                let plan = self.wishing(terms, |wishes| create::plan(self, wishes))?;
                Ok(Preparation::of(self, terms)?.before(plan))
            }
        }
    }

    /// A set goes only if it can be made anew; one that could not be made shows first that now it can be. Spec: S-096,
    /// S-101
    fn recreate(&self, terms: &Terms) -> Result<Plan, BTreeSet<Query>> {
        if let Some(plan) = create::obstacle(self) {
            return Ok(plan);
        }
        match (self.schedule.phase(), self.youth_left()) {
            (BackupSchedulePhase::Failed, _) => {
                self.wishing(terms, |wishes| create::missing_before(self, wishes, self.deletions()))
            }
            (_, Some(left)) => Ok(Plan { wake: Wake::After(left), ..Plan::default() }),
            (_, None) => Ok(self.deletions()),
        }
    }

    /// A set that is just being made may be seen in part; it is given time before it is judged. Spec: S-101
    fn youth_left(&self) -> Option<Duration> {
        self.owned.all().iter().filter_map(|schedule| collision::grace_left(schedule, self.now)).max()
    }

    fn deletions(&self) -> Plan {
        let status = BackupScheduleStatus {
            phase: BackupSchedulePhase::New,
            last_message: RECREATING.to_owned(),
            ..BackupScheduleStatus::default()
        };
        self.plan_with(drift::deletions(&self.owned), NextStatus::BackupSchedule(Box::new(status)))
    }

    /// Changes what differs; if nothing does, shows what Velero says and prunes. Spec: S-098, S-250
    fn keep(&self, terms: &Terms) -> Result<Plan, BTreeSet<Query>> {
        let changes = self.wishing(terms, |wishes| drift::steps(&self.owned, wishes))?;
        if !changes.is_empty() {
            return Ok(Plan { steps: changes, ..resting() });
        }
        let (phase, message) = status::rolled_up(&self.owned);
        let shown = status::with_copies(self.status(phase, message), self.owned.all().iter().copied());
        let steps = self.prune();
        let plan = self.plan_with(steps, NextStatus::BackupSchedule(Box::new(shown)));
        Ok(Plan { wake: self.grace_left().map_or(Wake::OnChange, Wake::After), ..plan })
    }

    /// Only what this pass has found to be ours alone is pruned: the runs of another hub may be its only ones.
    /// Spec: S-250, S-257
    fn prune(&self) -> Vec<Step> {
        let kept = self.judged().and(self.schedule.spec.max_backups);
        prune::steps(self.hub, kept)
    }

    /// What is wished for depends on the hub. Spec: S-079, S-140
    fn wishing<T>(&self, terms: &Terms, then: impl FnOnce(&Wishes<'_>) -> T) -> Result<T, BTreeSet<Query>> {
        let (Some(facts), Some(served)) = (&self.hub.on_request.hub, &self.hub.on_request.served) else {
            return Err(prepare::unanswered(self.hub, self.schedule.spec.use_managed_service_account));
        };
        Ok(then(&Wishes {
            namespace: &self.hub.subject.namespace,
            spec: &self.schedule.spec,
            terms,
            facts,
            kinds: &included::kinds(served),
            now: self.now,
        }))
    }

    pub(super) fn name(&self) -> &str {
        self.schedule.metadata.name.as_deref().unwrap_or_default()
    }

    /// The observed status with another phase and message.
    pub(super) fn status(&self, phase: BackupSchedulePhase, message: &str) -> BackupScheduleStatus {
        let observed = self.schedule.status.clone().unwrap_or_default();
        BackupScheduleStatus { phase, last_message: cut(message), ..observed }
    }

    pub(super) fn next_status(&self, phase: BackupSchedulePhase, message: &str) -> NextStatus {
        NextStatus::BackupSchedule(Box::new(self.status(phase, message)))
    }

    /// Everything waited for is watched, so nothing is polled. Spec: S-296
    pub(super) fn plan(&self, steps: Vec<Step>, phase: BackupSchedulePhase, message: &str) -> Plan {
        self.plan_with(steps, self.next_status(phase, message))
    }

    /// A status that says what is there already is not written, unless a step will add to it. Spec: S-295
    pub(super) fn plan_with(&self, steps: Vec<Step>, status: NextStatus) -> Plan {
        let NextStatus::BackupSchedule(next) = &status else { return resting() };
        let is_same = self.schedule.status.as_ref() == Some(next.as_ref());
        let is_final = steps.iter().all(|step| step.record.is_none());
        Plan { status: (!is_same || !is_final).then_some(status), steps, ..resting() }
    }
}

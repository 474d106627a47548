//! From steps to requests to outcomes, in order and blindly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::events::{self, EventType, Recorder, Reporter};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::error::{Class, Error};
use super::import::import;
use super::write::{Deletion, Mode, Place, create, delete, patch};
use crate::plan::{
    Action, Event, Failure, NewObject, ObjectKind, OnError, Outcome, Plan, Step, Target, TargetKind, stops,
    with_owner_uids,
};
use crate::{api, velero};

/// Steps taken at the same time, at most.
const IN_FLIGHT: usize = 16;
/// How long a pass goes on with steps that can wait for the next one, so that a server that does not answer holds up
/// neither the rest of it nor other objects. Spec: S-294
const PATIENCE: Duration = Duration::from_secs(60);
/// How often finalizers are taken off an object that somebody else changes at the same time.
const DETACH_TRIES: usize = 3;
/// Name under which Events are reported. Spec: R-900
const REPORTING_CONTROLLER: &str = "restore-controller";

/// Carries out plans. One per process, because it remembers which Events it has told.
#[derive(Clone)]
pub struct Applier {
    client: Client,
    recorder: Recorder,
    patience: Duration,
}

/// How far a pass has come, as its steps see it.
struct Course<'a> {
    /// What Events are about.
    subject: &'a ObjectReference,
    begun: Instant,
    /// A step failed without which the rest must not be done.
    is_over: AtomicBool,
}

impl Applier {
    /// An applier that writes through `client`.
    pub fn new(client: Client) -> Self {
        let recorder = Recorder::new(client.clone(), Reporter::from(REPORTING_CONTROLLER));
        Self { client, recorder, patience: PATIENCE }
    }

    /// Carries out the steps of a plan in order; one outcome per step.
    ///
    /// `subject` is the object Events are about.
    pub async fn apply(&self, plan: &Plan, subject: &ObjectReference) -> Vec<Outcome> {
        let course = Course { subject, begun: Instant::now(), is_over: AtomicBool::new(false) };
        let mut outcomes = Vec::with_capacity(plan.steps.len());
        for group in plan.steps.chunk_by(|step, next| step.together && next.together) {
            let steps = group.iter().map(|step| self.take_in_turn(step, &outcomes, &course));
            let taken: Vec<Outcome> = futures::stream::iter(steps).buffered(IN_FLIGHT).collect().await;
            outcomes.extend(taken);
        }
        outcomes
    }

    async fn take_in_turn(&self, step: &Step, done: &[Outcome], course: &Course<'_>) -> Outcome {
        let is_late = can_wait(step) && course.begun.elapsed() >= self.patience;
        if is_late || course.is_over.load(Ordering::Relaxed) {
            return Outcome::Skipped;
        }
        let outcome = self.take(step, done, course.subject).await;
        if stops(step, &outcome) {
            course.is_over.store(true, Ordering::Relaxed);
        }
        outcome
    }

    async fn take(&self, step: &Step, done: &[Outcome], subject: &ObjectReference) -> Outcome {
        let outcome = match &step.action {
            Action::Create(object) => self.create(&with_owner_uids(*object.clone(), done)).await,
            Action::Patch(target, change) => self.patch(target, change).await,
            Action::Delete(target) => self.delete(target, false).await,
            Action::DeleteForeground(target) => self.delete(target, true).await,
            Action::DetachAndDelete(target) => self.detach_and_delete(target).await,
            Action::Import(wanted) => import(&self.client, wanted).await,
            Action::Emit(event) => {
                self.tell(event, subject, None).await;
                Outcome::Done(None)
            }
        };
        if let (Some(event), Outcome::Done(object)) = (&step.event, &outcome) {
            self.tell(event, subject, object.as_deref()).await;
        }
        outcome
    }

    async fn create(&self, object: &NewObject) -> Outcome {
        let place = place_of_new(object);
        let value = match serde_json::to_value(object) {
            Ok(value) => value,
            Err(error) => return failed(&Error::unreadable(place.to_string(), error.to_string())),
        };
        match create(&self.client, &place, &value, Mode::Real).await {
            Ok(object) => Outcome::Done(Some(Box::new(object))),
            // What is not ours is not looked into: the watch tells of it, or the next pass tries again.
            Err(error) if error.class() == Class::AlreadyExists && matches!(object, NewObject::Other(_)) => {
                Outcome::Conflict
            }
            Err(error) if error.class() == Class::AlreadyExists => self.existing(&place).await,
            Err(error) => failed(&error),
        }
    }

    async fn existing(&self, place: &Place) -> Outcome {
        match place.api(&self.client).get(&place.name).await.map_err(Error::on("get", place.to_string())) {
            Ok(object) => Outcome::AlreadyThere(Box::new(object)),
            // It was there a moment ago: look again in the next pass.
            Err(error) if error.class() == Class::NotFound => Outcome::Conflict,
            Err(error) => failed(&error),
        }
    }

    async fn patch(&self, target: &Target, change: &Value) -> Outcome {
        let change = with_preconditions(change, target.uid.as_deref(), target.resource_version.as_deref());
        match patch(&self.client, &place_of(target), &change, Mode::Real).await {
            Ok(object) => Outcome::Done(Some(Box::new(object))),
            Err(error) => of_existing(&error),
        }
    }

    async fn delete(&self, target: &Target, foreground: bool) -> Outcome {
        let (uid, resource_version) = (target.uid.as_deref(), target.resource_version.as_deref());
        let deletion = Deletion { uid, resource_version, foreground };
        match delete(&self.client, &place_of(target), deletion, Mode::Real).await {
            Ok(object) => Outcome::Done(object.map(Box::new)),
            Err(error) => of_existing(&error),
        }
    }

    /// The version the first write answers guards the second: a finalizer put back in between is not deleted past. Its
    /// owner may be quick, so there is more than one try; whatever fails, the object stays. Spec: R-436
    async fn detach_and_delete(&self, target: &Target) -> Outcome {
        for _ in 0..DETACH_TRIES {
            let detached = match self.patch(target, &json!({"metadata": {"finalizers": null}})).await {
                Outcome::Done(Some(object)) => object.metadata,
                other => return other,
            };
            let target = Target { resource_version: detached.resource_version, ..target.clone() };
            match self.delete(&target, true).await {
                Outcome::Conflict => {}
                other => return other,
            }
        }
        let message = format!("delete {target}: left as it is, its finalizers came back each time");
        Outcome::Failed(Failure { message })
    }

    /// An Event that cannot be written is logged; nothing depends on it.
    async fn tell(&self, event: &Event, subject: &ObjectReference, about: Option<&DynamicObject>) {
        let event = events::Event {
            type_: if event.warning { EventType::Warning } else { EventType::Normal },
            reason: event.reason.clone(),
            note: Some(event.note.clone()),
            action: event.action.clone(),
            // Events that differ only in their note are folded into one; the related object keeps them apart.
            secondary: about.map(reference_of),
        };
        if let Err(error) = self.recorder.publish(&event, subject).await {
            tracing::warn!("{}", Error::new("create", format!("event {}", event.reason), error));
        }
    }
}

/// True for a step that is planned again if it is not taken: what prepares a backup, and the removal of one.
fn can_wait(step: &Step) -> bool {
    let prepares = step.on_error == OnError::Continue && step.together && step.record.is_none();
    prepares || step.on_error == OnError::Retry
}

/// Where the object of a target is.
pub fn place_of(target: &Target) -> Place {
    let (namespace, name) = (target.namespace.as_str(), target.name.as_str());
    match &target.kind {
        TargetKind::VeleroSchedule => Place::of::<velero::Schedule>(namespace, name),
        TargetKind::VeleroBackup => Place::of::<velero::Backup>(namespace, name),
        TargetKind::VeleroRestore => Place::of::<velero::Restore>(namespace, name),
        TargetKind::Restore => Place::of::<api::Restore>(namespace, name),
        TargetKind::BackupSchedule => Place::of::<api::BackupSchedule>(namespace, name),
        TargetKind::Other(kind) => place_in(kind, namespace, name),
    }
}

/// Where a new object goes.
pub fn place_of_new(object: &NewObject) -> Place {
    let metadata = object.metadata();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let name = metadata.name.as_deref().unwrap_or_default();
    match object {
        NewObject::VeleroSchedule(_) => Place::of::<velero::Schedule>(namespace, name),
        NewObject::VeleroBackup(_) => Place::of::<velero::Backup>(namespace, name),
        NewObject::VeleroRestore(_) => Place::of::<velero::Restore>(namespace, name),
        NewObject::DeleteBackupRequest(_) => Place::of::<velero::DeleteBackupRequest>(namespace, name),
        NewObject::Other(other) => place_in(&other.kind, namespace, name),
    }
}

fn place_in(kind: &ObjectKind, namespace: &str, name: &str) -> Place {
    let resource = ApiResource {
        group: kind.group.clone(),
        version: kind.version.clone(),
        api_version: kind.api_version(),
        kind: kind.kind.clone(),
        plural: kind.plural.clone(),
    };
    Place { resource, namespace: namespace.to_owned(), name: name.to_owned() }
}

/// Adds what must still hold for the patch to be taken.
pub(super) fn with_preconditions(change: &Value, uid: Option<&str>, version: Option<&str>) -> Value {
    let mut change = change.clone();
    for (field, value) in [("uid", uid), ("resourceVersion", version)] {
        let Some(fields) = change.as_object_mut().filter(|_| value.is_some()) else { continue };
        let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert(field.to_owned(), json!(value));
        }
    }
    change
}

fn of_existing(error: &Error) -> Outcome {
    match error.class() {
        Class::NotFound => Outcome::Gone,
        Class::Conflict => Outcome::Conflict,
        _ => failed(error),
    }
}

fn failed(error: &Error) -> Outcome {
    Outcome::Failed(Failure { message: error.to_string() })
}

fn reference_of(object: &DynamicObject) -> ObjectReference {
    ObjectReference {
        api_version: object.types.as_ref().map(|types| types.api_version.clone()),
        kind: object.types.as_ref().map(|types| types.kind.clone()),
        namespace: object.metadata.namespace.clone(),
        name: object.metadata.name.clone(),
        uid: object.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::cluster::fake;
    use crate::plan::is_failure;
    use crate::plan::schedule::ScheduleReason;

    /// A server with one object, whose owner puts its finalizer back after each of the first `quick` patches.
    fn server(quick: usize) -> (Client, Arc<Mutex<Vec<String>>>) {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let client = fake::server(move |request| {
            let mut seen = seen.lock().unwrap();
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let guard = body.pointer("/preconditions/resourceVersion").and_then(Value::as_str);
            seen.push(format!("{} {}", request.method(), guard.unwrap_or("any")));
            let patches = seen.iter().filter(|line: &&String| line.starts_with("PATCH")).count();
            if request.method() == http::Method::DELETE && patches <= quick {
                return fake::refusal(409);
            }
            let metadata =
                json!({"name": "c", "namespace": "c", "uid": "u", "resourceVersion": patches.to_string()});
            let object = json!({"apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment", "metadata": metadata});
            (200, object.to_string())
        });
        (client, requests)
    }

    async fn detached(quick: usize) -> (Outcome, Vec<String>) {
        let kind = ObjectKind::new(["hive.openshift.io", "v1", "ClusterDeployment", "clusterdeployments"]);
        let target = Target {
            kind: TargetKind::Other(kind),
            namespace: "c".to_owned(),
            name: "c".to_owned(),
            uid: Some("u".to_owned()),
            resource_version: None,
        };
        let (client, requests) = server(quick);
        let outcome = Applier::new(client).detach_and_delete(&target).await;
        let requests = requests.lock().unwrap().clone();
        (outcome, requests)
    }

    /// Spec: R-436: upstream deletes first, and an owner begins to deprovision a live cluster
    #[tokio::test]
    async fn finalizers_that_come_back_are_taken_off_three_times_and_then_the_object_stays() {
        let (outcome, requests) = detached(2).await;
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
        let each = |version: &str| ["PATCH any".to_owned(), format!("DELETE {version}")];
        assert_eq!(requests, [each("1"), each("2"), each("3")].concat(), "never past a finalizer");

        let (outcome, requests) = detached(usize::MAX).await;
        let Outcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!(
            failure.message,
            "delete clusterdeployment c/c: left as it is, its finalizers came back each time"
        );
        assert_eq!(requests.len(), 6, "{requests:?}");
    }

    fn label(name: &str, on_error: OnError) -> Step {
        let kind = ObjectKind::new(["", "v1", "Secret", "secrets"]);
        let target = Target {
            kind: TargetKind::Other(kind),
            namespace: "c".to_owned(),
            name: name.to_owned(),
            uid: None,
            resource_version: None,
        };
        let step = Step::optional(Action::Patch(target, json!({})), ScheduleReason::Paused);
        Step { on_error, ..step.together() }
    }

    async fn taken(patience: Duration, code: u16, steps: Vec<Step>) -> Vec<bool> {
        let client = fake::server(move |_| fake::refusal(code));
        let applier = Applier { patience, ..Applier::new(client) };
        let plan = Plan { steps, ..Plan::default() };
        let outcomes = applier.apply(&plan, &ObjectReference::default()).await;
        assert!(is_failure(&plan, &outcomes), "what was put off leads to another pass");
        outcomes.iter().map(|outcome| *outcome != Outcome::Skipped).collect()
    }

    /// Spec: S-294: a pause and a new set of schedules are not among what can wait
    #[tokio::test]
    async fn a_pass_that_takes_too_long_puts_off_what_the_next_one_plans_again() {
        let first_backup = Step { together: false, ..label("backup", OnError::Continue) };
        let steps = vec![
            label("label", OnError::Continue),
            label("removal", OnError::Retry),
            first_backup,
            label("pause", OnError::FailLater),
            label("schedule", OnError::Stop),
        ];
        assert_eq!(taken(Duration::ZERO, 503, steps.clone()).await, [false, false, true, true, true]);
        assert_eq!(taken(PATIENCE, 503, steps).await, [true; 5]);
    }

    /// Spec: S-191: of thousands that fail alike, a handful is enough
    #[tokio::test]
    async fn the_rest_of_a_group_is_not_tried_once_a_step_failed_that_matters() {
        let steps = (0..1000).map(|number| label(&number.to_string(), OnError::Stop)).collect();
        let taken = taken(PATIENCE, 503, steps).await;
        assert!(taken.iter().filter(|taken| **taken).count() <= IN_FLIGHT);
    }

    #[test]
    fn preconditions_travel_in_the_patch() {
        let change = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"paused": true}});
        let patch = with_preconditions(&change, Some("u"), Some("7"));
        let metadata = json!({"labels": {"a": "b"}, "uid": "u", "resourceVersion": "7"});
        assert_eq!(patch, json!({"metadata": metadata, "spec": {"paused": true}}));
        assert_eq!(with_preconditions(&change, None, None), change);
    }
}

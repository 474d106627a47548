//! What a pass decides: steps, the next status, and when to look again.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use kube::core::DynamicObject;
use serde::Serialize;
use serde_json::Value;

use super::kind::{ObjectKind, OtherObject};
use super::note::Note;
use super::reason::Reason;
use super::snapshot::Query;
use crate::api::{self, keys};
use crate::velero::{self, BackupType, RestoreType};

/// The planner's answer: a question, or a plan. At most three questions per pass.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Read these facts and ask again.
    NeedMore(BTreeSet<Query>),
    /// Do this.
    Do(Plan),
}

/// What one pass does.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// The status if every step succeeds; `None` leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<NextStatus>,
    /// The status if a step with [`OnError::Stop`] fails; the cause is appended to its message.
    /// `None` leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_on_failure: Option<NextStatus>,
    /// What a person should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// When to look again if all went well.
    pub wake: Wake,
    /// When to look again if a step failed.
    #[serde(skip_serializing_if = "Wake::is_backoff")]
    pub wake_on_failure: Wake,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What a failure means for the steps after it.
    pub on_error: OnError,
    /// It may be taken at the same time as its neighbours that say so too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// What the status remembers of it once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// The Kubernetes Event that tells of it once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
}

/// What a failed step means for the steps after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OnError {
    /// The rest is skipped and the pass counts as failed.
    Stop,
    /// The rest is done; the failure is logged.
    Continue,
    /// The rest is done, then the pass counts as failed. Spec: S-105, S-106
    FailLater,
    /// The rest is done and the status says what it says without this step; then the pass is made again. Spec: S-231
    Retry,
}

/// A call to the API server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Create an object.
    Create(Box<NewObject>),
    /// Change the given fields of an object by a JSON merge patch.
    Patch(Target, Value),
    /// Delete an object.
    Delete(Target),
    /// Delete an object after everything it owns.
    DeleteForeground(Target),
    /// Take all finalizers off an object, then delete it as by [`Self::DeleteForeground`] if nobody has changed it in
    /// between: the owners of the finalizers never see it being deleted. Spec: R-436
    DetachAndDelete(Target),
    /// Create the secret that imports a managed cluster.
    Import(Import),
    /// Emit an Event about the subject.
    Emit(Event),
}

/// The secret that imports a managed cluster, without the token, which is copied when the step is taken. Spec: R-737
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// The managed cluster, and the namespace of both secrets.
    pub cluster: String,
    /// Where its API server is.
    pub server: String,
    /// Name of the secret that holds the token.
    pub token_from: String,
}

/// An object to create.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NewObject {
    /// A Velero Schedule.
    VeleroSchedule(velero::Schedule),
    /// A Velero Backup.
    VeleroBackup(velero::Backup),
    /// A Velero Restore.
    VeleroRestore(velero::Restore),
    /// A Velero DeleteBackupRequest.
    DeleteBackupRequest(velero::DeleteBackupRequest),
    /// An object of a kind that is neither ours nor Velero's.
    Other(OtherObject),
}

/// An observed object a patch or deletion is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its kind.
    pub kind: TargetKind,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid as observed; a different object of the same name is left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Its resourceVersion as observed, where a write must not overtake another one; `None` = any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
}

/// Kinds that are patched or deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TargetKind {
    /// A Velero Schedule.
    VeleroSchedule,
    /// A Velero Backup.
    VeleroBackup,
    /// A Velero Restore.
    VeleroRestore,
    /// A Restore of ours.
    Restore,
    /// A BackupSchedule.
    BackupSchedule,
    /// A kind that is neither ours nor Velero's.
    Other(ObjectKind),
}

/// What the status remembers of a finished step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// The Velero Schedule as the server answered it. Spec: S-014
    ScheduleCopy(BackupType),
    /// The name of the Velero Restore. Spec: R-231
    RestoreName(RestoreType),
    /// What became of it, failures too, as a message about the managed cluster. Spec: R-911
    ImportNews,
    /// That an object was removed, or could not be. Spec: R-436
    CleanedUp,
}

/// A Kubernetes Event about the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Warning instead of Normal.
    pub warning: bool,
    /// Reason, in CamelCase.
    pub reason: String,
    /// Action, in CamelCase.
    pub action: String,
    /// What happened.
    pub note: String,
}

/// The status a pass leads to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NextStatus {
    /// Of a BackupSchedule.
    BackupSchedule(Box<api::BackupScheduleStatus>),
    /// Of a Restore.
    Restore(Box<api::RestoreStatus>),
}

/// When to look again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Wake {
    /// When something changes.
    OnChange,
    /// After this long, or when something changes.
    After(Duration),
    /// After the controller's exponential backoff.
    #[default]
    Backoff,
}

impl Wake {
    fn is_backoff(&self) -> bool {
        *self == Self::Backoff
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Done; the object as the server answered it, where it answers one.
    Done(Option<Box<DynamicObject>>),
    /// A create found an object of that name; the object as it is.
    AlreadyThere(Box<DynamicObject>),
    /// A patch or deletion found nothing (any more).
    Gone,
    /// The object changed since it was observed.
    Conflict,
    /// The server refused, or could not be reached.
    Failed(Failure),
    /// Not tried, because an earlier step failed or the pass took too long.
    Skipped,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words, naming the object.
    pub message: String,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(object) => write!(f, "create {object}"),
            Self::Patch(target, _) => write!(f, "update {target}"),
            Self::Delete(target) | Self::DeleteForeground(target) | Self::DetachAndDelete(target) => {
                write!(f, "delete {target}")
            }
            Self::Import(import) => {
                write!(f, "create secret {}/{}", import.cluster, keys::AUTO_IMPORT_SECRET)
            }
            Self::Emit(event) => write!(f, "event {}", event.reason),
        }
    }
}

impl NewObject {
    /// The object's metadata.
    pub fn metadata(&self) -> &kube::core::ObjectMeta {
        match self {
            Self::VeleroSchedule(object) => &object.metadata,
            Self::VeleroBackup(object) => &object.metadata,
            Self::VeleroRestore(object) => &object.metadata,
            Self::DeleteBackupRequest(object) => &object.metadata,
            Self::Other(other) => &other.object.metadata,
        }
    }

    /// The object's metadata, to change.
    pub(super) fn metadata_mut(&mut self) -> &mut kube::core::ObjectMeta {
        match self {
            Self::VeleroSchedule(object) => &mut object.metadata,
            Self::VeleroBackup(object) => &mut object.metadata,
            Self::VeleroRestore(object) => &mut object.metadata,
            Self::DeleteBackupRequest(object) => &mut object.metadata,
            Self::Other(other) => &mut other.object.metadata,
        }
    }

    /// The kind as screens and logs name it.
    pub fn kind(&self) -> String {
        match self {
            Self::VeleroSchedule(_) => "velero schedule".to_owned(),
            Self::VeleroBackup(_) => "velero backup".to_owned(),
            Self::VeleroRestore(_) => "velero restore".to_owned(),
            Self::DeleteBackupRequest(_) => "velero deletebackuprequest".to_owned(),
            Self::Other(other) => other.kind.to_string(),
        }
    }
}

impl fmt::Display for NewObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = self.metadata();
        write!(f, "{} {}", self.kind(), full_name(metadata.namespace.as_deref(), metadata.name.as_deref()))
    }
}

/// `namespace/name`, or the name alone.
fn full_name(namespace: Option<&str>, name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    match namespace.unwrap_or_default() {
        "" => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VeleroSchedule => f.write_str("velero schedule"),
            Self::VeleroBackup => f.write_str("velero backup"),
            Self::VeleroRestore => f.write_str("velero restore"),
            Self::Restore => f.write_str("restore"),
            Self::BackupSchedule => f.write_str("schedule"),
            Self::Other(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, full_name(Some(&self.namespace), Some(&self.name)))
    }
}

impl Step {
    /// A step that ends the pass when it fails.
    pub fn required(action: Action, reason: impl Into<Reason>) -> Self {
        Self {
            action,
            reason: reason.into(),
            on_error: OnError::Stop,
            together: false,
            record: None,
            event: None,
        }
    }

    /// A step whose failure is only logged.
    pub fn optional(action: Action, reason: impl Into<Reason>) -> Self {
        Self { on_error: OnError::Continue, ..Self::required(action, reason) }
    }

    /// Lets the step be taken at the same time as its neighbours that say so too.
    #[must_use]
    pub fn together(self) -> Self {
        Self { together: true, ..self }
    }

    /// Remembers the step in the status once it is done.
    #[must_use]
    pub fn recording(self, record: Record) -> Self {
        Self { record: Some(record), ..self }
    }

    /// Tells of the step by an Event once it is done.
    #[must_use]
    pub fn announcing(self, event: Event) -> Self {
        Self { event: Some(event), ..self }
    }
}

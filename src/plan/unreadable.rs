//! Objects that are there but do not decode: written by hand past an older CRD, or half-written by others.

use kube::core::DynamicObject;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::cut;
use super::{HubSnapshot, NextStatus, Plan, SubjectKind, Wake};
use crate::api::{self, BackupSchedulePhase, BackupScheduleStatus, RestorePhase, RestoreStatus};

/// An object that is there but does not decode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The object as the server has it.
    pub object: DynamicObject,
    /// The field, and what is wrong with it.
    pub why: String,
}

impl Unreadable {
    /// Its name.
    pub fn name(&self) -> &str {
        self.object.metadata.name.as_deref().unwrap_or_default()
    }

    /// Its namespace; empty without one.
    pub fn namespace(&self) -> &str {
        self.object.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// As much of it as the deletion of a Restore looks at.
    pub(super) fn as_restore(&self) -> api::Restore {
        api::Restore { metadata: self.object.metadata.clone(), ..api::Restore::default() }
    }

    /// The phase its status tells; the default one if it tells none, as of an object nobody has looked at.
    pub fn phase<P: DeserializeOwned + Default>(&self) -> P {
        let phase = self.status().get("phase").cloned().unwrap_or_default();
        serde_json::from_value(phase).unwrap_or_default()
    }

    fn status(&self) -> Value {
        self.object.data.get("status").cloned().unwrap_or_default()
    }

    /// The rest of the object may be fine.
    fn is_about_status(&self) -> bool {
        self.why.starts_with("status")
    }
}

/// What to do for a subject that does not decode: say so in its status. Spec: S-017
///
/// A status somebody else wrote badly is written anew, so that the next pass reads the object.
pub(super) fn plan(hub: &HubSnapshot, subject: &Unreadable) -> Plan {
    if subject.object.metadata.deletion_timestamp.is_some() {
        return Plan { wake: Wake::OnChange, ..Plan::default() };
    }
    let status = match hub.subject.kind {
        SubjectKind::BackupSchedule => NextStatus::BackupSchedule(Box::new(of_schedule(subject))),
        SubjectKind::Restore => NextStatus::Restore(Box::new(of_restore(subject))),
    };
    let is_same = serde_json::to_value(&status).is_ok_and(|status| status == subject.status());
    Plan { status: (!is_same).then_some(status), wake: Wake::OnChange, ..Plan::default() }
}

fn of_schedule(subject: &Unreadable) -> BackupScheduleStatus {
    if subject.is_about_status() {
        return BackupScheduleStatus::default();
    }
    let observed: BackupScheduleStatus = serde_json::from_value(subject.status()).unwrap_or_default();
    let phase = BackupSchedulePhase::FailedValidation;
    BackupScheduleStatus { phase, last_message: message(subject), ..observed }
}

fn of_restore(subject: &Unreadable) -> RestoreStatus {
    if subject.is_about_status() {
        return RestoreStatus::default();
    }
    let observed: RestoreStatus = serde_json::from_value(subject.status()).unwrap_or_default();
    // An edit of a finished Restore has no effect. Spec: R-116
    if observed.phase.is_terminal() {
        return observed;
    }
    RestoreStatus { phase: RestorePhase::Error, last_message: message(subject), ..observed }
}

fn message(subject: &Unreadable) -> String {
    cut(&format!("invalid {}", subject.why))
}

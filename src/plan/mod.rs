//! The pure core: from what was observed to what to do.
//!
//! Total, deterministic, level-triggered, convergent: see docs/architecture.md, "Rules for the planner".

mod action;
pub mod cleanup;
pub mod collision;
pub mod expired;
mod kind;
pub mod labels;
pub mod latest;
mod message;
pub mod next_run;
pub mod note;
mod on_hub;
mod owners;
mod prune;
mod reason;
mod removal;
pub mod restore;
pub mod runs;
pub mod schedule;
mod settle;
mod snapshot;
pub mod tidy;
pub mod tokens;
mod unreadable;
pub mod validate;
pub mod writers;

use jiff::Timestamp;

pub use action::{
    Action, Decision, Event, Failure, Import, NewObject, NextStatus, OnError, Outcome, Plan, Record, Step,
    Target, TargetKind, Wake,
};
pub use kind::{ObjectKind, OtherObject};
pub use message::cut;
pub use note::{Note, Severity};
pub use on_hub::{AwaitedVolume, ClusterState, ImportFacts, ImportSecret, InternalHub, TokenSecret};
pub use owners::with_owner_uids;
pub use reason::Reason;
pub use settle::{is_failure, settle, stops};
pub use snapshot::{
    HubFacts, HubSnapshot, LoopOptions, OnRequest, Query, ServedApis, ServedResource, ServedVersion, Subject,
    SubjectKind, VeleroState,
};
pub use unreadable::Unreadable;

/// What to do for the subject of `hub` at the moment `now`.
pub fn plan(hub: &HubSnapshot, now: Timestamp) -> Decision {
    match hub.subject.kind {
        SubjectKind::BackupSchedule => schedule::plan(hub, now),
        SubjectKind::Restore => restore::plan(hub, now),
    }
}

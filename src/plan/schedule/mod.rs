//! Rules for a BackupSchedule.

use std::fmt;

use jiff::Timestamp;

use super::{Decision, HubSnapshot, Plan};

/// Why a step of the BackupSchedule side is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleReason {}

impl fmt::Display for ScheduleReason {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// What to do for the BackupSchedule of `hub`.
pub fn plan(_hub: &HubSnapshot, _now: Timestamp) -> Decision {
    Decision::Do(Plan::default())
}

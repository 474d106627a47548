//! Rules for a Restore.

use std::fmt;

use jiff::Timestamp;

use super::{Decision, HubSnapshot, Plan};

/// Why a step of the Restore side is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreReason {}

impl fmt::Display for RestoreReason {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// What to do for the Restore of `hub`.
pub fn plan(_hub: &HubSnapshot, _now: Timestamp) -> Decision {
    Decision::Do(Plan::default())
}

//! Why a step is taken; the text is what the CLI prints and the log says.

use std::fmt;

use serde::{Serialize, Serializer};

use super::cleanup::CleanupReason;
use super::labels::LabelReason;
use super::restore::RestoreReason;
use super::schedule::ScheduleReason;
use super::tidy::TidyReason;
use super::tokens::TokenReason;

/// Why a step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A rule of the BackupSchedule side.
    Schedule(ScheduleReason),
    /// A rule of the Restore side.
    Restore(RestoreReason),
    /// A person wants it gone.
    Tidy(TidyReason),
    /// A label for the credentials backup.
    Label(LabelReason),
    /// A rule about tokens.
    Token(TokenReason),
    /// A restore left it over.
    Cleanup(CleanupReason),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(reason) => reason.fmt(f),
            Self::Restore(reason) => reason.fmt(f),
            Self::Tidy(reason) => reason.fmt(f),
            Self::Label(reason) => reason.fmt(f),
            Self::Token(reason) => reason.fmt(f),
            Self::Cleanup(reason) => reason.fmt(f),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<ScheduleReason> for Reason {
    fn from(reason: ScheduleReason) -> Self {
        Self::Schedule(reason)
    }
}

impl From<RestoreReason> for Reason {
    fn from(reason: RestoreReason) -> Self {
        Self::Restore(reason)
    }
}

impl From<TidyReason> for Reason {
    fn from(reason: TidyReason) -> Self {
        Self::Tidy(reason)
    }
}

impl From<LabelReason> for Reason {
    fn from(reason: LabelReason) -> Self {
        Self::Label(reason)
    }
}

impl From<TokenReason> for Reason {
    fn from(reason: TokenReason) -> Self {
        Self::Token(reason)
    }
}

impl From<CleanupReason> for Reason {
    fn from(reason: CleanupReason) -> Self {
        Self::Cleanup(reason)
    }
}

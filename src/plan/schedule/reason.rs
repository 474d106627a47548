//! Why a step of the BackupSchedule side is taken.

use std::fmt;

/// Why a step of the BackupSchedule side is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleReason {
    /// There are no Velero Schedules yet.
    NoSchedules,
    /// A run right after the Velero Schedules were made.
    FirstRun,
    /// Others of the set are missing; holds their names. Spec: S-101
    SetIncomplete(Vec<&'static str>),
    /// The user paused the BackupSchedule.
    Paused,
    /// Another hub writes to the same storage.
    Collision,
    /// These fields differ from what the BackupSchedule asks for. Spec: S-100 to S-103
    Drift(Vec<&'static str>),
    /// The user turned `skipImmediately` off after Velero had skipped: turned on again it counts anew. Spec: S-103
    SkipTurnedOff,
    /// An expired validation backup that Velero left behind. Spec: S-230
    ExpiredValidationBackup,
    /// The run is older than the number of runs to keep. Spec: S-252
    BeyondMaxBackups {
        /// Number of runs to keep.
        kept: usize,
    },
}

impl fmt::Display for ScheduleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSchedules => f.write_str("no Velero Schedules yet"),
            Self::FirstRun => f.write_str("a first run right away"),
            Self::SetIncomplete(missing) => {
                write!(
                    f,
                    "missing from the set: {}; all are made anew to share one due time",
                    missing.join(", ")
                )
            }
            Self::Paused => f.write_str("the BackupSchedule is paused"),
            Self::Collision => f.write_str("another hub writes to the same storage"),
            Self::Drift(fields) => write!(f, "differs in {}", fields.join(", ")),
            Self::SkipTurnedOff => f.write_str("skipImmediately is off again: the next time it counts anew"),
            Self::ExpiredValidationBackup => f.write_str("expired, and Velero left it behind"),
            Self::BeyondMaxBackups { kept } => {
                write!(f, "not among the newest runs, of which maxBackups keeps {kept}")
            }
        }
    }
}

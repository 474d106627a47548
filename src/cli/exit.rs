//! Exit codes and problem names; a script can tell how a command ended from the code alone.

use std::process::ExitCode;

/// How a command ended; `docs/exit-codes.md` tells scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done; or: all good.
    Done = 0,
    /// The answer is no: a check failed.
    No = 1,
    /// Wrong usage: unknown flag, impossible combination, unreadable value.
    Usage = 2,
    /// The object or request is invalid for the server.
    Invalid = 3,
    /// Not found: the named object, or no usable backup.
    NotFound = 4,
    /// Refused by us: something is in the way, ambiguous, or not confirmed.
    Refused = 5,
    /// The hub is not ready: CRDs, Velero or storage missing or unavailable.
    NotReady = 6,
    /// Waited, ended badly: Error, FailedValidation, Failed, BackupCollision.
    EndedBadly = 7,
    /// Waited, ended with errors in part: FinishedWithErrors, EnabledWithErrors, PartiallyFailed.
    EndedInPart = 8,
    /// The server cannot be reached, refuses the identity, or forbids it.
    Unreachable = 9,
    /// A defect of ours.
    Defect = 70,
    /// Timed out waiting.
    TimedOut = 124,
    /// Interrupted.
    Interrupted = 130,
    /// Terminated.
    Terminated = 143,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Stable names of problems that end a command; each is a section of `docs/problems.md`.
///
/// Names of mere notes stand where the notes are made.
pub mod problem {
    /// The cron expression is not one Velero accepts.
    pub const BAD_CRON: &str = "bad-cron";
    /// Another hub writes to the same storage.
    pub const COLLISION: &str = "collision";
    /// Our CRDs are not installed.
    pub const CRD_MISSING: &str = "crd-missing";
    /// The installed CRD lacks fields that were asked for.
    pub const CRD_TOO_OLD: &str = "crd-too-old";
    /// A defect of this program.
    pub const DEFECT: &str = "defect";
    /// The identity may not do this.
    pub const FORBIDDEN: &str = "forbidden";
    /// The choice of backups would lose the generic resources.
    pub const GENERIC_LOST: &str = "generic-lost";
    /// Who this hub is cannot be read.
    pub const HUB_ID_UNKNOWN: &str = "hub-id-unknown";
    /// A run lacks usable backups.
    pub const INCOMPLETE_RUN: &str = "incomplete-run";
    /// The loop already runs.
    pub const LEASE_HELD: &str = "lease-held";
    /// Several namespaces fit.
    pub const NAMESPACE_AMBIGUOUS: &str = "namespace-ambiguous";
    /// No namespace fits.
    pub const NAMESPACE_NOT_FOUND: &str = "namespace-not-found";
    /// This hub cannot make tokens with which imported clusters reconnect.
    pub const NO_IMPORT_TOKEN: &str = "no-import-token";
    /// A part has no usable backup.
    pub const NO_BACKUP: &str = "no-backup";
    /// A question was not answered with yes.
    pub const NOT_CONFIRMED: &str = "not-confirmed";
    /// Another Restore is not finished.
    pub const RESTORE_IN_THE_WAY: &str = "restore-in-the-way";
    /// A BackupSchedule is active.
    pub const SCHEDULE_IN_THE_WAY: &str = "schedule-in-the-way";
    /// There is no storage location.
    pub const STORAGE_MISSING: &str = "storage-missing";
    /// The storage location has no owner.
    pub const STORAGE_NOT_OWNED: &str = "storage-not-owned";
    /// The storage location is not available.
    pub const STORAGE_UNAVAILABLE: &str = "storage-unavailable";
    /// `--sync` does not go with the other flags.
    pub const SYNC_RULES: &str = "sync-rules";
    /// The server cannot be reached.
    pub const UNREACHABLE: &str = "unreachable";
    /// Velero is not installed.
    pub const VELERO_MISSING: &str = "velero-missing";
    /// Several Velero servers work in one namespace.
    pub const VELERO_TWICE: &str = "velero-twice";
}

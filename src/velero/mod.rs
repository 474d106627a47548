//! velero.io/v1 as far as we set or read it.
//!
//! Every struct ends in `other`, so that fields we do not know survive a round trip.

mod backup;
pub mod contents;
mod delete_request;
mod download_request;
mod names;
pub mod object_list;
mod restore;
#[cfg(test)]
mod round_trip;
mod schedule;
pub(crate) mod schema;
pub mod selects;
pub mod server;
mod storage_location;

pub use backup::{Backup, BackupPhase, BackupSpec, BackupStatus, Progress};
pub use delete_request::{DeleteBackupRequest, DeleteBackupRequestSpec, DeleteBackupRequestStatus};
pub use download_request::{
    DownloadRequest, DownloadRequestSpec, DownloadRequestStatus, DownloadTarget, StoredFile,
};
pub use names::{BackupType, RestoreType, label_value};
pub use restore::{Restore, RestorePhase, RestoreSpec, RestoreStatus, RestoreStatusSpec};
pub use schedule::{Schedule, SchedulePhase, ScheduleSpec, ScheduleStatus};
pub use storage_location::{
    BackupStorageLocation, BackupStorageLocationSpec, BackupStorageLocationStatus, StorageLocationPhase,
};

/// Fields we neither set nor read, kept as they came.
pub type Other = serde_json::Map<String, serde_json::Value>;

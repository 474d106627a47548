//! cluster.open-cluster-management.io/v1beta1: the two objects a user writes.

mod backup_schedule;
pub mod crd;
pub mod crd_fields;
mod internal_hub;
pub mod keys;
pub mod managed_by;
mod restore;
mod restore_rules;

pub use backup_schedule::{BackupSchedule, BackupSchedulePhase, BackupScheduleSpec, BackupScheduleStatus};
pub use internal_hub::InternalHubComponent;
pub use restore::{
    BackupChoice, Cleanup, ExecHook, InitHook, PostHook, Restore, RestoreHooks, RestorePhase,
    RestoreResourceHook, RestoreSpec, RestoreStatus,
};

/// API group of both kinds.
pub const GROUP: &str = "cluster.open-cluster-management.io";
/// API version of both kinds.
pub const VERSION: &str = "v1beta1";

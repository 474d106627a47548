//! Rules for a BackupSchedule.

mod create;
mod drift;
mod included;
mod owned;
mod pass;
mod pause;
mod prepare;
mod reason;
mod run_now;
mod skip;
mod status;
mod templates;
mod validate;

pub use included::is_selected;
pub use pass::{collision, plan};
pub use reason::ScheduleReason;
pub use run_now::{MissingSchedules, free_stamp, run_now};
pub(super) use templates::{VALIDATION_SURPLUS, longest_gap};

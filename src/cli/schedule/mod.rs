//! `schedule`: create or change the BackupSchedule of this hub; `pause` and `resume` are two of its changes.

mod args;
mod change;
mod command;
mod others;
mod pause;
mod recreate;

pub use args::ScheduleArgs;
pub use command::run;
pub use pause::{PauseArgs, ResumeArgs, pause, resume};

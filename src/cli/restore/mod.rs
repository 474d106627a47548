//! `restore`, `plan` and `activate`: from flags to a Restore, what it would do, and writing it.

mod activate;
mod after;
mod args;
mod choice;
mod cleanup;
mod command;
mod contents;
mod diff;
mod file;
mod plan;
mod preview;
mod spec;

pub use activate::{ActivateArgs, run as activate};
pub use command::{RestoreArgs, run as restore};
pub use plan::{PlanArgs, run as plan};
pub(super) use spec::selector;

//! `snapshot`: what the planner sees, as one file.

mod archive;
mod command;
mod names;
mod read;
mod redact;

pub use command::{SnapshotArgs, run};

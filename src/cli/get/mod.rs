//! `get`: lists of schedules, restores, backups and runs.

mod command;
mod rows;

pub use command::{GetArgs, run};

//! `logs`: the Velero logs behind a backup, run or restore.

mod command;
mod filter;
mod parts;
mod pod;

pub use command::{LogsArgs, run};

//! `get`: schedules, restores, backups or runs as a table, names, or the server's objects.

mod command;
mod read;
mod rows;
mod watch;

pub use command::{GetArgs, run};

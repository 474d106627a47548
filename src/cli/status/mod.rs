//! `status`: the hub on one screen.

mod command;
mod next;
mod place;
mod watch;

pub use command::{StatusArgs, run};

//! `describe`: one object, what is behind it, and why it is in its phase.

mod command;
mod read;

pub use command::{DescribeArgs, run};

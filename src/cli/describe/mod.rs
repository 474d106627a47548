//! `describe`: one object, what is behind it, and why it is in its phase.

mod command;
mod read;

pub(super) use command::Answer;
pub use command::{DescribeArgs, run};

//! `wait`, and what `--wait` of other commands does: watch until an object got somewhere.

mod command;
mod condition;
mod screen;
mod sources;
mod waiting;
mod written;

pub use command::{WaitArgs, run};
pub use condition::Condition;
pub use waiting::Waiting;
pub use written::Written;

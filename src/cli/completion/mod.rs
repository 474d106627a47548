//! `completion`: kubectl's protocol under another name of this program, scripts for shells, and live names.

mod answer;
mod command;
mod link;
mod live;
mod names;

pub use answer::answered;
pub use command::{CompletionArgs, run};

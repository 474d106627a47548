//! `verify`: could this hub be rebuilt from its backups?

mod archive;
mod command;
mod operators;
mod read;

pub(super) use command::Answer;
pub use command::{VerifyArgs, run};

//! `doctor`: is everything in place?

mod command;
mod read;

pub use command::{DoctorArgs, run};

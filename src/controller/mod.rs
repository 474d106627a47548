//! The reconcile loop: watches in, passes out, one at a time.

mod answers;
mod feeds;
mod figures;
mod gate;
pub mod health;
pub mod log;
mod metrics;
mod others;
mod pass;
mod queue;
mod run;
mod store;
mod within;
mod worker;
mod world;

pub use run::{End, LeaseChoice, Problem, RunOptions, run};

//! The reconcile loop: watches in, passes out, one at a time.

mod feeds;
mod figures;
mod gate;
pub mod health;
pub mod log;
mod metrics;
mod pass;
mod queue;
mod run;
mod store;
mod worker;
mod world;

pub use run::{End, LeaseChoice, Problem, RunOptions, run};

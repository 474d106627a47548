//! `install` and `uninstall`: the CRDs, and the loop as a Deployment with everything it needs.

mod command;
mod guard;
mod objects;
mod served;
mod uninstall;
mod workload;

pub use command::{InstallArgs, run};
pub use uninstall::{UninstallArgs, run as uninstall};

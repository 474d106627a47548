//! The checks of `doctor`: what was observed, what follows from it, and how that is shown.

mod client;
mod crds;
mod hub;
mod observed;
mod reconciler;
mod report;
mod role;
mod state;
mod storage;
#[cfg(test)]
mod tests;
mod velero;

pub use observed::{
    Crd, Fact, InstalledHub, Lease, MissingVerb, Observed, PermissionAnswer, Reach, Restarts, Unknown,
    VeleroFacts,
};
pub use report::Report;

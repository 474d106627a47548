//! Rules for a Restore.

mod conflict;
mod cycle;
mod deletion;
mod end;
mod facts;
mod first_sync;
mod import_news;
mod imports;
mod installer;
mod leftovers;
mod marker;
mod notes;
mod object;
mod orphans;
mod pass;
mod phase;
mod post;
mod preview;
mod reason;
mod sync;
pub mod validate;
mod volumes;
mod wanted;

pub use facts::owned_restores;
pub(super) use facts::{controller_of, track};
pub use import_news::{ImportTally, import_tally};
pub(super) use import_news::{shorten, tell};
pub use pass::plan;
pub use preview::{Preview, activation_preview, cleanup_preview, velero_restores, wanted_restores};
pub use reason::{Picked, RestoreReason};
pub use wanted::{LeftOut, LeftOutReason, WantedRestore};

//! Which backup a choice means: `latest`, a name, or nothing that can be used.

mod candidates;
mod notes;
mod resolve;
mod unresolved;

pub use candidates::{Candidates, backup_name, hub_of, is_usable};
pub use notes::{notes, unsynced};
pub use resolve::{Chosen, PassedOver, Why, explain, latest_of_all};
pub(super) use resolve::{resolve, twin_name};
pub use unresolved::Unresolved;

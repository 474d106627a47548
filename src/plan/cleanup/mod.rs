//! What a restore leaves over: objects that the backups just restored do not hold. Spec: R-400…R-439

mod deletions;
mod kinds;
mod leftover;
mod reference;
mod search;
mod tally;
mod work;

pub use deletions::{CleanupReason, Deletion};
pub use leftover::{LABELS_READ, Leftover, Leftovers, Unlisted};
pub(super) use reference::Restored;
pub use search::{Requirement, Search};
pub(super) use tally::tally;
pub use tally::{Told, told};
pub use work::Cleaned;
pub(super) use work::Work;

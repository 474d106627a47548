//! One object, what is behind it, why it is where it is, and what to do next.

mod backup;
mod description;
mod restore;
mod run;
mod schedule;
#[cfg(test)]
mod tests;

pub use backup::backup;
pub use description::{Behind, Chosen, Description, EventView, Line, Seen};
pub use restore::restore;
pub use run::run;
pub use schedule::schedule;

//! Values to text: pure, never prints, never looks at a terminal.

mod activation;
pub mod age;
pub mod block;
mod brought;
pub mod changes;
pub mod checks;
mod cleaning;
pub mod cleanup;
pub mod collision;
pub mod contents;
pub mod describe;
pub mod diff;
pub mod doctor;
pub mod get;
pub mod hint;
pub mod hub_id;
pub mod latest;
pub mod line;
#[cfg(test)]
pub(crate) mod looks;
pub mod plan;
pub mod problems;
pub mod progress;
pub mod prune;
pub mod status;
pub mod style;
pub mod table;
pub mod text;
pub mod verify;

pub use block::Block;
pub use line::columns;
pub use style::{Mark, Style};
pub use table::Table;

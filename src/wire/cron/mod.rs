//! Cron expressions in exactly the dialect Velero accepts: robfig/cron v3 `ParseStandard`.
//!
//! `parse` reads an expression into a [`Cron`], `next` finds its runs, `gap` measures the time between
//! them. Recorded answers of the original are in `tests/data/cron.tsv`.

mod error;
mod field;
mod gap;
mod next;
mod parse;
mod zone;

pub use error::{CronError, CronField, FieldFault};
pub use parse::Cron;

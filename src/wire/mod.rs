//! Value types exactly as they are written on the wire: pure, total, and text-identical both ways.

pub mod cron;
pub mod duration;
pub mod harmless;
pub mod stamp;
pub(crate) mod text_enum;
pub mod yaml;

pub use cron::{Cron, CronError};
pub use duration::{DurationError, GoDuration};
pub use stamp::{Stamp, StampError};
pub use yaml::YamlError;

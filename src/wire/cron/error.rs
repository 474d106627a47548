//! Why a cron expression is refused: short for people, and in robfig's words for comparison.

use std::fmt;

use crate::wire::duration::DurationError;

/// Why a text is not a cron expression Velero accepts.
///
/// `Display` reads well after "is not a schedule Velero accepts: "; [`CronError::robfig_text`] is what
/// the status written by upstream would say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Nothing was there to read.
    #[error("empty spec string")]
    Empty,
    /// Not five fields; holds the fields as read.
    #[error("expected exactly 5 fields, found {}: [{}]", .0.len(), .0.join(" "))]
    FieldCount(Vec<String>),
    /// A time zone prefix with nothing behind it; holds the zone. Spec: S-044.
    #[error("nothing after the time zone '{0}', expected a space and a schedule")]
    ZoneAlone(String),
    /// A time zone that does not exist; holds its name. Spec: S-044.
    #[error("provided bad location {0}: unknown time zone {0}")]
    UnknownZone(String),
    /// A word with `@` that is no descriptor; holds the text. Spec: S-043.
    #[error("unrecognized descriptor: {0}")]
    UnknownDescriptor(String),
    /// `@every` with something else than a duration.
    #[error("failed to parse duration {text}: {reason}")]
    BadInterval {
        /// The descriptor as read, with `@every`.
        text: String,
        /// Why the duration is refused.
        reason: DurationError,
    },
    /// One of the five fields is wrong.
    #[error("{field}: {fault}")]
    Field {
        /// Which field; they are read in order and the first fault counts.
        field: CronField,
        /// What is wrong with it.
        fault: FieldFault,
    },
}

impl CronError {
    /// The reason in the words of robfig/cron, without the name of the field.
    ///
    /// Identical for field faults, counts, zones and descriptors; durations and [`CronError::ZoneAlone`],
    /// where robfig panics, keep our own words.
    pub fn robfig_text(&self) -> String {
        match self {
            Self::Field { fault: FieldFault::NotANumber { text }, .. } => {
                format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")
            }
            Self::Field { fault: FieldFault::HugeNumber { text }, .. } => {
                format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: value out of range")
            }
            Self::Field { fault, .. } => fault.to_string(),
            other => other.to_string(),
        }
    }
}

/// One of the five fields, in the order they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CronField {
    /// 0-59.
    Minute,
    /// 0-23.
    Hour,
    /// 1-31.
    DayOfMonth,
    /// 1-12 or JAN-DEC.
    Month,
    /// 0-6 or SUN-SAT.
    Weekday,
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::Weekday => "day of week",
        })
    }
}

/// What is wrong with one item of a field's comma list. Spec: S-041.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// Neither a number nor a name of this field.
    #[error("'{text}'")]
    NotANumber {
        /// The text where a number was expected.
        text: String,
    },
    /// A number beyond 64 bits.
    #[error("'{text}' is out of range")]
    HugeNumber {
        /// The number as read.
        text: String,
    },
    /// A number below zero.
    #[error("negative number ({value}) not allowed: {text}")]
    Negative {
        /// The number.
        value: i64,
        /// The number as read.
        text: String,
    },
    /// More than one `-`.
    #[error("too many hyphens: {item}")]
    TooManyHyphens {
        /// The list item.
        item: String,
    },
    /// More than one `/`.
    #[error("too many slashes: {item}")]
    TooManySlashes {
        /// The list item.
        item: String,
    },
    /// The first value is too small for this field.
    #[error("beginning of range ({start}) below minimum ({min}): {item}")]
    BelowMinimum {
        /// The value.
        start: u64,
        /// The smallest one allowed.
        min: u64,
        /// The list item.
        item: String,
    },
    /// The last value is too big for this field.
    #[error("end of range ({end}) above maximum ({max}): {item}")]
    AboveMaximum {
        /// The value.
        end: u64,
        /// The biggest one allowed.
        max: u64,
        /// The list item.
        item: String,
    },
    /// The range ends before it starts.
    #[error("beginning of range ({start}) beyond end of range ({end}): {item}")]
    Backwards {
        /// The first value.
        start: u64,
        /// The last value.
        end: u64,
        /// The list item.
        item: String,
    },
    /// A step of zero.
    #[error("step of range should be a positive number: {item}")]
    ZeroStep {
        /// The list item.
        item: String,
    },
}

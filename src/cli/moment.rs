//! A moment given by a user: RFC 3339, a run id, or an age.

use jiff::Timestamp;

use super::values::duration;
use crate::wire::{GoDuration, Stamp};

/// `2026-11-22T10:00:00Z`, `20261122100004`, or `6h` before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(Timestamp),
    /// This long before now.
    Ago(GoDuration),
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(stamp) = text.parse::<Stamp>() {
            return Ok(Self::At(stamp.timestamp()));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        match duration(text) {
            Ok(ago) => Ok(Self::Ago(ago)),
            Err(_) => Err("expected a time such as 2026-11-22T10:00:00Z, or an age such as 6h".to_owned()),
        }
    }
}

impl Moment {
    /// The point in time.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(jiff::SignedDuration::from(ago)).unwrap_or(Timestamp::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_stamp_or_an_age() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let before = |text: &str| text.parse::<Moment>().unwrap().before(now).to_string();
        assert_eq!(before("6h"), "2026-11-22T06:00:00Z");
        assert_eq!(before("1d6h"), "2026-11-21T06:00:00Z");
        assert_eq!(before("20261122100004"), "2026-11-22T10:00:04Z");
        assert_eq!(before("2026-11-22T10:00:00+01:00"), "2026-11-22T09:00:00Z");
        assert!("yesterday".parse::<Moment>().is_err());
    }
}

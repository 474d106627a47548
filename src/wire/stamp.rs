//! The 14-digit UTC timestamp Velero puts at the end of the names of scheduled backups.

use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, civil, tz::Offset};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The number of digits in `YYYYMMDDhhmmss`.
const DIGITS: usize = 14;

/// An instant in whole seconds, written `YYYYMMDDhhmmss` in UTC.
///
/// Order is time order, which is also text order. Upstream: Velero `api.Schedule.TimestampedName`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(Timestamp);

/// Why a text is not a timestamp.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Not exactly 14 ASCII digits.
    #[error("'{text}' is not a backup timestamp, expected 14 digits YYYYMMDDhhmmss")]
    NotDigits {
        /// The text as read.
        text: String,
    },
    /// Digits that name no day or no time of day, or a year out of range.
    #[error("'{text}' is not a date and time, expected YYYYMMDDhhmmss in UTC")]
    NoSuchTime {
        /// The text as read.
        text: String,
    },
}

impl Stamp {
    /// The instant, on a whole second.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// The timestamp after the last `-` of a backup name; `None` when there is none.
    pub fn suffix_of(name: &str) -> Option<Self> {
        name.rsplit_once('-').and_then(|(_, suffix)| suffix.parse().ok())
    }
}

impl From<Timestamp> for Stamp {
    /// Drops the fraction of a second; instants before the year 0 become its start.
    fn from(instant: Timestamp) -> Self {
        // A negative fraction belongs to the second before.
        let borrow = i64::from(instant.subsec_nanosecond() < 0);
        let floor = Timestamp::from_second(instant.as_second().saturating_sub(borrow)).unwrap_or(instant);
        let first = Offset::UTC.to_timestamp(civil::DateTime::constant(0, 1, 1, 0, 0, 0, 0));
        Self(first.map_or(floor, |first| floor.max(first)))
    }
}

impl From<Stamp> for Timestamp {
    fn from(stamp: Stamp) -> Self {
        stamp.0
    }
}

impl FromStr for Stamp {
    type Err = StampError;

    /// Reads exactly 14 digits.
    ///
    /// # Errors
    /// When there are other characters, or the digits are no valid date and time.
    fn from_str(text: &str) -> Result<Self, StampError> {
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(StampError::NotDigits { text: text.to_owned() });
        }
        let number: u64 = text.parse().map_err(|_| StampError::NotDigits { text: text.to_owned() })?;
        instant(number).map(Self).ok_or_else(|| StampError::NoSuchTime { text: text.to_owned() })
    }
}

/// The instant whose 14 digits read as this number; `None` when there is no such time.
fn instant(number: u64) -> Option<Timestamp> {
    let pair = |hundreds: u32| i8::try_from(number / 100_u64.pow(hundreds) % 100).ok();
    let year = i16::try_from(number / 100_u64.pow(5)).ok()?;
    let date = civil::Date::new(year, pair(4)?, pair(3)?).ok()?;
    let time = civil::Time::new(pair(2)?, pair(1)?, pair(0)?, 0).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Offset::UTC.to_datetime(self.0);
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        write!(f, "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stamps_are_written_in_utc() {
        let instant: Timestamp = "2026-08-21T12:00:00.9+02:00".parse().unwrap();
        assert_eq!(Stamp::from(instant).to_string(), "20260821100000");
    }

    #[test]
    fn fractions_are_dropped_downwards_before_1970() {
        let instant: Timestamp = "1969-12-31T23:59:58.5Z".parse().unwrap();
        assert_eq!(Stamp::from(instant).to_string(), "19691231235958");
        assert_eq!(Stamp::from(Timestamp::MIN).to_string(), "00000101000000");
    }

    #[test]
    fn only_fourteen_digits_of_a_real_time_are_read() {
        for bad in ["", "2026082110000", "202608211000000", "2026082110000a", "+2026082110000"] {
            assert!(matches!(bad.parse::<Stamp>(), Err(StampError::NotDigits { .. })), "{bad}");
        }
        for bad in ["20260230000000", "20261301000000", "20260821240000", "20260821106000", "20260821100060"]
        {
            assert!(matches!(bad.parse::<Stamp>(), Err(StampError::NoSuchTime { .. })), "{bad}");
        }
        assert!("20240229235959".parse::<Stamp>().is_ok());
    }

    #[test]
    fn the_suffix_of_a_backup_name_is_found() {
        let stamp = Stamp::suffix_of("acm-credentials-schedule-20260821100000").unwrap();
        assert_eq!(stamp.to_string(), "20260821100000");
        assert_eq!(Stamp::suffix_of("acm-credentials-schedule-20260821100000-"), None);
        assert_eq!(Stamp::suffix_of("20260821100000"), None);
        assert_eq!(Stamp::suffix_of("acm-credentials-schedule"), None);
    }

    #[test]
    fn serde_uses_the_text() {
        let stamp: Stamp = serde_json::from_str(r#""20260821100000""#).unwrap();
        assert_eq!(serde_json::to_string(&stamp).unwrap(), r#""20260821100000""#);
    }

    proptest! {
        #[test]
        fn text_order_is_time_order(a in 0_i64..253_000_000_000, b in 0_i64..253_000_000_000) {
            let [a, b] = [a, b].map(|second| Stamp::from(Timestamp::from_second(second).unwrap()));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
        }
    }
}

//! Durations as Go writes them (`720h0m0s`), which is how Velero and the hub operator store them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// One more than the largest value: a magnitude only a negative duration may have.
const MAGNITUDE_LIMIT: u64 = 1 << 63;
const UNITS: &str = "ns, us, ms, s, m or h";

/// A length of time in whole nanoseconds, possibly negative.
///
/// Reads what Go's `time.ParseDuration` accepts and writes what Go's `Duration.String` writes.
/// Spec: S-015.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing was there to read.
    #[error("empty duration, expected text like '2h30m'")]
    Empty,
    /// A number was expected and something else was found.
    #[error("'{text}' is not a duration, expected numbers with units like '2h30m'")]
    Malformed {
        /// The whole text.
        text: String,
    },
    /// A number has no unit.
    #[error("missing unit in duration '{text}', expected {UNITS} after each number")]
    MissingUnit {
        /// The whole text.
        text: String,
    },
    /// A number has a unit Go does not know, such as days.
    #[error("unknown unit '{unit}' in duration '{text}', expected {UNITS}")]
    UnknownUnit {
        /// The unit as read.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// The value does not fit 64 bits of nanoseconds.
    #[error("duration '{text}' is too long, expected at most 2562047h47m16s (292 years)")]
    TooLong {
        /// The whole text.
        text: String,
    },
}

impl GoDuration {
    /// No time at all, `0s`.
    pub const ZERO: Self = Self(0);
    /// The longest duration, about 292 years.
    pub const MAX: Self = Self(i64::MAX);

    /// A duration of this many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A duration of this many seconds, cut to about ±292 years.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SECOND))
    }

    /// The length in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The length in whole seconds; a fraction is dropped.
    pub const fn as_secs(self) -> i64 {
        self.0 / NANOS_PER_SECOND
    }

    /// Whether this is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, cut to about ±292 years.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The same length as a standard duration; `None` when negative.
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0).ok().map(std::time::Duration::from_nanos)
    }
}

impl From<GoDuration> for jiff::SignedDuration {
    fn from(duration: GoDuration) -> Self {
        Self::from_nanos(duration.0)
    }
}

impl From<jiff::SignedDuration> for GoDuration {
    /// Cuts to about ±292 years.
    fn from(duration: jiff::SignedDuration) -> Self {
        let bound = if duration.is_negative() { i64::MIN } else { i64::MAX };
        Self(i64::try_from(duration.as_nanos()).unwrap_or(bound))
    }
}

impl From<std::time::Duration> for GoDuration {
    /// Cuts to about 292 years.
    fn from(duration: std::time::Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    /// Reads Go duration text.
    ///
    /// # Errors
    /// Says what was read when `time.ParseDuration` would refuse it too. Spec: S-015.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        match unsigned {
            "" if text.is_empty() => return Err(DurationError::Empty),
            "" => return Err(DurationError::Malformed { text: text.to_owned() }),
            "0" => return Ok(Self::ZERO),
            _ => {}
        }
        let magnitude = sum_of_terms(unsigned, text)?;
        if negative {
            // The magnitude may be one above i64::MAX, where negating wraps to i64::MIN as it does in Go.
            return Ok(Self(magnitude.wrapping_neg().cast_signed()));
        }
        i64::try_from(magnitude).map(Self).map_err(|_| DurationError::TooLong { text: text.to_owned() })
    }
}

/// Adds up `1h`, `30m`, … of an unsigned duration; `text` is for the error.
fn sum_of_terms(unsigned: &str, text: &str) -> Result<u64, DurationError> {
    let mut rest = unsigned;
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let (nanos, after) = term(rest, text)?;
        // Go wraps here, so that twice the limit is accepted as zero; what it stores we must read.
        sum = sum.wrapping_add(nanos);
        if sum > MAGNITUDE_LIMIT {
            return Err(DurationError::TooLong { text: text.to_owned() });
        }
        rest = after;
    }
    Ok(sum)
}

/// Reads one number with its unit: its nanoseconds, and the text behind it.
fn term<'a>(input: &'a str, text: &str) -> Result<(u64, &'a str), DurationError> {
    let too_long = || DurationError::TooLong { text: text.to_owned() };
    let (whole, rest) = split_digits(input);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Malformed { text: text.to_owned() });
    }
    let value = whole_number(whole).ok_or_else(too_long)?;
    let (unit, rest) = split_unit(rest);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit { text: text.to_owned() });
    }
    let scale = unit_nanos(unit)
        .ok_or_else(|| DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() })?;
    let nanos = value.checked_mul(scale).filter(|nanos| *nanos <= MAGNITUDE_LIMIT).ok_or_else(too_long)?;
    let nanos = nanos.saturating_add(fraction_nanos(fraction, scale));
    if nanos > MAGNITUDE_LIMIT { Err(too_long()) } else { Ok((nanos, rest)) }
}

fn split_digits(input: &str) -> (&str, &str) {
    input.split_at(input.find(|c: char| !c.is_ascii_digit()).unwrap_or(input.len()))
}

fn split_unit(input: &str) -> (&str, &str) {
    input.split_at(input.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(input.len()))
}

/// The digits before the point, none meaning zero; `None` when above the limit.
fn whole_number(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|value| *value <= MAGNITUDE_LIMIT)
}

fn unit_nanos(unit: &str) -> Option<u64> {
    match unit {
        "ns" => Some(1),
        // Both code points in use: the micro sign and the Greek letter mu.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        "m" => Some(60_000_000_000),
        "h" => Some(3_600_000_000_000),
        _ => None,
    }
}

/// The nanoseconds of the digits behind the point, rounded down the way Go's floating point does.
fn fraction_nanos(digits: &str, scale: u64) -> u64 {
    let mut value: u64 = 0;
    let mut divisor = 1.0;
    for digit in digits.chars().filter_map(|c| c.to_digit(10)) {
        // Digits beyond 63 bits carry nothing a nanosecond could show.
        if value > (MAGNITUDE_LIMIT - 1) / 10 {
            break;
        }
        let longer = value * 10 + u64::from(digit);
        if longer > MAGNITUDE_LIMIT {
            break;
        }
        value = longer;
        divisor *= 10.0;
    }
    (value as f64 * (scale as f64 / divisor)) as u64
}

impl fmt::Display for GoDuration {
    /// Writes canonical Go text: `2h0m0s`, `1m30s`, `1.5s`, `100ms`, `0s`. Spec: S-015.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let sign = if self.is_negative() { "-" } else { "" };
        let small = |digits: usize, unit: &str| format!("{sign}{}{unit}", decimal(nanos, digits));
        let text = match nanos {
            0 => "0s".to_owned(),
            1..1_000 => small(0, "ns"),
            1_000..1_000_000 => small(3, "\u{b5}s"),
            1_000_000..1_000_000_000 => small(6, "ms"),
            _ => format!("{sign}{}", clock(nanos)),
        };
        f.pad(&text)
    }
}

/// One second and more: hours, minutes and seconds, without leading zero parts.
fn clock(nanos: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    let seconds = decimal(nanos % MINUTE, 9);
    let minutes = nanos / MINUTE;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `value` with the point moved `digits` places left and no trailing zeros.
fn decimal(value: u64, digits: usize) -> String {
    let divisor = (0..digits).fold(1, |power: u64, _| power * 10);
    match value % divisor {
        0 => (value / divisor).to_string(),
        rest => format!("{}.{}", value / divisor, format!("{rest:0digits$}").trim_end_matches('0')),
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<GoDuration, DurationError> {
        text.parse()
    }

    #[test]
    fn two_hours_are_written_in_full() {
        assert_eq!(GoDuration::from_secs(7200).to_string(), "2h0m0s");
        assert_eq!(GoDuration::from_secs(90).to_string(), "1m30s");
        assert_eq!(GoDuration::ZERO.to_string(), "0s");
        assert_eq!(GoDuration::from_nanos(1_500_000_000).to_string(), "1.5s");
        assert_eq!(GoDuration::from_nanos(-100_000_000).to_string(), "-100ms");
    }

    #[test]
    fn errors_say_what_was_expected() {
        assert_eq!(read(""), Err(DurationError::Empty));
        assert_eq!(
            read("1d").unwrap_err().to_string(),
            "unknown unit 'd' in duration '1d', expected ns, us, ms, s, m or h"
        );
        assert_eq!(
            read("90").unwrap_err().to_string(),
            "missing unit in duration '90', expected ns, us, ms, s, m or h after each number"
        );
        assert!(matches!(read("3000000h"), Err(DurationError::TooLong { .. })));
        assert!(matches!(read("-"), Err(DurationError::Malformed { .. })));
    }

    #[test]
    fn the_most_negative_duration_is_read() {
        assert_eq!(read("-9223372036854775808ns"), Ok(GoDuration::from_nanos(i64::MIN)));
        assert_eq!(GoDuration::from_nanos(i64::MIN).to_string(), "-2562047h47m16.854775808s");
    }

    #[test]
    fn conversions_keep_the_length() {
        let day = GoDuration::from_secs(86_400);
        assert_eq!(day.to_std(), Some(std::time::Duration::from_secs(86_400)));
        assert_eq!(GoDuration::from(jiff::SignedDuration::from_hours(24)), day);
        assert_eq!(GoDuration::from_secs(-1).to_std(), None);
        assert_eq!(GoDuration::from_secs(i64::MAX), GoDuration::MAX);
    }

    #[test]
    fn serde_uses_the_text() {
        assert_eq!(serde_json::to_string(&GoDuration::from_secs(60)).unwrap(), r#""1m0s""#);
        assert_eq!(serde_json::from_str::<GoDuration>(r#""60s""#).unwrap(), GoDuration::from_secs(60));
        assert!(serde_json::from_str::<GoDuration>("60").is_err());
    }

    proptest! {
        #[test]
        fn text_round_trips(nanos: i64) {
            let duration = GoDuration::from_nanos(nanos);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[-+]?[0-9.]{0,30}[a-z\u{b5}]{0,3}") {
            let _ = text.parse::<GoDuration>();
        }
    }
}

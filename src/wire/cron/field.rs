//! One field of a cron expression: a comma list of ranges, read into a set of numbers.

use std::num::IntErrorKind;

use super::error::{CronError, CronField, FieldFault};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The numbers a field allows, and whether it was written with a star.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumberSet {
    bits: u64,
    /// An item `*` or `?` without a step above 1, which changes how the two day fields combine. Spec: S-042.
    pub(super) star: bool,
}

/// One item of the list, not yet checked against the bounds.
struct Range {
    start: u64,
    end: u64,
    star: bool,
    /// A single number, which with a step runs up to the maximum.
    single: bool,
}

impl NumberSet {
    /// Just this number.
    pub(super) fn only(value: u64) -> Self {
        Self { bits: bit(value), star: false }
    }

    /// Every number of the field, as `*` gives it.
    pub(super) fn all(field: CronField) -> Self {
        let (min, max) = field.bounds();
        Self { bits: (min..=max).fold(0, |bits, value| bits | bit(value)), star: true }
    }

    /// Whether the number is allowed.
    pub(super) fn has(self, value: i8) -> bool {
        u64::try_from(value).is_ok_and(|value| self.bits & bit(value) != 0)
    }

    /// Whether no number is allowed, as after a lone comma.
    pub(super) fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Reads a comma list; empty items are ignored. Spec: S-041.
    pub(super) fn parse(text: &str, field: CronField) -> Result<Self, CronError> {
        let mut set = Self { bits: 0, star: false };
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let part = parse_item(item, field).map_err(|fault| CronError::Field { field, fault })?;
            set = Self { bits: set.bits | part.bits, star: set.star || part.star };
        }
        Ok(set)
    }
}

impl CronField {
    fn bounds(self) -> (u64, u64) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 6),
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::Weekday => &WEEKDAYS,
            _ => &[],
        }
    }
}

fn bit(value: u64) -> u64 {
    u32::try_from(value).ok().and_then(|shift| 1_u64.checked_shl(shift)).unwrap_or(0)
}

/// Reads `*`, `a` or `a-b`, each with an optional `/step`. Upstream: robfig/cron parser.go `getRange`.
fn parse_item(item: &str, field: CronField) -> Result<NumberSet, FieldFault> {
    let (range_text, step_text) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item, None),
    };
    // The order of the checks decides which fault is reported; it is robfig's.
    let mut range = parse_range(range_text, item, field)?;
    let mut step = 1;
    if let Some(text) = step_text {
        if text.contains('/') {
            return Err(FieldFault::TooManySlashes { item: item.to_owned() });
        }
        step = parse_number(text)?;
        if range.single {
            range.end = field.bounds().1;
        }
        range.star &= step <= 1;
    }
    check(&range, step, item, field)?;
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    let bits = (range.start..=range.end).step_by(step).fold(0, |bits, value| bits | bit(value));
    Ok(NumberSet { bits, star: range.star })
}

fn parse_range(text: &str, item: &str, field: CronField) -> Result<Range, FieldFault> {
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (low, Some(high)),
        None => (text, None),
    };
    let single = high.is_none();
    if matches!(low, "*" | "?") {
        // Whatever follows a star and a hyphen is never looked at.
        let (start, end) = field.bounds();
        return Ok(Range { start, end, star: true, single });
    }
    let start = parse_number_or_name(low, field)?;
    let end = match high {
        None => start,
        Some(high) if high.contains('-') => {
            return Err(FieldFault::TooManyHyphens { item: item.to_owned() });
        }
        Some(high) => parse_number_or_name(high, field)?,
    };
    Ok(Range { start, end, star: false, single })
}

fn check(range: &Range, step: u64, item: &str, field: CronField) -> Result<(), FieldFault> {
    let (min, max) = field.bounds();
    let Range { start, end, .. } = *range;
    let item = || item.to_owned();
    if start < min {
        return Err(FieldFault::BelowMinimum { start, min, item: item() });
    }
    if end > max {
        return Err(FieldFault::AboveMaximum { end, max, item: item() });
    }
    if start > end {
        return Err(FieldFault::Backwards { start, end, item: item() });
    }
    if step == 0 {
        return Err(FieldFault::ZeroStep { item: item() });
    }
    Ok(())
}

fn parse_number_or_name(text: &str, field: CronField) -> Result<u64, FieldFault> {
    let (min, _) = field.bounds();
    let named = (min..).zip(field.names()).find(|(_, name)| name.eq_ignore_ascii_case(text));
    named.map_or_else(|| parse_number(text), |(value, _)| Ok(value))
}

/// Reads what Go's `strconv.Atoi` reads, a leading `+` included, but nothing negative.
fn parse_number(text: &str) -> Result<u64, FieldFault> {
    let value: i64 = text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => {
            FieldFault::HugeNumber { text: text.to_owned() }
        }
        _ => FieldFault::NotANumber { text: text.to_owned() },
    })?;
    u64::try_from(value).map_err(|_| FieldFault::Negative { value, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str, field: CronField) -> Vec<i8> {
        let set = NumberSet::parse(text, field).unwrap();
        (0..64).filter(|value| set.has(*value)).collect()
    }

    fn fault(text: &str, field: CronField) -> String {
        NumberSet::parse(text, field).unwrap_err().to_string()
    }

    #[test]
    fn lists_ranges_and_steps_are_read() {
        assert_eq!(numbers("1,3-5,20/20", CronField::Minute), [1, 3, 4, 5, 20, 40]);
        assert_eq!(numbers("*/90", CronField::Minute), [0]);
        assert_eq!(numbers("+1,", CronField::Hour), [1]);
        assert_eq!(numbers("Mon-WED", CronField::Weekday), [1, 2, 3]);
        assert_eq!(numbers("*-5/10", CronField::Month), [1, 11]);
        assert_eq!(numbers(",", CronField::Month), [0; 0]);
    }

    #[test]
    fn a_step_above_one_clears_the_star() {
        let star = |text| NumberSet::parse(text, CronField::DayOfMonth).unwrap().star;
        assert!(star("*") && star("?") && star("*/1") && star("3,*") && !star("*/2") && !star("1-31"));
    }

    #[test]
    fn faults_name_the_field() {
        assert_eq!(fault("L", CronField::DayOfMonth), "day of month: 'L'");
        assert_eq!(fault("60", CronField::Minute), "minute: end of range (60) above maximum (59): 60");
        assert_eq!(fault("7", CronField::Weekday), "day of week: end of range (7) above maximum (6): 7");
        assert_eq!(fault("1-2-3", CronField::Hour), "hour: too many hyphens: 1-2-3");
        assert_eq!(fault("0", CronField::Month), "month: beginning of range (0) below minimum (1): 0");
    }
}

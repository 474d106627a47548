//! Reading a cron expression.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

use super::error::{CronError, CronField};
use super::field::NumberSet;
use super::zone;
use crate::wire::duration::GoDuration;

/// A cron expression as Velero understands it. Spec: S-040 to S-045.
///
/// `Display` gives the text back as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    pub(super) rule: Rule,
}

/// When to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// At the matching minutes of a zone's wall clock.
    Calendar { fields: Fields, zone: TimeZone },
    /// This many seconds, at least 1, after the instant asked about.
    Every { seconds: i64 },
}

/// The five fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) minute: NumberSet,
    pub(super) hour: NumberSet,
    pub(super) day: NumberSet,
    pub(super) month: NumberSet,
    pub(super) weekday: NumberSet,
}

impl Cron {
    /// Reads an expression: five fields or a descriptor, with an optional time zone before it.
    ///
    /// # Errors
    /// Names the part at fault when robfig/cron v3 `ParseStandard` would refuse the text or panic on it.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        Ok(Self { text: text.to_owned(), rule: parse_rule(text)? })
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        Self::parse(text)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn parse_rule(text: &str) -> Result<Rule, CronError> {
    if text.is_empty() {
        return Err(CronError::Empty);
    }
    let (zone, schedule) = split_zone(text)?;
    if schedule.starts_with('@') {
        return parse_descriptor(schedule, zone);
    }
    Ok(Rule::Calendar { fields: parse_fields(schedule)?, zone })
}

/// Takes the time zone off the front; without one it is UTC. Spec: S-044.
fn split_zone(text: &str) -> Result<(TimeZone, &str), CronError> {
    let Some(rest) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else {
        return Ok((TimeZone::UTC, text));
    };
    let Some((name, schedule)) = rest.split_once(' ') else {
        return Err(CronError::ZoneAlone(rest.to_owned()));
    };
    let zone = zone::find(name).ok_or_else(|| CronError::UnknownZone(name.to_owned()))?;
    Ok((zone, schedule.trim()))
}

fn parse_fields(schedule: &str) -> Result<Fields, CronError> {
    let found: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = found.as_slice() else {
        return Err(CronError::FieldCount(found.into_iter().map(str::to_owned).collect()));
    };
    Ok(Fields {
        minute: NumberSet::parse(minute, CronField::Minute)?,
        hour: NumberSet::parse(hour, CronField::Hour)?,
        day: NumberSet::parse(day, CronField::DayOfMonth)?,
        month: NumberSet::parse(month, CronField::Month)?,
        weekday: NumberSet::parse(weekday, CronField::Weekday)?,
    })
}

/// Reads `@daily` and the like, and `@every <duration>`. Spec: S-043.
fn parse_descriptor(text: &str, zone: TimeZone) -> Result<Rule, CronError> {
    let hourly = Fields {
        minute: NumberSet::only(0),
        hour: NumberSet::all(CronField::Hour),
        day: NumberSet::all(CronField::DayOfMonth),
        month: NumberSet::all(CronField::Month),
        weekday: NumberSet::all(CronField::Weekday),
    };
    let daily = Fields { hour: NumberSet::only(0), ..hourly };
    let monthly = Fields { day: NumberSet::only(1), ..daily };
    let fields = match text {
        "@hourly" => hourly,
        "@daily" | "@midnight" => daily,
        "@weekly" => Fields { weekday: NumberSet::only(0), ..daily },
        "@monthly" => monthly,
        "@yearly" | "@annually" => Fields { month: NumberSet::only(1), ..monthly },
        _ => return parse_interval(text),
    };
    Ok(Rule::Calendar { fields, zone })
}

fn parse_interval(text: &str) -> Result<Rule, CronError> {
    let duration =
        text.strip_prefix("@every ").ok_or_else(|| CronError::UnknownDescriptor(text.to_owned()))?;
    let interval: GoDuration =
        duration.parse().map_err(|reason| CronError::BadInterval { text: text.to_owned(), reason })?;
    Ok(Rule::Every { seconds: interval.as_secs().max(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Cron::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        assert_eq!(refusal("0 0 L * *"), "day of month: 'L'");
        assert_eq!(refusal("0 0 * * * 2030"), "expected exactly 5 fields, found 6: [0 0 * * * 2030]");
        assert_eq!(refusal(""), "empty spec string");
        assert_eq!(refusal(" "), "expected exactly 5 fields, found 0: []");
        assert_eq!(refusal("@Daily"), "unrecognized descriptor: @Daily");
        assert_eq!(
            refusal("CRON_TZ=Mars/Base @daily"),
            "provided bad location Mars/Base: unknown time zone Mars/Base"
        );
        assert_eq!(
            refusal("CRON_TZ=Asia/Tokyo"),
            "nothing after the time zone 'Asia/Tokyo', expected a space and a schedule"
        );
        assert_eq!(
            refusal("@every 1d"),
            "failed to parse duration @every 1d: unknown unit 'd' in duration '1d', expected ns, us, ms, s, m or h"
        );
    }

    #[test]
    fn robfig_words_are_kept_for_comparison() {
        let error = Cron::parse("0 0 L * *").unwrap_err();
        assert_eq!(
            error.robfig_text(),
            r#"failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax"#
        );
    }

    #[test]
    fn the_text_is_kept() {
        assert_eq!(Cron::parse("CRON_TZ=UTC  @daily").unwrap().to_string(), "CRON_TZ=UTC  @daily");
    }
}

//! Finding the next run, step by step as robfig/cron does. Upstream: robfig/cron spec.go `Next`.
//!
//! The steps are repeated rather than improved, because around clock changes they decide which
//! instant Velero picks.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::parse::{Cron, Fields, Rule};
use super::zone;

/// How far ahead a run is searched before the answer is "never".
const SEARCH_YEARS: i16 = 5;
/// How often one search may move; it mostly moves by days, of which about 2,200 lie ahead.
///
/// The original loops for ever where a zone skips a whole day (Pacific/Apia, 30 December 2011).
const MOVES_MAX: u32 = 20_000;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

impl Cron {
    /// The first run strictly after the given instant, on a whole second.
    ///
    /// `None` means never: nothing matches within about five years. Spec: S-045.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let floor = floor_second(after);
        let next = match &self.rule {
            Rule::Every { seconds } => floor.checked_add(*seconds)?,
            Rule::Calendar { fields, .. } if fields.never_match() => return None,
            Rule::Calendar { fields, zone } => Search::new(fields, zone, floor.checked_add(1)?).run()?,
        };
        Timestamp::from_second(next).ok()
    }
}

fn floor_second(instant: Timestamp) -> i64 {
    // jiff rounds towards 1970, so before 1970 a fraction belongs to the second before.
    instant.as_second() - i64::from(instant.subsec_nanosecond() < 0)
}

impl Fields {
    /// Whether some field is empty so that no search could succeed.
    fn never_match(&self) -> bool {
        let days = if self.needs_both_days() {
            self.day.is_empty() || self.weekday.is_empty()
        } else {
            self.day.is_empty() && self.weekday.is_empty()
        };
        days || self.minute.is_empty() || self.hour.is_empty() || self.month.is_empty()
    }

    /// Whether the day must match in both day fields; otherwise one is enough. Spec: S-042.
    fn needs_both_days(&self) -> bool {
        self.day.star || self.weekday.star
    }

    fn match_day(&self, at: DateTime) -> bool {
        let day = self.day.has(at.day());
        let weekday = self.weekday.has(at.weekday().to_sunday_zero_offset());
        if self.needs_both_days() { day && weekday } else { day || weekday }
    }
}

/// What a step of the search did to the instant.
#[derive(PartialEq, Eq)]
enum Settled {
    /// The part matches; look at the next smaller one.
    Yes,
    /// A larger part rolled over; start again with the month.
    RolledOver,
}

/// A search for the next match, moving forward from `at`.
struct Search<'a> {
    fields: &'a Fields,
    zone: &'a TimeZone,
    /// The candidate, in seconds since 1970.
    at: i64,
    /// Whether the candidate has moved, and so its smaller parts are zero already.
    moved: bool,
    moves_left: u32,
}

impl<'a> Search<'a> {
    fn new(fields: &'a Fields, zone: &'a TimeZone, at: i64) -> Self {
        Self { fields, zone, at, moved: false, moves_left: MOVES_MAX }
    }

    /// The matching instant; `None` past the last year, past jiff's range or out of moves.
    fn run(mut self) -> Option<i64> {
        let last_year = self.civil()?.year().checked_add(SEARCH_YEARS)?;
        while self.civil()?.year() <= last_year {
            if self.settle_month()? == Settled::Yes
                && self.settle_day()? == Settled::Yes
                && self.settle_hour()? == Settled::Yes
                && self.settle_minute()? == Settled::Yes
                && self.settle_second()? == Settled::Yes
            {
                return Some(self.at);
            }
        }
        None
    }

    fn settle_month(&mut self) -> Option<Settled> {
        while !self.fields.month.has(self.civil()?.month()) {
            if self.starts_moving() {
                let days_before = i64::from(self.civil()?.day()) - 1;
                self.at = self.instant_of(start_of(DAY, self.wall()?) - days_before * DAY)?;
            }
            // The same day of the next month, which may spill into the month after.
            let days = i64::from(self.civil()?.date().days_in_month());
            let to = self.instant_of(self.wall()? + days * DAY)?;
            self.move_to(to)?;
            if self.civil()?.month() == 1 {
                return Some(Settled::RolledOver);
            }
        }
        Some(Settled::Yes)
    }

    fn settle_day(&mut self) -> Option<Settled> {
        while !self.fields.match_day(self.civil()?) {
            if self.starts_moving() {
                self.at = self.instant_of(start_of(DAY, self.wall()?))?;
            }
            let to = self.instant_of(self.wall()? + DAY)?;
            self.move_to(to)?;
            // Midnight may be skipped by a clock change, which lands an hour before or after it.
            match i64::from(self.civil()?.hour()) {
                0 => {}
                late @ 13.. => self.at += (24 - late) * HOUR,
                early => self.at -= early * HOUR,
            }
            if self.civil()?.day() == 1 {
                return Some(Settled::RolledOver);
            }
        }
        Some(Settled::Yes)
    }

    fn settle_hour(&mut self) -> Option<Settled> {
        while !self.fields.hour.has(self.civil()?.hour()) {
            if self.starts_moving() {
                self.at = self.instant_of(start_of(HOUR, self.wall()?))?;
            }
            self.move_to(self.at + HOUR)?;
            if self.civil()?.hour() == 0 {
                return Some(Settled::RolledOver);
            }
        }
        Some(Settled::Yes)
    }

    fn settle_minute(&mut self) -> Option<Settled> {
        while !self.fields.minute.has(self.civil()?.minute()) {
            if self.starts_moving() {
                self.at = start_of(MINUTE, self.at);
            }
            self.move_to(self.at + MINUTE)?;
            if self.civil()?.minute() == 0 {
                return Some(Settled::RolledOver);
            }
        }
        Some(Settled::Yes)
    }

    /// Runs are at second 0, so anything else goes on to the next minute.
    fn settle_second(&mut self) -> Option<Settled> {
        let second = i64::from(self.civil()?.second());
        if second == 0 {
            return Some(Settled::Yes);
        }
        self.moved = true;
        self.move_to(self.at + MINUTE - second)?;
        Some(Settled::RolledOver)
    }

    /// True the first time, when the smaller parts still have to be set to zero.
    fn starts_moving(&mut self) -> bool {
        !std::mem::replace(&mut self.moved, true)
    }

    fn move_to(&mut self, at: i64) -> Option<()> {
        self.moves_left = self.moves_left.checked_sub(1)?;
        self.at = at;
        Some(())
    }

    fn wall(&self) -> Option<i64> {
        zone::wall(self.zone, self.at)
    }

    fn civil(&self) -> Option<DateTime> {
        zone::civil(self.wall()?)
    }

    fn instant_of(&self, wall: i64) -> Option<i64> {
        zone::instant(self.zone, wall)
    }
}

fn start_of(unit: i64, seconds: i64) -> i64 {
    seconds - seconds.rem_euclid(unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn next(expression: &str, after: &str) -> Option<String> {
        let cron = Cron::parse(expression).unwrap();
        cron.next(after.parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn a_run_is_strictly_later() {
        assert_eq!(next("0 */2 * * *", "2026-08-21T10:00:00Z").unwrap(), "2026-08-21T12:00:00Z");
        assert_eq!(next("0 */2 * * *", "2026-08-21T09:59:59.5Z").unwrap(), "2026-08-21T10:00:00Z");
        assert_eq!(next("@every 500ms", "2026-08-21T10:00:00.9Z").unwrap(), "2026-08-21T10:00:01Z");
    }

    #[test]
    fn impossible_days_never_come() {
        for never in ["0 0 30 2 *", ", * * * *", "0 0 , * *", "0 0 , * ,"] {
            assert_eq!(next(never, "2026-08-21T10:00:00Z"), None, "{never}");
        }
    }

    #[test]
    fn a_time_skipped_in_spring_waits_a_day() {
        let at = next("CRON_TZ=America/New_York 30 2 * * *", "2026-03-07T12:00:00Z");
        assert_eq!(at.unwrap(), "2026-03-09T06:30:00Z");
    }

    #[test]
    fn a_zone_that_skipped_a_day_does_not_loop_for_ever() {
        assert_eq!(next("CRON_TZ=Pacific/Apia @monthly", "2011-12-15T00:00:00Z"), None);
    }

    #[test]
    fn the_ends_of_time_are_survived() {
        for expression in ["* * * * *", "@yearly", "@every 2562047h", "CRON_TZ=Asia/Tokyo 0 0 29 2 *"] {
            let cron = Cron::parse(expression).unwrap();
            let _ = (cron.next(Timestamp::MIN), cron.next(Timestamp::MAX));
        }
    }

    /// Mostly valid expressions, with and without a zone.
    fn expressions() -> impl Strategy<Value = String> {
        let zone = prop::sample::select(vec!["", "TZ=America/New_York ", "CRON_TZ=Australia/Lord_Howe "]);
        let item = "\\*|[0-9]|[0-9]{1,2}|\\*/[1-9]|[1-5]-[5-9]|[1-9]/[1-9]|[1-9],1[0-2]|\\?";
        let fields = prop::collection::vec(item, 5).prop_map(|fields| fields.join(" "));
        let descriptor = "@(yearly|monthly|weekly|daily|hourly|every [0-9]{1,4}(ms|s|m|h))";
        (zone, prop_oneof![4 => fields.boxed(), 1 => descriptor.boxed()])
            .prop_map(|(zone, schedule)| format!("{zone}{schedule}"))
    }

    proptest! {
        #[test]
        fn runs_are_later_and_on_whole_seconds(
            expression in expressions(), second in 0_i64..4_000_000_000, nano in 0_i32..1_000_000_000,
        ) {
            let after = Timestamp::new(second, nano).unwrap();
            let Ok(cron) = Cron::parse(&expression) else { return Ok(()) };
            if let Some(at) = cron.next(after) {
                prop_assert!(at > after && at.subsec_nanosecond() == 0);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|(CRON_)?(TZ=[A-Z/]{0,9} )?(@every )?[-+*?/,0-9 a-zA-Z]{0,30}") {
            if let Ok(cron) = Cron::parse(&text) {
                let _ = cron.next(Timestamp::UNIX_EPOCH);
            }
        }
    }
}

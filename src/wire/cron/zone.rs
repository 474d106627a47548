//! Time zones as Go handles them, on plain seconds.
//!
//! Runs around clock changes must be the ones Velero gets, so this repeats Go's arithmetic and not
//! jiff's: wall-clock time is counted in seconds since 1970 as if the zone were UTC.

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};

/// The zone of this name; `None` when there is none.
///
/// Only the database built into this program is used, so the answer is the same on every machine.
/// Names are case-sensitive, as they are for Go. `Local` is the zone of the process, which is UTC.
/// Spec: S-044.
pub(super) fn find(name: &str) -> Option<TimeZone> {
    if matches!(name, "" | "UTC" | "Local") {
        return Some(TimeZone::UTC);
    }
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    (zone.iana_name() == Some(name) && !zone.is_unknown()).then_some(zone)
}

/// The wall-clock seconds at this instant.
pub(super) fn wall(zone: &TimeZone, at: i64) -> Option<i64> {
    at.checked_add(offset(zone, at)?)
}

/// The instant of these wall-clock seconds.
///
/// A time that a clock change skips or repeats resolves as in Go. Upstream: Go time.go `Date`.
pub(super) fn instant(zone: &TimeZone, wall: i64) -> Option<i64> {
    let guess = wall.checked_sub(offset(zone, wall)?)?;
    wall.checked_sub(offset(zone, guess)?)
}

/// Wall-clock seconds as date and time.
pub(super) fn civil(wall: i64) -> Option<civil::DateTime> {
    Some(Offset::UTC.to_datetime(Timestamp::from_second(wall).ok()?))
}

fn offset(zone: &TimeZone, at: i64) -> Option<i64> {
    let at = Timestamp::from_second(at).ok()?;
    Some(i64::from(zone.to_offset(at).seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_sensitive() {
        assert!(find("Europe/Berlin").is_some() && find("Etc/UTC").is_some() && find("").is_some());
        for name in ["europe/berlin", "utc", "Etc/Unknown", "Mars/Base", "../UTC", "/UTC"] {
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_skipped_time_resolves_as_in_go() {
        let new_york = find("America/New_York").unwrap();
        let skipped: Timestamp = "2026-03-08T02:30:00Z".parse().unwrap();
        let expected: Timestamp = "2026-03-08T06:30:00Z".parse().unwrap();
        assert_eq!(instant(&new_york, skipped.as_second()), Some(expected.as_second()));
    }
}

//! Ages as kubectl prints them, and moments in RFC 3339.

use jiff::Timestamp;

use crate::wire::GoDuration;

/// Time passed since `then`, as kubectl prints it: `12s`, `3m4s`, `46m`, `3h14m`, `4d22h`, `2y31d`.
///
/// A moment in the future counts as now; `<unknown>` is for callers without a moment.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    seconds(now.as_second().saturating_sub(then.as_second()))
}

/// As [`age`], of an optional moment; empty for none.
pub fn age_or_none(then: Option<Timestamp>, now: Timestamp) -> String {
    then.map(|then| age(then, now)).unwrap_or_default()
}

/// Time until `then`; `now` once it has passed.
pub fn until(then: Timestamp, now: Timestamp) -> String {
    match then.as_second().saturating_sub(now.as_second()) {
        ..=0 => "now".to_owned(),
        left => seconds(left),
    }
}

/// `in 46m` in a sentence; `passed`, such as `due now`, once it has.
pub fn ahead(then: Timestamp, now: Timestamp, passed: &str) -> String {
    if then.as_second() > now.as_second() { format!("in {}", until(then, now)) } else { passed.to_owned() }
}

/// A length of time, as kubectl prints it: two units at most, fewer the longer it is.
pub fn seconds(total: i64) -> String {
    let total = total.max(0);
    let (minutes, hours, days) = (total / 60, total / 3600, total / 86400);
    match () {
        () if total < 120 => format!("{total}s"),
        () if minutes < 10 => pair(minutes, "m", total % 60, "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => pair(hours, "h", minutes % 60, "m"),
        () if hours < 48 => format!("{hours}h"),
        () if days < 8 => pair(days, "d", hours % 24, "h"),
        () if days < 730 => format!("{days}d"),
        () if days < 8 * 365 => pair(days / 365, "y", days % 365, "d"),
        () => format!("{}y", days / 365),
    }
}

/// An interval as people write it, `10m` where Go writes `10m0s`; what is none stays as it is.
pub fn interval(text: &str) -> String {
    let Ok(length) = text.parse::<GoDuration>() else { return text.to_owned() };
    let whole = length.to_string();
    let minutes = whole.strip_suffix("m0s").map(|minutes| format!("{minutes}m")).unwrap_or(whole);
    minutes.strip_suffix("h0m").map(|hours| format!("{hours}h")).unwrap_or(minutes)
}

/// A length of time for progress lines, to the second: `1s`, `2m03s`, `1h04m12s`.
pub fn stopwatch(total: i64) -> String {
    let total = total.max(0);
    match (total / 3600, total / 60 % 60, total % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, s) => format!("{h}h{m:02}m{s:02}s"),
    }
}

fn pair(major: i64, major_unit: &str, minor: i64, minor_unit: &str) -> String {
    match minor {
        0 => format!("{major}{major_unit}"),
        _ => format!("{major}{major_unit}{minor}{minor_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_as_short_as_somebody_typed_them() {
        for (go, short) in [("10m0s", "10m"), ("2h0m0s", "2h"), ("1h30m0s", "1h30m"), ("1h0m5s", "1h0m5s")] {
            assert_eq!((interval(go), interval(short)), (short.to_owned(), short.to_owned()));
        }
        for other in ["0s", "45s", "100ms", "soon", ""] {
            assert_eq!(interval(other), other);
        }
    }

    #[test]
    fn ages_read_as_in_kubectl() {
        let shown: Vec<String> = [
            0,
            119,
            120,
            185,
            599,
            600,
            10_799,
            10_800,
            11_640,
            28_799,
            28_800,
            172_799,
            172_800,
            424_800,
            691_200,
            63_072_000,
            65_750_400,
            400_000_000,
        ]
        .into_iter()
        .map(seconds)
        .collect();
        assert_eq!(
            shown,
            [
                "0s", "119s", "2m", "3m5s", "9m59s", "10m", "179m", "3h", "3h14m", "7h59m", "8h", "47h",
                "2d", "4d22h", "8d", "2y", "2y31d", "12y"
            ]
        );
    }

    #[test]
    fn a_moment_in_the_future_has_no_age_and_a_past_one_no_delay() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(90).unwrap());
        assert_eq!(age(late, early), "0s");
        assert_eq!(age(early, late), "90s");
        assert_eq!(until(late, early), "90s");
        assert_eq!(until(early, late), "now");
        assert_eq!(ahead(late, early, "due now"), "in 90s");
        assert_eq!([ahead(early, late, "due now"), ahead(late, late, "due now")], ["due now", "due now"]);
    }

    #[test]
    fn stopwatches_count_every_second() {
        assert_eq!([1, 63, 123, 3852].map(stopwatch), ["1s", "1m03s", "2m03s", "1h04m12s"]);
    }
}

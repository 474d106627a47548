//! How values on the command line are read, so that what the server would refuse is refused before it is asked.

use super::noun::Noun;
use crate::controller::health::bind_address;
use crate::wire::{DurationError, GoDuration, Stamp};

/// Longest name of an object.
const NAME_MAX: usize = 253;
const SECONDS_PER_DAY: i64 = 86_400;
/// Longest name of a namespace.
const LABEL_MAX: usize = 63;

/// Something, without blanks around it.
///
/// # Errors
///
/// It is empty.
pub fn word(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        word => Ok(word.to_owned()),
    }
}

/// A length of time, also in days as our own ages have it: `5d`, `4d22h`.
///
/// # Errors
///
/// It is none, or a negative one.
pub fn duration(text: &str) -> Result<GoDuration, String> {
    match any_duration(text)? {
        negative if negative.is_negative() => Err("no time is that short".to_owned()),
        duration => Ok(duration),
    }
}

fn any_duration(text: &str) -> Result<GoDuration, String> {
    let Some((days, rest)) = text.split_once('d') else {
        return text.parse().map_err(|error: DurationError| error.to_string());
    };
    let unreadable = || format!("'{text}' is not a duration, expected text like 2h30m, 5d or 4d22h");
    let days: u32 = days.parse().map_err(|_| unreadable())?;
    let rest = if rest.is_empty() { Ok(GoDuration::ZERO) } else { rest.parse::<GoDuration>() };
    let rest = rest.ok().filter(|rest| !rest.is_negative()).ok_or_else(unreadable)?;
    Ok(GoDuration::from_secs(i64::from(days) * SECONDS_PER_DAY).saturating_add(rest))
}

/// Name of an object.
///
/// # Errors
///
/// No object can have it.
pub fn object_name(text: &str) -> Result<String, String> {
    let is_name = is_dns(text, NAME_MAX) && text.split('.').all(|label| is_dns(label, NAME_MAX));
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        "no object can have this name: lower-case letters, digits, '-' and '.' are allowed".to_owned()
    })
}

/// Name of a schedule, also as `schedule/NAME`.
///
/// # Errors
///
/// It is of something else, or no name.
pub fn schedule_name(text: &str) -> Result<String, String> {
    of_noun(Noun::Schedule, text)
}

/// Name of a restore, also as `restore/NAME`.
///
/// # Errors
///
/// It is of something else, or no name.
pub fn restore_name(text: &str) -> Result<String, String> {
    of_noun(Noun::Restore, text)
}

/// Name of a namespace; an empty one means none is named.
///
/// # Errors
///
/// No namespace can have it.
pub fn namespace(text: &str) -> Result<String, String> {
    let is_name = text.is_empty() || (is_dns(text, LABEL_MAX) && !text.contains('.'));
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        "no namespace can have this name: lower-case letters, digits and '-' are allowed".to_owned()
    })
}

/// The id of a run, also as `run/ID`.
///
/// # Errors
///
/// It is none.
pub fn run_id(text: &str) -> Result<String, String> {
    let id = text.strip_prefix("run/").unwrap_or(text);
    let is_stamp = id.parse::<Stamp>().is_ok();
    is_stamp
        .then(|| id.to_owned())
        .ok_or_else(|| "a run is named by 14 digits, such as 20261122100004".to_owned())
}

/// The id of a run, or `complete`.
///
/// # Errors
///
/// It is neither.
pub fn run_choice(text: &str) -> Result<String, String> {
    if text == "complete" { Ok(text.to_owned()) } else { run_id(text) }
}

/// `latest`, `skip`, a run or a backup, also as lists print their names; words in any case.
///
/// # Errors
///
/// No backup can be called so.
pub fn backup_choice(text: &str) -> Result<String, String> {
    let text = word(text)?.to_lowercase();
    match text.split_once('/') {
        Some((noun, name)) if matches!(Noun::parse(noun), Some(Noun::Backup | Noun::Run)) => {
            object_name(name)
        }
        _ => object_name(&text),
    }
}

/// Where to listen: `host:port`, a port for loopback, or `0` for nowhere.
///
/// # Errors
///
/// Nobody can listen there.
pub fn address(text: &str) -> Result<String, String> {
    let is_good = bind_address(text).is_none_or(|address| {
        let parts = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        parts.is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    });
    is_good.then(|| text.to_owned()).ok_or_else(|| "expected host:port, a port, or 0".to_owned())
}

fn of_noun(noun: Noun, text: &str) -> Result<String, String> {
    match text.split_once('/') {
        None => object_name(text),
        Some((word, name)) if Noun::parse(word) == Some(noun) => object_name(name),
        Some(_) => Err(format!("expected the name of a {0}, or {0}/NAME", noun.singular())),
    }
}

fn is_dns(text: &str, longest: usize) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= longest
        && is_end(text.chars().next())
        && is_end(text.chars().next_back())
        && text.chars().all(|c| is_end(Some(c)) || c == '-' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_an_object_can_have() {
        for good in ["a", "restore-acm-20261122121530", "a.b-c", "0"] {
            assert_eq!(object_name(good).as_deref(), Ok(good));
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a..b", "a/b", "a b", &"a".repeat(254)] {
            assert!(object_name(bad).is_err(), "{bad}");
        }
        assert!(namespace("").is_ok() && namespace("acm").is_ok() && namespace("a.b").is_err());
    }

    #[test]
    fn a_name_may_come_with_its_noun_and_with_no_other() {
        assert_eq!(restore_name("restore/r1").as_deref(), Ok("r1"));
        assert_eq!(restore_name("crst/r1").as_deref(), Ok("r1"));
        assert_eq!(schedule_name("s").as_deref(), Ok("s"));
        assert!(restore_name("schedule/s").is_err() && restore_name("restore/").is_err());
    }

    #[test]
    fn choices_of_backups_are_read_in_any_case() {
        assert_eq!(backup_choice(" Latest ").as_deref(), Ok("latest"));
        assert_eq!(backup_choice("run/20261122100004").as_deref(), Ok("20261122100004"));
        assert_eq!(backup_choice("backup.velero.io/b").as_deref(), Ok("b"));
        assert!(["", "a_b", "restore/r", "backup/"].iter().all(|bad| backup_choice(bad).is_err()));
        assert_eq!(run_id("run/20261122100004").as_deref(), Ok("20261122100004"));
        assert!(run_choice("complete").is_ok() && run_choice("20261122100004").is_ok());
        assert!(run_choice("newest").is_err() && run_id("complete").is_err());
    }

    #[test]
    fn a_duration_may_have_days_and_is_written_without() {
        let written = |text: &str| duration(text).map(|read| read.to_string());
        assert_eq!(written("5d").as_deref(), Ok("120h0m0s"));
        assert_eq!(written("4d22h").as_deref(), Ok("118h0m0s"));
        assert_eq!(written("90m").as_deref(), Ok("1h30m0s"));
        for bad in ["d", "-1d", "1.5d", "1d2", "1d-2h", "1dd", "1 d", "5", "99999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(duration("4294967295d"), Ok(GoDuration::MAX));
    }

    #[test]
    fn an_address_has_a_port() {
        for good in ["0", "", "8080", ":8080", "127.0.0.1:8080", "[::1]:8080", "localhost:1"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["99999999", "here", "a:b", "127.0.0.1"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}

//! What Go and robfig/cron answered, recorded by `tests/data/cron-oracle`, against our own parsers.

use std::error::Error;

use acmbackup::wire::{Cron, GoDuration};
use jiff::Timestamp;

type TestResult = Result<(), Box<dyn Error>>;

const CRON: &str = include_str!("data/cron.tsv");
const DURATIONS: &str = include_str!("data/durations.tsv");

/// The columns of every recorded line; missing ones are empty.
fn recorded(data: &str) -> impl Iterator<Item = [&str; 4]> {
    data.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut columns = line.split('\t');
        [(); 4].map(|()| columns.next().unwrap_or_default())
    })
}

/// As many runs as were recorded, written as the oracle writes them.
fn runs(cron: &Cron, mut at: Timestamp, count: usize) -> String {
    let mut found = Vec::new();
    while found.len() < count {
        let Some(next) = cron.next(at) else {
            found.push("never".to_owned());
            break;
        };
        found.push(next.to_string());
        at = next;
    }
    found.join(" ")
}

/// Our verdict and runs or reason in the oracle's words.
fn answer(expression: &str, from: Timestamp, wanted: &str) -> Result<(&'static str, String), Box<dyn Error>> {
    Ok(match Cron::parse(expression) {
        Ok(cron) => ("accepted", runs(&cron, from, wanted.split(' ').count())),
        Err(error) => ("refused", serde_json::to_string(&error.robfig_text())?),
    })
}

/// Spec: S-040 to S-045
#[test]
fn cron_answers_as_robfig_does() -> TestResult {
    let mut differences = Vec::new();
    let mut count = 0;
    for [quoted, from, verdict, detail] in recorded(CRON) {
        count += 1;
        let expression: String = serde_json::from_str(quoted)?;
        let (our_verdict, ours) = answer(&expression, from.parse()?, detail)?;
        let same = match verdict {
            // Where robfig panics, Velero recovers and refuses; where it hangs, we say never.
            "panics" => our_verdict == "refused",
            "hangs" => our_verdict == "accepted" && ours == "never",
            // The reason inside is Go's for them and ours for us.
            "refused" if detail.starts_with("\"failed to parse duration") => our_verdict == verdict,
            _ => our_verdict == verdict && ours == detail,
        };
        if !same {
            differences.push(format!(
                "{quoted} from {from}\n  robfig: {verdict} {detail}\n  ours:   {our_verdict} {ours}"
            ));
        }
    }
    assert!(count > 900, "only {count} recorded cases");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    Ok(())
}

#[test]
fn durations_are_read_and_written_as_go_does() -> TestResult {
    let mut differences = Vec::new();
    let mut count = 0;
    for [quoted, nanoseconds, canonical, _] in recorded(DURATIONS) {
        count += 1;
        let text: String = serde_json::from_str(quoted)?;
        let ours = match text.parse::<GoDuration>() {
            Ok(duration) => (duration.as_nanos().to_string(), duration.to_string()),
            Err(_) => ("refused".to_owned(), String::new()),
        };
        if (ours.0.as_str(), ours.1.as_str()) != (nanoseconds, canonical) {
            differences.push(format!("{quoted}: Go {nanoseconds} {canonical}, ours {} {}", ours.0, ours.1));
        }
    }
    assert!(count > 200, "only {count} recorded cases");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    Ok(())
}

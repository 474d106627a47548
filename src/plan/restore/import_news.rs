//! What is told about the import of each managed cluster. Spec

use crate::api::{RestoreStatus, keys};
use crate::plan::{Action, Outcome};

/// Bytes of all messages, at most; an object holds little more than a megabyte.
const LONGEST: usize = 256 * 1024;
/// Bytes for the line that counts what has no room.
const LAST_LINE: usize = 100;
const AVAILABLE: &str = "is already available";
const ALL_AVAILABLE: &str = "are already available";
const CREATED: &str = "auto-import-secret created";
const NOT_IMPORTED: &str = "are not imported";
const REMOVED: &str = "the auto-import-secret of an earlier restore deleted";

pub(super) fn available(cluster: &str) -> String {
    format!("managed cluster {cluster} {AVAILABLE}")
}

pub(super) fn no_server(cluster: &str) -> String {
    format!("managed cluster {cluster} has no server URL and is not imported")
}

pub(super) fn no_token(cluster: &str) -> String {
    format!("managed cluster {cluster} has no token secret and is not imported")
}

pub(super) fn foreign_secret(cluster: &str) -> String {
    format!(
        "managed cluster {cluster}: {} was not made by a restore, it is not deleted and none is created",
        keys::AUTO_IMPORT_SECRET
    )
}

pub(super) fn created(cluster: &str) -> String {
    format!("managed cluster {cluster}: {CREATED}")
}

/// What became of the managed clusters after an activation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportTally {
    /// Clusters that get a secret to import them with.
    pub imported: usize,
    /// Clusters that were connected already.
    pub available: usize,
    /// What keeps others from being imported, one line each.
    pub problems: Vec<String>,
}

/// Reads the messages of a status back; shortened ones too. Spec: R-739
pub fn import_tally(messages: &[String]) -> ImportTally {
    let mut tally = ImportTally::default();
    for message in messages {
        let counted = message.split_once(" managed clusters: ").and_then(|(count, _)| count.parse().ok());
        match message {
            old if old.ends_with(REMOVED) => {}
            new if new.ends_with(CREATED) => tally.imported += counted.unwrap_or(1),
            there if there.ends_with(AVAILABLE) || there.ends_with(ALL_AVAILABLE) => {
                tally.available += counted.unwrap_or(1);
            }
            problem => tally.problems.push(problem.clone()),
        }
    }
    tally
}

/// Adds what became of a step to the messages.
pub(in crate::plan) fn tell(status: &mut RestoreStatus, action: &Action, outcome: &Outcome) {
    let (cluster, done, not_done) = match action {
        Action::Import(import) => (&import.cluster, CREATED, "auto-import-secret not created"),
        Action::Delete(target) => (&target.namespace, REMOVED, "auto-import-secret not deleted"),
        _ => return,
    };
    let line = match outcome {
        Outcome::Skipped => return,
        Outcome::Done(_) | Outcome::Gone => format!("managed cluster {cluster}: {done}"),
        Outcome::Failed(failure) => format!("managed cluster {cluster}: {not_done}: {}", failure.message),
        Outcome::AlreadyThere(_) | Outcome::Conflict => {
            format!("managed cluster {cluster}: {not_done}: it changed meanwhile")
        }
    };
    status.messages.get_or_insert_default().push(line);
}

/// Counts the good news where all of it would be too long. Problems stay in full as far as there is room: a status that
/// outgrows its object could never be written, and the end of the run would be repeated for ever. Spec: R-739
pub(in crate::plan) fn shorten(status: &mut RestoreStatus) {
    let Some(messages) = &mut status.messages else { return };
    if fitting(messages, LONGEST) == messages.len() {
        return;
    }
    for (ending, words) in [(AVAILABLE, ALL_AVAILABLE), (CREATED, CREATED), (REMOVED, REMOVED)] {
        let before = messages.len();
        messages.retain(|message| !message.ends_with(ending));
        let count = before - messages.len();
        if count > 0 {
            messages.insert(0, format!("{count} managed clusters: {words}"));
        }
    }
    let cut = messages.split_off(fitting(messages, LONGEST - LAST_LINE));
    if !cut.is_empty() {
        messages.push(format!("{} more managed clusters {NOT_IMPORTED}", cut.len()));
    }
}

/// How many of the messages fit into this many bytes.
fn fitting(messages: &[String], room: usize) -> usize {
    let sizes = messages.iter().scan(0, |size, message| {
        *size += message.len() + 3;
        Some(*size)
    });
    sizes.take_while(|size| *size <= room).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec: R-739: with thousands of clusters upstream's status outgrows an object
    #[test]
    fn good_news_of_a_large_fleet_is_counted_and_problems_stay() {
        let mut status = RestoreStatus {
            messages: Some((0..9000).map(|i| created(&format!("c{i}"))).chain([no_token("lost")]).collect()),
            ..RestoreStatus::default()
        };
        shorten(&mut status);
        let wanted = ["9000 managed clusters: auto-import-secret created".to_owned(), no_token("lost")];
        assert_eq!(status.messages.unwrap(), wanted);
        let mut small = RestoreStatus { messages: Some(vec![created("a")]), ..RestoreStatus::default() };
        shorten(&mut small);
        assert_eq!(small.messages.unwrap(), [created("a")]);
    }

    /// Spec: R-739: a server that refuses every secret of a large fleet
    #[test]
    fn a_fleet_of_problems_fits_into_an_object() {
        let refused =
            |i: usize| format!("managed cluster c{i}: auto-import-secret not created: {}", "x".repeat(200));
        let messages = (0..6000).map(refused).chain((0..9000).map(|i| created(&format!("d{i}")))).collect();
        let mut status = RestoreStatus { messages: Some(messages), ..RestoreStatus::default() };
        shorten(&mut status);
        let messages = status.messages.clone().unwrap();
        assert!(messages.iter().map(String::len).sum::<usize>() <= LONGEST);
        assert_eq!(messages[1], refused(0), "as many as there is room for");
        let told = messages.len() - 2;
        assert_eq!(messages[told + 1], format!("{} more managed clusters are not imported", 6000 - told));
        assert_eq!(import_tally(&messages).imported, 9000);
        shorten(&mut status);
        assert!(status.messages.unwrap() == messages, "shortened once");
    }

    /// Spec: R-739
    #[test]
    fn messages_are_counted_alike_whether_shortened_or_not() {
        let lines = |i: usize| [created(&format!("c{i}")), available(&format!("a{i}"))];
        let messages: Vec<String> = (0..9000).flat_map(lines).chain([no_token("lost")]).collect();
        let long = import_tally(&messages);
        let mut status = RestoreStatus { messages: Some(messages), ..RestoreStatus::default() };
        shorten(&mut status);
        let wanted = ImportTally { imported: 9000, available: 9000, problems: vec![no_token("lost")] };
        assert_eq!((&long, import_tally(&status.messages.unwrap())), (&wanted, wanted.clone()));
    }
}

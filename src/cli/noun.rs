//! The four nouns, in every spelling that is accepted, and `noun/NAME`.

use kube::ResourceExt;

use super::error::{CliError, Result};
use super::exit::Exit;
use crate::plan::HubSnapshot;
use crate::plan::latest::Candidates;
use crate::plan::runs::Runs;

/// More names than this are no help to choose from.
const MANY: usize = 10;

/// What a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// A BackupSchedule.
    Schedule,
    /// A Restore of ours.
    Restore,
    /// A Velero Backup.
    Backup,
    /// The backups of one tick of the schedule.
    Run,
}

impl Noun {
    /// Reads a noun: singular, plural, the CRD's short name, or the full resource.
    pub fn parse(word: &str) -> Option<Self> {
        let group = word.split_once('.').map(|(_, group)| group);
        match (word.split('.').next().unwrap_or(word), group) {
            ("schedule" | "schedules" | "bsch", None) => Some(Self::Schedule),
            ("backupschedule" | "backupschedules", None | Some("cluster.open-cluster-management.io")) => {
                Some(Self::Schedule)
            }
            ("restore" | "restores", None | Some("cluster.open-cluster-management.io")) | ("crst", None) => {
                Some(Self::Restore)
            }
            ("backup" | "backups", None | Some("velero.io")) => Some(Self::Backup),
            ("run" | "runs", None) => Some(Self::Run),
            _ => None,
        }
    }

    /// The singular.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Restore => "restore",
            Self::Backup => "backup",
            Self::Run => "run",
        }
    }

    /// The names of all such objects on a hub.
    pub fn names(self, hub: &HubSnapshot) -> Vec<String> {
        match self {
            Self::Schedule => hub.schedules.iter().map(ResourceExt::name_any).collect(),
            Self::Restore => hub.restores.iter().map(ResourceExt::name_any).collect(),
            Self::Backup => Candidates::of(hub).iter().map(ResourceExt::name_any).collect(),
            Self::Run => Runs::of(&Candidates::of(hub)).iter().map(|run| run.id.clone()).collect(),
        }
    }
}

/// A noun, and the name of one object if it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which kind.
    pub noun: Noun,
    /// Which one; `None` = the only one.
    pub name: Option<String>,
}

impl std::str::FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, name) = text.split_once('/').map_or((text, None), |(word, name)| (word, Some(name)));
        let noun = Noun::parse(word).ok_or("expected schedule, restore, backup or run")?;
        match name {
            Some("") => Err("the name after / is empty".to_owned()),
            name => Ok(Self { noun, name: name.map(str::to_owned) }),
        }
    }
}

/// What words as kubectl takes them mean: `restore`, `restore/a` or `restore a`; nouns and names may go on.
///
/// # Errors
///
/// Exit 2 for a word that is no noun where one has to be.
pub fn subjects(words: &[String]) -> Result<Vec<Subject>> {
    let mut found: Vec<Subject> = Vec::new();
    for word in words {
        match (word.parse::<Subject>(), found.last_mut()) {
            (Ok(subject), _) => found.push(subject),
            (Err(_), Some(last)) if !word.contains('/') => match &last.name {
                None => last.name = Some(word.clone()),
                Some(_) => {
                    let noun = last.noun;
                    found.push(Subject { noun, name: Some(word.clone()) });
                }
            },
            (Err(why), _) => return Err(CliError::new(Exit::Usage, format!("'{word}': {why}"))),
        }
    }
    Ok(found)
}

/// The one object that words mean; behind a noun even the word of a noun is a name.
///
/// # Errors
///
/// Exit 2 for a word that is no noun where one has to be, and for several objects.
pub fn subject(words: &[String]) -> Result<Subject> {
    match words {
        [noun, name] if Noun::parse(noun).is_some() && !name.contains('/') => {
            subject(&[format!("{noun}/{name}")])
        }
        _ => match subjects(words)?.as_slice() {
            [one] => Ok(one.clone()),
            several => Err(CliError::new(Exit::Usage, format!("expected one object, got {}", several.len()))),
        },
    }
}

/// The name meant: the given one, or the only one there is.
///
/// # Errors
///
/// Exit 4 if there is none, exit 5 if there are several.
pub fn only_one(noun: Noun, given: Option<&str>, names: &[String], namespace: &str) -> Result<String> {
    let what = noun.singular();
    match (given, names) {
        (Some(name), names) if names.iter().any(|known| known == name) => Ok(name.to_owned()),
        (Some(name), _) => Err(not_there(what, namespace, name)),
        (None, [name]) => Ok(name.clone()),
        (None, []) => Err(CliError::new(Exit::NotFound, format!("there is no {what} in {namespace}"))),
        (None, names) => {
            let mut sorted: Vec<&String> = names.iter().collect();
            sorted.sort();
            let message = format!("there are {} {what}s in {namespace}", names.len());
            let error = CliError::new(Exit::Refused, message);
            let error = sorted.iter().take(MANY).fold(error, |error, name| error.detail(*name));
            let error = match names.len().saturating_sub(MANY) {
                0 => error,
                more => error.detail(format!("and {more} more")),
            };
            Err(error.try_(format!("name the one that is meant, as {what}/NAME")))
        }
    }
}

/// The object meant: the one with the given name, or the only one there is.
///
/// # Errors
///
/// As [`only_one`].
pub fn the_one<'a, K: ResourceExt>(
    noun: Noun,
    given: Option<&str>,
    objects: &'a [K],
    namespace: &str,
) -> Result<&'a K> {
    let names: Vec<String> = objects.iter().map(ResourceExt::name_any).collect();
    let name = only_one(noun, given, &names, namespace)?;
    let found = objects.iter().find(|object| object.name_any() == name);
    found.ok_or_else(|| not_there(noun.singular(), namespace, &name))
}

fn not_there(what: &str, namespace: &str, name: &str) -> Box<CliError> {
    CliError::new(Exit::NotFound, format!("{what} {namespace}/{name} not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_are_known_in_every_usual_spelling() {
        for word in ["schedule", "schedules", "bsch", "backupschedules.cluster.open-cluster-management.io"] {
            assert_eq!(Noun::parse(word), Some(Noun::Schedule), "{word}");
        }
        for word in ["restore", "restores", "crst", "restore.cluster.open-cluster-management.io"] {
            assert_eq!(Noun::parse(word), Some(Noun::Restore), "{word}");
        }
        assert_eq!(Noun::parse("restores.velero.io"), None, "Velero's own are another kind");
        assert_eq!(Noun::parse("backup.velero.io"), Some(Noun::Backup));
    }

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn said(subject: &Subject) -> String {
        format!("{}/{}", subject.noun.singular(), subject.name.as_deref().unwrap_or("?"))
    }

    #[test]
    fn a_name_stands_behind_a_slash_or_a_blank() {
        let one = |line| subject(&words(line)).map(|found| said(&found)).map_err(|error| error.message);
        assert_eq!(one("restore/a"), one("restores a"));
        assert_eq!(one("schedule").unwrap(), "schedule/?");
        assert_eq!(one("schedule backup").unwrap(), "schedule/backup", "somebody called it so");
        assert_eq!(one("restore/a b"), Err("expected one object, got 2".to_owned()));
        assert_eq!(one("restor a"), Err("'restor': expected schedule, restore, backup or run".to_owned()));
        assert_eq!(one("restore/"), Err("'restore/': the name after / is empty".to_owned()));
        let many = |line| Some(subjects(&words(line)).ok()?.iter().map(said).collect::<Vec<_>>().join(" "));
        assert_eq!(many("restore a b backup/c run").unwrap(), "restore/a restore/b backup/c run/?");
        assert_eq!(many("restore/a nonsense/b"), None);
    }

    #[test]
    fn a_name_may_be_left_out_when_there_is_exactly_one() {
        let names = |n: usize| ["a", "b"].iter().take(n).map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(only_one(Noun::Restore, None, &names(1), "acm").unwrap(), "a");
        assert_eq!(only_one(Noun::Restore, None, &names(0), "acm").unwrap_err().exit, Exit::NotFound);
        assert_eq!(only_one(Noun::Restore, None, &names(2), "acm").unwrap_err().exit, Exit::Refused);
        let several = only_one(Noun::Restore, None, &names(2), "acm").unwrap_err();
        assert_eq!((several.message.as_str(), several.details), ("there are 2 restores in acm", names(2)));
        let hundred: Vec<String> = (0..100).map(|n| format!("b{n:02}")).collect();
        let many = only_one(Noun::Backup, None, &hundred, "acm").unwrap_err().details;
        assert_eq!((many.len(), many.last().map(String::as_str)), (11, Some("and 90 more")));
        assert_eq!(only_one(Noun::Restore, Some("b"), &names(2), "acm").unwrap(), "b");
        assert_eq!(only_one(Noun::Restore, Some("c"), &names(2), "acm").unwrap_err().exit, Exit::NotFound);
    }
}

//! The four nouns, in every spelling that is accepted, and `noun/NAME`.

use kube::ResourceExt;

use super::error::{CliError, Result};
use super::exit::Exit;
use crate::plan::HubSnapshot;
use crate::plan::latest::Candidates;
use crate::plan::runs::Runs;

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
        let noun = Noun::parse(word)
            .ok_or("expected schedule, restore, backup or run, and /NAME if there are several")?;
        match name {
            Some("") => Err("the name after / is empty".to_owned()),
            name => Ok(Self { noun, name: name.map(str::to_owned) }),
        }
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
            let mut sorted = names.to_vec();
            sorted.sort();
            let all = sorted.join(", ");
            let message = format!("there are {} {what}s in {namespace}: {all}", names.len());
            Err(CliError::new(Exit::Refused, message).try_("name the one that is meant"))
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

    #[test]
    fn a_name_may_be_left_out_when_there_is_exactly_one() {
        let names = |n: usize| ["a", "b"].iter().take(n).map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(only_one(Noun::Restore, None, &names(1), "acm").unwrap(), "a");
        assert_eq!(only_one(Noun::Restore, None, &names(0), "acm").unwrap_err().exit, Exit::NotFound);
        assert_eq!(only_one(Noun::Restore, None, &names(2), "acm").unwrap_err().exit, Exit::Refused);
        assert_eq!(only_one(Noun::Restore, Some("b"), &names(2), "acm").unwrap(), "b");
        assert_eq!(only_one(Noun::Restore, Some("c"), &names(2), "acm").unwrap_err().exit, Exit::NotFound);
    }
}

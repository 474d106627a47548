//! Names that exist on the hub at this moment, with a few words about each.

use kube::ResourceExt;

use super::super::error::Result;
use super::super::noun::{Noun, Subject};
use super::super::session::{Hub, Session};
use super::super::wait::Condition;
use crate::api;
use crate::cluster::list::items;
use crate::cluster::{config, observe};
use crate::plan::latest::{Candidates, hub_of};
use crate::plan::runs::{Run, Runs};
use crate::render::age::age_or_none;
use crate::render::hub_id::ShortIds;
use crate::velero::{Backup, BackupStorageLocation, BackupType};

/// Whose names are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Contexts of the kubeconfig.
    Contexts,
    /// Namespaces with a storage location.
    Namespaces,
    /// BackupSchedules.
    Schedules,
    /// Restores of ours.
    Restores,
    /// Backups.
    Backups,
    /// Runs.
    Runs,
    /// What a part of a restore may be set to.
    Choices(BackupType),
    /// What `--run` takes.
    RunChoices,
    /// These nouns, and their objects as `noun/NAME`.
    Objects(&'static [Noun], Further),
    /// What cleanup may be; the hub is not asked.
    Cleanups,
    /// What can be waited for, of this noun if it is known; the hub is not asked.
    Conditions(Option<Noun>),
}

/// What may stand behind an object that is named already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Further {
    /// Nothing: the command is about one object.
    Nothing,
    /// More names of the same noun.
    Names,
    /// More objects of any noun.
    Objects,
}

/// A name and what is said about it.
type Name = (String, String);

/// What `wait --for` takes.
const CONDITIONS: [(&str, &str); 5] = [
    ("paused", "it makes no backups"),
    ("run", "its hub took a complete run"),
    ("synced", "it has restored the newest backups"),
    ("deleted", "it is gone"),
    ("phase=", "it is in this phase"),
];

impl Names {
    /// Whose names are wanted behind these words; `None` where nothing more may stand.
    pub(super) fn after(self, words: &[String]) -> Option<Self> {
        let last = words.iter().rev().find_map(|word| word.parse::<Subject>().ok());
        match (self, last) {
            (Self::Conditions(_), last) => Some(Self::Conditions(last.map(|subject| subject.noun))),
            (Self::Objects(nouns, further), Some(Subject { noun, name })) => match (name, further) {
                _ if !nouns.contains(&noun) => None,
                (None, _) | (_, Further::Names) => Some(Self::of(noun)),
                (_, Further::Objects) => Some(self),
                (_, Further::Nothing) => None,
            },
            _ => Some(self),
        }
    }

    fn of(noun: Noun) -> Self {
        match noun {
            Noun::Schedule => Self::Schedules,
            Noun::Restore => Self::Restores,
            Noun::Backup => Self::Backups,
            Noun::Run => Self::Runs,
        }
    }

    /// Values that need no hub.
    pub(super) fn fixed(self) -> Vec<Name> {
        let known: &[(&str, &str)] = match self {
            Self::Choices(_) => &[("latest", "the newest usable backup"), ("skip", "leave this part out")],
            Self::RunChoices => &[("complete", "the newest complete run")],
            Self::Cleanups => &[
                ("CleanupRestored", "delete what an earlier restore brought and this one does not"),
                ("None", "delete nothing"),
                ("CleanupAll", "delete everything backups could hold; a severe question"),
            ],
            Self::Conditions(_) => &CONDITIONS,
            Self::Objects(nouns, further) => {
                // A list is of several.
                let ending = if further == Further::Names { "s" } else { "" };
                return nouns
                    .iter()
                    .map(|noun| (format!("{}{ending}", noun.singular()), String::new()))
                    .collect();
            }
            _ => &[],
        };
        let fits = |value: &str| match (self, value.parse::<Condition>()) {
            (Self::Conditions(Some(noun)), Ok(condition)) => condition.fits(noun),
            _ => true,
        };
        let fitting = known.iter().filter(|(value, _)| fits(value));
        fitting.map(|(value, about)| ((*value).to_owned(), (*about).to_owned())).collect()
    }
}

/// The names, in the order they are worth being shown.
///
/// # Errors
///
/// Whatever keeps a command from finding its hub, or a list that is refused.
pub(super) async fn names(wanted: Names, session: &Session) -> Result<Vec<Name>> {
    match wanted {
        Names::Contexts => {
            let contexts = config::contexts(&session.globals.connect_options())?;
            Ok(contexts.into_iter().map(|name| (name, String::new())).collect())
        }
        Names::Namespaces => namespaces(session).await,
        Names::Cleanups | Names::Conditions(_) => Ok(Vec::new()),
        Names::Schedules => schedules(&session.hub().await?, "", session).await,
        Names::Restores => restores(&session.hub().await?, "", session).await,
        Names::Objects(nouns, _) => objects(&session.hub().await?, nouns, session).await,
        Names::Backups => Ok(backups(&observed(&session.hub().await?).await?, (None, ""), session)),
        Names::Choices(part) => {
            Ok(backups(&observed(&session.hub().await?).await?, (Some(part), ""), session))
        }
        Names::RunChoices | Names::Runs => {
            let hub = session.hub().await?;
            Ok(runs(&observed(&hub).await?, (&hub, ""), session))
        }
    }
}

/// Objects of these nouns, as `noun/NAME`.
async fn objects(hub: &Hub, nouns: &[Noun], session: &Session) -> Result<Vec<Name>> {
    let listed = match nouns.iter().any(|noun| matches!(noun, Noun::Backup | Noun::Run)) {
        true => observed(hub).await?,
        false => Vec::new(),
    };
    let mut all = Vec::new();
    for noun in nouns {
        let prefix = format!("{}/", noun.singular());
        all.extend(match noun {
            Noun::Schedule => schedules(hub, &prefix, session).await?,
            Noun::Restore => restores(hub, &prefix, session).await?,
            Noun::Backup => backups(&listed, (None, &prefix), session),
            Noun::Run => runs(&listed, (hub, &prefix), session),
        });
    }
    Ok(all)
}

async fn namespaces(session: &Session) -> Result<Vec<Name>> {
    let connection = session.connect().await?;
    let locations: Vec<BackupStorageLocation> = items(&connection.client, None).await?;
    let mut names: Vec<String> = locations.iter().filter_map(ResourceExt::namespace).collect();
    names.sort();
    names.dedup();
    Ok(names.into_iter().map(|name| (name, "has a storage location".to_owned())).collect())
}

async fn schedules(hub: &Hub, prefix: &str, session: &Session) -> Result<Vec<Name>> {
    let listed: Vec<api::BackupSchedule> = items(hub.client(), Some(hub.namespace())).await?;
    let about = |one: &api::BackupSchedule| format!("{}, {}", one.phase(), age_of(one, session));
    Ok(listed.iter().map(|one| (format!("{prefix}{}", one.name_any()), about(one))).collect())
}

async fn restores(hub: &Hub, prefix: &str, session: &Session) -> Result<Vec<Name>> {
    let listed: Vec<api::Restore> = items(hub.client(), Some(hub.namespace())).await?;
    let about = |one: &api::Restore| format!("{}, {}", one.phase(), age_of(one, session));
    Ok(listed.iter().map(|one| (format!("{prefix}{}", one.name_any()), about(one))).collect())
}

async fn observed(hub: &Hub) -> Result<Vec<Backup>> {
    Ok(observe::backups_only(hub.client(), hub.namespace()).await?)
}

/// Newest first, with phase, age and hub.
fn backups(listed: &[Backup], (part, prefix): (Option<BackupType>, &str), session: &Session) -> Vec<Name> {
    let hubs = ShortIds::of(listed.iter().filter_map(hub_of));
    let mut wanted: Vec<&Backup> = listed
        .iter()
        .filter(|backup| {
            let kind = BackupType::of_backup_name(&backup.name_any());
            kind.is_some() && (part.is_none() || kind == part)
        })
        .collect();
    wanted.sort_by_key(|backup| std::cmp::Reverse(backup.creation_timestamp().map(|time| time.0)));
    let about = |backup: &Backup| {
        let phase = backup.status.as_ref().map(|status| status.phase.to_string()).unwrap_or_default();
        let hub = hub_of(backup).map(|id| format!(", hub {}", hubs.show(id))).unwrap_or_default();
        format!("{phase}, {}{hub}", age_of(backup, session))
    };
    wanted.into_iter().map(|backup| (format!("{prefix}{}", backup.name_any()), about(backup))).collect()
}

fn runs(listed: &[Backup], (hub, prefix): (&Hub, &str), session: &Session) -> Vec<Name> {
    let runs = Runs::of(&Candidates::in_namespace(listed, hub.namespace()));
    let about =
        |run: &Run| format!("{}, {}", run.status.as_str(), age_or_none(Some(run.started), session.now()));
    runs.iter().map(|run| (format!("{prefix}{}", run.id), about(run))).collect()
}

fn age_of(object: &impl ResourceExt, session: &Session) -> String {
    age_or_none(object.creation_timestamp().map(|time| time.0), session.now())
}

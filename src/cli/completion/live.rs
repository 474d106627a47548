//! Names that exist on the hub at this moment, with a few words about each.

use kube::ResourceExt;

use super::super::error::Result;
use super::super::session::{Hub, Session};
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
    /// Restores of ours, as `restore/NAME`.
    RestoresWithNoun,
    /// What a part of a restore may be set to.
    Choices(BackupType),
    /// What `--run` takes.
    RunChoices,
    /// Runs.
    Runs,
    /// What has a log, as `noun/NAME`.
    Logged,
    /// What can be waited for, as `noun/NAME`.
    Waitable,
    /// Whatever has a name, as `noun/NAME`, runs included.
    Objects,
    /// Nouns, then every name.
    Everything,
    /// What cleanup may be; the hub is not asked.
    Cleanups,
}

/// A name and what is said about it.
type Name = (String, String);

impl Names {
    /// Values that need no hub.
    pub(super) fn fixed(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Choices(_) => &[("latest", "the newest usable backup"), ("skip", "leave this part out")],
            Self::RunChoices => &[("complete", "the newest complete run")],
            Self::Everything => &[("schedules", ""), ("restores", ""), ("backups", ""), ("runs", "")],
            Self::Objects => &[("schedule", ""), ("restore", ""), ("backup", ""), ("run", "")],
            Self::Logged => &[("backup", ""), ("restore", ""), ("run", "")],
            Self::Waitable => &[("schedule", ""), ("restore", ""), ("backup", "")],
            Self::Cleanups => &[
                ("CleanupRestored", "delete what an earlier restore brought and this one does not"),
                ("None", "delete nothing"),
                ("CleanupAll", "delete everything backups could hold; a severe question"),
            ],
            _ => &[],
        }
    }
}

/// The names, in the order they are worth being shown.
///
/// # Errors
///
/// Whatever keeps a command from finding its hub, or a list that is refused.
pub(super) async fn names(wanted: Names, session: &Session) -> Result<Vec<Name>> {
    if wanted == Names::Contexts {
        let contexts = config::contexts(&session.globals.connect_options())?;
        return Ok(contexts.into_iter().map(|name| (name, String::new())).collect());
    }
    if wanted == Names::Namespaces {
        return namespaces(session).await;
    }
    if wanted == Names::Cleanups {
        return Ok(Vec::new());
    }
    let hub = session.hub().await?;
    match wanted {
        Names::Schedules => schedules(&hub, "", session).await,
        Names::Restores => restores(&hub, "", session).await,
        Names::RestoresWithNoun => restores(&hub, "restore/", session).await,
        Names::Choices(part) => Ok(backups(&observed(&hub).await?, (Some(part), ""), session)),
        Names::RunChoices | Names::Runs => Ok(runs(&observed(&hub).await?, &hub, session)),
        Names::Logged => {
            let listed = observed(&hub).await?;
            let runs = with_noun(runs(&listed, &hub, session));
            let restores = restores(&hub, "restore/", session).await?;
            Ok([restores, runs, backups(&listed, (None, "backup/"), session)].concat())
        }
        Names::Waitable => {
            let backups = backups(&observed(&hub).await?, (None, "backup/"), session);
            let schedules = schedules(&hub, "schedule/", session).await?;
            Ok([schedules, restores(&hub, "restore/", session).await?, backups].concat())
        }
        Names::Objects => {
            let listed = observed(&hub).await?;
            let own =
                [schedules(&hub, "schedule/", session).await?, restores(&hub, "restore/", session).await?];
            let runs = with_noun(runs(&listed, &hub, session));
            Ok([own.concat(), runs, backups(&listed, (None, "backup/"), session)].concat())
        }
        Names::Everything => {
            let listed = observed(&hub).await?;
            let own = [schedules(&hub, "", session).await?, restores(&hub, "", session).await?].concat();
            Ok([own, runs(&listed, &hub, session), backups(&listed, (None, ""), session)].concat())
        }
        Names::Contexts | Names::Namespaces | Names::Cleanups => Ok(Vec::new()),
    }
}

fn with_noun(runs: Vec<Name>) -> Vec<Name> {
    runs.into_iter().map(|(run, about)| (format!("run/{run}"), about)).collect()
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

fn runs(listed: &[Backup], hub: &Hub, session: &Session) -> Vec<Name> {
    let runs = Runs::of(&Candidates::in_namespace(listed, hub.namespace()));
    let about =
        |run: &Run| format!("{}, {}", run.status.as_str(), age_or_none(Some(run.started), session.now()));
    runs.iter().map(|run| (run.id.clone(), about(run))).collect()
}

fn age_of(object: &impl ResourceExt, session: &Session) -> String {
    age_or_none(object.creation_timestamp().map(|time| time.0), session.now())
}

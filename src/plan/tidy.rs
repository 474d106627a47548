//! What a person may want to get rid of: restores that are over, runs nobody needs, leftovers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::core::ObjectMeta;
use schemars::JsonSchema;
use serde::Serialize;

use super::latest::Candidates;
use super::prune::used_names;
use super::restore::{controller_of, wanted_restores};
use super::runs::{Run, RunStatus, Runs};
use super::{Action, HubSnapshot, Step, Target, TargetKind, removal};
use crate::api::{self, GROUP};
use crate::velero::{self, Backup, BackupPhase, BackupType};
use crate::wire::Stamp;

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Restores that are over, beyond the newest this many.
    KeepRestores(usize),
    /// Restores that are over for longer than this.
    RestoresOlderThan(SignedDuration),
    /// Runs beyond the newest this many.
    KeepRuns(usize),
    /// Runs that ended without a part, or with one that failed.
    IncompleteRuns,
    /// Velero Restores whose Restore is gone.
    Orphans,
}

/// Why a person removes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TidyReason {
    /// By a rule.
    Rule(Rule),
    /// It was named.
    Named,
}

/// Something that may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Doomed {
    /// A Restore of ours, with its Velero Restores.
    Restore {
        /// Its name.
        name: String,
    },
    /// A Velero Restore whose Restore is gone.
    VeleroRestore {
        /// Its name.
        name: String,
    },
    /// A run, by its backups.
    Run {
        /// Its id.
        name: String,
        /// Names of its backups, validation included.
        backups: Vec<String>,
    },
    /// One backup.
    Backup {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Rule {
    /// As the flag that asks for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepRestores(n) => write!(f, "--keep-restores {n}"),
            Self::RestoresOlderThan(age) => write!(f, "--restores-older-than {}h", age.as_hours()),
            Self::KeepRuns(n) => write!(f, "--keep-runs {n}"),
            Self::IncompleteRuns => f.write_str("--incomplete-runs"),
            Self::Orphans => f.write_str("--orphans"),
        }
    }
}

impl fmt::Display for TidyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "asked for by {rule}"),
            Self::Named => f.write_str("named by the user"),
        }
    }
}

/// What a rule lets go, by name.
///
/// The newest complete run, anything newer, and with them whatever `latest` means, always stay; so does what a Restore
/// that is not over uses. Without a complete run every run stays.
pub fn find(hub: &HubSnapshot, rule: Rule, now: Timestamp) -> Vec<Doomed> {
    let mut found = match rule {
        Rule::KeepRestores(kept) => surplus_restores(hub, kept),
        Rule::RestoresOlderThan(age) => restores_over(hub)
            .into_iter()
            .filter(|(ended, _)| ended.is_some_and(|ended| now.duration_since(ended) > age))
            .map(|(_, restore)| doomed(restore))
            .collect(),
        Rule::KeepRuns(kept) => runs_to_go(hub, now, |place, _| place >= kept),
        Rule::IncompleteRuns => {
            let backups = Candidates::of(hub).by_name();
            runs_to_go(hub, now, |_, run| is_incomplete(&backups, run))
        }
        Rule::Orphans => orphans(hub),
    };
    found.sort();
    found
}

/// A run as something that may go, with the validation backup made at the same time, if it is among the backups.
pub fn doomed_run(backups: &BTreeMap<&str, &Backup>, run: &Run) -> Doomed {
    let stamps: BTreeSet<Stamp> = run.parts.values().filter_map(|name| Stamp::suffix_of(name)).collect();
    let validation = stamps
        .into_iter()
        .map(|stamp| format!("{}-{stamp}", BackupType::Validation.schedule_name()))
        .find(|name| backups.contains_key(name.as_str()));
    Doomed::Run { name: run.id.clone(), backups: run.parts.values().cloned().chain(validation).collect() }
}

/// Names of backups that must stay, because a Restore that is not over uses them.
pub fn in_use(hub: &HubSnapshot, now: Timestamp) -> BTreeSet<String> {
    let unfinished = hub.restores.iter().filter(|restore| !restore.phase().is_terminal());
    let wanted = unfinished.flat_map(|restore| wanted_restores(hub, restore, now).restores);
    used_names(hub).into_iter().chain(wanted.map(|wanted| wanted.backup)).collect()
}

/// The first of these backups that Velero is still making; it refuses to delete one before it has ended.
pub fn being_made<'a>(hub: &HubSnapshot, names: &'a [String]) -> Option<&'a str> {
    let backups = Candidates::of(hub).by_name();
    let is_busy = |name: &&str| backups.get(name).is_some_and(|backup| removal::is_being_made(backup));
    names.iter().map(String::as_str).find(is_busy)
}

/// The steps that remove each of these; none for what is gone, being removed already or still being made.
pub fn steps<'a>(hub: &HubSnapshot, doomed: impl IntoIterator<Item = (&'a Doomed, TidyReason)>) -> Vec<Step> {
    let backups = Candidates::of(hub).by_name();
    doomed.into_iter().flat_map(|(doomed, reason)| steps_of((hub, &backups), doomed, reason)).collect()
}

fn steps_of(
    (hub, backups): (&HubSnapshot, &BTreeMap<&str, &Backup>),
    doomed: &Doomed,
    reason: TidyReason,
) -> Vec<Step> {
    let backup = |name: &String| {
        let found = backups.get(name.as_str()).filter(|backup| !is_deleting(backup));
        found.and_then(|backup| removal::step(hub, backup, reason))
    };
    let delete = |kind: TargetKind, metadata: &ObjectMeta| {
        let target = Target {
            kind,
            namespace: hub.subject.namespace.clone(),
            name: metadata.name.clone().unwrap_or_default(),
            uid: metadata.uid.clone(),
            resource_version: None,
        };
        Step::required(Action::Delete(target), reason)
    };
    match doomed {
        Doomed::Backup { name } => backup(name).into_iter().collect(),
        Doomed::Run { backups, .. } => backups.iter().filter_map(backup).collect(),
        Doomed::Restore { name } => {
            let found = hub.restores.iter().filter(|restore| restore.metadata.name.as_ref() == Some(name));
            found.map(|restore| delete(TargetKind::Restore, &restore.metadata)).collect()
        }
        Doomed::VeleroRestore { name } => {
            let restores = &hub.velero.restores;
            let found = restores.iter().filter(|restore| restore.metadata.name.as_ref() == Some(name));
            found.map(|restore| delete(TargetKind::VeleroRestore, &restore.metadata)).collect()
        }
    }
}

fn doomed(restore: &api::Restore) -> Doomed {
    Doomed::Restore { name: restore.name_any() }
}

/// Restores that are over and not on their way out, newest first, with the moment they ended.
fn restores_over(hub: &HubSnapshot) -> Vec<(Option<Timestamp>, &api::Restore)> {
    let ended = |restore: &api::Restore| {
        let completed = restore.status.as_ref().and_then(|status| status.completion_timestamp.as_ref());
        completed.or(restore.metadata.creation_timestamp.as_ref()).map(|time| time.0)
    };
    let over = hub
        .restores
        .iter()
        .filter(|restore| restore.phase().is_terminal() && restore.metadata.deletion_timestamp.is_none());
    let mut over: Vec<_> = over.map(|restore| (ended(restore), restore)).collect();
    over.sort_by_key(|(ended, restore)| std::cmp::Reverse((*ended, restore.name_any())));
    over
}

fn surplus_restores(hub: &HubSnapshot, kept: usize) -> Vec<Doomed> {
    restores_over(hub).into_iter().skip(kept).map(|(_, restore)| doomed(restore)).collect()
}

/// Runs older than the newest complete one that `goes` picks, unless one of their backups is needed.
fn runs_to_go(hub: &HubSnapshot, now: Timestamp, goes: impl Fn(usize, &Run) -> bool) -> Vec<Doomed> {
    let candidates = Candidates::of(hub);
    let runs = Runs::of(&candidates);
    let Some(newest) = runs.newest_complete(None) else { return Vec::new() };
    let needed = in_use(hub, now);
    let backups = candidates.by_name();
    runs.iter()
        .enumerate()
        .filter(|(_, run)| run.started < newest.started && run.id != newest.id)
        .filter(|(place, run)| goes(*place, run) && !run.parts.values().any(|name| needed.contains(name)))
        .map(|(_, run)| doomed_run(&backups, run))
        .collect()
}

fn is_incomplete(backups: &BTreeMap<&str, &Backup>, run: &Run) -> bool {
    let failed = |name: &String| {
        let status = backups.get(name.as_str()).and_then(|backup| backup.status.as_ref());
        status
            .is_some_and(|status| matches!(status.phase, BackupPhase::Failed | BackupPhase::FailedValidation))
    };
    let lacks_one = run.parts.len() < BackupType::DATA.len();
    run.status != RunStatus::InProgress && (lacks_one || run.parts.values().any(failed))
}

/// Kubernetes removes them too, as soon as it notices.
fn orphans(hub: &HubSnapshot) -> Vec<Doomed> {
    let is_orphan = |restore: &&velero::Restore| {
        let owner = controller_of(&restore.metadata);
        let ours = owner.filter(|owner| owner.kind == "Restore" && owner.api_version.starts_with(GROUP));
        let gone = |uid: &String| !hub.restores.iter().any(|ours| ours.metadata.uid.as_ref() == Some(uid));
        restore.metadata.deletion_timestamp.is_none() && ours.is_some_and(|owner| gone(&owner.uid))
    };
    let orphans = hub.velero.restores.iter().filter(is_orphan);
    orphans.map(|restore| Doomed::VeleroRestore { name: restore.name_any() }).collect()
}

fn is_deleting(backup: &Backup) -> bool {
    backup.metadata.deletion_timestamp.is_some()
        || backup.status.as_ref().is_some_and(|status| status.phase == BackupPhase::Deleting)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    /// A run of five backups at this hour; the phase is that of its resources backup.
    fn run(hour: u8, phase: &str) -> Vec<Value> {
        let backup = |part: BackupType| {
            let phase = if part == BackupType::Resources { phase } else { "Completed" };
            json!({
                "metadata": {"name": format!("{}-202611220{hour}0000", part.schedule_name()), "namespace": "acm"},
                "spec": {}, "status": {"phase": phase, "startTimestamp": format!("2026-11-22T0{hour}:00:00Z")},
            })
        };
        BackupType::ALL.into_iter().map(backup).collect()
    }

    fn restore(name: &str, phase: &str, choice: &str) -> Value {
        json!({
            "metadata": {"name": name, "namespace": "acm", "uid": name},
            "spec": {"veleroCredentialsBackupName": choice, "veleroResourcesBackupName": "skip",
                     "veleroManagedClustersBackupName": "skip"},
            "status": {"phase": phase, "completionTimestamp": format!("2026-11-{name}T00:00:00Z")},
        })
    }

    fn hub(backups: &[Vec<Value>], restores: &[Value]) -> HubSnapshot {
        serde_json::from_value(json!({
            "subject": {"kind": "Restore", "namespace": "acm", "name": ""},
            "restores": restores, "velero": {"backups": backups.concat()},
        }))
        .unwrap()
    }

    fn names(hub: &HubSnapshot, rule: Rule) -> Vec<String> {
        let name = |doomed: Doomed| match doomed {
            Doomed::Restore { name }
            | Doomed::VeleroRestore { name }
            | Doomed::Run { name, .. }
            | Doomed::Backup { name } => name,
        };
        find(hub, rule, now()).into_iter().map(name).collect()
    }

    #[test]
    fn the_newest_complete_run_and_anything_newer_stay_whatever_is_asked() {
        let runs = vec![run(1, "Completed"), run(2, "Completed"), run(3, "Failed"), run(4, "Failed")];
        let hub = hub(&runs, &[]);
        assert_eq!(names(&hub, Rule::KeepRuns(1)), ["20261122010000"], "02 is the newest complete one");
        assert_eq!(names(&hub, Rule::IncompleteRuns), [] as [&str; 0]);
    }

    #[test]
    fn without_a_complete_run_every_run_stays() {
        let hub = hub(&[run(1, "Failed"), run(2, "PartiallyFailed")], &[]);
        assert_eq!(names(&hub, Rule::KeepRuns(1)), [] as [&str; 0]);
        assert_eq!(names(&hub, Rule::IncompleteRuns), [] as [&str; 0]);
    }

    #[test]
    fn what_an_unfinished_restore_uses_stays() {
        let runs = || vec![run(1, "Completed"), run(2, "Completed"), run(3, "Completed")];
        let choice = "acm-credentials-schedule-20261122010000";
        assert_eq!(names(&hub(&runs(), &[]), Rule::KeepRuns(1)), ["20261122010000", "20261122020000"]);
        let running = hub(&runs(), &[restore("20", "Running", choice)]);
        assert_eq!(names(&running, Rule::KeepRuns(1)), ["20261122020000"]);
        assert!(in_use(&running, now()).contains(choice));
        let over = hub(&runs(), &[restore("20", "Finished", choice)]);
        assert_eq!(names(&over, Rule::KeepRuns(1)).len(), 2);
    }

    #[test]
    fn incomplete_runs_lack_a_part_or_have_a_failed_one() {
        let mut lacking = run(1, "Completed");
        lacking.remove(0);
        let runs = vec![lacking, run(2, "Failed"), run(3, "PartiallyFailed"), run(4, "Completed")];
        assert_eq!(names(&hub(&runs, &[]), Rule::IncompleteRuns), ["20261122010000", "20261122020000"]);
    }

    #[test]
    fn a_run_goes_with_its_validation_backup_and_one_request_for_each() {
        let hub = hub(&[run(1, "Completed"), run(2, "Completed")], &[]);
        let found = find(&hub, Rule::KeepRuns(1), now());
        let [doomed @ Doomed::Run { backups, .. }] = found.as_slice() else { panic!("{found:?}") };
        assert!(backups.contains(&"acm-validation-policy-schedule-20261122010000".to_owned()));
        let steps = steps(&hub, [(doomed, TidyReason::Rule(Rule::KeepRuns(1)))]);
        assert_eq!(steps.len(), 5);
        assert!(steps.iter().all(|step| matches!(step.action, Action::Create(_))), "the data must go too");
        assert_eq!(steps[0].reason.to_string(), "asked for by --keep-runs 1");
    }

    #[test]
    fn only_restores_that_are_over_go_the_oldest_first() {
        let restores = vec![
            restore("10", "Finished", "skip"),
            restore("15", "FinishedWithErrors", "skip"),
            restore("20", "Finished", "skip"),
            restore("21", "Enabled", "skip"),
            restore("09", "Error", "skip"),
        ];
        let hub = hub(&[], &restores);
        assert_eq!(names(&hub, Rule::KeepRestores(1)), ["10", "15"]);
        let eight_days = SignedDuration::from_hours(8 * 24);
        assert_eq!(names(&hub, Rule::RestoresOlderThan(eight_days)), ["10"]);
        let steps = steps(&hub, [(&Doomed::Restore { name: "10".into() }, TidyReason::Named)]);
        let [Step { action: Action::Delete(target), .. }] = steps.as_slice() else { panic!("{steps:?}") };
        assert_eq!(target.uid.as_deref(), Some("10"), "never another one of the same name");
    }

    #[test]
    fn velero_restores_of_a_restore_that_is_gone_are_orphans() {
        let mut hub = hub(&[], &[restore("10", "Finished", "skip")]);
        let owned = |name: &str, uid: &str, group: &str| {
            json!({"metadata": {"name": name, "namespace": "acm", "ownerReferences": [
                {"apiVersion": format!("{group}/v1beta1"), "kind": "Restore", "name": "x", "uid": uid, "controller": true},
            ]}, "spec": {"backupName": "b"}})
        };
        hub.velero.restores = serde_json::from_value(json!([
            owned("kept", "10", GROUP), owned("orphan", "gone", GROUP), owned("foreign", "gone", "example.com"),
            {"metadata": {"name": "by-hand", "namespace": "acm"}, "spec": {"backupName": "b"}},
        ]))
        .unwrap();
        assert_eq!(names(&hub, Rule::Orphans), ["orphan"]);
    }

    #[test]
    fn a_backup_that_is_being_deleted_is_left_to_it() {
        let mut backups = run(1, "Completed");
        backups[0]["status"]["phase"] = json!("Deleting");
        let hub = hub(&[backups], &[]);
        let name = "acm-credentials-schedule-20261122010000".to_owned();
        assert!(steps(&hub, [(&Doomed::Backup { name }, TidyReason::Named)]).is_empty());
    }

    #[test]
    fn a_backup_that_is_still_being_made_is_not_asked_away() {
        let name = |part: BackupType| format!("{}-20261122010000", part.schedule_name());
        let hub = hub(&[run(1, "InProgress")], &[]);
        let all = BackupType::ALL.map(name);
        let busy = name(BackupType::Resources);
        assert_eq!(being_made(&hub, &all), Some(busy.as_str()));
        assert!(steps(&hub, [(&Doomed::Backup { name: busy }, TidyReason::Named)]).is_empty());
        assert_eq!(being_made(&hub, &[name(BackupType::Credentials), "gone".to_owned()]), None);
    }
}

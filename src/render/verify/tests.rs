//! Runs as `verify` judges them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::api;
use crate::plan::latest::Candidates;
use crate::plan::runs::Runs;
use crate::plan::writers::{Rhythm, ToldBy, Writer};
use crate::plan::{HubFacts, ServedApis, ServedResource, ServedVersion};
use crate::render::Style;
use crate::render::contents::Contents;
use crate::render::looks::looks;
use crate::velero::object_list::ObjectList;
use crate::velero::{Backup, BackupType};

const STAMP: &str = "20261122100004";

fn now() -> Timestamp {
    "2026-11-22T11:14:04Z".parse().unwrap()
}

fn backup(schedule: &str, stamp: &str, status: &Value) -> Backup {
    let mut status = status.clone();
    status["expiration"] = json!("2026-11-27T10:00:04Z");
    let labels = json!({"velero.io/schedule-name": schedule, "cluster.open-cluster-management.io/backup-cluster": "1f30bfe5-a"});
    serde_json::from_value(json!({
        "metadata": {"name": format!("{schedule}-{stamp}"), "namespace": "acm", "labels": labels},
        "spec": {"storageLocation": "default"}, "status": status,
    }))
    .unwrap()
}

fn whole_run(stamp: &str) -> Vec<Backup> {
    let completed = json!({"phase": "Completed"});
    BackupType::ALL.into_iter().map(|part| backup(part.schedule_name(), stamp, &completed)).collect()
}

fn list(kinds: &Value) -> ObjectList {
    ObjectList::read(kinds.to_string().as_bytes(), |_, _| true).unwrap()
}

fn contents() -> Contents {
    let credentials = json!({"v1/Secret": ["a/auto-import-account", "h/h-kubeconfig"]});
    let clusters =
        json!({"cluster.open-cluster-management.io/v1/ManagedCluster": ["a", "b", "h", "local-cluster"]});
    let resources =
        json!({"hive.openshift.io/v1/ClusterDeployment": ["h/h"], "argoproj.io/v1beta1/ArgoCD": ["x/y"]});
    let lists = [
        (BackupType::Credentials, list(&credentials)),
        (BackupType::ManagedClusters, list(&clusters)),
        (BackupType::Resources, list(&resources)),
    ];
    Contents { lists: BTreeMap::from(lists) }
}

fn served(kinds: &[(&str, &str)]) -> ServedApis {
    let version = |(group, kind): &(&str, &str)| ServedVersion {
        group: (*group).to_owned(),
        version: "v1".to_owned(),
        resources: vec![ServedResource { name: kind.to_lowercase(), kind: (*kind).to_owned() }],
    };
    ServedApis { versions: kinds.iter().map(version).collect() }
}

fn facts(backups: Vec<Backup>) -> Facts {
    let candidates = Candidates::in_namespace(&backups, "acm");
    let runs = Runs::of(&candidates);
    let run = runs.iter().next().unwrap().clone();
    let kinds = [
        ("cluster.open-cluster-management.io", "ManagedCluster"),
        ("hive.openshift.io", "ClusterDeployment"),
        ("argoproj.io", "ArgoCD"),
    ];
    Facts {
        now: now(),
        rhythm: Rhythm::of_hub(run.hub.as_deref(), &candidates, &runs),
        writers: Writer::all(&candidates, &runs),
        run,
        runs,
        schedules: vec![],
        restores: vec![],
        max_age: None,
        hub: Some(HubFacts { hub_id: "be97a9eb-b".to_owned(), ..HubFacts::default() }),
        served: Some(served(&kinds)),
        operators: Some(vec![]),
        clusters_here: Some(3),
        contents: Ok(contents()),
        deep: None,
        backups,
    }
}

fn two_runs() -> Vec<Backup> {
    [whole_run("20261122080002"), whole_run(STAMP)].concat()
}

fn screen(facts: &Facts) -> String {
    let checks = judge(facts, true);
    format!("{}\n{}", checks.screen(&Style::plain(now())), conclusion(&checks))
}

#[test]
fn only_a_restore_that_follows_would_go_on_with_the_run() {
    let with = |phase: &str, follows: bool| {
        let restore: api::Restore = serde_json::from_value(json!({"metadata": {"name": "r1"},
            "spec": {"syncRestoreWithNewBackups": follows}, "status": {"phase": phase}}))
        .unwrap();
        result(&Facts { restores: vec![restore], ..facts(two_runs()) }, "in the way")
    };
    assert_eq!(with("Enabled", true).0, "ok");
    for (phase, follows) in [("Running", false), ("Error", false), ("Started", true)] {
        assert_eq!(with(phase, follows), ("warn".to_owned(), Some("restore-in-the-way")), "{phase}");
    }
    assert_eq!(with("Finished", false).0, "ok");
}

/// The result of a check: `ok`, `warn`, `fail` or `skipped`, and the problem.
fn result(facts: &Facts, name: &str) -> (String, Option<&'static str>) {
    let checks = judge(facts, true);
    let found = checks.groups.iter().flat_map(|group| &group.checks).find(|check| check.name == name);
    let check = found.unwrap_or_else(|| panic!("no check {name}"));
    (json!(check.result).as_str().unwrap().to_owned(), check.problem)
}

#[test]
fn a_good_run_of_another_hub_passes_and_what_is_missing_is_named() {
    insta::assert_snapshot!(screen(&facts(two_runs())));
}

#[test]
fn everything_that_velero_calls_fine_and_is_not_is_found() {
    let mut facts = facts(two_runs());
    facts.served = Some(served(&[("cluster.open-cluster-management.io", "ManagedCluster")]));
    facts.hub = Some(HubFacts { hub_id: "1f30bfe5-a".to_owned(), ..HubFacts::default() });
    let empty = json!({"hive.openshift.io/v1/ClusterDeployment": []});
    facts.contents.as_mut().unwrap().lists.insert(BackupType::ManagedClusters, list(&empty));
    facts.deep = Some(Ok(Deep {
        tokens: BTreeMap::from([("a".to_owned(), Some("2026-11-22T11:00:00Z".parse().unwrap()))]),
        without_url: ["b".to_owned()].into(),
        kubeconfigs: ["h/lost".to_owned(), "h/h-kubeconfig".to_owned()].into(),
    }));
    insta::assert_snapshot!(screen(&facts));
}

#[test]
fn an_incomplete_run_names_its_parts() {
    let mut backups = whole_run("20261122080002");
    backups.push(backup(
        "acm-credentials-schedule",
        STAMP,
        &json!({"phase": "Failed", "failureReason": "no room"}),
    ));
    let facts = facts(backups);
    assert_eq!(result(&facts, "complete"), ("fail".into(), Some("incomplete-run")));
    assert!(screen(&facts).contains("credentials is Failed: no room"));
    assert!(screen(&facts).contains("resources is missing"));
}

#[test]
fn age_expiry_and_the_last_run_are_watched() {
    let mut facts = facts(whole_run(STAMP));
    assert_eq!(result(&facts, "spare run"), ("warn".into(), Some("single-run")));
    facts.max_age = Some(600);
    assert_eq!(result(&facts, "fresh"), ("fail".into(), Some("stale-backups")));
    facts.run.expires = Some("2026-11-22T12:00:00Z".parse().unwrap());
    assert_eq!(result(&facts, "expiry"), ("warn".into(), Some("expires-soon")));
    facts.run.expires = Some("2026-11-22T11:00:00Z".parse().unwrap());
    assert_eq!(result(&facts, "expiry").0, "fail");
}

#[test]
fn two_hubs_in_one_storage_are_a_failure() {
    let mut backups = two_runs();
    for backup in backups.iter_mut().take(5) {
        let labels = backup.metadata.labels.as_mut().unwrap();
        labels.insert("cluster.open-cluster-management.io/backup-cluster".into(), "be97a9eb-b".into());
    }
    let mut facts = facts(backups);
    assert_eq!(result(&facts, "hub").0, "fail", "both wrote within two periods");
    facts.writers.iter_mut().for_each(|writer| writer.rhythm.period = 600);
    assert_eq!(result(&facts, "hub").0, "ok");
}

#[test]
fn a_run_made_by_hand_makes_no_other_run_too_old() {
    let mut by_hand = [two_runs(), whole_run("20261122100504")].concat();
    let ttl = |backup: &mut Backup| backup.spec.ttl = Some("2h5m0s".to_owned());
    by_hand
        .iter_mut()
        .filter(|backup| backup.metadata.name.as_ref().unwrap().contains("validation"))
        .for_each(ttl);
    let facts = facts(by_hand);
    assert_eq!(result(&facts, "fresh").0, "ok");
    assert_eq!(result(&facts, "silence"), ("warn".into(), Some("old-hub-alive")));
    assert!(
        screen(&facts).contains(
            "69m old, younger than 4h (two periods of 120m, by the lifetime of its validation backup)"
        ),
        "{}",
        screen(&facts)
    );
}

#[test]
fn the_limit_of_age_says_where_it_is_from() {
    let mut facts = facts(two_runs());
    let said = |facts: &Facts, words: &str| assert!(screen(facts).contains(words), "{}", screen(facts));
    facts.rhythm.told_by = ToldBy::Cron("0 */2 * * *".to_owned());
    said(&facts, "fresh: 74m old, younger than 4h (two periods of 0 */2 * * *)");
    facts.rhythm.told_by = ToldBy::Runs;
    said(&facts, "younger than 4h (two periods of 120m, as its runs lie apart)");
    facts.max_age = Some(600);
    said(&facts, "74m old, older than 10m (--max-age)");
}

#[test]
fn an_older_run_does_not_make_its_writer_look_silent() {
    let mut facts = facts(two_runs());
    facts.run = facts.runs.find("20261122080002").unwrap().clone();
    facts.now = "2026-11-22T13:00:00Z".parse().unwrap();
    assert_eq!(result(&facts, "silence"), ("warn".into(), Some("old-hub-alive")));
}

/// Facts of a hub from which the storage cannot be reached.
fn out_of_reach(backups: Vec<Backup>) -> Facts {
    let why = || "s3.internal cannot be reached from here".to_owned();
    let operators = Some(vec![Operator::default()]);
    Facts { contents: Err(why()), deep: Some(Err(why())), operators, ..facts(backups) }
}

#[test]
fn what_was_not_checked_is_said_line_by_line_and_claimed_by_nobody() {
    let facts = out_of_reach(two_runs());
    let checks = judge(&facts, true);
    assert!(checks.success);
    let told: Vec<String> = checks.problems().into_iter().map(|note| note.name.unwrap_or_default()).collect();
    assert_eq!(told, ["storage-unreachable-from-here", "storage-unreachable-from-here", "old-hub-alive"]);
    insta::assert_snapshot!(screen(&facts));
}

/// Every part of a run, with what Velero says of its progress.
fn counted(progress: &Value) -> Vec<Backup> {
    let status = json!({"phase": "Completed", "progress": progress});
    BackupType::ALL.into_iter().map(|part| backup(part.schedule_name(), STAMP, &status)).collect()
}

#[test]
fn a_backup_of_nothing_is_found_without_its_list() {
    let mut facts = out_of_reach(counted(&json!({})));
    assert_eq!(result(&facts, "managed clusters"), ("warn".into(), Some("empty-backup")));
    assert_eq!(result(&facts, "items"), ("warn".into(), Some("empty-backup")));
    facts.hub = Some(HubFacts { hub_id: "1f30bfe5-a".to_owned(), ..HubFacts::default() });
    assert_eq!(result(&facts, "managed clusters"), ("fail".into(), Some("empty-backup")));
    let facts = out_of_reach(counted(&json!({"totalItems": 7, "itemsBackedUp": 7})));
    assert_eq!(result(&facts, "managed clusters").0, "skipped");
}

#[test]
fn what_to_try_leads_to_the_same_hub() {
    let mut facts = facts(two_runs());
    facts.max_age = Some(60);
    let checks = judge(&facts, true).leading_to(" -n acm --context west");
    let screen = checks.screen(&Style::plain(now()));
    let wanted = "kubectl acmbackup status -n acm --context west   shows what keeps newer runs";
    assert!(screen.contains(wanted), "{screen}");
}

#[test]
fn a_hub_whose_id_may_not_be_read_is_no_writer() {
    let mut facts = facts(two_runs());
    facts.hub = None;
    assert_eq!(result(&facts, "writer"), ("warn".into(), Some("hub-id-unknown")));
}

#[test]
fn every_terminal_shows_the_checks_its_way() {
    let mut facts = facts(two_runs());
    facts.served = Some(served(&[("cluster.open-cluster-management.io", "ManagedCluster")]));
    let checks = judge(&facts, true);
    insta::assert_snapshot!("looks", looks(now(), |style| checks.screen(style)));
}

#[test]
fn an_operator_that_works_in_other_namespaces_than_the_backups_is_found() {
    let argocd = |namespaces: &[&str]| Operator {
        name: "argocd.v1".into(),
        namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
        kinds: [("argoproj.io".to_owned(), "ArgoCD".to_owned())].into(),
    };
    let mut facts = facts(two_runs());
    facts.operators = Some(vec![argocd(&["gitops"])]);
    assert_eq!(result(&facts, "operators"), ("warn".into(), Some("operator-elsewhere")));
    assert!(
        screen(&facts).contains("argocds.argoproj.io in x: argocd.v1 works in gitops"),
        "{}",
        screen(&facts)
    );
    facts.operators = Some(vec![argocd(&["gitops"]), argocd(&["x"])]);
    assert_eq!(result(&facts, "operators").0, "ok", "two installations share the namespaces");
    facts.operators = Some(vec![argocd(&["gitops"]), argocd(&[])]);
    assert_eq!(result(&facts, "operators").0, "ok", "one of them works everywhere");
    facts.operators = None;
    assert_eq!(result(&facts, "operators").0, "skipped");
}

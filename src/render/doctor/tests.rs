//! Hubs as `doctor` judges them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::render::Style;
use crate::render::checks::Verdict;
use crate::render::looks::looks;
use crate::velero::server::Server;

fn now() -> Timestamp {
    "2026-11-22T11:14:04Z".parse().unwrap()
}

fn fact<T>(value: T) -> Fact<T> {
    Fact { known: Ok(value), seconds: 0.25 }
}

fn unknown<T>(why: Unknown) -> Fact<T> {
    Fact { known: Err(why), seconds: 0.0 }
}

fn read<K: serde::de::DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).unwrap()
}

fn location(owners: &Value) -> crate::velero::BackupStorageLocation {
    read(json!({
        "metadata": {"name": "default", "namespace": "acm", "ownerReferences": owners},
        "spec": {"provider": "aws", "default": true},
        "status": {"phase": "Available", "lastValidationTime": "2026-11-22T11:13:43Z"},
    }))
}

fn crd(name: &str) -> Crd {
    let versions = vec!["v1beta1".to_owned()];
    Crd { name: format!("{name}.cluster.open-cluster-management.io"), versions, ..Crd::default() }
}

/// A hub where everything is as it should be.
fn well() -> Observed {
    let kinds = "backups restores schedules backupstoragelocations downloadrequests deletebackuprequests";
    let server = Server {
        name: "velero".to_owned(),
        available: Some(true),
        image: "docker.io/velero/velero:v1.18.2".to_owned(),
        memory_limit: Some("1Gi".to_owned()),
        pod_labels: BTreeMap::new(),
    };
    let owner = json!([{"apiVersion": "o", "kind": "DataProtectionApplication", "name": "dpa", "uid": "1"}]);
    Observed {
        context: "hub-west".to_owned(),
        server: "https://api.hub-west.example:6443".to_owned(),
        reach: fact(Reach { version: "v1.36.3".to_owned(), ahead: Some(SignedDuration::from_millis(400)) }),
        namespace: Ok(("acm".to_owned(), "given".to_owned())),
        exists: fact(true),
        permissions: fact(PermissionAnswer { asked: 31, jobs: "schedule".to_owned(), missing: vec![] }),
        hub_id: fact("be97a9eb-60b8-4511-805c-298e7c0898b3".to_owned()),
        installed: fact(InstalledHub { cluster_backup: Some(true), service_account: Some(true) }),
        crds: fact(vec![crd("backupschedules"), crd("restores")]),
        velero: VeleroFacts {
            servers: fact(vec![server]),
            restarts: fact(Restarts::default()),
            oadp: fact(BTreeMap::from([("v1.5.1".to_owned(), vec!["acm".to_owned()])])),
            clusters: fact(2000),
            kinds: fact(kinds.split(' ').map(str::to_owned).collect()),
        },
        locations: fact(vec![location(&owner)]),
        secrets: fact(BTreeMap::from([("cloud-credentials".to_owned(), true)])),
        lease: fact(Some(Lease {
            holder: "cluster-backup-5f9b2".to_owned(),
            renewed: "2026-11-22T11:14:02Z".parse().ok(),
            overdue: false,
            image: Some("quay.io/x/cluster-backup:2.15".to_owned()),
        })),
        schedules: fact(vec![]),
        restores: fact(vec![]),
        velero_schedules: fact(vec![]),
        backups: fact(vec![]),
    }
}

/// A hub with something wrong in every group.
fn ill() -> Observed {
    let verb = |resource: &str, verb: &str, everywhere| MissingVerb {
        group: "velero.io".to_owned(),
        resource: resource.to_owned(),
        verb: verb.to_owned(),
        everywhere,
    };
    let mut observed = well();
    observed.reach = fact(Reach { version: "v1.36.3".into(), ahead: Some(SignedDuration::from_secs(-95)) });
    let missing = vec![verb("backups", "create", false), verb("backupstoragelocations", "list", true)];
    observed.permissions = fact(PermissionAnswer { asked: 31, jobs: "schedule".to_owned(), missing });
    observed.hub_id = fact("unknown".to_owned());
    observed.installed = fact(InstalledHub { cluster_backup: None, service_account: Some(false) });
    let mut old = crd("restores");
    old.difference.missing_here = vec!["spec.restoreSyncInterval".to_owned()];
    let mut newer = crd("backupschedules");
    newer.difference.newer_here = vec!["spec.from\u{1b}[2Jthe future".to_owned()];
    observed.crds = fact(vec![newer, old]);
    let mut second = observed.velero.servers.known.clone().unwrap();
    second[0].available = Some(false);
    second[0].memory_limit = Some("256Mi".to_owned());
    second.push(Server { name: "velero-two".to_owned(), ..Server::default() });
    observed.velero.servers = fact(second);
    observed.velero.restarts = fact(Restarts { count: 3, out_of_memory: true });
    observed.velero.kinds = fact(vec!["backups".to_owned()]);
    observed.locations = fact(vec![location(&json!([]))]);
    observed.secrets = fact(BTreeMap::from([("cloud-credentials".to_owned(), false)]));
    observed.lease = fact(None);
    observed.schedules = fact(read(json!([
        {"metadata": {"name": "schedule-acm"}, "spec": {"veleroSchedule": "@daily"}, "status": {"phase": "Enabled"}},
    ])));
    observed.restores = fact(read(
        json!([{"metadata": {"name": "restore-acm"}, "spec": {}, "status": {"phase": "Enabled"}}]),
    ));
    observed
}

fn screen(observed: &Observed, style: &Style) -> String {
    Report::of(observed, now()).screen(style)
}

fn verdict(observed: &Observed, name: &str) -> (Verdict, Option<&'static str>) {
    let report = Report::of(observed, now());
    let check =
        report.checks.groups.iter().flat_map(|group| &group.checks).find(|check| check.name == name).unwrap();
    (check.result, check.problem)
}

#[test]
fn a_hub_in_order_passes_every_check() {
    insta::assert_snapshot!(screen(&well(), &Style::plain(now())));
    assert!(Report::of(&well(), now()).checks.success);
}

#[test]
fn on_a_wide_coloured_terminal_signs_stand_for_words() {
    let style = Style { color: true, unicode: true, width: Some(160), now: now() };
    insta::assert_snapshot!(screen(&ill(), &style));
}

#[test]
fn a_narrow_terminal_without_colour_wraps_between_words() {
    let style = Style { color: false, unicode: true, width: Some(80), now: now() };
    let text = screen(&ill(), &style);
    insta::assert_snapshot!(text);
    let roles = text.find("\n---\n").unwrap();
    let long: Vec<&str> =
        text[..roles].lines().filter(|line| line.chars().count() > 80 && !line.contains('[')).collect();
    assert_eq!(long, [] as [&str; 0]);
}

#[test]
fn without_utf_8_marks_are_words() {
    let text = screen(&ill(), &Style::plain(now()));
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn what_cannot_be_read_is_never_taken_for_well() {
    let mut observed = well();
    observed.hub_id = unknown(Unknown::Forbidden);
    observed.schedules = unknown(Unknown::NotServed);
    observed.lease = unknown(Unknown::Failed("boom".to_owned()));
    assert_eq!(verdict(&observed, "hub id"), (Verdict::Warn, Some("forbidden")));
    assert_eq!(verdict(&observed, "collision"), (Verdict::Skipped, None));
    assert_eq!(verdict(&observed, "lease"), (Verdict::Fail, None));
    assert!(!Report::of(&observed, now()).checks.success);
}

#[test]
fn without_a_server_only_that_has_failed() {
    let why = Unknown::Failed("connection refused".to_owned());
    let mut observed = well();
    observed.reach = unknown(why);
    assert_eq!(verdict(&observed, "server"), (Verdict::Fail, Some("unreachable")));
    observed.server = String::new();
    assert_eq!(verdict(&observed, "server").1, Some("unreachable"));
}

#[test]
fn a_namespace_that_does_not_exist_fails_and_one_that_may_not_be_asked_for_does_not() {
    let mut observed = well();
    observed.exists = fact(false);
    assert_eq!(verdict(&observed, "namespace"), (Verdict::Fail, Some("namespace-not-found")));
    observed.exists = unknown(Unknown::Forbidden);
    assert_eq!(verdict(&observed, "namespace"), (Verdict::Ok, None));
}

#[test]
fn little_memory_matters_with_many_clusters_only() {
    let mut observed = ill();
    assert_eq!(verdict(&observed, "memory").0, Verdict::Warn);
    observed.velero.clusters = fact(12);
    assert_eq!(verdict(&observed, "memory").0, Verdict::Ok);
}

#[test]
fn where_a_loop_is_at_work_the_component_need_not_be_enabled() {
    let mut observed = well();
    observed.installed = fact(InstalledHub { cluster_backup: Some(false), service_account: Some(true) });
    assert_eq!(verdict(&observed, "cluster-backup"), (Verdict::Ok, None));
    observed.lease = fact(None);
    assert_eq!(verdict(&observed, "cluster-backup"), (Verdict::Warn, None));
}

#[test]
fn two_velero_servers_or_two_versions_of_oadp_fail() {
    let mut observed = well();
    assert_eq!(verdict(&observed, "one velero").0, Verdict::Ok);
    let mut versions = observed.velero.oadp.known.clone().unwrap();
    versions.insert("v1.4.0".to_owned(), vec!["other".to_owned()]);
    observed.velero.oadp = fact(versions);
    assert_eq!(verdict(&observed, "oadp").0, Verdict::Fail);
    assert_eq!(verdict(&ill(), "one velero").0, Verdict::Fail);
}

#[test]
fn a_collision_and_a_missing_velero_schedule_fail() {
    let mut observed = well();
    let schedule = |phase: &str| json!([{"metadata": {"name": "s"}, "spec": {}, "status": {"phase": phase}}]);
    observed.schedules = fact(read(schedule("BackupCollision")));
    assert_eq!(verdict(&observed, "collision"), (Verdict::Fail, Some("collision")));
    observed.schedules = fact(read(schedule("Enabled")));
    assert_eq!(verdict(&observed, "velero schedules"), (Verdict::Fail, Some("incomplete-run")));
    let five: Vec<Value> = crate::velero::BackupType::ALL
        .iter()
        .map(|part| json!({"metadata": {"name": part.schedule_name()}}))
        .collect();
    observed.velero_schedules = fact(read(json!(five)));
    assert_eq!(verdict(&observed, "velero schedules").0, Verdict::Ok);
}

#[test]
fn missing_permissions_come_as_roles_that_grant_them() {
    let report = Report::of(&ill(), now());
    assert_eq!(report.roles.len(), 2);
    assert_eq!(report.roles[0]["metadata"]["namespace"], "acm");
    let rules = json!([{"apiGroups": ["velero.io"], "resources": ["backups"], "verbs": ["create"]}]);
    assert_eq!(report.roles[0]["rules"], rules);
    assert_eq!(report.roles[1]["kind"], "ClusterRole");
    assert_eq!(Report::of(&well(), now()).roles, [] as [Value; 0]);
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let report = json!(Report::of(&ill(), now()));
    assert_eq!(report["success"], false);
    assert_eq!(report["groups"][0]["name"], "client");
    let check = &report["groups"][0]["checks"][1];
    assert_eq!((&check["name"], &check["result"]), (&json!("clock"), &json!("warn")));
    assert_eq!(check["seconds"], 0.25);
    assert!(check["hint"].is_string() && check["message"].is_string());
}

#[test]
fn problems_carry_the_hints_of_their_checks() {
    let mut observed = well();
    observed.lease = fact(None);
    observed.installed = fact(InstalledHub { cluster_backup: Some(false), service_account: Some(true) });
    let report = Report::of(&observed, now());
    let hints: Vec<String> = report.checks.problems().into_iter().map(|note| note.hint).collect();
    assert!(hints[0].starts_with("enable component cluster-backup"), "{hints:?}");
    assert!(hints.len() == 2 && !hints[1].is_empty(), "{hints:?}");
}

#[test]
fn every_terminal_shows_the_checks_its_way() {
    insta::assert_snapshot!("looks", looks(now(), |style| screen(&ill(), style)));
}

//! Hubs as `status` shows them.

use serde_json::{Value, json};

use super::*;
use crate::plan::Severity;
use crate::render::Style;
use crate::render::looks::looks;

const EAST: &str = "1f30bfe5-60b8-4511-805c-298e7c0898b3";
const WEST: &str = "be97a9eb-60b8-4511-805c-298e7c0898b3";

fn now() -> Timestamp {
    "2026-11-22T11:14:04Z".parse().unwrap()
}

fn read<K: serde::de::DeserializeOwned>(object: Value) -> K {
    serde_json::from_value(object).unwrap()
}

/// A hub with nothing but storage.
fn idle() -> Observed {
    let location = json!({
        "metadata": {"name": "default", "namespace": "acm", "ownerReferences": [
            {"apiVersion": "oadp", "kind": "DataProtectionApplication", "name": "dpa", "uid": "1"},
        ]},
        "spec": {"provider": "aws", "default": true},
        "status": {"phase": "Available", "lastValidationTime": "2026-11-22T11:13:43Z"},
    });
    let held = LoopView {
        kind: "lease",
        holder: "cluster-backup-7c4d9".to_owned(),
        renewed_at: "2026-11-22T11:13:56Z".parse().ok(),
        overdue: false,
    };
    Observed {
        no_namespace: false,
        hub_id: Ok(EAST.to_owned()),
        schedules: Ok(vec![]),
        restores: Ok(vec![]),
        locations: Ok(vec![read(location)]),
        velero_schedules: Ok(vec![]),
        backups: Ok(vec![]),
        lease: Ok(Some(held)),
        servers: Ok(vec![]),
    }
}

fn with_schedule(phase: &str, message: &str) -> Observed {
    let labels = json!({
        "cluster.open-cluster-management.io/backup-cluster": EAST,
        "cluster.open-cluster-management.io/backup-schedule-name": "schedule-acm",
    });
    let velero = json!({
        "metadata": {"name": "acm-resources-schedule", "namespace": "acm", "labels": labels},
        "spec": {"schedule": "0 */2 * * *"}, "status": {"lastBackup": "2026-11-22T10:00:04Z"},
    });
    let schedule = json!({
        "metadata": {"name": "schedule-acm", "namespace": "acm"},
        "spec": {"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"},
        "status": {"phase": phase, "lastMessage": message},
    });
    Observed {
        schedules: Ok(vec![read(schedule)]),
        velero_schedules: Ok(vec![read(velero)]),
        backups: Ok(run("20261122100004", "2026-11-22T10:00:04Z", EAST)),
        ..idle()
    }
}

fn run(stamp: &str, start: &str, hub: &str) -> Vec<Backup> {
    let backup = |part: BackupType| {
        read(json!({
            "metadata": {
                "name": format!("{}-{stamp}", part.schedule_name()), "namespace": "acm",
                "labels": {"cluster.open-cluster-management.io/backup-cluster": hub},
            },
            "spec": {}, "status": {"phase": "Completed", "startTimestamp": start, "progress": {"itemsBackedUp": 12}},
        }))
    };
    BackupType::DATA.into_iter().map(backup).collect()
}

fn with_restore(clusters: &str, phase: &str) -> Observed {
    let restore = json!({
        "metadata": {"name": "restore-acm-passive", "namespace": "acm"},
        "spec": {
            "veleroManagedClustersBackupName": clusters, "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "syncRestoreWithNewBackups": true, "restoreSyncInterval": "10m",
        },
        "status": {"phase": phase, "lastMessage": "m\u{1b}[2J"},
    });
    Observed {
        hub_id: Ok(WEST.to_owned()),
        restores: Ok(vec![read(restore)]),
        backups: Ok(run("20261122100004", "2026-11-22T10:00:04Z", EAST)),
        ..idle()
    }
}

fn screen(observed: &Observed) -> String {
    Status::of(observed, "acm", now()).screen("hub-east", "acm (given)", &Style::plain(now()))
}

fn names(observed: &Observed) -> Vec<(String, Severity)> {
    let problems = Status::of(observed, "acm", now()).problems;
    problems.into_iter().map(|note| (note.name.unwrap_or_default(), note.severity)).collect()
}

fn role_of(observed: &Observed) -> Role {
    Status::of(observed, "acm", now()).role
}

#[test]
fn an_active_hub_shows_its_last_and_next_run() {
    insta::assert_snapshot!(screen(&with_schedule("Enabled", "")), @r#"
    Hub        hub-east  1f30bfe5  active
    Namespace  acm (given)

    Storage    default            Available, checked 21s ago
    Schedule   schedule-acm       Enabled, 0 */2 * * * UTC, keeps 5d, next run in 45m
    Last run   20261122100004     74m ago, Complete
               credentials        Completed  12 items
               resources          Completed  12 items
               resources-generic  Completed  12 items
               managed-clusters   Completed  12 items
    Restore    <none>
    Loop       cluster-backup-7c4d9 holds the lease, renewed 8s ago

    ok No problems.
    "#);
}

#[test]
fn a_run_velero_is_about_to_make_is_due() {
    let observed = with_schedule("Enabled", "");
    let late = "2026-11-22T12:00:30Z".parse().unwrap();
    let screen = Status::of(&observed, "acm", late).screen("hub-east", "acm", &Style::plain(late));
    assert!(screen.contains(", next run due now\n"), "{screen}");
}

#[test]
fn a_passive_hub_shows_whom_it_follows() {
    insta::assert_snapshot!(screen(&with_restore("skip", "Enabled")), @r#"
    Hub        hub-east  be97a9eb  passive, follows hub 1f30bfe5
    Namespace  acm (given)

    Storage    default              Available, checked 21s ago
    Schedule   <none>
    Last run   20261122100004       74m ago, Complete, written by hub 1f30bfe5
               credentials          Completed  12 items
               resources            Completed  12 items
               resources-generic    Completed  12 items
               managed-clusters     Completed  12 items
    Restore    restore-acm-passive  Enabled, every 10m
               managed clusters     not activated
    Loop       cluster-backup-7c4d9 holds the lease, renewed 8s ago

    ok No problems.
    "#);
}

/// The restore above has restored the run of this stamp.
fn at_run(stamp: &str, mut observed: Observed) -> Observed {
    let restore = observed.restores.as_mut().unwrap().first_mut().unwrap();
    let status = restore.status.as_mut().unwrap();
    let name = |part: &str| Some(format!("restore-acm-passive-acm-{part}-schedule-{stamp}"));
    status.velero_credentials_restore_name = name("credentials");
    status.velero_resources_restore_name = name("resources");
    status.velero_generic_resources_restore_name = name("resources-generic");
    observed
}

#[test]
fn a_passive_hub_tells_whether_it_is_in_step() {
    let following = at_run("20261122100004", with_restore("skip", "Enabled"));
    let line = |observed: &Observed| {
        let screen = screen(observed);
        screen.lines().find(|line| line.starts_with("Restore")).unwrap().to_owned()
    };
    assert_eq!(
        line(&following),
        "Restore    restore-acm-passive  Enabled, every 10m, in step with 20261122100004"
    );
    let restore = &json!(Status::of(&following, "acm", now()))["restore"];
    assert_eq!((&restore["run"], &restore["inStep"]), (&json!("20261122100004"), &json!(true)));
    let mut behind = following;
    behind.backups.as_mut().unwrap().extend(run("20261122110004", "2026-11-22T11:00:04Z", WEST));
    assert!(line(&behind).ends_with(", still at 20261122100004"), "{}", line(&behind));
    let restore = &json!(Status::of(&behind, "acm", now()))["restore"];
    assert_eq!(restore["inStep"], json!(false));
}

#[test]
fn a_contested_hub_says_why() {
    insta::assert_snapshot!(screen(&with_schedule("BackupCollision", "hub west wrote")), @r#"
    Hub        hub-east  1f30bfe5  contested
    Namespace  acm (given)

    Storage    default            Available, checked 21s ago
    Schedule   schedule-acm       BackupCollision, 0 */2 * * * UTC, keeps 5d
    Last run   20261122100004     74m ago, Complete
               credentials        Completed  12 items
               resources          Completed  12 items
               resources-generic  Completed  12 items
               managed-clusters   Completed  12 items
    Restore    <none>
    Loop       cluster-backup-7c4d9 holds the lease, renewed 8s ago

    FAIL schedule-acm is in BackupCollision   [collision]
      hub west wrote
    "#);
}

#[test]
fn an_idle_hub_has_no_problems() {
    insta::assert_snapshot!(screen(&idle()), @r#"
    Hub        hub-east  1f30bfe5  idle
    Namespace  acm (given)

    Storage    default  Available, checked 21s ago
    Schedule   <none>
    Last run   <none>
    Restore    <none>
    Loop       cluster-backup-7c4d9 holds the lease, renewed 8s ago

    ok No problems.
    "#);
}

#[test]
fn what_is_forbidden_or_not_served_never_looks_empty() {
    let observed = Observed {
        backups: Err(Unread::Forbidden),
        schedules: Err(Unread::NotServed),
        hub_id: Err(Unread::Forbidden),
        lease: Err(Unread::NotCaptured),
        ..idle()
    };
    insta::assert_snapshot!(screen(&observed), @r#"
    Hub        hub-east  hub id forbidden  idle
    Namespace  acm (given)

    Storage    default          Available, checked 21s ago
    Schedule   not served here
    Last run   forbidden
    Restore    <none>
    Loop       not captured

    FAIL BackupSchedule and Restore are not installed on this hub   [crd-missing]
    warn may not be read: hub, backups   [forbidden]
    "#);
}

#[test]
fn a_hub_whose_schedules_or_restores_may_not_be_read_has_no_known_role() {
    let (schedules, restores) = (Err(Unread::Forbidden), Err(Unread::Forbidden));
    assert_eq!(role_of(&Observed { schedules, ..idle() }), Role::Unknown);
    assert_eq!(role_of(&Observed { restores, ..idle() }), Role::Unknown);
    let schedules = Err(Unread::Forbidden);
    assert_eq!(role_of(&Observed { schedules, ..with_restore("skip", "Enabled") }), Role::Passive);
}

#[test]
fn roles_follow_from_phases_and_choices() {
    assert_eq!(role_of(&idle()), Role::Idle);
    assert_eq!(role_of(&with_schedule("Enabled", "")), Role::Active);
    assert_eq!(role_of(&with_schedule("BackupCollision", "")), Role::Contested);
    assert_eq!(role_of(&with_restore("skip", "Enabled")), Role::Passive);
    assert_eq!(role_of(&with_restore("latest", "Enabled")), Role::Activating);
    assert_eq!(role_of(&with_restore("latest", "Finished")), Role::Idle);
}

/// A paused schedule whose clusters another hub took; it may have written a run since.
fn lost_to_west(with_run: bool) -> Observed {
    let mut observed = with_schedule("Paused", "");
    let schedule = &mut observed.schedules.as_mut().unwrap()[0];
    (schedule.spec.paused, schedule.metadata.uid) = (true, Some("u".to_owned()));
    let velero = &mut observed.velero_schedules.as_mut().unwrap()[0];
    velero.metadata.creation_timestamp = read(json!("2026-11-22T08:00:00Z"));
    velero.metadata.owner_references = read(json!([{
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "name": "schedule-acm", "uid": "u", "controller": true,
    }]));
    let mut record = run("20261122103004", "2026-11-22T10:30:04Z", EAST).remove(0);
    record.metadata.name = Some("acm-restore-clusters-20261122103004".to_owned());
    record.metadata.labels = read(json!({"cluster.open-cluster-management.io/restore-cluster": WEST}));
    let backups = observed.backups.as_mut().unwrap();
    for backup in backups.iter_mut() {
        let name = backup.metadata.name.clone().unwrap();
        let schedule = name.trim_end_matches("-20261122100004").to_owned();
        backup.metadata.labels.as_mut().unwrap().insert("velero.io/schedule-name".to_owned(), schedule);
    }
    backups.push(record);
    if with_run {
        let mut newer = run("20261122110004", "2026-11-22T11:00:04Z", WEST);
        let resources =
            newer.iter_mut().find(|b| b.metadata.name.as_ref().unwrap().contains("resources-schedule"));
        let labels = resources.unwrap().metadata.labels.as_mut().unwrap();
        labels.insert("velero.io/schedule-name".to_owned(), "acm-resources-schedule".to_owned());
        backups.extend(newer);
    }
    observed
}

/// S-113, S-115
#[test]
fn a_paused_hub_whose_clusters_another_one_took_is_idle_and_says_so() {
    let told = |with_run| {
        let status = Status::of(&lost_to_west(with_run), "acm", now());
        assert_eq!(status.role, Role::Idle);
        status.problems.into_iter().map(|note| note.message).collect::<Vec<_>>().join("; ")
    };
    let activated =
        "hub be97a9eb activated the managed clusters, as acm-restore-clusters-20261122103004 says";
    assert!(told(false).starts_with(activated), "{}", told(false));
    let wrote = "hub be97a9eb wrote acm-resources-schedule-20261122110004, which is the newest run";
    assert!(told(true).starts_with(wrote), "{}", told(true));

    let mut alone = lost_to_west(false);
    alone.backups.as_mut().unwrap().pop();
    assert_eq!((role_of(&alone), names(&alone)), (Role::Active, vec![]));
    let mut made_since = lost_to_west(false);
    made_since.velero_schedules.as_mut().unwrap()[0].metadata.creation_timestamp =
        read(json!("2026-11-22T11:00:00Z"));
    assert_eq!(role_of(&made_since), Role::Active, "the schedules are newer than the activation");
}

#[test]
fn missing_crds_are_errors_with_their_names() {
    let observed = Observed {
        schedules: Err(Unread::NotServed),
        backups: Err(Unread::NotServed),
        locations: Err(Unread::NotServed),
        ..idle()
    };
    let wanted =
        [("crd-missing".to_owned(), Severity::Error), ("velero-missing".to_owned(), Severity::Error)];
    assert_eq!(names(&observed), wanted);
}

/// R-131
#[test]
fn storage_without_an_owner_is_told_unless_the_loop_accepted_it() {
    let unowned = |mut observed: Observed| {
        observed.locations.as_mut().unwrap()[0].metadata.owner_references = None;
        names(&observed)
    };
    assert_eq!(unowned(idle()), [("storage-not-owned".to_owned(), Severity::Warning)]);
    assert_eq!(unowned(with_schedule("Enabled", "")), []);
}

#[test]
fn a_namespace_that_does_not_exist_is_told_instead_of_what_it_lacks() {
    let nowhere = Observed { no_namespace: true, locations: Ok(vec![]), ..idle() };
    assert_eq!(names(&nowhere), [("namespace-not-found".to_owned(), Severity::Error)]);
}

#[test]
fn a_velero_that_is_down_or_there_twice_is_told() {
    let server = |name: &str, available: bool| Server {
        name: name.to_owned(),
        available: Some(available),
        ..Server::default()
    };
    let with = |servers: Vec<Server>| names(&Observed { servers: Ok(servers), ..idle() });
    let error = |name: &str| vec![(name.to_owned(), Severity::Error)];
    assert_eq!(with(vec![server("velero", true)]), []);
    assert_eq!(with(vec![server("velero", false)]), error("velero-down"));
    assert_eq!(with(vec![server("velero", true), server("velero-2", true)]), error("velero-twice"));
    let mut silent = idle();
    let status = silent.locations.as_mut().unwrap()[0].status.as_mut().unwrap();
    status.last_validation_time = serde_json::from_value(json!("2026-11-22T10:40:00Z")).unwrap();
    assert_eq!(names(&silent), error("velero-down"), "nobody looks at the storage");
}

#[test]
fn a_newest_run_that_lacks_a_part_is_told() {
    let mut observed = with_schedule("Enabled", "");
    let backups = observed.backups.as_mut().unwrap();
    backups.pop();
    assert_eq!(names(&observed), [("incomplete-run".to_owned(), Severity::Warning)]);
}

/// As `verify` judges: a run lives longer than two periods.
#[test]
fn a_newest_run_that_is_gone_before_the_next_but_one_is_told() {
    let expiring = |at: &str, phase: &str| {
        let mut observed = with_schedule("Enabled", "");
        for backup in observed.backups.as_mut().unwrap() {
            let status = backup.status.as_mut().unwrap();
            (status.expiration, status.phase) = (read(json!(at)), read(json!(phase)));
        }
        names(&observed)
    };
    let soon = [("expires-soon".to_owned(), Severity::Warning)];
    assert_eq!(expiring("2026-11-22T15:14:04Z", "Completed"), soon);
    assert_eq!(expiring("2026-11-22T15:14:05Z", "Completed"), []);
    assert_eq!(expiring("2026-11-22T12:14:04Z", "InProgress"), [], "it is just being made");
}

#[test]
fn nobody_at_work_matters_only_where_there_is_work() {
    let lonely = |observed: Observed| names(&Observed { lease: Ok(None), ..observed });
    assert_eq!(lonely(idle()), []);
    assert_eq!(lonely(with_schedule("Enabled", "")), [("loop-missing".to_owned(), Severity::Warning)]);
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let status = json!(Status::of(&with_schedule("Enabled", ""), "acm", now()));
    assert_eq!(status["role"], "active");
    assert_eq!(status["schedule"]["nextRunAt"], "2026-11-22T12:00:00Z");
    assert_eq!(status["schedule"]["lastRun"]["id"], "20261122100004");
    assert_eq!(status["latest"]["completeRun"], "20261122100004");
    assert_eq!(status["loop"]["kind"], "lease");
    assert!(status["storage"].is_array() && status["next"].is_array());
}

#[test]
fn every_terminal_shows_the_status_its_way() {
    let screen = |observed: &Observed, style: &Style| {
        let next = vec![(
            "kubectl acmbackup wait restore/restore-acm-passive".to_owned(),
            "until it has settled".to_owned(),
        )];
        let status = Status::of(observed, "acm", now()).with_next(next);
        status.screen("hub-east", "acm (the only one with a storage location)", style)
    };
    let contested = with_schedule(
        "BackupCollision",
        "hub be97a9eb wrote acm-resources-schedule-20261122100104 to the same storage location 12m ago",
    );
    let active = with_schedule("Enabled", "");
    insta::assert_snapshot!("looks-active", looks(now(), |style| screen(&active, style)));
    let passive = at_run("20261122100004", with_restore("skip", "Enabled"));
    insta::assert_snapshot!("looks-passive", looks(now(), |style| screen(&passive, style)));
    let running = with_restore("skip", "Running");
    insta::assert_snapshot!("looks-contested", looks(now(), |style| screen(&contested, style)));
    // As with -A: one below the other.
    let both = |style: &Style| [screen(&idle(), style), screen(&running, style)].join("\n");
    insta::assert_snapshot!("looks-all-namespaces", looks(now(), both));
}

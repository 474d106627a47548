//! Tables of `get` as they look.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::render::Style;
use crate::render::looks::looks;

const EAST: &str = "1f30bfe5-60b8-4511-805c-298e7c0898b3";

fn style(width: Option<usize>) -> Style {
    let now: Timestamp = "2026-11-22T12:06:03Z".parse().unwrap();
    Style { width, ..Style::plain(now) }
}

fn read<K: serde::de::DeserializeOwned>(objects: Value) -> Vec<K> {
    serde_json::from_value(objects).unwrap()
}

fn backup(part: &str, stamp: &str, phase: &str) -> Value {
    let start = format!("2026-11-22T{}:{}:{}Z", &stamp[8..10], &stamp[10..12], &stamp[12..14]);
    json!({
        "metadata": {
            "name": format!("acm-{part}-schedule-{stamp}"), "namespace": "acm", "creationTimestamp": start,
            "labels": {"cluster.open-cluster-management.io/backup-cluster": EAST},
        },
        "spec": {"storageLocation": "default"},
        "status": {
            "phase": phase, "startTimestamp": start, "expiration": "2026-11-27T10:00:00Z", "warnings": 2,
            "progress": {"totalItems": 12, "itemsBackedUp": 12},
        },
    })
}

fn backups_of_two_runs() -> Vec<crate::velero::Backup> {
    let parts = ["credentials", "resources", "resources-generic", "managed-clusters"];
    let old = parts.map(|part| backup(part, "20261122100004", "Completed"));
    let new = parts.iter().take(3).map(|part| backup(part, "20261122120003", "InProgress"));
    read(json!(old.into_iter().chain(new).collect::<Vec<_>>()))
}

#[test]
fn runs_show_how_many_of_their_parts_are_there() {
    let backups = backups_of_two_runs();
    let runs_found = all_runs(&backups);
    insta::assert_snapshot!(runs(&runs_found, &backups, &style(None), Look::default()), @r#"
    RUN             PARTS  STATUS      HUB       EXPIRES  AGE
    20261122120003  3/4    InProgress  1f30bfe5  4d21h    6m
    20261122100004  4/4    Complete    1f30bfe5  4d21h    125m
    "#);
    let wide = Look { wide: true, namespaces: true, headless: false };
    insta::assert_snapshot!(runs(&runs_found, &backups, &style(None), wide), @r#"
    NAMESPACE  RUN             PARTS  STATUS      HUB                                   EXPIRES  CREDENTIALS  RESOURCES   RESOURCES-GENERIC  MANAGED-CLUSTERS  AGE
    acm        20261122120003  3/4    InProgress  1f30bfe5-60b8-4511-805c-298e7c0898b3  4d21h    InProgress   InProgress  InProgress         <none>            6m
    acm        20261122100004  4/4    Complete    1f30bfe5-60b8-4511-805c-298e7c0898b3  4d21h    Completed    Completed   Completed          Completed         125m
    "#);
}

#[test]
fn backups_come_newest_first() {
    let all = backups_of_two_runs();
    insta::assert_snapshot!(backups(&all[2..5], &all, &style(None), Look::default()), @r#"
    NAME                                           PART               STATUS      ITEMS  ERRORS  HUB       EXPIRES  AGE
    acm-credentials-schedule-20261122120003        credentials        InProgress  12     0       1f30bfe5  4d21h    6m
    acm-managed-clusters-schedule-20261122100004   managed-clusters   Completed   12     0       1f30bfe5  4d21h    125m
    acm-resources-generic-schedule-20261122100004  resources-generic  Completed   12     0       1f30bfe5  4d21h    125m
    "#);
    let wide = Look { wide: true, ..Look::default() };
    insta::assert_snapshot!(backups(&all[..1], &all, &style(None), wide), @r#"
    NAME                                     PART         STATUS     ITEMS  ERRORS  HUB                                   EXPIRES  WARNINGS  RUN             LOCATION  STARTED               DURATION  AGE
    acm-credentials-schedule-20261122100004  credentials  Completed  12     0       1f30bfe5-60b8-4511-805c-298e7c0898b3  4d21h    2         20261122100004  default   2026-11-22T10:00:04Z  <none>    125m
    "#);
}

#[test]
fn restores_show_what_was_chosen() {
    let objects = read(json!([
        {
            "metadata": {"name": "restore-acm-passive", "namespace": "acm", "creationTimestamp": "2026-11-19T12:00:00Z"},
            "spec": {
                "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
                "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "CleanupRestored",
                "syncRestoreWithNewBackups": true, "restoreSyncInterval": "10m",
            },
            "status": {"phase": "Enabled", "lastMessage": "all good\u{1b}[2J", "veleroCredentialsRestoreName": "x"},
        },
        {"metadata": {"name": "new"}, "spec": {"syncRestoreWithNewBackups": true}},
    ]));
    insta::assert_snapshot!(restores(&objects, &style(None), Look::default()), @r#"
    NAME                 PHASE    MANAGED-CLUSTERS  CREDENTIALS  RESOURCES  SYNC  AGE
    restore-acm-passive  Enabled  skip              latest       latest     10m   3d
    new                  <none>   <none>            <none>       <none>     30m   <none>
    "#);
    let wide = Look { wide: true, ..Look::default() };
    insta::assert_snapshot!(restores(&objects, &style(Some(160)), wide), @r#"
    NAME                 PHASE    MANAGED-CLUSTERS  CREDENTIALS  RESOURCES  SYNC  CLEANUP          COMPLETED  VELERO-RESTORES  MESSAGE       AGE
    restore-acm-passive  Enabled  skip              latest       latest     10m   CleanupRestored  <none>     1                all good?[2J  3d
    new                  <none>   <none>            <none>       <none>     30m   <none>           <none>     0                <none>        <none>
    "#);
}

#[test]
fn schedules_show_their_own_last_run_and_the_next() {
    let labels = json!({
        "cluster.open-cluster-management.io/backup-cluster": EAST,
        "cluster.open-cluster-management.io/backup-schedule-name": "schedule-acm",
    });
    let velero = read(json!([{
        "metadata": {"name": "acm-resources-schedule", "namespace": "acm", "labels": labels},
        "spec": {"schedule": "0 */2 * * *"}, "status": {"lastBackup": "2026-11-22T12:00:03Z"},
    }]));
    let objects = read(json!([
        {
            "metadata": {"name": "schedule-acm", "namespace": "acm", "creationTimestamp": "2026-11-18T12:00:00Z"},
            "spec": {"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"},
            "status": {"phase": "Enabled", "lastMessage": "Velero Schedules are enabled"},
        },
        {"metadata": {"name": "new", "namespace": "acm"}, "spec": {"veleroSchedule": "nonsense"}},
    ]));
    let beside: (&[crate::velero::Schedule], _) = (&velero, &backups_of_two_runs()[..]);
    insta::assert_snapshot!(schedules(&objects, beside, &style(Some(80)), Look::default()), @r#"
    NAME          PHASE    CRON         TTL     LAST-RUN  NEXT-RUN  AGE
    schedule-acm  Enabled  0 */2 * * *  120h    6m        113m      4d
    new           <none>   nonsense     <none>  <none>    <none>    <none>
    "#);
    let wide = Look { wide: true, headless: true, ..Look::default() };
    insta::assert_snapshot!(schedules(&objects, beside, &style(Some(160)), wide), @r#"
    schedule-acm  Enabled  0 */2 * * *  120h    6m      113m    false  false  1f30bfe5-60b8-4511-805c-298e7c0898b3  Velero Schedules are enabled  4d
    new           <none>   nonsense     <none>  <none>  <none>  false  false  <none>                                <none>                        <none>
    "#);
}

#[test]
fn every_terminal_shows_tables_its_way() {
    let all = backups_of_two_runs();
    let wide = Look { wide: true, ..Look::default() };
    let message = "Velero restore restore-acm-acm-resources-schedule-20261122100004 has failed validation or encountered errors";
    let objects = read(json!([{
        "metadata": {"name": "restore-acm", "namespace": "acm", "creationTimestamp": "2026-11-19T12:00:00Z"},
        "spec": {"veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "None"},
        "status": {"phase": "Error", "lastMessage": message},
    }]));
    let tables = |style: &Style| {
        [
            runs(&all_runs(&all), &all, style, Look::default()),
            backups(&all, &all, style, Look::default()),
            restores(&objects, style, Look::default()),
            restores(&objects, style, wide),
        ]
        .join("\n")
    };
    insta::assert_snapshot!("looks", looks(style(None).now, tables));
}

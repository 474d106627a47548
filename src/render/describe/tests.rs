//! Objects as `describe` shows them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::plan::latest::Candidates;
use crate::plan::runs::Runs;
use crate::plan::{Decision, HubSnapshot, Plan, Subject, SubjectKind};
use crate::render::Style;
use crate::render::looks::looks;
use crate::velero::BackupType;

const STAMP: &str = "20261122100004";

fn now() -> Timestamp {
    "2026-11-22T11:14:04Z".parse().unwrap()
}

/// A hub that follows another one, in step with its newest run.
fn hub() -> HubSnapshot {
    let backup = |part: BackupType| {
        json!({
            "metadata": {"name": format!("{}-{STAMP}", part.schedule_name()), "namespace": "acm", "labels": {
                "cluster.open-cluster-management.io/backup-cluster": "1f30bfe5-0000",
            }},
            "spec": {"storageLocation": "default"}, "status": {
                "phase": "Completed", "startTimestamp": "2026-11-22T10:00:04Z",
                "completionTimestamp": "2026-11-22T10:01:00Z", "expiration": "2026-11-27T10:00:04Z",
                "progress": {"totalItems": 12, "itemsBackedUp": 12},
            },
        })
    };
    let velero_restore = |part: &str, phase: &str, reason: Value| {
        json!({
            "metadata": {
                "name": format!("restore-acm-acm-{part}-schedule-{STAMP}"), "namespace": "acm",
                "creationTimestamp": "2026-11-22T10:10:00Z", "ownerReferences": [
                    {"apiVersion": "x", "kind": "Restore", "name": "restore-acm", "uid": "u", "controller": true},
                ],
            },
            "spec": {"backupName": format!("acm-{part}-schedule-{STAMP}")},
            "status": {"phase": phase, "warnings": 16, "failureReason": reason, "progress": {"itemsRestored": 12}},
        })
    };
    serde_json::from_value(json!({
        "subject": {"kind": "Restore", "namespace": "acm", "name": "restore-acm"},
        "restores": [{
            "metadata": {
                "name": "restore-acm", "namespace": "acm", "uid": "u", "creationTimestamp": "2026-11-20T10:00:00Z",
                "finalizers": ["restores.cluster.open-cluster-management.io/finalizer"],
            },
            "spec": {
                "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
                "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "CleanupRestored",
                "syncRestoreWithNewBackups": true, "restoreSyncInterval": "10m",
            },
            "status": {
                "phase": "Enabled", "lastMessage": "all Velero restores have\u{1b}[2J ended",
                "veleroCredentialsRestoreName": format!("restore-acm-acm-credentials-schedule-{STAMP}"),
            },
        }],
        "schedules": [{
            "metadata": {"name": "schedule-acm", "namespace": "acm", "creationTimestamp": "2026-11-20T10:00:00Z"},
            "spec": {"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"},
            "status": {"phase": "BackupCollision", "lastMessage": "hub 1f30bfe5 wrote to the same storage"},
        }],
        "onRequest": {"internalHubs": []},
        "velero": {
            "backups": BackupType::DATA.map(backup),
            "restores": [
                velero_restore("credentials", "Completed", Value::Null),
                velero_restore("resources", "Failed", json!("error downloading backup: connection reset")),
            ],
            "storageLocations": [{
                "metadata": {"name": "default", "namespace": "acm", "ownerReferences": [
                    {"apiVersion": "v1", "kind": "DataProtectionApplication", "name": "d", "uid": "d"},
                ]},
                "spec": {"provider": "aws"}, "status": {"phase": "Available"},
            }],
            "deleteRequests": [{
                "metadata": {"name": "acm-credentials-schedule-20261122100004", "namespace": "acm"},
                "spec": {"backupName": "acm-credentials-schedule-20261122100004"},
                "status": {"phase": "Processed", "errors": ["backup is in use"]},
            }],
        },
    }))
    .unwrap()
}

fn planned(hub: &HubSnapshot) -> Option<Plan> {
    match crate::plan::plan(hub, now()) {
        Decision::Do(plan) => Some(plan),
        Decision::NeedMore(_) => None,
    }
}

fn describe_restore(hub: &HubSnapshot) -> Description {
    let plan = planned(hub);
    let mut description = restore(&hub.restores[0], Seen { hub, plan: plan.as_ref(), now: now() });
    description.events.push(EventView {
        at: "2026-11-22T10:10:00Z".parse().ok(),
        type_: "Normal".to_owned(),
        reason: "VeleroRestoreCreated".to_owned(),
        note: "made\u{7} restore-acm-acm-credentials-schedule-20261122100004, the first one of two that were wanted"
            .to_owned(),
    });
    description
}

fn screen(description: &Description, style: &Style) -> String {
    let whole = |(rest, remark): &(String, String)| (format!("kubectl acmbackup {rest}"), remark.clone());
    let commands: Vec<(String, String)> = description.next.iter().map(whole).collect();
    description.screen(&commands, style)
}

#[test]
fn a_restore_is_shown_with_its_choices_its_reasons_and_what_is_behind_it() {
    insta::assert_snapshot!(screen(&describe_restore(&hub()), &Style::plain(now())));
}

#[test]
fn on_a_narrow_terminal_sentences_wrap_and_free_text_is_cut() {
    let style = Style { color: false, unicode: true, width: Some(80), now: now() };
    insta::assert_snapshot!(screen(&describe_restore(&hub()), &style));
}

#[test]
fn on_a_wide_coloured_terminal_phases_have_colours() {
    let style = Style { color: true, unicode: true, width: Some(160), now: now() };
    insta::assert_snapshot!(screen(&describe_restore(&hub()), &style));
}

#[test]
fn text_of_objects_cannot_steer_the_terminal_and_plain_output_is_ascii() {
    let text = screen(&describe_restore(&hub()), &Style::plain(now()));
    assert!(text.is_ascii() && !text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}

#[test]
fn a_schedule_says_every_rule_that_keeps_it_from_working() {
    let mut hub = hub();
    hub.velero.storage_locations.clear();
    hub.subject = Subject { kind: SubjectKind::BackupSchedule, name: "schedule-acm".into(), ..hub.subject };
    let plan = planned(&hub);
    let description = schedule(&hub.schedules[0], Seen { hub: &hub, plan: plan.as_ref(), now: now() });
    insta::assert_snapshot!(screen(&description, &Style::plain(now())));
}

#[test]
fn a_backup_says_whether_latest_means_it() {
    let mut hub = hub();
    let seen = Seen { hub: &hub, plan: None, now: now() };
    let description = backup(&hub.velero.backups[0], seen);
    insta::assert_snapshot!(screen(&description, &Style::plain(now())));
    hub.velero.backups[0].status.as_mut().unwrap().phase = crate::velero::BackupPhase::Failed;
    let description = backup(&hub.velero.backups[0], Seen { hub: &hub, plan: None, now: now() });
    assert!(description.why[0].contains("`latest` passes it over"), "{:?}", description.why);
}

#[test]
fn a_run_says_which_part_keeps_it_from_being_complete() {
    let mut hub = hub();
    hub.velero.backups.pop();
    hub.velero.backups[1].status.as_mut().unwrap().phase = crate::velero::BackupPhase::PartiallyFailed;
    let runs = Runs::of(&Candidates::of(&hub));
    let description = run(runs.iter().next().unwrap(), Seen { hub: &hub, plan: None, now: now() });
    insta::assert_snapshot!(screen(&description, &Style::plain(now())));
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let json = json!(describe_restore(&hub()));
    assert_eq!(json["object"], "restore/restore-acm");
    assert_eq!(json["chosen"][0]["backup"], format!("acm-credentials-schedule-{STAMP}"));
    assert_eq!(json["behind"][1]["messages"][0], "error downloading backup: connection reset");
    assert!(json["why"].is_array() && json["events"][0]["type"].is_string() && json["facts"].is_array());
}

#[test]
fn every_terminal_shows_a_restore_its_way() {
    let described = describe_restore(&hub());
    insta::assert_snapshot!("looks", looks(now(), |style| screen(&described, style)));
}

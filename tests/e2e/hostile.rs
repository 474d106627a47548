//! Objects half-written by others, on a server that takes anything: each is told by name, none stops the rest.

use acmbackup_lab::{HubOptions, Lab, until};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::relaxed::accept_anything;
use crate::site::{DEADLINE, NAMESPACE};
use crate::stage::{Stage, names, remove, set};

const OURS: &str = "cluster.open-cluster-management.io/v1beta1";
const ELSEWHERE: &str = "elsewhere";
/// Restores are here: one that cannot be read stands in the way of the BackupSchedules beside it. Spec: S-032
const RESTORES: &str = "restores-elsewhere";

fn namespace_of(kind: &str) -> &'static str {
    if kind == "Restore" { RESTORES } else { ELSEWHERE }
}

/// S-017: kind, name, namespace, spec and status, and what the status must say then.
fn told() -> [(&'static str, &'static str, Value, Value, [&'static str; 2]); 7] {
    let none = Value::Null;
    let good = json!({"veleroSchedule": "@daily"});
    [
        ("BackupSchedule", "no-spec", none.clone(), none.clone(), ["FailedValidation", "veleroSchedule"]),
        (
            "BackupSchedule",
            "wrong-type",
            json!({"paused": "yes"}),
            none.clone(),
            ["FailedValidation", "spec.paused"],
        ),
        (
            "BackupSchedule",
            "bad-text",
            json!({"veleroSchedule": "@daily", "veleroTtl": "\u{202e}5 days"}),
            none.clone(),
            ["FailedValidation", "veleroTtl"],
        ),
        ("BackupSchedule", "bad-status", good, json!({"phase": 7, "veleroScheduleResources": "x"}), ["", ""]),
        ("Restore", "not-an-object", json!("restore all"), none.clone(), ["Error", "spec"]),
        (
            "Restore",
            "deep",
            json!({"hooks": {"resources": [{"name": 7}]}}),
            none.clone(),
            ["Error", "spec.hooks.resources[0].name"],
        ),
        ("Restore", "huge", json!({"restorePVs": "x".repeat(100_000)}), none, ["Error", "spec.restorePVs"]),
    ]
}

#[tokio::test]
async fn objects_nobody_can_read_are_told_by_name_and_stop_nothing() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "east", HubOptions::default()).await?;
        stage.storage_in(ELSEWHERE).await?;
        stage.storage_in(RESTORES).await?;
        let _velero = stage.velero_at_work();
        let kinds = [
            "backupschedules.cluster.open-cluster-management.io",
            "restores.cluster.open-cluster-management.io",
            "schedules.velero.io",
            "backups.velero.io",
            "restores.velero.io",
            "deletebackuprequests.velero.io",
            "backupstoragelocations.velero.io",
        ];
        for kind in kinds {
            accept_anything(&stage.hub, kind).await?;
        }
        for (kind, name, spec, status, _) in told() {
            write(&stage, kind, (namespace_of(kind), name), (spec, status)).await?;
        }
        half_written_velero_objects(&stage).await?;
        stage.ask("BackupSchedule", "good", json!({"veleroSchedule": "@daily"})).await?;

        let reconciler = stage.spawn_loop_with("admin", &["-A"])?;
        reconciler.holds_lease().await?;
        until(DEADLINE, "the good one to be served", async || {
            let (phase, message) = stage.standing("BackupSchedule", "good").await?;
            ensure!(phase == "Enabled", "{phase}: {message}");
            Ok(true)
        })
        .await?;
        let log = reconciler.log();
        for (kind, name, _, _, [phase, field]) in told() {
            let objects = stage.hub.objects(OURS, kind, Some(namespace_of(kind)));
            until(DEADLINE, &format!("{kind} {name} to be told"), async || {
                let status = objects.get(name).await?.data.get("status").cloned().unwrap_or_default();
                let text = |key: &str| status.get(key).and_then(Value::as_str).map(str::to_owned);
                let (is, message) = (text("phase"), text("lastMessage").unwrap_or_default());
                let is_told = is.as_deref().is_some_and(|is| phase.is_empty() || is == phase);
                ensure!(is_told && message.contains(field) && message.len() < 2000, "{status}");
                Ok(true)
            })
            .await?;
        }
        for name in
            ["wrong-type", "not-an-object", "bad-backup", "bad-restore", "bad-request", "bad-location"]
        {
            assert!(log.contains(name), "{name} is not in the log:\n{log}");
        }
        Ok(())
    })
    .await
}

/// S-101: today's defect was a set deleted and made again for ever.
#[tokio::test]
async fn a_velero_schedule_nobody_can_read_is_told_and_the_others_are_left_alone() -> Result<()> {
    Lab::run(async |lab| {
        let stage = Stage::start(lab, "east", HubOptions::default()).await?;
        let _velero = stage.velero_at_work();
        accept_anything(&stage.hub, "schedules.velero.io").await?;
        let reconciler = stage.spawn_loop("admin")?;
        stage.ask("BackupSchedule", "hub", json!({"veleroSchedule": "@daily"})).await?;
        let is = async |wanted: &str, part: &str| {
            until(DEADLINE, &format!("the schedule to be {wanted}"), async || {
                let (phase, message) = stage.standing("BackupSchedule", "hub").await?;
                ensure!(phase == wanted && message.contains(part), "{phase}: {message}");
                Ok(true)
            })
            .await
        };
        is("Enabled", "").await?;
        let schedules = stage.velero("Schedule");
        let uid = async || anyhow::Ok(schedules.get("acm-credentials-schedule").await?.metadata.uid);
        let before = uid().await?;
        set(&schedules, "acm-resources-schedule", json!({"spec": {"schedule": 7}})).await?;
        is("FailedValidation", "acm-resources-schedule").await?;

        // What follows must still work with it there: a pause reaches all five.
        set(&stage.ours("BackupSchedule"), "hub", json!({"spec": {"paused": true}})).await?;
        is("Paused", "").await?;
        for name in names(&schedules).await? {
            let is_paused = schedules.get(&name).await?.data.pointer("/spec/paused") == Some(&json!(true));
            assert!(is_paused, "{name} still runs");
        }
        set(&stage.ours("BackupSchedule"), "hub", json!({"spec": {"paused": false}})).await?;
        is("FailedValidation", "acm-resources-schedule").await?;
        assert_eq!(uid().await?, before, "{}", reconciler.log());

        remove(&schedules, "acm-resources-schedule").await?;
        is("Enabled", "").await?;
        assert_eq!(names(&schedules).await?.len(), 5);
        Ok(())
    })
    .await
}

async fn write(
    stage: &Stage,
    kind: &str,
    (namespace, name): (&str, &str),
    (spec, status): (Value, Value),
) -> Result<()> {
    let mut object =
        json!({"apiVersion": OURS, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
    if let Some(object) = object.as_object_mut() {
        let parts = [("spec", spec), ("status", status)].into_iter().filter(|(_, part)| !part.is_null());
        object.extend(parts.map(|(key, part)| (key.to_owned(), part)));
    }
    stage.hub.create(object).await
}

/// No labels, foreign owners, no spec, and what does not decode.
async fn half_written_velero_objects(stage: &Stage) -> Result<()> {
    let owner =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "y", "controller": true}]);
    let broken = [
        ("Backup", "bad-backup", json!({"includedResources": 7})),
        ("Restore", "bad-restore", json!({"backupName": []})),
        ("DeleteBackupRequest", "bad-request", json!(7)),
        ("BackupStorageLocation", "bad-location", json!({"provider": {}})),
    ];
    let bare = ["Backup", "Restore", "Schedule", "DeleteBackupRequest", "BackupStorageLocation"];
    let bare = bare.map(|kind| (kind, "bare", Value::Null));
    for (kind, name, spec) in broken.into_iter().chain(bare) {
        let metadata = json!({"name": name, "namespace": NAMESPACE, "ownerReferences": owner});
        let object = json!({"apiVersion": "velero.io/v1", "kind": kind, "metadata": metadata, "spec": spec});
        stage.hub.create(object).await?;
    }
    Ok(())
}

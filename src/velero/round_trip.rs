//! What is read from Velero is written back unchanged, for all five kinds.

use kube::ResourceExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schema::ScheduleCopy;
use super::{Backup, BackupStorageLocation, DeleteBackupRequest, Restore, Schedule};

const TIME: &str = "2026-11-22T10:00:04Z";

fn round_trip<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(value.clone()).unwrap()).unwrap()
}

fn assert_unchanged<T: DeserializeOwned + Serialize>(kind: &str, spec: &Value, status: &Value) {
    let value = json!({
        "apiVersion": "velero.io/v1",
        "kind": kind,
        "metadata": {"name": "x", "namespace": "velero", "labels": {"a": "b"}},
        "spec": spec,
        "status": status,
    });
    assert_eq!(round_trip::<T>(&value), value);
}

fn selector() -> Value {
    json!({"matchExpressions": [{"key": "k", "operator": "Exists"}], "matchLabels": {"a": "b"}})
}

/// Every field of ours, and some that are not.
fn template() -> Value {
    json!({
        "includedNamespaces": ["n"], "excludedNamespaces": [],
        "includedResources": ["p"], "excludedResources": ["q"],
        "includeClusterResources": true,
        "labelSelector": selector(), "orLabelSelectors": [selector()],
        "ttl": "720 hours",
        "storageLocation": "default", "volumeSnapshotLocations": ["v"],
        "hooks": {"resources": [{"name": "h"}]}, "metadata": {"labels": {"c": "d"}}, "snapshotVolumes": null,
    })
}

fn schedule_spec() -> Value {
    json!({
        "schedule": "@daily", "template": template(), "useOwnerReferencesInBackup": false,
        "paused": true, "skipImmediately": false,
    })
}

fn schedule_status() -> Value {
    json!({
        "phase": "Resting", "lastBackup": TIME, "lastSkipped": TIME, "validationErrors": ["v"],
    })
}

#[test]
fn a_backup_is_unchanged() {
    let status = json!({
        "phase": "Completed", "startTimestamp": TIME, "completionTimestamp": TIME, "expiration": TIME,
        "progress": {"totalItems": 3, "itemsBackedUp": 2}, "errors": 1, "warnings": 2,
        "failureReason": "f", "validationErrors": ["v"], "version": 1, "formatVersion": "1.1.0",
    });
    assert_unchanged::<Backup>("Backup", &template(), &status);
}

#[test]
fn a_schedule_is_unchanged() {
    assert_unchanged::<Schedule>("Schedule", &schedule_spec(), &schedule_status());
}

#[test]
fn a_restore_is_unchanged() {
    let spec = json!({
        "backupName": "b", "scheduleName": "s",
        "includedNamespaces": ["n"], "excludedNamespaces": ["m"],
        "includedResources": ["p"], "excludedResources": ["q"],
        "namespaceMapping": {"a": "b"}, "labelSelector": selector(), "orLabelSelectors": [selector()],
        "restorePVs": true, "restoreStatus": {"includedResources": ["r"], "excludedResources": ["t"]},
        "preserveNodePorts": false, "includeClusterResources": true, "existingResourcePolicy": "update",
        "itemOperationTimeout": "4h0m0s",
    });
    let status = json!({
        "phase": "NewerThanUs", "startTimestamp": TIME, "completionTimestamp": TIME,
        "progress": {"totalItems": 3, "itemsRestored": 2}, "errors": 1, "warnings": 2,
        "failureReason": "f", "validationErrors": ["v"], "hookStatus": {"hooksAttempted": 1},
    });
    assert_unchanged::<Restore>("Restore", &spec, &status);
}

#[test]
fn a_storage_location_is_unchanged() {
    let spec = json!({
        "provider": "aws", "default": true,
        "objectStorage": {"bucket": "b", "prefix": "p"}, "config": {"region": "r"},
    });
    let status = json!({
        "phase": "Available", "lastSyncedTime": TIME, "lastValidationTime": TIME, "message": "m",
        "accessMode": "ReadOnly",
    });
    assert_unchanged::<BackupStorageLocation>("BackupStorageLocation", &spec, &status);
}

#[test]
fn a_delete_request_is_unchanged() {
    let (spec, status) =
        (json!({"backupName": "b", "why": "w"}), json!({"phase": "Processed", "errors": ["e"]}));
    assert_unchanged::<DeleteBackupRequest>("DeleteBackupRequest", &spec, &status);
}

#[test]
fn an_object_without_spec_and_status_decodes() {
    fn name<T: DeserializeOwned + ResourceExt>() -> String {
        serde_json::from_value::<T>(json!({"metadata": {"name": "x"}})).unwrap().name_any()
    }
    let names = [
        name::<Backup>(),
        name::<Schedule>(),
        name::<Restore>(),
        name::<BackupStorageLocation>(),
        name::<DeleteBackupRequest>(),
    ];
    assert!(names.iter().all(|name| name == "x"));
}

/// S-014: a field the schema does not name would be dropped from the copy in a BackupSchedule's status.
#[test]
fn the_schema_of_the_copy_names_every_field_we_write() {
    let schema = schemars::generate::SchemaSettings::openapi3()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<ScheduleCopy>()
        .to_value();
    let copy = json!({
        "apiVersion": "velero.io/v1", "kind": "Schedule", "metadata": {},
        "spec": schedule_spec(), "status": schedule_status(),
    });
    assert_eq!(unnamed("", &copy, &schema), Vec::<String>::new());
    assert_eq!(unnamed("", &json!({"status": {"news": 1}}), &schema), [".status.news"]);
}

/// Paths of an object, down to the first object a schema leaves open, that the schema does not name.
fn unnamed(path: &str, value: &Value, schema: &Value) -> Vec<String> {
    let (Some(object), Some(properties)) = (value.as_object(), schema.get("properties")) else {
        return Vec::new();
    };
    let missing = |(key, value): (&String, &Value)| match properties.get(key) {
        None => vec![format!("{path}.{key}")],
        Some(schema) => unnamed(&format!("{path}.{key}"), value, schema),
    };
    object.iter().flat_map(missing).collect()
}

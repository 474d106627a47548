//! Whoever can write to the bucket writes Backups: nothing in them may mislead, break or gain more than data.

use acmbackup::api::RestorePhase;
use acmbackup_lab::{HubOptions, Lab, VeleroOptions, until};
use anyhow::{Context, Result};
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::site::{DEADLINE, NAMESPACE, Site, backed_up};

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// What a Restore must never bring.
fn gifts() -> Vec<Value> {
    let in_default = json!({"name": "gift", "namespace": "default"});
    let anywhere = json!({"name": "gift"});
    let rules = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let role = |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "gift"});
    let subjects = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}]);
    let webhooks = "admissionregistration.k8s.io/v1";
    vec![
        json!({"apiVersion": RBAC, "kind": "ClusterRole", "metadata": anywhere, "rules": rules}),
        json!({"apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": anywhere,
               "roleRef": role("ClusterRole"), "subjects": subjects}),
        json!({"apiVersion": RBAC, "kind": "Role", "metadata": in_default, "rules": rules}),
        json!({"apiVersion": RBAC, "kind": "RoleBinding", "metadata": in_default,
               "roleRef": role("Role"), "subjects": subjects}),
        json!({"apiVersion": webhooks, "kind": "MutatingWebhookConfiguration", "metadata": anywhere}),
        json!({"apiVersion": webhooks, "kind": "ValidatingWebhookConfiguration", "metadata": anywhere}),
        json!({"apiVersion": webhooks, "kind": "ValidatingAdmissionPolicy", "metadata": anywhere, "spec": {
            "matchConstraints": {"resourceRules": [{"apiGroups": ["gift.example.com"], "apiVersions": ["v1"],
                                                    "operations": ["CREATE"], "resources": ["gifts"]}]},
            "validations": [{"expression": "true"}]}}),
        json!({"apiVersion": webhooks, "kind": "ValidatingAdmissionPolicyBinding", "metadata": anywhere,
               "spec": {"policyName": "gift", "validationActions": ["Deny"]}}),
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
               "metadata": {"name": "gifts.gift.example.com"}, "spec": {
            "group": "gift.example.com", "scope": "Namespaced", "names": {"plural": "gifts", "kind": "Gift"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                          "schema": {"openAPIV3Schema": {"type": "object"}}}]}}),
        // The one that shows that the archive was restored.
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": in_default}),
    ]
}

/// The kinds of [`gifts`] that are on a hub.
async fn arrived(site: &Site) -> Result<Vec<String>> {
    let mut kinds = Vec::new();
    for gift in gifts() {
        let text = |pointer: &str| gift.pointer(pointer).and_then(Value::as_str);
        let (version, kind) = (text("/apiVersion").context("a version")?, text("/kind").context("a kind")?);
        let objects = site.hub.objects(version, kind, text("/metadata/namespace"));
        let name = text("/metadata/name").context("a name")?;
        kinds.extend(objects.get_opt(name).await?.map(|_| kind.to_owned()));
    }
    Ok(kinds)
}

fn velero_object(kind: &str, name: &str, spec: &Value) -> Value {
    let metadata = json!({"name": name, "namespace": NAMESPACE});
    json!({"apiVersion": "velero.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
}

/// A backup made by hand holds permissions and webhooks, and bears the name of a newer resources backup.
///
/// Spec: R-216
#[tokio::test]
async fn an_archive_with_permissions_and_webhooks_brings_neither() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        for gift in gifts() {
            east.hub.create(gift).await?;
        }
        let forged = "acm-resources-schedule-20991231235959";
        let everything = json!({"includeClusterResources": true, "includedNamespaces": ["default"], "labelSelector": null});
        east.hub.create(velero_object("Backup", forged, &everything)).await?;
        until(DEADLINE, "the forged backup to be seen", async || Ok(west.backups().get_opt(forged).await?.is_some()))
            .await?;

        let _loop = west.start_loop().await?;
        west.run("restore taken --credentials skip --cleanup none --yes --wait --timeout 2m")?;
        let done = west.restore_is("taken", RestorePhase::Finished).await?.status.unwrap_or_default();
        assert_eq!(done.velero_resources_restore_name, Some(format!("taken-{forged}")));
        assert_eq!(arrived(&west).await?, ["ConfigMap"]);

        // The archive does hold them: Velero alone would have brought them all.
        west.hub.create(velero_object("Restore", "by-hand", &json!({"backupName": forged}))).await?;
        until(DEADLINE, "velero to bring what the archive holds", async || Ok(arrived(&west).await?.len() == gifts().len()))
            .await
    })
    .await
}

/// A Backup as it comes from a bucket.
fn backup(name: &str, started: &str) -> Value {
    json!({
        "apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"storageLocation": "default"},
        "status": {"phase": "Completed", "startTimestamp": started, "completionTimestamp": started},
    })
}

/// A Backup with some of it changed, as a JSON merge patch.
fn changed(mut backup: Value, change: &Value) -> Value {
    let (Some(object), Some(change)) = (backup.as_object_mut(), change.as_object()) else { return backup };
    for (key, value) in change {
        let merged = match (object.remove(key), value) {
            (Some(inner @ Value::Object(_)), Value::Object(_)) => changed(inner, value),
            _ => value.clone(),
        };
        object.insert(key.clone(), merged);
    }
    backup
}

/// The good backups, and around them what a hostile or a broken storage may hold.
fn bucket() -> Vec<Value> {
    let (old, new) = ("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z");
    let labelled = json!({"metadata": {"labels": {
        "velero.io/schedule-name": "acm-credentials-schedule",
        "cluster.open-cluster-management.io/backup-cluster": "another-hub",
        "cluster.open-cluster-management.io/backup-schedule-type": "credentials",
    }}});
    let esc = "\u{1b}[2J\u{1b}]0;owned\u{7}gone\u{202e}";
    let failed = json!({"status": {"phase": "Failed", "failureReason": esc, "validationErrors": [esc]}});
    vec![
        backup("acm-credentials-schedule-20261122100000", old),
        backup("acm-resources-schedule-20261122100000", old),
        // Labels say one thing, the name another.
        changed(backup("not-a-name-of-ours-20261122110000", new), &labelled),
        changed(backup("x-acm-credentials-schedule-20261122110000", new), &labelled),
        // Of another type than the name begins with.
        backup("acm-resources-generic-schedule-20261122100000", old),
        // A stamp from the future on an old backup.
        backup("acm-credentials-schedule-20991231235959", "2026-11-21T10:00:00Z"),
        // A stamp that is no time.
        backup("acm-credentials-schedule-99999999999999", "2026-11-21T10:00:01Z"),
        // No status, or next to none.
        json!({"apiVersion": "velero.io/v1", "kind": "Backup", "spec": {},
               "metadata": {"name": "acm-credentials-schedule-20261122110001", "namespace": NAMESPACE}}),
        changed(
            backup("acm-resources-schedule-20260101000000", old),
            &json!({"status": {"startTimestamp": null, "completionTimestamp": null}}),
        ),
        changed(backup("acm-resources-schedule-20261122110000", new), &failed),
    ]
}

/// Spec
#[tokio::test]
async fn forged_half_written_and_unreadable_backups_mislead_nobody() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let parts = (0, HubOptions::default(), VeleroOptions::default());
        let west = Site::start_with(lab, &store, "west", parts).await?;
        let locations = west.hub.objects("velero.io/v1", "BackupStorageLocation", Some(NAMESPACE));
        until(DEADLINE, "the first look at the bucket", async || {
            Ok(locations.get("default").await?.data.pointer("/status/lastSyncedTime").is_some())
        })
        .await?;
        // Else it would carry out the backup that has no status.
        west.velero.kill()?;
        for backup in bucket() {
            west.hub.create(backup).await?;
        }
        let _loop = west.start_loop().await?;
        let wanted = [
            "acm-credentials-schedule-20261122100000",
            "acm-resources-generic-schedule-20261122100000",
            "acm-resources-schedule-20261122100000",
        ];

        for screen in ["latest", "status", "get backups", "get runs", "plan", "latest -o json"] {
            let output = west.plugin(screen).output()?;
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(steers), "{screen}: {text:?}");
            assert!(!text.contains("panicked"), "{screen}: {text}");
        }
        west.run("restore taken --cleanup none --skip-preflight --yes")?;
        until(DEADLINE, "the velero restores", async || {
            Ok(west.velero_restores().list(&ListParams::default()).await?.items.len() == wanted.len())
        })
        .await?;
        let made = west.velero_restores().list(&ListParams::default()).await?;
        let mut backups: Vec<&str> = made.iter().map(|restore| restore.spec.backup_name.as_str()).collect();
        backups.sort_unstable();
        assert_eq!(backups, wanted);
        assert!(made.iter().all(|restore| restore.name_any().starts_with("taken-")));
        Ok(())
    })
    .await
}

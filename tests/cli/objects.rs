//! What commands do with the names they are given, on a server that only says what is there.

use serde_json::{Value, json};

use super::broken::whole;
use super::escapes::{list_of, server, server_of};
use super::{acmbackup, text};

/// The schedule, the restore and the backups of the recorded hub, and a Velero restore whose restore is gone.
fn hub(path: &str) -> (u16, Value) {
    let snapshot = whole();
    let plural = path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    if path.contains("/velero.io/") && plural == "restores" {
        let owner = json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore", "name": "r0", "uid": "r0",
            "controller": true,
        });
        let orphan = json!({
            "metadata": {"name": "r0-orphan", "namespace": "acm", "uid": "v", "ownerReferences": [owner]},
            "spec": {"backupName": "b"},
        });
        return (200, list_of(&[orphan]));
    }
    let items = match plural {
        "backupschedules" => &snapshot["schedules"],
        "restores" if path.contains("cluster.open-cluster-management.io") => &snapshot["restores"],
        "backups" => &snapshot["velero"]["backups"],
        "backupstoragelocations" => &snapshot["velero"]["storageLocations"],
        _ => &Value::Null,
    };
    (200, list_of(items.as_array().map(Vec::as_slice).unwrap_or_default()))
}

/// Standard output, standard error and the exit code.
fn told(line: &str) -> (String, String, i32) {
    let server = server(hub);
    let words: Vec<&str> = line.split(' ').chain(["-n", "acm", "--server", &server]).collect();
    let output = acmbackup(&words).output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

#[test]
fn what_is_there_is_printed_before_what_is_missing_is_named() {
    for line in
        ["get runs 20261122100004 20200101000000", "get backups acm-resources-schedule-20261122120103 b"]
    {
        let (table, error, code) = told(line);
        assert_eq!((table.lines().count(), code), (2, 4), "{line}: {table}{error}");
        assert!(error.contains("not found in acm: "), "{error}");
    }
    assert_eq!(told("get runs 20200101000000").0, "");
}

#[test]
fn a_dry_run_says_what_goes_along_and_each_object_goes_once() {
    let (lines, note, code) = told("delete restore/r1 restore/r1 --dry-run");
    assert_eq!((lines.lines().count(), code), (1, 0), "{lines}{note}");
    assert!(note.contains("This will delete restore r1") && note.contains("Velero restores"), "{note}");
    let (lines, note, code) = told("prune --orphans --dry-run");
    assert_eq!(code, 0, "{note}");
    assert!(lines.contains("(dry run)") && note.contains("--orphans"), "{lines}{note}");
}

#[test]
fn several_runs_have_to_be_told_apart() {
    for line in ["logs run", "describe run", "delete run"] {
        let (_, error, code) = told(line);
        assert_eq!(code, 5, "{error}");
        assert!(error.contains("there are 2 runs in acm"), "{line}: {error}");
    }
}

#[test]
fn what_is_gone_need_not_be_awaited() {
    let server = server_of(|path| match path.contains("watch=") {
        true => (200, String::new()),
        false => (200, list_of(&[]).to_string()),
    });
    let words = ["wait", "schedule", "--for", "deleted", "-n", "acm", "--server", &server];
    let output = acmbackup(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("there is no schedule in acm"), "{}", text(&output.stderr));
    let words = ["wait", "restore/nope", "--for", "deleted", "-n", "acm", "--server", &server];
    let output = acmbackup(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("nope is not there"), "{}", text(&output.stderr));
}

#[test]
fn a_hub_without_our_crds_is_captured_as_far_as_it_goes() {
    let server = server(|path| match path {
        "/version" => (200, json!({"major": "1", "minor": "36", "gitVersion": "v1.36.0"})),
        "/api" => (200, json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => (200, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})),
        path if path.contains("/velero.io/") => hub(path),
        "/api/v1/namespaces/kube-system" => (200, json!({"metadata": {"name": "kube-system", "uid": "u"}})),
        path if path.contains("/leases/") => {
            (404, json!({"kind": "Status", "code": 404, "reason": "NotFound", "details": {"name": "x"}}))
        }
        _ => (404, json!({"kind": "Status", "code": 404})),
    });
    let words = ["snapshot", "--out", "-", "-n", "acm", "--server", &server];
    let output = acmbackup(&words).output().unwrap();
    let note = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{note}");
    assert!(note.contains("not served here: restores.cluster.open-cluster-management.io"), "{note}");
    assert!(text(&output.stdout).contains("acm-resources-schedule-20261122120103"));
}

#[test]
fn a_schema_needs_no_object() {
    for command in ["describe", "delete"] {
        let output = acmbackup(&[command, "-o", "jsonschema"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("$schema"));
    }
    assert_eq!(acmbackup(&["describe", "-o", "json"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn yes_is_accepted_by_all_that_write() {
    for line in ["pause -y --dry-run", "install --yes --dry-run", "uninstall -y --dry-run"] {
        assert_eq!(told(line).2, 0, "{line}");
    }
    let help = text(&acmbackup(&["resume", "-h"]).output().unwrap().stdout);
    assert!(help.contains("-y, --yes"), "{help}");
}

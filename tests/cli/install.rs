//! `install` and `uninstall` on a server that only says what is there.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::escapes::{list_of, server, server_of};
use super::{acmbackup, text};

/// Standard output, standard error and the exit code.
fn told(server: &str, line: &str) -> (String, String, i32) {
    let words: Vec<&str> = line.split(' ').chain(["--server", server]).collect();
    let output = acmbackup(&words).output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

fn not_found() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404})
}

/// No CRD, no loop, and no namespace.
#[test]
fn nothing_is_installed_where_the_namespace_is_missing() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let server = server_of(move |path| {
        seen.lock().unwrap().push(path.to_owned());
        match path {
            "/apis" => (200, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}).to_string()),
            _ => (404, not_found().to_string()),
        }
    });
    let (stdout, error, code) = told(&server, "install -n wrong");
    assert_eq!((stdout.as_str(), code), ("", 6), "{error}");
    assert!(error.contains("there is no namespace wrong   [namespace-not-found]"), "{error}");
    assert!(error.contains("try   kubectl create namespace wrong\n"), "{error}");
    let written = asked.lock().unwrap().iter().filter(|path| path.contains("fieldManager")).count();
    assert_eq!(written, 0);
}

/// CRDs somebody else installed, and nothing of the loop.
fn with_foreign_crds(path: &str) -> (u16, Value) {
    match path.contains("/customresourcedefinitions/") {
        true => (200, json!({"metadata": {"name": path.rsplit('/').next(), "uid": "u"}})),
        false => (200, list_of(&[])),
    }
}

#[test]
fn crds_of_somebody_else_stay_and_that_is_said() {
    let server = server(with_foreign_crds);
    for line in ["uninstall --crds --yes", "uninstall --crds --dry-run=server"] {
        let (stdout, note, code) = told(&server, line);
        assert_eq!((stdout.as_str(), code), ("", 0), "{note}");
        assert!(note.contains("2 CRDs stay: not installed by this program"), "{line}: {note}");
    }
    assert!(!told(&server, "uninstall --yes").1.contains("stay"), "nobody asked for the CRDs");
}

#[test]
fn nothing_to_uninstall_is_an_empty_list() {
    let (stdout, _, code) = told(&server(with_foreign_crds), "uninstall --yes -o json");
    let list: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&list["kind"], &list["items"], code), (&json!("List"), &json!([]), 0));
}

/// Our own CRDs, with two Restores and no BackupSchedule.
fn with_own_crds(path: &str) -> (u16, Value) {
    let one = json!({"metadata": {"name": "r", "namespace": "acm"}});
    match path {
        path if path.contains("/customresourcedefinitions/") => {
            let labels = json!({"app.kubernetes.io/managed-by": "kubectl-acmbackup"});
            (200, json!({"metadata": {"name": path.rsplit('/').next(), "uid": "u", "labels": labels}}))
        }
        path if path.contains("open-cluster-management.io") && path.contains("/restores") => {
            (200, list_of(&[one.clone(), one]))
        }
        _ => (200, list_of(&[])),
    }
}

#[test]
fn what_goes_with_the_crds_is_counted_before_anybody_confirms() {
    let (_, error, code) = told(&server(with_own_crds), "uninstall --crds --yes");
    assert_eq!(code, 5, "{error}");
    assert!(error.contains("remove 2 CRDs with 0 BackupSchedules and 2 Restores"), "{error}");
}

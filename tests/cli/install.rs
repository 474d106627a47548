//! `install` and `uninstall` on a server that only says what is there.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::escapes::server_of;
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

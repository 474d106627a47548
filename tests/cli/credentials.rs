//! Credential plugins of a kubeconfig user: slow ones, failing ones, and what they must not reveal.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::NamedTempFile;

use super::completion::completed;
use super::failure;

/// Stands in arguments, in an environment and in what is printed.
const SECRET: &str = "s3cr3t";

/// A kubeconfig whose user gets its credentials from this script.
fn plugin(script: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "args": ["-c", script, SECRET],
        "env": [{"name": "CLIENT_SECRET", "value": SECRET}], "interactiveMode": "IfAvailable",
    });
    let config = json!({
        "current-context": "west", "contexts": [{"name": "west", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"exec": exec}}],
    });
    std::fs::write(file.path(), config.to_string()).unwrap();
    file
}

#[test]
fn what_a_credential_plugin_was_given_or_printed_is_not_shown() {
    for (script, wanted) in [
        ("echo $CLIENT_SECRET; exit 3", "failed: exit status: 3"),
        ("echo $CLIENT_SECRET", "printed no ExecCredential"),
    ] {
        let file = plugin(script);
        let path = file.path().to_str().unwrap();
        for more in [&["-vvv"][..], &["-o", "json"]] {
            let (error, code) = failure(&[&["status", "--kubeconfig", path], more].concat());
            assert_eq!(code, 9, "{error}");
            assert!(error.contains(wanted), "{error}");
            assert!(!error.contains(SECRET), "{error}");
        }
    }
}

/// Whoever pressed Tab gets the fixed values after two seconds, and nothing on standard error.
#[test]
fn completion_does_not_wait_for_a_credential_plugin() {
    let file = plugin("echo asking >&2; exec /bin/sleep 30");
    let path = file.path().to_str().unwrap();
    let started = Instant::now();
    let answer = completed(&["restore", "--kubeconfig", path, "-n", "acm", "--credentials", ""]);
    assert!(started.elapsed() < Duration::from_secs(20), "it waited for the plugin");
    assert!(answer.starts_with("latest\t") && answer.contains("_activeHelp_ "), "{answer}");
}

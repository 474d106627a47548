//! Whatever a server says, nothing of it steers a terminal: a server that puts escape sequences into every text.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::kubeconfig;
use super::{acmbackup, text};

/// Clears the screen, sets the title, turns the direction of writing.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}x";
/// Every command that shows something of a hub, in every form.
const SCREENS: &[&str] = &[
    "status",
    "status -o yaml",
    "status -o json",
    "get -o json",
    "plan -o json",
    "latest --all",
    "latest -o wide",
    "get",
    "get -o name",
    "get schedules -o wide",
    "get restores -o wide",
    "get restores -A -o yaml",
    "get backups -o wide",
    "get backups -o name",
    "get runs -o wide",
    "describe schedule/good",
    "describe restore/good",
    "describe backup/acm-credentials-schedule-20261122100004",
    "describe run/20261122100004",
    "logs backup/acm-credentials-schedule-20261122100004",
    "logs restore/good",
    "run --once --dry-run --log-format text",
    "run --once --leader-elect=false --log-format text",
    "doctor",
    "verify",
    "version",
    "version -o yaml",
    "plan",
    "plan --details",
    "plan restore/good",
    "restore --yes",
    "restore r1 --managed-clusters latest --skip-preflight --yes --confirm hub --dry-run=server",
    "activate --yes --confirm hub",
    "schedule --cron @daily",
    "schedule --cron @daily --skip-preflight",
    "pause",
    "resume",
    "backup",
    "wait schedule/good --timeout 0",
    "wait restore/good --timeout 0",
    "wait backup/acm-credentials-schedule-20261122100004 --timeout 0",
    "delete restore/good --yes",
    "delete backup/acm-credentials-schedule-20261122100004 --yes --confirm hub",
    "prune",
    "prune --keep-restores 0 --yes",
    "snapshot --out -",
    "install --image x",
    "uninstall --dry-run=client",
    "status -vv",
];

/// An object of any kind: a name that fits, and evil in every other place.
fn object(name: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": "acm", "uid": EVIL, "creationTimestamp": "2026-11-22T10:00:04Z",
            "labels": {
                "velero.io/schedule-name": "acm-credentials-schedule",
                "cluster.open-cluster-management.io/backup-cluster": EVIL, "app.kubernetes.io/managed-by": EVIL},
            "annotations": {"argocd.argoproj.io/tracking-id": EVIL},
            "ownerReferences": [{"apiVersion": "v1", "kind": EVIL, "name": EVIL, "uid": EVIL}],
        },
        "spec": {
            "veleroSchedule": EVIL, "veleroTtl": EVIL, "restoreSyncInterval": EVIL, "schedule": EVIL, "provider": EVIL,
            "veleroCredentialsBackupName": "latest", "veleroResourcesBackupName": EVIL,
            "veleroManagedClustersBackupName": "skip", "cleanupBeforeRestore": EVIL, "storageLocation": EVIL,
            "backupName": EVIL, "holderIdentity": EVIL, "clusterID": EVIL,
        },
        "status": {
            "phase": EVIL, "lastMessage": EVIL, "message": EVIL, "failureReason": EVIL, "validationErrors": [EVIL],
            "startTimestamp": "2026-11-22T10:00:04Z", "completionTimestamp": "2026-11-22T10:01:04Z",
        },
        "involvedObject": {"kind": "Restore", "name": "good"}, "regarding": {"kind": "Restore", "name": "good"},
        "reason": EVIL, "note": EVIL, "message": EVIL, "type": EVIL,
    })
}

fn list() -> Value {
    let names = ["good", "acm-credentials-schedule-20261122100004", EVIL];
    let items: Vec<Value> = names.iter().map(|name| object(name)).collect();
    list_of(&items)
}

pub(super) fn list_of(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items})
}

fn refusal(code: u16) -> Value {
    json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": "Forbidden", "message": EVIL})
}

/// The answer of an obliging server to a path; discovery it does not know.
pub(super) fn obliging(path: &str) -> (u16, Value) {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.trim_matches('/').split('/').count();
    let is_named = parts == 4 && path.starts_with("/api/v1")
        || parts == 7
        || (parts == 5 && !path.contains("/namespaces"));
    match path {
        "/version" => (200, json!({"major": "1", "minor": "36", "gitVersion": EVIL})),
        "/api" | "/apis" => (404, refusal(404)),
        path if path.contains("selfsubjectaccessreviews") => {
            (201, json!({"spec": {}, "status": {"allowed": true, "reason": EVIL}}))
        }
        _ if is_named => (200, object("good")),
        _ => (200, list()),
    }
}

/// A server that answers so; it ends with the program.
pub(super) fn server(answer: fn(&str) -> (u16, Value)) -> String {
    server_of(move |path| {
        let (code, body) = answer(path);
        (code, body.to_string())
    })
}

/// As [`server`], with bodies of any form.
pub(super) fn server_of(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, answer) = (listener.local_addr().unwrap(), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || serve(stream, answer.as_ref()));
        }
    });
    format!("http://{address}")
}

/// One request, one answer; whoever goes away early is no failure.
fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> (u16, String)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    let (code, body) = answer(first.split(' ').nth(1)?);
    let head = format!(
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()
}

/// What of the text could steer a terminal; YAML leaves the direction of writing to its reader.
pub(super) fn steers(text: &str, line: &str) -> bool {
    let is_yaml = line.ends_with("yaml") || line.ends_with("--out -");
    text.chars().any(|c| (c.is_control() && c != '\n') || (c == '\u{202e}' && !is_yaml))
}

/// What docs/exit-codes.md knows but interruptions: whatever the answer, no command dies of it.
const CODES: &[i32] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 124];

fn check(server: &str) {
    let config = kubeconfig(server);
    for line in SCREENS {
        let words: Vec<&str> =
            line.split_whitespace().chain(["-n", "acm", "--request-timeout", "5s"]).collect();
        let shown = acmbackup(&words).env("KUBECONFIG", config.path()).output().unwrap();
        let (stdout, stderr) = (text(&shown.stdout), text(&shown.stderr));
        assert!(!steers(&stdout, line) && !steers(&stderr, line), "{line}: {stdout:?} {stderr:?}");
        assert!(
            shown.status.code().is_some_and(|code| CODES.contains(&code)),
            "{line}: {:?} {stderr}",
            shown.status
        );
    }
}

#[test]
fn no_text_of_an_object_steers_the_terminal_on_any_screen() {
    check(&server(obliging));
}

#[test]
fn no_text_of_a_refusal_steers_the_terminal() {
    check(&server(|_| (403, refusal(403))));
}

/// What to try depends on what somebody was about to do.
#[test]
fn who_may_not_is_led_to_the_role_of_the_job() {
    let config = kubeconfig(&server(|_| (403, refusal(403))));
    for (line, job) in
        [("restore", "restore"), ("pause", "schedule"), ("delete restore/r", "tidy-up"), ("verify", "look")]
    {
        let words: Vec<&str> = line.split(' ').chain(["-n", "acm"]).collect();
        let output = acmbackup(&words).env("KUBECONFIG", config.path()).output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(9), "{error}");
        assert!(
            error.contains(&format!("try   kubectl acmbackup doctor --for {job} -n acm")),
            "{line}: {error}"
        );
    }
}

#[test]
fn no_text_of_a_broken_answer_steers_the_terminal() {
    check(&server(|_| (200, json!({"items": EVIL, "metadata": EVIL, "kind": EVIL}))));
}

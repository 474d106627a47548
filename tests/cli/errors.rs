//! Wrong usage and unreachable servers: what is said, and with which exit code.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{acmbackup, failure, output, text};

#[test]
fn a_misspelt_flag_is_told_with_the_nearest_one() {
    let (error, code) = failure(&["restore", "--resource", "skip"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!("misspelt-flag", error);
}

/// Errors and help are shown before anything else of the line is looked at.
#[test]
fn the_variable_for_colour_counts_for_errors_and_help_too() {
    let shown = |words: &[&str], choice: &str| {
        let output = acmbackup(words).env("ACMBACKUP_COLOR", choice).output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    for words in [&["restore", "--resource", "skip"][..], &["--help"], &["get", "-h"]] {
        assert!(shown(words, "always") && !shown(words, "never"), "{words:?}");
        let said = [words, &["--color", "never"]].concat();
        assert!(!shown(&said, "always"), "the flag goes before the variable: {said:?}");
    }
}

/// Every value that cannot be read and every combination that is refused before a hub is asked.
const WRONG_USAGE: &[&str] = &[
    "",
    "restor",
    "re",
    "get clusters",
    "get restores -o table",
    "get -l",
    "latest everything",
    "latest --as-of yesterday",
    "latest -o wider",
    "status --from",
    "status extra",
    "wait",
    "wait cluster/x",
    "wait restore/",
    "wait restore --for paused",
    "wait backup --for synced",
    "wait schedule --timeout soon",
    "logs",
    "logs backup/x --level loud",
    "schedule --ttl 10w",
    "schedule --max-backups 0",
    "schedule --max-backups many",
    "schedule --paused=perhaps",
    "schedule --cron=",
    "schedule --dry-run=maybe",
    "schedule --timeout 5m",
    "schedule one two",
    "pause --paused",
    "restore --cleanup some",
    "restore --sync-interval 10m",
    "restore --pin --run complete",
    "restore --pin --as-of 6h",
    "restore --run complete --as-of 6h",
    "restore --namespace-mapping a",
    "restore --namespace-mapping a=kube-system",
    "restore -l a=b --or-selector c=d",
    "restore --credentials skip --resources skip",
    "restore --credentials skip --resources SKIP --managed-clusters skip",
    "restore --sync --managed-clusters latest",
    "restore --sync --credentials skip",
    "restore --sync --resources skip",
    "restore --sync --run complete",
    "restore --sync --pin",
    "restore --sync --as-of 6h",
    "restore --sync --sync-interval 0",
    "restore --sync --sync-interval=-10m",
    "restore --sync=false --sync-interval 10m",
    "restore --timeout 5m",
    "restore --restore-pvs=perhaps",
    "restore -w",
    "plan -f restore.yaml --pin",
    "plan -f restore.yaml restore/r1",
    "plan restore/r1 --restore-pvs",
    "activate --managed-clusters latest",
    "install --crds-only --replicas 2",
    "install --crds-only --image x",
    "install --replicas 0",
    "install --image=",
    "uninstall everything",
    "completion",
    "completion tcsh",
    "completion bash --install",
    "completion kubectl --install --uninstall",
    "version --client=no",
    "run --log-format xml",
    "status --color sometimes",
    "status --request-timeout 30",
    "status -n Bad_Namespace",
    "get -w",
    "get -l a=b=c",
    "get runs -w --from x",
    "wait run/20261122100004",
    "wait schedule --for nonsense",
    "logs schedule",
    "delete",
    "delete r1",
    "describe r1",
    "verify newest",
    "verify 20261122100004 --as-of 6h",
    "verify --max-age=-1h",
    "verify --as-of=-1h",
    "logs backup/x --since=-5m",
    "wait schedule --timeout=-1s",
    "doctor --wait=-5s",
    "status --request-timeout=-5s",
    "schedule --managed-service-account-ttl=-5h",
    "snapshot --out /nonexistent/file",
    "prune --keep-runs 0",
    "prune --restores-older-than=-5h",
    "schedule Bad_Name",
    "schedule restore/r1",
    "schedule --ttl=-5h",
    "schedule --volume-snapshot-locations a,,b",
    "pause restore/r1",
    "resume --paused",
    "restore Bad_Name",
    "restore schedule/s",
    "restore --run newest",
    "restore --run complete --credentials acm-credentials-schedule-20261122100004",
    "restore --as-of 6h --resources 20261122100004",
    "restore --credentials=",
    "restore --managed-clusters Bad_Name",
    "restore --include-namespaces=",
    "restore --exclude-resources a,,b",
    "restore --namespace-mapping a=b=c",
    "restore -l a==b==c",
    "activate schedule/s",
    "plan backup/x",
    "plan schedule",
    "plan -f /nonexistent",
    "plan --diff --from x",
    "plan --diff --no-contents",
    "status -A -w",
    "status -w --check",
    "doctor -o wide",
    "run --lease-duration 0s",
    "run --lease-renew-deadline 200s",
    "run --lease-name=",
    "run --lease-namespace Bad_Namespace",
    "run --metrics-bind-address here",
    "run --health-bind-address 99999999",
    "run --shutdown-grace 0s",
    "run --hub-id=",
];

#[test]
fn wrong_usage_ends_with_2_and_says_something_on_standard_error() {
    let wrong: Vec<String> = WRONG_USAGE
        .iter()
        .filter_map(|line| {
            let output = output(&line.split_whitespace().collect::<Vec<_>>());
            let is_told = output.stdout.is_empty() && !output.stderr.is_empty();
            (output.status.code() != Some(2) || !is_told)
                .then(|| format!("{line}: {} {}", output.status, text(&output.stderr)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sync_with_managed_clusters_is_refused_before_anything_is_asked() {
    let (error, code) = failure(&["restore", "--sync", "--managed-clusters", "latest"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!("sync-rules", error);
}

#[test]
fn cron_velero_would_refuse_is_refused_before_anything_is_asked() {
    let (error, code) = failure(&["schedule", "--cron", "0 0 L * *"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!("bad-cron", error);
}

#[test]
fn a_bad_ttl_names_the_value() {
    let (error, code) = failure(&["schedule", "--ttl", "10w"]);
    assert_eq!(code, 2);
    assert!(error.contains("'10w'") && error.contains("unknown unit"), "{error}");
}

#[test]
fn without_a_kubeconfig_every_command_says_so() {
    for arguments in [
        &["status"][..],
        &["get", "restores"],
        &["latest"],
        &["schedule"],
        &["restore"],
        &["activate"],
        &["version"],
    ] {
        let (error, code) = failure(arguments);
        assert_eq!(code, 9, "{arguments:?}: {error}");
        assert!(error.contains("[unreachable]") && error.contains("KUBECONFIG"), "{error}");
    }
}

pub(super) fn kubeconfig(server: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: hub\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: hub, context: {{cluster: c, user: u}}}}]\n"
    );
    std::fs::write(file.path(), text).unwrap();
    file
}

/// A port nobody listens on.
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_server_that_is_down_is_told() {
    let config = kubeconfig(&format!("https://127.0.0.1:{}", closed_port()));
    let output = acmbackup(&["status"]).env("KUBECONFIG", config.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(9), "{}", text(&output.stderr));
    assert!(text(&output.stderr).starts_with("error: the server cannot be reached   [unreachable]\n"));
}

#[test]
fn with_json_a_failure_is_one_object_on_standard_error() {
    let config = kubeconfig(&format!("https://127.0.0.1:{}", closed_port()));
    let output = acmbackup(&["latest", "-o", "json"]).env("KUBECONFIG", config.path()).output().unwrap();
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["kind"], "Error");
    assert_eq!(error["name"], "unreachable");
    assert_eq!(error["exitCode"], 9);
    assert_eq!(output.status.code(), Some(9));
}

#[test]
fn an_unknown_context_is_named() {
    let config = kubeconfig("https://127.0.0.1:1");
    let output =
        acmbackup(&["status", "--context", "nowhere"]).env("KUBECONFIG", config.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    assert!(
        text(&output.stderr).starts_with(
            "error: no usable context nowhere   [unreachable]\n  why   it does not exist; there are: hub\n"
        ),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_kubeconfig_that_cannot_be_read_is_named_once_and_why_stands_below() {
    let bad = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bad.path(), "contexts: [{name: hub\n").unwrap();
    for file in [bad.path().to_str().unwrap(), "/nonexistent/config"] {
        let (error, code) = failure(&["status", "--kubeconfig", file]);
        let first = format!("error: no usable kubeconfig {file}   [unreachable]\n  why   ");
        assert_eq!((error.starts_with(&first), error.matches(file).count(), code), (true, 1, 9), "{error}");
    }
}

/// Runs a command on a server that never answers; Ctrl-C comes with its first request.
fn interrupted(arguments: &[&str]) -> (String, Option<i32>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = kubeconfig(&format!("http://{}", listener.local_addr().unwrap()));
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_kubectl-acmbackup"))
        .args(arguments)
        .env_clear()
        .env("KUBECONFIG", config.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    // Once a request arrives the program has set itself up.
    std::io::Read::read_exact(&mut connection, &mut [0]).unwrap();
    let kill = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    (text(&output.stderr), output.status.code())
}

#[test]
fn ctrl_c_ends_a_command_that_gets_no_answer() {
    assert_eq!(interrupted(&["status"]).1, Some(130));
}

const WAIT: [&str; 6] = ["wait", "restore/r1", "--for", "deleted", "-n", "acm"];

#[test]
fn ctrl_c_while_waiting_says_how_to_go_on() {
    let (told, code) = interrupted(&WAIT);
    assert_eq!(code, Some(130), "{told}");
    assert!(told.starts_with("Stopped waiting"), "{told}");
    assert!(told.contains("kubectl acmbackup wait restore/r1 --for deleted"), "{told}");
}

#[test]
fn the_time_to_wait_counts_before_the_first_answer_too() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = kubeconfig(&format!("http://{}", listener.local_addr().unwrap()));
    let output =
        acmbackup(&WAIT).args(["--timeout", "50ms"]).env("KUBECONFIG", config.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(124), "{}", text(&output.stderr));
}

/// A server that begins the list of backups and never ends it; everything else is forbidden, once that has begun.
fn forbidding() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let (begun, has_begun) = sync_channel(1);
    let has_begun = Arc::new(Mutex::new(has_begun));
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let (begun, has_begun) = (begun.clone(), Arc::clone(&has_begun));
            std::thread::spawn(move || forbid(connection, (&begun, &has_begun)));
        }
    });
    server
}

/// One connection; the client may have hung up already.
fn forbid(mut connection: TcpStream, (begun, has_begun): (&SyncSender<()>, &Mutex<Receiver<()>>)) {
    let mut request = [0; 1024];
    let read = connection.read(&mut request).unwrap_or_default();
    let head = |status: &str, length: usize| {
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
    };
    if String::from_utf8_lossy(&request[..read]).contains("/backups?") {
        let _ = connection.write_all(format!("{}{{\"items\":[", head("200 OK", 1000)).as_bytes());
        let _ = begun.send(());
        let _ = connection.read(&mut [0]);
        return;
    }
    let _ = has_begun.lock().unwrap().recv_timeout(Duration::from_secs(10));
    let why =
        r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}"#;
    let _ = connection.write_all(format!("{}{why}", head("403 Forbidden", why.len())).as_bytes());
}

/// Who reads the other answer finds that nobody waits for it any more, which is no defect. It depends on who is faster.
#[test]
fn a_refusal_ends_a_command_though_another_answer_is_on_its_way() {
    for _ in 0..30 {
        let config = kubeconfig(&forbidding());
        let output = acmbackup(&["verify", "-n", "acm"]).env("KUBECONFIG", config.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(9), "{}", text(&output.stderr));
    }
}

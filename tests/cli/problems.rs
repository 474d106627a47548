//! Problems a captured state shows: each under its name, whatever the screen.

use serde_json::{Value, json};

use super::broken::whole;
use super::{acmbackup, text};

/// Both streams; notes stand on either.
fn told(arguments: &str, snapshot: &Value) -> String {
    let words: Vec<&str> = arguments.split_whitespace().chain(["--from", "-"]).collect();
    let shown = acmbackup(&words).write_stdin(snapshot.to_string()).output().unwrap();
    assert_eq!(shown.status.code(), Some(0), "{arguments}: {}", text(&shown.stderr));
    text(&shown.stdout) + &text(&shown.stderr)
}

#[test]
fn a_cleanup_beside_filters_is_told() {
    let filtered = "plan --include-namespaces apps --cleanup";
    assert!(told(&format!("{filtered} restored"), &whole()).contains("[cleanup-filters]"));
    assert!(!told(&format!("{filtered} none"), &whole()).contains("[cleanup-filters]"));
}

#[test]
fn a_lease_nobody_renews_is_told() {
    let mut snapshot = whole();
    snapshot["loop"] =
        json!({"holder": "cluster-backup-1", "renewedAt": "2026-11-22T11:00:00Z", "overdue": true});
    let screen = told("status", &snapshot);
    assert!(screen.contains("[lease-stale]") && screen.contains("cluster-backup-1"), "{screen}");
    snapshot["loop"]["overdue"] = json!(false);
    assert!(!told("status", &snapshot).contains("[lease-stale]"));
}

#[test]
fn parts_made_by_different_hubs_are_told() {
    assert!(!told("latest", &whole()).contains("[mixed-hubs]"));
    let mut snapshot = whole();
    let credentials = &mut snapshot["velero"]["backups"][0]["metadata"]["labels"];
    credentials["cluster.open-cluster-management.io/backup-cluster"] = json!("be97a9eb-0000");
    let answer = told("latest", &snapshot);
    assert!(answer.contains("[mixed-hubs]"), "{answer}");
}

#[test]
fn the_hint_of_a_problem_leads_to_the_same_hub() {
    let mut snapshot = whole();
    snapshot["velero"]["backups"][0]["metadata"]["labels"]["cluster.open-cluster-management.io/backup-cluster"] =
        json!("be97a9eb-0000");
    let answer = told("latest -o json -n acm --context west", &snapshot);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let problems = answer["problems"].as_array().unwrap();
    let hint = problems.iter().find(|problem| problem["name"] == "mixed-hubs").unwrap()["hint"].as_str();
    assert_eq!(hint, Some("kubectl acmbackup restore --run complete -n acm --context west"));
}

#[test]
fn status_with_check_ends_with_1_only_if_a_problem_is_an_error() {
    let checked = |snapshot: &Value| {
        let shown =
            acmbackup(&["status", "--check", "--from", "-"]).write_stdin(snapshot.to_string()).output();
        shown.unwrap().status.code()
    };
    let mut snapshot = whole();
    snapshot["loop"] =
        json!({"holder": "cluster-backup-1", "renewedAt": "2026-11-22T12:29:00Z", "overdue": false});
    assert_eq!(checked(&snapshot), Some(0));
    snapshot["velero"]["storageLocations"][0]["status"]["phase"] = json!("Unavailable");
    assert_eq!(checked(&snapshot), Some(1));
}

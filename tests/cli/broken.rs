//! Snapshot files somebody broke: every reading command answers or says what is wrong, and never panics.

use acmbackup::wire::yaml;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};

use super::{acmbackup, text};

const SNAPSHOT: &str = include_str!("snapshot.yaml");
const READING: &[&[&str]] = &[
    &["latest", "--all"],
    &["status"],
    &["plan", "--managed-clusters", "latest"],
    &["plan", "--run", "complete", "-o", "json"],
    &["get"],
    &["get", "backups", "-o", "wide"],
    &["describe", "restore/r1"],
    &["describe", "schedule"],
    &["describe", "run/20261122100004"],
];
/// Values no field expects.
const NASTY: &[&str] =
    &["", "\u{1b}[2J", "-1", "9999999999h", "9223372036854775807", "2026-99-99T00:00:00Z", "é\u{202e}"];
/// How many files are tried with every command.
const FILES: u32 = 24;

/// The snapshot with a restore and a schedule in it, so that there is more to break.
pub(super) fn whole() -> Value {
    let mut snapshot: Value = yaml::from_str(SNAPSHOT).unwrap();
    snapshot["schedules"] = json!([{
        "metadata": {"name": "schedule-acm", "namespace": "acm", "creationTimestamp": "2026-11-20T00:00:00Z"},
        "spec": {"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"}, "status": {"phase": "Enabled", "lastMessage": "m"},
    }]);
    snapshot["restores"] = json!([{
        "metadata": {"name": "r1", "namespace": "acm", "uid": "u", "creationTimestamp": "2026-11-20T00:00:00Z"},
        "spec": {
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "syncRestoreWithNewBackups": true, "restoreSyncInterval": "10m",
        },
        "status": {"phase": "Enabled", "lastMessage": "m"},
    }]);
    snapshot
}

/// Places of all values in a document.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(key, child)| places(child, &format!("{at}/{}", key.replace('/', "~1")), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, child)| places(child, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

/// A broken file: some values replaced, and sometimes cut off in the middle.
fn broken() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        any::<i64>().prop_map(|n| json!(n)),
        any::<bool>().prop_map(|b| json!(b)),
        prop::sample::select(NASTY).prop_map(|text| json!(text)),
        Just(json!(["a", 7, null, {"b": []}])),
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), value), 1..6);
    (edits, prop::option::weighted(0.2, any::<prop::sample::Index>())).prop_map(|(edits, cut)| {
        let mut snapshot = whole();
        for (index, value) in edits {
            let mut all = Vec::new();
            places(&snapshot, "", &mut all);
            let place = index.get(&all).clone();
            // The whole document replaced is no longer interesting.
            if let Some(found) = snapshot.pointer_mut(&place).filter(|_| !place.is_empty()) {
                *found = value;
            }
        }
        let text = snapshot.to_string();
        let end = cut.map_or(text.len(), |cut| cut.index(text.len()));
        text.chars().take(end).collect()
    })
}

#[test]
fn a_whole_snapshot_answers_every_reading_command() {
    for arguments in READING {
        let (_, stderr, code) = run(arguments, &whole().to_string());
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_broken_snapshot_makes_no_command_panic() {
    let config = Config { cases: FILES, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, rng)
        .run(&broken(), |snapshot| {
            for arguments in READING {
                let (stdout, stderr, code) = run(arguments, &snapshot);
                let known = [0, 1, 2, 3, 4, 5, 6].contains(&code);
                prop_assert!(known, "{:?} ended with {}: {}", arguments, code, stderr);
                let clean = !stdout.contains('\u{1b}') && !stderr.contains('\u{1b}');
                prop_assert!(clean, "{:?}: {:?} {:?}", arguments, stdout, stderr);
            }
            Ok(())
        })
        .unwrap();
}

fn run(arguments: &[&str], snapshot: &str) -> (String, String, i32) {
    let output = acmbackup(arguments).args(["--from", "-"]).write_stdin(snapshot).output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap_or(-1))
}

//! `-o jsonschema` describes exactly what `-o json` prints, and needs no hub.

use serde_json::{Value, json};

use super::broken::whole;
use super::checker::faults;
use super::{acmbackup, output, text};

/// Commands that answer for a captured state or without any.
const ANSWERS: &[&str] = &[
    "latest --from -",
    "latest --as-of 2026-11-22T11:00:00Z --from -",
    "plan --managed-clusters latest --cleanup all --from -",
    "plan --run complete --from -",
    "plan restore/r1 --from -",
    "status --from -",
    "describe restore/r1 --from -",
    "describe schedule --from -",
    "describe run/20261122100004 --from -",
    "get --from -",
    "get schedules --from -",
    "get schedules schedule-acm --from -",
    "get restores --from -",
    "get restore/r1 --from -",
    "get backups --from -",
    "get runs --from -",
    "get runs 20261122100004 --from -",
    "doctor",
    "doctor --for restore",
    "version --client",
    "install --dry-run=client",
    "install --crds-only --dry-run=client",
];
/// Commands that need a hub; their schema must not.
const ON_A_HUB: &[&str] = &[
    "schedule",
    "pause",
    "resume",
    "backup",
    "restore",
    "activate",
    "verify",
    "version",
    "status -A",
    "prune",
    "prune --orphans",
    "delete restore/r1",
    "uninstall",
    "get runs -A",
];

fn schema_of(line: &str) -> Value {
    let words: Vec<&str> = line.split_whitespace().chain(["-o", "jsonschema"]).collect();
    let shown = output(&words);
    assert_eq!(shown.status.code(), Some(0), "{line}: {}", text(&shown.stderr));
    assert_eq!(text(&shown.stderr), "", "{line}");
    serde_json::from_slice(&shown.stdout).unwrap()
}

fn answer_of(line: &str) -> Value {
    let words: Vec<&str> = line.split_whitespace().chain(["-o", "json"]).collect();
    let shown = acmbackup(&words).write_stdin(whole().to_string()).output().unwrap();
    assert!(!shown.stdout.is_empty(), "{line}: {}", text(&shown.stderr));
    serde_json::from_slice(&shown.stdout).unwrap()
}

#[test]
fn what_is_printed_is_what_the_schema_says() {
    let wrong: Vec<String> =
        ANSWERS.iter().flat_map(|line| faults(&schema_of(line), &answer_of(line), line)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_schema_needs_no_hub_and_names_what_it_describes() {
    for line in ON_A_HUB {
        let schema = schema_of(line);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{line}");
        assert!(schema.get("properties").or(schema.get("anyOf")).is_some(), "{line}: {schema}");
        assert!(!schema.to_string().contains("Spec: "), "{line} speaks of our rules");
    }
    assert_eq!(schema_of("schedule")["properties"]["kind"]["const"], "BackupSchedule");
    assert_eq!(schema_of("verify")["properties"]["kind"]["const"], "Verify");
}

/// Every command with `-o` has a schema, also one that is added later.
#[test]
fn every_command_with_a_form_has_a_schema() {
    let program = acmbackup::cli::entry::command();
    for command in program.get_subcommands() {
        let name = command.get_name();
        if !command.get_arguments().any(|arg| arg.get_id() == "output") {
            continue;
        }
        let line = match name {
            "describe" | "delete" => format!("{name} restore/r1"),
            name => name.to_owned(),
        };
        assert!(schema_of(&line).is_object(), "{name}");
    }
}

#[test]
fn what_is_not_described_is_found() {
    let schema = schema_of("latest");
    let answer = answer_of("latest --from -");
    let found = |change: fn(&mut Value)| {
        let mut answer = answer.clone();
        change(&mut answer);
        faults(&schema, &answer, "").len()
    };
    assert_eq!(found(|_| ()), 0);
    assert_eq!(found(|answer| answer["more"] = json!(1)), 1);
    assert_eq!(found(|answer| answer["parts"][0]["errors"] = json!("1")), 1);
    assert_eq!(found(|answer| answer["kind"] = json!("Earliest")), 1);
    assert_eq!(found(|answer| drop(answer.as_object_mut().unwrap().remove("consistent"))), 1);
}

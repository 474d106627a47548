//! `-o jsonschema` describes exactly what `-o json` prints, and needs no hub.

use serde_json::{Value, json};

use super::broken::whole;
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
    let wrong: Vec<String> = ANSWERS
        .iter()
        .flat_map(|line| {
            let schema = schema_of(line);
            let checker = Checker { root: &schema };
            checker.check(&schema, &answer_of(line), line)
        })
        .collect();
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
    let faults = |change: fn(&mut Value)| {
        let mut answer = answer.clone();
        change(&mut answer);
        Checker { root: &schema }.check(&schema, &answer, "").len()
    };
    assert_eq!(faults(|_| ()), 0);
    assert_eq!(faults(|answer| answer["more"] = json!(1)), 1);
    assert_eq!(faults(|answer| answer["parts"][0]["errors"] = json!("1")), 1);
    assert_eq!(faults(|answer| answer["kind"] = json!("Earliest")), 1);
    assert_eq!(faults(|answer| drop(answer.as_object_mut().unwrap().remove("consistent"))), 1);
}

/// As much of JSON Schema as our schemas use, and stricter: a key nobody described is a fault, except where the schema
/// describes no keys or the object is the server's.
struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        if let Some(target) = schema["$ref"].as_str() {
            let found = self.root.pointer(target.trim_start_matches('#'));
            return self.check(found.unwrap(), value, at);
        }
        for any in ["anyOf", "oneOf"] {
            let Some(choices) = schema[any].as_array() else { continue };
            let faults: Vec<Vec<String>> =
                choices.iter().map(|choice| self.check(choice, value, at)).collect();
            if !faults.iter().any(Vec::is_empty) {
                return vec![format!("{at}: none of {faults:?}")];
            }
        }
        let mut faults = Vec::new();
        let is_wrong_type = match &schema["type"] {
            Value::String(name) => !is_of(value, name),
            Value::Array(names) => !names.iter().any(|name| is_of(value, name.as_str().unwrap())),
            _ => false,
        };
        let is_other = schema.get("const").is_some_and(|only| only != value)
            || schema["enum"].as_array().is_some_and(|all| !all.contains(value));
        if is_wrong_type || is_other {
            faults.push(format!("{at}: {value} is not as in {schema}"));
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            faults.extend(self.check(&schema["items"], item, &format!("{at}/{i}")));
        }
        faults.extend(self.fields(schema, value, at));
        faults
    }

    fn fields(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let Some(fields) = value.as_object() else { return Vec::new() };
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let missing = required.filter(|name| !fields.contains_key(*name));
        let mut faults: Vec<String> = missing.map(|name| format!("{at}: no {name}")).collect();
        let is_ours = value["apiVersion"] == "acmbackup/v1" || value.get("apiVersion").is_none();
        for (name, child) in fields {
            let place = format!("{at}/{name}");
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(property), _) => faults.extend(self.check(property, child, &place)),
                (None, Some(more)) => faults.extend(self.check(more, child, &place)),
                (None, None)
                    if is_ours && schema.get("properties").is_some() && !at.contains("/metadata") =>
                {
                    faults.push(format!("{place} is not described"));
                }
                (None, None) => {}
            }
        }
        faults
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        other => {
            assert_eq!(other, "object");
            value.is_object()
        }
    }
}

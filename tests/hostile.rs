//! Every field of both CRDs with values nobody should write: each has an answer, and a wrong one is told with its field.
//!
//! The fields come from the CRDs, so a new one is tried as well. `INSTA_UPDATE=always cargo test --test hostile` records
//! the answers; read the diff.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use acmbackup::api::{self, crd};
use acmbackup::plan::labels::CredentialFacts;
use acmbackup::plan::tokens::TokenFacts;
use acmbackup::plan::{
    Decision, HubFacts, HubSnapshot, OnRequest, Plan, ServedApis, Subject, SubjectKind, Unreadable, plan,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

const NOW: &str = "2026-11-22T12:00:00Z";
/// The longest message a status may hold.
const MESSAGE_MAX: usize = 1100;

/// S-017: one bad field is the end of its own object only, and is told.
#[test]
fn every_field_of_a_backup_schedule_has_an_answer_to_every_value() {
    insta::assert_snapshot!(answers(SubjectKind::BackupSchedule));
}

#[test]
fn every_field_of_a_restore_has_an_answer_to_every_value() {
    insta::assert_snapshot!(answers(SubjectKind::Restore));
}

/// One line for each field and value: what the status says.
fn answers(kind: SubjectKind) -> String {
    let mut lines = String::new();
    for (field, type_) in fields(kind) {
        for (what, value) in values(&type_) {
            let answer = answer(kind, &field, &value);
            if what == "wrong type" {
                let is_told = answer.starts_with("FailedValidation") || answer.starts_with("Error");
                assert!(is_told && answer.contains(&field), "{field} = {value}: {answer}");
            }
            writeln!(lines, "{field}  {what}: {answer}").unwrap();
        }
    }
    lines
}

/// Fields of a spec with their types, by name.
fn fields(kind: SubjectKind) -> BTreeMap<String, String> {
    let place = match kind {
        SubjectKind::BackupSchedule => 0,
        SubjectKind::Restore => 1,
    };
    let crd = crd::all().swap_remove(place);
    let schema = crd.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap();
    let spec = schema.properties.unwrap().remove("spec").unwrap();
    let fields = spec.properties.unwrap().into_iter();
    fields.map(|(name, schema)| (name, schema.type_.unwrap_or_default())).collect()
}

/// Values for a field of a type: what they are, and they themselves.
fn values(type_: &str) -> Vec<(&'static str, Value)> {
    let unicode = "\u{202e}\u{1F4A5}ünïcödé\u{0}\u{7}";
    let huge = "x".repeat(100_000);
    let mut values = vec![("null", Value::Null)];
    values.extend(match type_ {
        "string" => vec![
            ("wrong type", json!(["text"])),
            ("empty", json!("")),
            ("blank", json!("  ")),
            ("unicode", json!(unicode)),
            ("huge", json!(huge)),
        ],
        "boolean" => vec![("wrong type", json!("true")), ("true", json!(true)), ("false", json!(false))],
        "integer" => vec![
            ("wrong type", json!("seven")),
            ("zero", json!(0)),
            ("negative", json!(i64::MIN)),
            ("huge", json!(i64::MAX)),
        ],
        "array" => vec![
            ("wrong type", json!("text")),
            ("empty", json!([])),
            ("unicode", json!([unicode, ""])),
            ("huge", json!([huge])),
        ],
        "object" => vec![("wrong type", json!("text")), ("empty", json!({}))],
        other => panic!("values for {other} are missing"),
    });
    values
}

fn answer(kind: SubjectKind, field: &str, value: &Value) -> String {
    let mut spec = good_spec(kind);
    spec.insert(field.to_owned(), value.clone());
    let name = match kind {
        SubjectKind::BackupSchedule => "BackupSchedule",
        SubjectKind::Restore => "Restore",
    };
    let object = json!({"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": name,
        "metadata": {"name": "bad", "namespace": "acm", "uid": "u", "creationTimestamp": NOW}, "spec": spec});
    let hub = hub_with(kind, &object);
    match plan(&hub, NOW.parse().unwrap()) {
        Decision::Do(plan) => in_words(&plan),
        Decision::NeedMore(queries) => panic!("{field}: still asks for {queries:?}"),
    }
}

fn good_spec(kind: SubjectKind) -> Map<String, Value> {
    let spec = match kind {
        SubjectKind::BackupSchedule => json!({"veleroSchedule": "@daily"}),
        SubjectKind::Restore => json!({
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "skip",
            "veleroResourcesBackupName": "skip", "cleanupBeforeRestore": "None",
        }),
    };
    spec.as_object().cloned().unwrap()
}

fn hub_with(kind: SubjectKind, object: &Value) -> HubSnapshot {
    let owner = json!({"apiVersion": "v1", "kind": "DataProtectionApplication", "name": "d", "uid": "d"});
    let location = json!({"metadata": {"name": "l", "namespace": "acm", "ownerReferences": [owner]},
        "spec": {"provider": "aws"}, "status": {"phase": "Available", "lastSyncedTime": NOW}});
    let mut hub = HubSnapshot {
        subject: Subject { kind, namespace: "acm".into(), name: "bad".into() },
        on_request: OnRequest {
            hub: Some(HubFacts { hub_id: "east".into(), ..HubFacts::default() }),
            served: Some(ServedApis::default()),
            tokens: Some(TokenFacts::default()),
            credentials: Some(CredentialFacts::default()),
            internal_hubs: Some(vec![]),
            ..OnRequest::default()
        },
        ..HubSnapshot::default()
    };
    hub.velero.storage_locations = vec![serde_json::from_value(location).unwrap()];
    match kind {
        SubjectKind::BackupSchedule => take(object, &mut hub.schedules, &mut hub.unreadable),
        SubjectKind::Restore => take::<api::Restore>(object, &mut hub.restores, &mut hub.unreadable),
    }
    hub
}

/// As the loop's watch does.
fn take<K: DeserializeOwned>(object: &Value, readable: &mut Vec<K>, unreadable: &mut Option<Unreadable>) {
    match serde_path_to_error::deserialize::<_, K>(object) {
        Ok(object) => readable.push(object),
        Err(error) => {
            let why = format!("{}: {}", error.path(), error.inner());
            *unreadable = Some(Unreadable { object: serde_json::from_value(object.clone()).unwrap(), why });
        }
    }
}

/// Phase, message and number of steps; the message is cut.
fn in_words(plan: &Plan) -> String {
    let status = serde_json::to_value(&plan.status).unwrap();
    let message = status["lastMessage"].as_str().unwrap_or_default();
    assert!(message.chars().count() <= MESSAGE_MAX, "a message of {} bytes", message.len());
    let short: String = message.chars().take(110).collect();
    let phase = status["phase"].as_str().unwrap_or("no status");
    format!("{phase}, {} steps: {}", plan.steps.len(), short.escape_debug())
}

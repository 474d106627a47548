//! A decision in the form a reviewer reads.

use acmbackup::plan::cleanup::Search;
use acmbackup::plan::{Action, Decision, Note, OnError, Plan, Query, Record, Step, Target, Wake};
use acmbackup::wire::yaml;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The text of `plan.yaml`; `second` is the pass after the one that begins a cycle.
pub(crate) fn decisions(first: &Decision, second: Option<&Decision>) -> String {
    let mut value = decision(first);
    if let Some(second) = second {
        value["then"] = decision(second);
    }
    yaml::to_string(&value).unwrap()
}

fn decision(decision: &Decision) -> Value {
    match decision {
        Decision::NeedMore(queries) => json!({ "ask for": queries.iter().map(query).collect::<Vec<_>>() }),
        Decision::Do(plan) => whole(plan),
    }
}

fn query(query: &Query) -> String {
    match query {
        Query::InternalHubs => "what the hub's installer waits with".to_owned(),
        Query::RestoresWaitedFor => "restores the installer waits for".to_owned(),
        Query::Volumes => "volumes that are waited for".to_owned(),
        Query::Imports => "managed clusters and their tokens".to_owned(),
        Query::Hub => "who this hub is".to_owned(),
        Query::Served => "kinds the API server serves".to_owned(),
        Query::Credentials => "what may need a label for the credentials backup".to_owned(),
        Query::Tokens => "tokens and the clusters they are for".to_owned(),
        Query::TokensLeft => "what is left of tokens".to_owned(),
        Query::TokensWanted => "whether anybody wants tokens".to_owned(),
        Query::Removable => "kinds whose objects can be removed".to_owned(),
        Query::Backup(name) => format!("backup {name}, whole"),
        Query::Leftovers(searches) => {
            let search = |search: &Search| {
                format!("{}.{} {}", search.kind.plural, search.kind.group, search.selector())
            };
            format!("objects: {}", searches.iter().map(search).collect::<Vec<_>>().join("; "))
        }
    }
}

fn whole(plan: &Plan) -> Value {
    let mut out = Map::new();
    put(&mut out, "notes", &plan.notes.iter().map(note).collect::<Vec<_>>());
    put(&mut out, "steps", &plan.steps.iter().map(step).collect::<Vec<_>>());
    put(&mut out, "status", &plan.status);
    put(&mut out, "status on failure", &plan.status_on_failure);
    put(&mut out, "wake", &wake(plan.wake));
    if !plan.steps.is_empty() {
        put(&mut out, "wake on failure", &wake(plan.wake_on_failure));
    }
    Value::Object(out)
}

/// Leaves out what is absent or empty.
fn put(out: &mut Map<String, Value>, key: &str, value: &impl Serialize) {
    let value = serde_json::to_value(value).unwrap();
    if !value.is_null() && value != json!([]) {
        out.insert(key.to_owned(), value);
    }
}

fn note(note: &Note) -> String {
    let name = note.name.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
    let subject = if note.subject.is_empty() { String::new() } else { format!("{}: ", note.subject) };
    let severity = format!("{:?}", note.severity).to_lowercase();
    format!("{severity}: {subject}{}{name}", note.message)
}

/// Nothing for a plain deletion.
fn how_deleted(action: &Action) -> Value {
    match action {
        Action::DeleteForeground(_) => json!("foreground"),
        Action::DetachAndDelete(_) => json!("finalizers off, then foreground"),
        _ => Value::Null,
    }
}

fn step(step: &Step) -> Value {
    let mut out = Map::new();
    match &step.action {
        Action::Create(object) => {
            put(&mut out, "create", &object.to_string());
            put(&mut out, "because", &step.reason);
            put(&mut out, "object", object);
        }
        Action::Patch(target, patch) => {
            put(&mut out, "update", &target.to_string());
            put(&mut out, "because", &step.reason);
            put(&mut out, "only if", &only_if(target));
            put(&mut out, "patch", patch);
        }
        Action::Delete(target) | Action::DeleteForeground(target) | Action::DetachAndDelete(target) => {
            put(&mut out, "delete", &target.to_string());
            put(&mut out, "how", &how_deleted(&step.action));
            put(&mut out, "because", &step.reason);
            put(&mut out, "only if", &only_if(target));
        }
        Action::Import(import) => {
            put(&mut out, "create", &format!("secret {}/auto-import-secret", import.cluster));
            put(&mut out, "because", &step.reason);
            put(&mut out, "import", import);
        }
        Action::Emit(event) => {
            put(&mut out, "emit", event);
            put(&mut out, "because", &step.reason);
        }
    }
    put(&mut out, "at the same time", &step.together.then_some(true));
    put(&mut out, "if it fails", &on_error(step.on_error));
    put(&mut out, "remember", &step.record.as_ref().map(record));
    put(&mut out, "event", &step.event);
    Value::Object(out)
}

fn only_if(target: &Target) -> Option<String> {
    let uid = target.uid.as_ref().map(|uid| format!("uid {uid}"));
    let version = target.resource_version.as_ref().map(|version| format!("resourceVersion {version}"));
    let conditions: Vec<String> = uid.into_iter().chain(version).collect();
    (!conditions.is_empty()).then(|| conditions.join(", "))
}

fn on_error(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Stop => "stop",
        OnError::Continue => "go on",
        OnError::FailLater => "go on, then fail",
        OnError::Retry => "go on, then try again",
    }
}

fn record(record: &Record) -> String {
    match record {
        Record::ScheduleCopy(backup_type) => format!("copy of the {} schedule", backup_type.part()),
        Record::CleanedUp => "what the cleanup came to".to_owned(),
        Record::RestoreName(restore_type) => format!("name of the {} restore", restore_type.part()),
        Record::ImportNews => "a message about the managed cluster".to_owned(),
    }
}

fn wake(wake: Wake) -> String {
    match wake {
        Wake::OnChange => "on change".to_owned(),
        Wake::After(pause) => format!("after {}s", pause.as_secs_f64()),
        Wake::Backoff => "with backoff".to_owned(),
    }
}

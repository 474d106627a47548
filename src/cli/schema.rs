//! `-o jsonschema`: the schema of what a command prints with `-o json`, made from the types it prints.

use clap::ArgMatches;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::noun::Noun;
use super::output::Envelope;
use super::{Command, describe, prune, verify, version};
use crate::api::crd;
use crate::plan::runs::Run;
use crate::render::doctor::Report;
use crate::render::latest::Latest;
use crate::render::plan::PlanView;
use crate::render::status::Status;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Whether `-o jsonschema` was given.
pub fn is_asked(matches: &ArgMatches) -> bool {
    let Some((_, chosen)) = matches.subcommand() else { return false };
    let given = chosen.try_get_raw("output").ok().flatten();
    given.is_some_and(|mut words| words.any(|word| word == "jsonschema"))
}

/// The tree in which a schema can be asked for: it is the same whatever the object.
pub fn of_no_object(tree: clap::Command) -> clap::Command {
    let optional = |arg: clap::Arg| if arg.get_id() == "words" { arg.required(false) } else { arg };
    tree.mut_subcommands(|command| command.mut_args(optional))
}

/// The schema of the JSON of a command with these arguments; `None` for one that prints no JSON.
pub fn of(command: &Command) -> Option<Value> {
    let schema = match command {
        Command::Latest(_) => framed::<Latest>("Latest"),
        Command::Plan(_) => framed::<PlanView>("Plan"),
        Command::Status(args) if args.all_namespaces => status_list(),
        Command::Status(_) => framed::<Status>("Status"),
        Command::Describe(_) => framed::<describe::Answer<'_>>("Description"),
        Command::Doctor(_) => framed::<Report>("Doctor"),
        Command::Verify(_) => framed::<verify::Answer<'_>>("Verify"),
        Command::Version(_) => framed::<version::Versions>("Version"),
        Command::Prune(args) if args.rules().is_empty() => framed::<prune::Answer>("Prune"),
        Command::Get(args) => listing(args.noun()),
        Command::Schedule(_) | Command::Pause(_) | Command::Resume(_) => ours("BackupSchedule"),
        Command::Restore(_) | Command::Activate(_) => ours("Restore"),
        Command::Backup(_) => list_of(&velero_backup()),
        Command::Prune(_) | Command::Delete(_) | Command::Install(_) | Command::Uninstall(_) => {
            list_of(&object(None))
        }
        Command::Run(_)
        | Command::Wait(_)
        | Command::Logs(_)
        | Command::Snapshot(_)
        | Command::Completion(_) => return None,
    };
    Some(with_draft(schema))
}

/// An answer of ours, with what surrounds it.
fn framed<T: JsonSchema>(kind: &str) -> Value {
    let schema = plain::<Envelope<'_, T>>();
    constant(constant(schema, "kind", kind), "apiVersion", "acmbackup/v1")
}

fn plain<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Some(fields) = schema.as_object_mut() {
        fields.retain(|key, _| key != "title" && key != "description");
    }
    without_rules(&mut schema);
    schema
}

/// Numbers of rules say nothing to who reads a schema.
fn without_rules(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                let end = text.find("Spec: ").unwrap_or(text.len());
                text.truncate(end);
                text.truncate(text.trim_end().len());
            }
            fields.values_mut().for_each(without_rules);
        }
        Value::Array(items) => items.iter_mut().for_each(without_rules),
        _ => {}
    }
}

fn constant(mut schema: Value, property: &str, value: &str) -> Value {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert(property.to_owned(), json!({"const": value}));
    }
    schema
}

/// The statuses of several namespaces share their definitions.
fn status_list() -> Value {
    let mut status = framed::<Status>("Status");
    let fields = status.as_object_mut();
    let definitions = fields.and_then(|fields| fields.remove("$defs")).unwrap_or_default();
    let properties = json!({
        "apiVersion": {"const": "acmbackup/v1"}, "kind": {"const": "StatusList"},
        "items": {"type": "array", "items": status},
    });
    let required = ["apiVersion", "kind", "items"];
    json!({"type": "object", "required": required, "properties": properties, "$defs": definitions})
}

/// What `get` prints: a List, or one object that was asked for by name.
fn listing(noun: Option<Noun>) -> Value {
    let all = [Noun::Schedule, Noun::Restore, Noun::Backup, Noun::Run];
    let Some(noun) = noun else {
        return list_of(&json!({"anyOf": all.iter().take(3).map(|noun| item(*noun)).collect::<Vec<_>>()}));
    };
    let mut item = item(noun);
    let definitions = item.as_object_mut().and_then(|fields| fields.remove("$defs"));
    let mut schema = json!({"anyOf": [list_of(&item), item]});
    if let (Some(fields), Some(definitions)) = (schema.as_object_mut(), definitions) {
        fields.insert("$defs".to_owned(), definitions);
    }
    schema
}

fn item(noun: Noun) -> Value {
    match noun {
        Noun::Schedule => ours("BackupSchedule"),
        Noun::Restore => ours("Restore"),
        Noun::Backup => velero_backup(),
        Noun::Run => run(),
    }
}

/// A run is no object of the server.
fn run() -> Value {
    let mut schema = plain::<Run>();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("apiVersion".to_owned(), json!({"const": "acmbackup/v1"}));
        properties.insert("kind".to_owned(), json!({"const": "Run"}));
        properties.insert("namespace".to_owned(), json!({"type": "string"}));
    }
    schema
}

/// An object of ours as our CRD describes it; the server may know more fields.
fn ours(kind: &str) -> Value {
    let found = crd::all().into_iter().find(|crd| crd.spec.names.kind == kind);
    let version = found.and_then(|crd| crd.spec.versions.into_iter().next());
    let schema = version.and_then(|version| version.schema?.open_api_v3_schema);
    let mut schema = json!(schema);
    from_open_api(&mut schema);
    let known = object(Some(("cluster.open-cluster-management.io/v1beta1", kind)));
    if let (Some(Value::Object(properties)), Some(Value::Object(more))) =
        (schema.get_mut("properties"), known.get("properties").cloned())
    {
        properties.extend(more);
    }
    if let (Some(fields), Some(required)) = (schema.as_object_mut(), known.get("required").cloned()) {
        fields.insert("required".to_owned(), required);
    }
    schema
}

/// What OpenAPI says by `nullable` is a type of its own in JSON Schema, and rules of the server are none of it. An object
/// that was stored under an older CRD may lack what this one requires.
fn from_open_api(schema: &mut Value) {
    let Value::Object(fields) = schema else {
        if let Value::Array(items) = schema {
            items.iter_mut().for_each(from_open_api);
        }
        return;
    };
    fields.retain(|key, _| !key.starts_with("x-kubernetes-") && key != "required");
    if fields.remove("nullable") == Some(json!(true))
        && let Some(Value::String(known)) = fields.get("type")
    {
        let types = json!([known, "null"]);
        fields.insert("type".to_owned(), types);
    }
    fields.values_mut().for_each(from_open_api);
}

/// Velero's own CRDs say what else is in a Backup.
fn velero_backup() -> Value {
    object(Some(("velero.io/v1", "Backup")))
}

/// An object of a server, of one kind or of any.
fn object(kind: Option<(&str, &str)>) -> Value {
    let text = json!({"type": "string"});
    let (version, kind) = match kind {
        Some((version, kind)) => (json!({"const": version}), json!({"const": kind})),
        None => (text.clone(), text.clone()),
    };
    let metadata = json!({
        "type": "object", "required": ["name"], "properties": {"name": text, "namespace": text},
    });
    json!({
        "type": "object", "required": ["apiVersion", "kind", "metadata"],
        "properties": {"apiVersion": version, "kind": kind, "metadata": metadata},
    })
}

fn list_of(item: &Value) -> Value {
    json!({
        "type": "object", "required": ["apiVersion", "kind", "items"],
        "properties": {
            "apiVersion": {"const": "v1"}, "kind": {"const": "List"},
            "metadata": {"type": "object", "properties": {"resourceVersion": {"type": "string"}}},
            "items": {"type": "array", "items": item},
        },
    })
}

fn with_draft(schema: Value) -> Value {
    let mut fields = Map::from_iter([("$schema".to_owned(), json!(DRAFT))]);
    if let Value::Object(schema) = schema {
        fields.extend(schema);
    }
    Value::Object(fields)
}

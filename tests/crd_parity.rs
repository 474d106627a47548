//! Our CRDs say what the operator's say: same paths, types and constraints, plus what we add on purpose.
//!
//! `tests/data/crd-facts/*.tsv` holds the facts of the operator's CRDs, one line per path and no prose. To record them
//! again, point `UPSTREAM_CRDS` at the operator's `config/crd/bases` and `UPSTREAM_COMMIT` at its commit:
//!
//! ```text
//! UPSTREAM_CRDS=… UPSTREAM_COMMIT=… cargo test --test crd_parity -- --ignored record
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use acmbackup::api::crd;
use acmbackup::wire::yaml;
use serde_json::Value;

/// Facts by path: `.spec.paused` is a property, `[]` the items of a list, `{}` the values of a map.
type Facts = BTreeMap<String, String>;

/// What our CRDs say beyond the operator's: (CRD, path, fact). Spec: S-013
const ADDED: [(&str, &str, &str); 1] = [("backupschedules", ".spec.maxBackups", "integer\tminimum=1.0")];

/// Where ours asks for more than the operator's: (CRD, path, fact). A rule is only weighed by the server if its input is
/// limited; no object that could ever work is near these limits. Spec: R-050
const STRICTER: [(&str, &str, &str); 2] = [
    ("restores", ".spec.namespaceMapping", "object\tmaxProperties=1024"),
    ("restores", ".spec.namespaceMapping{}", "string\tmaxLength=512"),
];

/// Names, columns, fields, and what the schema does not check. Spec: S-010 to S-014, S-016
#[test]
fn backup_schedule_says_what_the_operators_crd_says() {
    assert_parity("backupschedules");
}

/// Spec: R-001, R-002, R-040, R-041, R-042, R-043, R-970
#[test]
fn restore_says_what_the_operators_crd_says() {
    assert_parity("restores");
}

/// R-041: every check of a value belongs to the validation rules, none to a default in the schema.
#[test]
fn no_schema_fills_in_defaults() {
    for plural in ["backupschedules", "restores"] {
        let facts = facts(&ours(plural));
        let with_default: Vec<_> = facts.iter().filter(|(_, fact)| fact.contains("default=")).collect();
        assert!(with_default.is_empty(), "{with_default:?}");
    }
}

#[test]
fn a_difference_is_found_and_named() {
    let recorded = Facts::from([(".a".into(), "string".into()), (".b".into(), "string".into())]);
    let found = Facts::from([(".a".into(), "integer".into()), (".c".into(), "string".into())]);
    assert_eq!(difference(&recorded, &found), "- .a\tstring\n+ .a\tinteger\n- .b\tstring\n+ .c\tstring\n");
}

#[test]
#[ignore = "writes tests/data/crd-facts from a checkout of the operator"]
fn record() {
    let bases = PathBuf::from(std::env::var_os("UPSTREAM_CRDS").expect("UPSTREAM_CRDS"));
    let commit = std::env::var_os("UPSTREAM_COMMIT").expect("UPSTREAM_COMMIT");
    for plural in ["backupschedules", "restores"] {
        let file = bases.join(format!("cluster.open-cluster-management.io_{plural}.yaml"));
        let crd: Value = yaml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let mut text =
            format!("# stolostron/cluster-backup-operator {}: path, type, facts\n", commit.display());
        for (path, fact) in facts(&crd) {
            text.push_str(&format!("{path}\t{fact}\n"));
        }
        std::fs::write(facts_file(plural), text).unwrap();
    }
}

fn assert_parity(plural: &str) {
    let mut expected = recorded(plural);
    for (_, path, fact) in ADDED.iter().filter(|(crd, _, _)| *crd == plural) {
        let before = expected.insert((*path).to_owned(), (*fact).to_owned());
        assert_eq!(before, None, "the operator has {path} too");
    }
    for (_, path, fact) in STRICTER.iter().filter(|(crd, _, _)| *crd == plural) {
        let before = expected.insert((*path).to_owned(), (*fact).to_owned());
        assert!(before.is_some_and(|before| fact.starts_with(&before)), "{path} is no longer there");
    }
    let difference = difference(&expected, &facts(&ours(plural)));
    assert!(difference.is_empty(), "{plural}: - is the operator's, + is ours\n{difference}");
}

/// One line per fact that only one side has.
fn difference(recorded: &Facts, found: &Facts) -> String {
    let mut paths: Vec<&String> = recorded.keys().chain(found.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut lines = String::new();
    for path in paths.into_iter().filter(|path| recorded.get(*path) != found.get(*path)) {
        for (sign, side) in [("-", recorded), ("+", found)] {
            if let Some(fact) = side.get(path) {
                lines.push_str(&format!("{sign} {path}\t{fact}\n"));
            }
        }
    }
    lines
}

fn ours(plural: &str) -> Value {
    let crds = crd::all();
    let crd = crds.iter().find(|crd| crd.spec.names.plural == plural).expect("a CRD of this name");
    serde_json::to_value(crd).unwrap()
}

fn recorded(plural: &str) -> Facts {
    let text = std::fs::read_to_string(facts_file(plural)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').expect("path and fact"))
        .map(|(p, f)| (p.into(), f.into()))
        .collect()
}

fn facts_file(plural: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/crd-facts/{plural}.tsv"))
}

/// All facts of a CRD: its schema by path, and the rest under `@`.
fn facts(crd: &Value) -> Facts {
    let mut spec = crd["spec"].clone();
    let schema = spec["versions"][0]["schema"]["openAPIV3Schema"].take();
    let mut facts = Facts::new();
    facts.insert("@name".into(), crd["metadata"]["name"].to_string());
    rest_facts("@", &spec, &mut facts);
    schema_facts("", &schema, &mut facts);
    facts
}

fn rest_facts(path: &str, value: &Value, facts: &mut Facts) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| rest_facts(&format!("{path}.{key}"), value, facts));
        }
        Value::Array(list) if path.ends_with("versions") || path.ends_with("Columns") => {
            list.iter().enumerate().for_each(|(i, value)| rest_facts(&format!("{path}.{i}"), value, facts));
        }
        Value::Null => {}
        other => {
            facts.insert(path.to_owned(), other.to_string());
        }
    }
}

fn schema_facts(path: &str, schema: &Value, facts: &mut Facts) {
    let schema = schema.as_object().expect("a schema is an object");
    let mut words = vec![schema.get("type").and_then(Value::as_str).unwrap_or("-").to_owned()];
    for (key, value) in schema.iter().collect::<BTreeMap<_, _>>() {
        match key.as_str() {
            // What rules refuse, the operator's webhook refuses; tests/e2e/admission.rs asks a server.
            "type" | "description" | "x-kubernetes-validations" => {}
            "properties" => {
                for (name, property) in value.as_object().expect("properties") {
                    schema_facts(&format!("{path}.{name}"), property, facts);
                }
            }
            "items" => schema_facts(&format!("{path}[]"), value, facts),
            "additionalProperties" if value.is_object() => schema_facts(&format!("{path}{{}}"), value, facts),
            _ => words.push(format!("{key}={value}")),
        }
    }
    facts.insert(if path.is_empty() { ".".into() } else { path.to_owned() }, words.join("\t"));
}

//! Whether JSON is as a schema says; for the tests on hubs, too.

use serde_json::Value;

/// What in `answer` is not as `schema` says, each with its place below `at`.
pub(crate) fn faults(schema: &Value, answer: &Value, at: &str) -> Vec<String> {
    Checker { root: schema }.check(schema, answer, at)
}

/// As much of JSON Schema as our schemas use, and stricter: a key nobody described is a fault, except where the schema
/// describes no keys or the object is the server's.
struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        if let Some(target) = schema["$ref"].as_str() {
            return match self.root.pointer(target.trim_start_matches('#')) {
                Some(found) => self.check(found, value, at),
                None => vec![format!("{at}: the schema has no {target}")],
            };
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
            Value::Array(names) => !names.iter().filter_map(Value::as_str).any(|name| is_of(value, name)),
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

//! What must not leave the hub in a snapshot: secrets, and on request names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Notes of other tools that repeat the object, or say nothing to a planner.
const DROPPED: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "managedFields"];
/// No field that is captured is called so; should a plugin of Velero put one into its configuration, it stays here.
const SECRET_WORDS: [&str; 5] = ["password", "secretkey", "accesskey", "privatekey", "credentials_data"];
/// Fields that hold the name of a namespace or cluster, or a list of them.
const NAMES: [&str; 7] = [
    "namespace",
    "localCluster",
    "clusterName",
    "includedNamespaces",
    "excludedNamespaces",
    "chartChannelNamespaces",
    "namespaceMapping",
];

/// Takes out what repeats the object and what may be secret.
pub(super) fn clean(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !DROPPED.contains(&key.as_str()));
            for (key, child) in fields.iter_mut() {
                match child {
                    Value::String(text) if is_secret(key) => "<redacted>".clone_into(text),
                    child => clean(child),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        _ => {}
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace(['-', '_'], "");
    SECRET_WORDS.iter().any(|word| key.contains(&word.replace('_', "")))
}

/// Other names for the names of namespaces and clusters, the same everywhere in one snapshot.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Finds the names in `value`, and numbers them in the order of the alphabet.
    pub(super) fn of(value: &Value) -> Self {
        let mut found = BTreeSet::new();
        collect(value, &mut found);
        let numbered = found.into_iter().enumerate().map(|(i, name)| (name, format!("name-{}", i + 1)));
        Self(numbered.collect())
    }

    /// Replaces them in every text of `value`, keys included.
    pub(super) fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.hide(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(fields) => {
                let hidden = std::mem::take(fields).into_iter().map(|(key, mut child)| {
                    self.hide_in(&mut child);
                    let key = if NAMES.contains(&key.as_str()) { key } else { self.hide(&key) };
                    (key, child)
                });
                *fields = hidden.collect();
            }
            _ => {}
        }
    }

    /// Replaces them in a text, as whole words only: `acm` is not a part of `acm-credentials-schedule`.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut hidden = String::with_capacity(text.len());
        let mut word = String::new();
        for c in text.chars().chain(['\0']) {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                word.push(c);
                continue;
            }
            hidden.push_str(self.other(&word));
            word.clear();
            if c != '\0' {
                hidden.push(c);
            }
        }
        hidden
    }

    /// A dot at the end of a sentence is no part of a name.
    fn other<'a>(&'a self, word: &'a str) -> &'a str {
        self.0.get(word).map_or(word, String::as_str)
    }
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, child) in fields {
                if NAMES.contains(&key.as_str()) {
                    texts(child, found);
                }
                collect(child, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The texts in a field that holds names.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(name) if !name.is_empty() && name != "*" => drop(found.insert(name.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            for (from, to) in fields {
                found.insert(from.clone());
                texts(to, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_plugins_and_copies_of_the_object_are_taken_out() {
        let mut value = json!({
            "metadata": {"managedFields": [1], "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x"}},
            "spec": {"config": {"secret_key": "s3cr3t", "region": "eu", "insecureSkipTLSVerify": "true"}},
        });
        clean(&mut value);
        assert_eq!(value["metadata"], json!({"annotations": {}}));
        assert_eq!(value["spec"]["config"]["secret_key"], "<redacted>");
        assert_eq!(value["spec"]["config"]["region"], "eu");
    }

    #[test]
    fn names_are_replaced_everywhere_alike_and_as_whole_words_only() {
        let mut value = json!({
            "subject": {"namespace": "acm"},
            "restores": [{
                "metadata": {"name": "r", "namespace": "acm"},
                "spec": {"namespaceMapping": {"team-a": "team-b"}, "includedNamespaces": ["team-a", "*"]},
                "status": {"lastMessage": "restore acm/r of acm-credentials-schedule waits for team-a"},
            }],
            "onRequest": {"hub": {"localCluster": "prod-eu"}},
        });
        let names = Names::of(&value);
        names.hide_in(&mut value);
        let text = value.to_string();
        for name in ["\"acm\"", "acm/", "team-a", "team-b", "prod-eu"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
        let here = value["subject"]["namespace"].as_str().unwrap();
        let message = value["restores"][0]["status"]["lastMessage"].as_str().unwrap();
        assert!(message.starts_with(&format!("restore {here}/r of acm-credentials-schedule")), "{message}");
        assert_eq!(value["restores"][0]["spec"]["includedNamespaces"][1], "*");
        assert_eq!(value["restores"][0]["metadata"]["namespace"], here);
    }
}

//! What must not leave the hub in a snapshot: secrets, and what repeats them.

use serde_json::Value;

/// Notes of other tools that repeat the object, or say nothing to a planner.
const DROPPED: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "managedFields"];
/// No field that is captured is called so; should a plugin of Velero put one into its configuration, it stays here.
const SECRET_WORDS: [&str; 5] = ["password", "secretkey", "accesskey", "privatekey", "credentials_data"];
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
}

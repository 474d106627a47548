//! What would change in objects that exist, as unified diffs. No value of a secret is ever shown.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use similar::TextDiff;

use super::problems::problems;
use super::style::{Mark, Style};
use super::text::{count, harmless};
use crate::plan::Note;
use crate::wire::yaml;

/// What Velero takes no notice of when it compares (its `resetMetadata`), and what the server writes by itself.
const UNCOMPARED: [&str; 10] = [
    "generateName",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "managedFields",
];
/// Velero sets them on what it restores.
const LABELS_OF_VELERO: [&str; 2] = ["velero.io/backup-name", "velero.io/restore-name"];
/// Repeats the whole object, values of secrets included.
const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What a restore would change in objects that are here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Objects that are here and would change, in the order of the backups.
    pub changed: Vec<Change>,
    /// Number of objects that are here and would stay as they are.
    pub unchanged: usize,
    /// Number of objects that are not here yet.
    pub missing: usize,
    /// What could not be compared, and why; empty if everything was.
    pub unknown: Vec<String>,
}

/// An object that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// `plural.group`.
    pub kind: String,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The backup its new form is from.
    pub backup: String,
    /// Unified diff of the two as YAML.
    pub diff: String,
}

/// The unified diff from the object as it is here to the one in the backup; `None` if Velero finds them alike.
pub fn diff(here: &Value, stored: &Value) -> Option<String> {
    let (mut here, mut stored) = (comparable(here), comparable(stored));
    if here == stored {
        return None;
    }
    if here.get("kind").and_then(Value::as_str) == Some("Secret") {
        mask(&mut here, &mut stored);
    }
    let text = |value: &Value| yaml::to_string(value).unwrap_or_default();
    let (here, stored) = (text(&here), text(&stored));
    Some(TextDiff::from_lines(&here, &stored).unified_diff().context_radius(3).to_string())
}

fn comparable(object: &Value) -> Value {
    let mut object = sorted(object);
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !UNCOMPARED.contains(&key.as_str()));
        for (map, ignored) in [("labels", LABELS_OF_VELERO.as_slice()), ("annotations", &[COPY])] {
            let Some(Value::Object(entries)) = metadata.get_mut(map) else { continue };
            entries.retain(|key, _| !ignored.contains(&key.as_str()));
            if entries.is_empty() {
                metadata.remove(map);
            }
        }
    }
    object
}

/// With keys in order: the two sides come from different writers.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut pairs: Vec<(&String, &Value)> = fields.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            pairs.into_iter().map(|(key, child)| (key.clone(), sorted(child))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// That a value differs is shown, and nothing of it.
fn mask(here: &mut Value, stored: &mut Value) {
    for field in ["data", "stringData"] {
        let (before, after) = (here.get(field).cloned(), stored.get(field).cloned());
        for (side, other, word) in [(&mut *here, &after, "here"), (&mut *stored, &before, "in the backup")] {
            let Some(Value::Object(values)) = side.get_mut(field) else { continue };
            for (key, value) in values.iter_mut() {
                let is_same = other.as_ref().and_then(|other| other.get(key)) == Some(value);
                *value = if is_same { "***".into() } else { format!("*** ({word})").into() };
            }
        }
    }
}

impl Changes {
    /// Numbers, then a diff for each object that would change.
    pub(super) fn screen(&self, style: &Style) -> String {
        let mut text = format!(
            "\n{}  {} would change, {} would not, {} not here yet\n",
            style.bold("Changes"),
            count(self.changed.len(), "object"),
            self.unchanged,
            self.missing
        );
        let note = |why: &String| Note { name: None, ..Note::warning("", "", why) };
        text.push_str(&problems(&self.unknown.iter().map(note).collect::<Vec<_>>(), style));
        text.extend(self.changed.iter().map(|change| change.screen(style)));
        text
    }
}

impl Change {
    fn screen(&self, style: &Style) -> String {
        let place = if self.namespace.is_empty() { String::new() } else { format!(" in {}", self.namespace) };
        let name = format!("{}/{}{place}", self.kind, self.name);
        let head = [format!("--- {name}"), format!("+++ {}", self.backup)];
        let head = head.iter().map(|line| format!("{}\n", style.bold(harmless(line))));
        let lines = self.diff.lines().map(|line| {
            let line = harmless(line);
            let shown = match line.chars().next() {
                Some('+') => style.toned(Mark::Good, line),
                Some('-') => style.toned(Mark::Bad, line),
                Some('@') => style.dim(line),
                _ => line.into_owned(),
            };
            format!("{shown}\n")
        });
        std::iter::once("\n".to_owned()).chain(head).chain(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::render::looks::looks;

    #[test]
    fn what_velero_does_not_compare_is_no_change() {
        let here = json!({
            "kind": "Policy", "apiVersion": "p/v1", "spec": {"b": 1, "a": 2}, "status": {"x": 1},
            "metadata": {"name": "p", "uid": "1", "resourceVersion": "7", "labels": {"velero.io/backup-name": "b"}},
        });
        let stored = json!({"apiVersion": "p/v1", "kind": "Policy", "metadata": {"name": "p"}, "spec": {"a": 2, "b": 1}});
        assert_eq!(diff(&here, &stored), None);
    }

    #[test]
    fn a_change_is_a_unified_diff() {
        let object =
            |action: &str| json!({"kind": "Policy", "metadata": {"name": "p"}, "spec": {"action": action}});
        insta::assert_snapshot!(diff(&object("inform"), &object("enforce")).unwrap(), @r"
        @@ -2,4 +2,4 @@
         metadata:
           name: p
         spec:
        -  action: inform
        +  action: enforce
        ");
    }

    #[test]
    fn values_of_secrets_are_masked_and_still_seen_to_differ() {
        let secret = |value: &str| {
            json!({
                "kind": "Secret", "metadata": {"name": "s", "annotations": {COPY: value}},
                "data": {"token": value, "same": "c2FtZQ=="}, "stringData": {"plain": value},
            })
        };
        let shown = diff(&secret("YmVmb3Jl"), &secret("YWZ0ZXI=")).unwrap();
        for value in ["YmVmb3Jl", "YWZ0ZXI", "c2FtZQ"] {
            assert!(!shown.contains(value), "{shown}");
        }
        assert!(
            shown.contains("-  token: '*** (here)'") || shown.contains("-  token: \"*** (here)\""),
            "{shown}"
        );
        assert!(shown.contains("*** (in the backup)") && !shown.contains("-  same"), "{shown}");
    }

    #[test]
    fn nothing_in_a_diff_steers_the_terminal() {
        let change = Change {
            kind: "secrets\u{1b}c".to_owned(),
            namespace: "a\u{1b}[2J".to_owned(),
            name: "x\u{1b}".to_owned(),
            backup: "b\u{1b}".to_owned(),
            diff: "-a\u{1b}[31m\n+b\n".to_owned(),
        };
        let changes =
            Changes { changed: vec![change], unknown: vec!["\u{1b}".to_owned()], ..Changes::default() };
        let text = changes.screen(&Style::plain(Timestamp::UNIX_EPOCH));
        assert!(!text.contains('\u{1b}') && text.contains("-a?[31m\n+b\n"), "{text:?}");
    }

    #[test]
    fn every_terminal_shows_what_would_change_its_way() {
        let policy = |action: &str| {
            json!({"apiVersion": "policy.open-cluster-management.io/v1", "kind": "Policy",
            "metadata": {"name": "limits", "namespace": "team-a"}, "spec": {"remediationAction": action}})
        };
        let secret = |value: &str| {
            json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "git"}, "data": {"password": value}})
        };
        let change = |kind: &str, (namespace, name): (&str, &str), diff: Option<String>| Change {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            backup: "acm-resources-schedule-20261122120103".to_owned(),
            diff: diff.unwrap(),
        };
        let changed = vec![
            change(
                "policies.policy.open-cluster-management.io",
                ("team-a", "limits"),
                diff(&policy("inform"), &policy("enforce")),
            ),
            change("secrets", ("", "git"), diff(&secret("YQ=="), &secret("Yg=="))),
        ];
        let forbidden =
            "clusterrolebindings.rbac.authorization.k8s.io may not be read, and were not compared";
        let changes = Changes { changed, unchanged: 29_385, missing: 1, unknown: vec![forbidden.to_owned()] };
        insta::assert_snapshot!("looks", looks(Timestamp::UNIX_EPOCH, |style| changes.screen(style)));
    }
}

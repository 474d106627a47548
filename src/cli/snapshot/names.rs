//! Other names for namespaces and clusters, where a snapshot goes to somebody who must not know them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::api::keys;
use crate::velero::BackupType;

/// Fields that hold the name of a namespace or cluster, or names in a list or as the keys and values of a map.
const NAMES: [&str; 10] = [
    "namespace",
    "localCluster",
    "clusterName",
    "includedNamespaces",
    "excludedNamespaces",
    "chartChannelNamespaces",
    "namespaceMapping",
    "namespaces",
    "hiveNamespaces",
    "clusters",
];
/// Lists of objects whose own names are those of clusters.
const OF_CLUSTERS: [&str; 3] = ["clusters", "clusterDeployments", "clusterPools"];
/// Lists of `namespace/name`.
const FULL_NAMES: [&str; 2] = ["wantedBy", "restoresWaitedFor"];
/// Fields that hold kinds and the keys of labels: names of the product, which a namespace may be called like.
const OF_THE_PRODUCT: [&str; 14] = [
    "apiVersion",
    "kind",
    "group",
    "version",
    "plural",
    "key",
    "served",
    "removable",
    "includedResources",
    "excludedResources",
    "includedClusterScopedResources",
    "excludedClusterScopedResources",
    "includedNamespaceScopedResources",
    "excludedNamespaceScopedResources",
];
/// Fields with the address of a cluster, which tells its name and more.
const ADDRESSES: [&str; 2] = ["server", "url"];
/// Namespaces of Kubernetes and of the product begin so; parts of other words do not tell them.
const SYSTEM: [&str; 7] =
    ["kube-", "openshift", "open-cluster-management", "multicluster", "hive", "velero", "default"];
/// Names the product gives, which rules know objects by.
const KEPT: [&str; 6] = [
    keys::TOKEN_ACCOUNT,
    keys::TOKEN_ADDON,
    keys::AUTO_IMPORT_SECRET,
    keys::MARKER_NAME_PREFIX,
    keys::BACKUP_ACTIVATION,
    "schedule-acm",
];

/// Other names for the names of namespaces and clusters, the same everywhere in one snapshot.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Finds the names in `value`, and numbers them in the order of the alphabet.
    pub(super) fn of(value: &Value) -> Self {
        let mut found = BTreeSet::new();
        collect(value, &mut found);
        found.retain(|name| !name.is_empty() && name != "*");
        let numbered = found.into_iter().enumerate().map(|(i, name)| (name, format!("name-{}", i + 1)));
        Self(numbered.collect())
    }

    /// Replaces them in every text of `value`, keys included.
    pub(super) fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.hide(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(fields) => {
                let hidden =
                    std::mem::take(fields).into_iter().map(|(key, child)| self.hide_field(key, child));
                *fields = hidden.collect();
            }
            _ => {}
        }
    }

    fn hide_field(&self, key: String, mut child: Value) -> (String, Value) {
        match (key.as_str(), &mut child) {
            (field, Value::String(address)) if ADDRESSES.contains(&field) && !address.is_empty() => {
                "https://redacted".clone_into(address);
            }
            (field, _) if OF_THE_PRODUCT.contains(&field) => {}
            (_, child) => self.hide_in(child),
        }
        let key = if is_field(&key) { key } else { self.whole(&key) };
        (key, child)
    }

    /// Replaces them in a text, also as parts of a word such as `team-a-pull-secret`; what the product itself names, as
    /// `acm-credentials-schedule` where a namespace is called `acm`, stays.
    pub(super) fn hide(&self, text: &str) -> String {
        by_word(text, |word| self.0.get(word).cloned().unwrap_or_else(|| self.parts(word)))
    }

    /// Keys of labels have parts that are words like others.
    fn whole(&self, text: &str) -> String {
        by_word(text, |word| self.0.get(word).cloned().unwrap_or_else(|| word.to_owned()))
    }

    fn parts(&self, word: &str) -> String {
        let mut hidden = String::with_capacity(word.len());
        let mut rest = word;
        while !rest.is_empty() {
            let taken = match (kept(rest), self.longest(rest)) {
                (Some(kept), _) => {
                    hidden.push_str(kept);
                    kept.len()
                }
                (None, Some((name, other))) => {
                    hidden.push_str(other);
                    name.len()
                }
                (None, None) => 0,
            };
            // On to the next part, behind its separator.
            let after = rest.get(taken..).unwrap_or_default();
            let next = after.find(is_separator).map_or(after.len(), |at| at + 1);
            hidden.push_str(after.get(..next).unwrap_or_default());
            rest = after.get(next..).unwrap_or_default();
        }
        hidden
    }

    /// The longest name with which a word begins, and what stands for it.
    fn longest<'a>(&'a self, word: &'a str) -> Option<(&'a str, &'a String)> {
        let ends =
            word.char_indices().filter(|(_, c)| is_separator(*c)).map(|(at, _)| at).chain([word.len()]);
        let begins = ends.filter_map(|end| word.get(..end)).filter(|name| !is_system(name));
        begins.rev().find_map(|name| Some((name, self.0.get(name)?)))
    }
}

fn by_word(text: &str, hide: impl Fn(&str) -> String) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || is_separator(c) {
            word.push(c);
        } else {
            hidden.push_str(&hide(&word));
            hidden.push(c);
            word.clear();
        }
    }
    hidden.push_str(&hide(&word));
    hidden
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

fn is_system(name: &str) -> bool {
    SYSTEM.iter().any(|system| name.starts_with(system))
}

/// A name of the product with which a word begins.
fn kept(word: &str) -> Option<&str> {
    let schedules = BackupType::ALL.map(BackupType::schedule_name);
    let begins = schedules.iter().chain(&KEPT).find(|name| word.starts_with(**name))?;
    word.get(..begins.len())
}

fn is_field(key: &str) -> bool {
    NAMES.contains(&key) || OF_CLUSTERS.contains(&key) || OF_THE_PRODUCT.contains(&key)
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, child)| of_field((key, child), fields, found)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn of_field((key, child): (&str, &Value), beside: &Map<String, Value>, found: &mut BTreeSet<String>) {
    if NAMES.contains(&key) {
        texts(child, found);
    }
    if OF_CLUSTERS.contains(&key) {
        found.extend(child.as_array().into_iter().flatten().filter_map(own_name));
    }
    if FULL_NAMES.contains(&key) {
        let full = child.as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(full.filter_map(|full| full.split_once('/')).map(|(namespace, _)| namespace.to_owned()));
    }
    let kind = beside.get("kind").and_then(Value::as_str).unwrap_or_default();
    if key == "metadata"
        && matches!(kind, "ManagedCluster" | "ClusterDeployment" | "ClusterPool" | "Namespace")
    {
        found.extend(child.get("name").and_then(Value::as_str).map(str::to_owned));
    }
    collect(child, found);
}

/// The name of an object, or of what is kept of it.
fn own_name(object: &Value) -> Option<String> {
    let name = object.pointer("/metadata/name").or_else(|| object.get("name"))?;
    name.as_str().map(str::to_owned)
}

/// The texts in a field that holds names.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(name) => drop(found.insert(name.clone())),
        Value::Array(items) => found.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
        Value::Object(fields) => {
            for (from, to) in fields {
                found.insert(from.clone());
                found.extend(to.as_str().map(str::to_owned));
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
    fn names_are_replaced_everywhere_alike_and_what_the_product_names_stays() {
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

    /// Everything the planner may ask for, with names in every place there is for one.
    fn every_fact() -> Value {
        let labels = json!({"app": "prod-eu", "velero.io/schedule-name": "acm-credentials-schedule"});
        let object = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "prod-eu", "labels": labels}});
        json!({
            "subject": {"kind": "Restore", "namespace": "team-backup", "name": "r1"},
            "velero": {"backups": [{"metadata": {"name": "acm-credentials-schedule-20261122100004", "namespace": "team-backup"}}]},
            "onRequest": {
                "hub": {"hubId": "1f30bfe5", "localCluster": "our-hub", "chartChannelNamespaces": ["charts-of-team"]},
                "tokens": {
                    "wantedBy": ["other-backup/schedule-acm"],
                    "accounts": [object("ManagedServiceAccount", "auto-import-account")],
                    "addons": [object("ManagedClusterAddOn", "managed-serviceaccount")],
                    "works": [object("ManifestWork", "addon-managed-serviceaccount-import-prod-eu")],
                    "secrets": [object("Secret", "prod-eu-import")],
                    "clusters": ["lonely-cluster", "prod-eu"],
                    "namespaces": ["only-a-namespace", "default"],
                    "hiveNamespaces": ["made-by-hive"],
                },
                "credentials": {
                    "clusterDeployments": [{"metadata": {"name": "deployed", "namespace": "made-by-hive"},
                        "spec": {"pullSecretRef": {"name": "deployed-pull-secret"}}}],
                    "clusterPools": [{"metadata": {"name": "pool-west", "namespace": "pools-ns"}}],
                    "secrets": [object("Secret", "lonely-cluster-admin-kubeconfig")],
                    "configMaps": [],
                },
                "internalHubs": [{"namespace": "hub-ns", "finalizers": ["f"]}],
                "restoresWaitedFor": ["waited-ns/r9"],
                "volumes": [{"namespace": "volume-ns", "name": "data-of-prod-eu", "exists": true}],
                "imports": {
                    "clusters": [{"name": "imported-1", "server": "https://api.imported-1.corp.example:6443"}],
                    "tokens": [{"namespace": "imported-1", "name": "auto-import-account"}],
                    "importSecrets": [{"namespace": "imported-2"}],
                },
                "leftovers": {"found": [{"kind": {"group": "", "version": "v1", "kind": "Secret", "plural": "secrets"},
                    "namespace": "left-ns", "name": "creds_prod-eu", "uid": "u", "labels": {"owner": "pool-west"}}]},
            },
        })
    }

    #[test]
    fn no_name_is_left_anywhere() {
        let mut value = every_fact();
        let names = Names::of(&value);
        names.hide_in(&mut value);
        let text = value.to_string();
        for name in [
            "prod-eu",
            "team-backup",
            "our-hub",
            "charts-of-team",
            "other-backup",
            "lonely-cluster",
            "only-a-namespace",
            "made-by-hive",
            "deployed",
            "pool-west",
            "pools-ns",
            "hub-ns",
            "waited-ns",
            "volume-ns",
            "imported-1",
            "imported-2",
            "left-ns",
            "corp.example",
        ] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }

    #[test]
    fn what_rules_know_objects_by_is_left() {
        let mut value = every_fact();
        Names::of(&value).hide_in(&mut value);
        let tokens = &value["onRequest"]["tokens"];
        assert_eq!(tokens["accounts"][0]["metadata"]["name"], "auto-import-account");
        assert_eq!(tokens["addons"][0]["metadata"]["name"], "managed-serviceaccount");
        assert_eq!(tokens["secrets"][0]["kind"], "Secret");
        let label = &tokens["secrets"][0]["metadata"]["labels"]["velero.io/schedule-name"];
        assert_eq!(label, "acm-credentials-schedule");
        assert_eq!(
            value["velero"]["backups"][0]["metadata"]["name"],
            "acm-credentials-schedule-20261122100004"
        );
        let cluster = &value["onRequest"]["imports"]["clusters"][0]["name"];
        assert_eq!(
            cluster, &value["onRequest"]["imports"]["tokens"][0]["namespace"],
            "the same name, the same other"
        );
    }

    #[test]
    fn a_namespace_called_like_a_kind_or_a_group_hides_neither() {
        let mut value = json!({
            "subject": {"namespace": "secrets"},
            "onRequest": {
                "tokens": {"namespaces": ["hive", "io"]},
                "served": {"versions": [{"group": "hive.openshift.io", "resources": [{"name": "secrets", "kind": "Secret"}]}]},
            },
            "velero": {"schedules": [{"spec": {"template": {"includedResources": ["secrets", "x.hive.openshift.io"],
                "labelSelector": {"matchExpressions": [{"key": "hive.openshift.io/secret-type", "operator": "Exists"}]}}}}]},
        });
        let before = value.clone();
        Names::of(&value).hide_in(&mut value);
        assert_eq!(value["velero"], before["velero"]);
        assert_eq!(value["onRequest"]["served"], before["onRequest"]["served"]);
        assert_ne!(value["subject"], before["subject"]);
    }
}

//! Which objects of a backup a Restore takes, as Velero decides it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Map, Value};

use super::RestoreSpec;
use super::object_list::split;

/// An object in a backup, as far as a Restore chooses by it.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its kind as the archive names it: `plural` or `plural.group`.
    pub resource: &'a str,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: &'a str,
    /// The object.
    pub object: &'a Value,
}

impl RestoreSpec {
    /// Whether Velero would restore this object of the backup.
    pub fn takes(&self, stored: Stored<'_>) -> bool {
        let kind = stored.object.get("kind").and_then(Value::as_str).unwrap_or_default();
        let (plural, group) = stored.resource.split_once('.').unwrap_or((stored.resource, ""));
        self.takes_resource((&[plural, kind], group))
            && self.takes_place(stored.namespace)
            && self.takes_labels(stored.object)
    }

    /// Whether Velero would restore an object of an object list, as far as its labels do not decide.
    pub fn takes_listed(&self, key: &str, name: &str) -> bool {
        let (group, _, kind) = split(key);
        let plural = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "", kind)).plural;
        let namespace = name.split_once('/').map_or("", |(namespace, _)| namespace);
        self.takes_resource((&[&plural, kind], group)) && self.takes_place(namespace)
    }

    /// The namespace an object comes to.
    pub fn target<'a>(&'a self, namespace: &'a str) -> &'a str {
        let mapped = self.namespace_mapping.as_ref().and_then(|mapping| mapping.get(namespace));
        mapped.map_or(namespace, String::as_str)
    }

    /// The kind by its names, and its group.
    fn takes_resource(&self, kind: (&[&str], &str)) -> bool {
        let is_named = |name: &String| name == "*" || is_kind(name, kind);
        chosen(self.included_resources.as_ref(), self.excluded_resources.as_ref(), is_named)
    }

    fn takes_place(&self, namespace: &str) -> bool {
        let is_all =
            |names: Option<&Vec<String>>| names.is_none_or(|names| names.iter().all(|name| name == "*"));
        if namespace.is_empty() {
            let everything = is_all(self.included_namespaces.as_ref())
                && self.excluded_namespaces.as_ref().is_none_or(Vec::is_empty);
            return self.include_cluster_resources.unwrap_or(everything);
        }
        let is_named = |name: &String| name == "*" || name == namespace;
        chosen(self.included_namespaces.as_ref(), self.excluded_namespaces.as_ref(), is_named)
    }

    fn takes_labels(&self, object: &Value) -> bool {
        let nothing = Map::new();
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object).unwrap_or(&nothing);
        let alternatives = self.or_label_selectors.as_ref().filter(|selectors| !selectors.is_empty());
        self.label_selector.as_ref().is_none_or(|selector| fits(selector, labels))
            && alternatives.is_none_or(|all| all.iter().any(|selector| fits(selector, labels)))
    }
}

/// An empty list of what is included means everything.
fn chosen(
    included: Option<&Vec<String>>,
    excluded: Option<&Vec<String>>,
    is_named: impl Fn(&String) -> bool,
) -> bool {
    let is_in = included.filter(|names| !names.is_empty()).is_none_or(|names| names.iter().any(&is_named));
    is_in && !excluded.is_some_and(|names| names.iter().any(&is_named))
}

/// A kind may be written as its plural, its singular or itself, with or without its group.
fn is_kind(name: &str, (names, group): (&[&str], &str)) -> bool {
    let (wanted, of) = name.split_once('.').map_or((name, None), |(wanted, of)| (wanted, Some(of)));
    names.iter().any(|name| wanted.eq_ignore_ascii_case(name)) && of.is_none_or(|of| of == group)
}

fn fits(selector: &LabelSelector, labels: &Map<String, Value>) -> bool {
    let value = |key: &str| labels.get(key).and_then(Value::as_str);
    let mut pairs = selector.match_labels.iter().flatten();
    pairs.all(|(key, wanted)| value(key) == Some(wanted))
        && selector.match_expressions.iter().flatten().all(|wanted| meets(wanted, value(&wanted.key)))
}

fn meets(wanted: &LabelSelectorRequirement, value: Option<&str>) -> bool {
    let is_listed = || value.is_some_and(|value| wanted.values.iter().flatten().any(|one| one == value));
    match wanted.operator.as_str() {
        "In" => is_listed(),
        "NotIn" => !is_listed(),
        "Exists" => value.is_some(),
        _ => value.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takes(spec: &Value, (resource, namespace): (&str, &str), labels: &Value) -> bool {
        let spec: RestoreSpec = serde_json::from_value(spec.clone()).unwrap();
        let object = json!({"kind": "Secret", "metadata": {"labels": labels}});
        spec.takes(Stored { resource, namespace, object: &object })
    }

    #[test]
    fn kinds_are_known_by_plural_singular_and_group() {
        for name in ["secrets", "Secret", "secret", "*"] {
            assert!(!takes(&json!({"excludedResources": [name]}), ("secrets", "a"), &json!({})), "{name}");
            assert!(takes(&json!({"includedResources": [name]}), ("secrets", "a"), &json!({})), "{name}");
        }
        let spec = json!({"excludedResources": ["roles.rbac.authorization.k8s.io"]});
        assert!(!takes(&spec, ("roles.rbac.authorization.k8s.io", "a"), &json!({})));
        assert!(takes(&spec, ("roles.example.org", "a"), &json!({})));
    }

    #[test]
    fn cluster_scoped_objects_come_along_unless_namespaces_are_chosen() {
        assert!(takes(&json!({}), ("x.y", ""), &json!({})));
        assert!(!takes(&json!({"includedNamespaces": ["a"]}), ("x.y", ""), &json!({})));
        let spec = json!({"includedNamespaces": ["a"], "includeClusterResources": true});
        assert!(takes(&spec, ("x.y", ""), &json!({})));
        assert!(takes(&spec, ("x.y", "a"), &json!({})) && !takes(&spec, ("x.y", "b"), &json!({})));
    }

    #[test]
    fn of_a_list_kinds_and_namespaces_decide() {
        let spec: RestoreSpec = serde_json::from_value(json!({
            "excludedResources": ["policies.policy.open-cluster-management.io"], "excludedNamespaces": ["b"],
        }))
        .unwrap();
        assert!(!spec.takes_listed("policy.open-cluster-management.io/v1/Policy", "a/p"));
        assert!(spec.takes_listed("v1/Secret", "a/s") && !spec.takes_listed("v1/Secret", "b/s"));
    }

    #[test]
    fn labels_are_matched_as_kubernetes_does() {
        let one = |operator: &str| json!({"labelSelector": {"matchExpressions": [{"key": "k", "operator": operator, "values": ["v"]}]}});
        let told = |spec: &Value| {
            [json!({"k": "v"}), json!({"k": "w"}), json!({})]
                .map(|labels| takes(spec, ("secrets", "a"), &labels))
        };
        assert_eq!(told(&one("In")), [true, false, false]);
        assert_eq!(told(&one("NotIn")), [false, true, true]);
        assert_eq!(told(&one("Exists")), [true, true, false]);
        assert_eq!(told(&one("DoesNotExist")), [false, false, true]);
        assert_eq!(told(&json!({"orLabelSelectors": [{"matchLabels": {"k": "w"}}]})), [false, true, false]);
    }
}

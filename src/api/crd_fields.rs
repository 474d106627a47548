//! What an installed CRD and this program know of each other's fields.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use serde_json::Value;

use super::VERSION;

/// Fields of the spec that only one side knows, as dotted paths, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldDifference {
    /// This program can set them; the server would drop them.
    pub missing_here: Vec<String>,
    /// The server knows them; this program does not.
    pub newer_here: Vec<String>,
}

/// Compares the spec of `installed` with that of `ours`; a version that is not served differs in everything.
pub fn compare(ours: &CustomResourceDefinition, installed: &CustomResourceDefinition) -> FieldDifference {
    let (ours, installed) = (spec_of(ours), spec_of(installed));
    let mut difference = FieldDifference::default();
    only_in(ours, installed, "spec", &mut difference.missing_here);
    only_in(installed, ours, "spec", &mut difference.newer_here);
    difference
}

/// Fields of `object` that `crd` does not know, and fields it lacks although they are required; a sentence each.
pub fn misfits(crd: &CustomResourceDefinition, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(root) = root_of(crd) {
        misfits_below(root, object, "", &mut found);
    }
    found
}

fn misfits_below(schema: &JSONSchemaProps, value: &Value, path: &str, found: &mut Vec<String>) {
    if let (Some(JSONSchemaPropsOrArray::Schema(item)), Some(items)) = (&schema.items, value.as_array()) {
        items
            .iter()
            .enumerate()
            .for_each(|(i, one)| misfits_below(item, one, &format!("{path}[{i}]"), found));
    }
    // What names no fields takes any, as metadata do here.
    let (Some(known), Some(fields)) = (&schema.properties, value.as_object()) else { return };
    let path_of = |name: &str| format!("{path}.{name}").trim_start_matches('.').to_owned();
    for (name, value) in fields {
        match known.get(name) {
            Some(child) => misfits_below(child, value, &path_of(name), found),
            None => found.push(format!("{} is no field of it", path_of(name))),
        }
    }
    let is_missing = |name: &&String| fields.get(*name).is_none_or(Value::is_null);
    let missing = schema.required.iter().flatten().filter(is_missing);
    found.extend(missing.map(|name| format!("{} is missing", path_of(name))));
}

fn spec_of(crd: &CustomResourceDefinition) -> Option<&JSONSchemaProps> {
    root_of(crd)?.properties.as_ref()?.get("spec")
}

fn root_of(crd: &CustomResourceDefinition) -> Option<&JSONSchemaProps> {
    let version = crd.spec.versions.iter().find(|version| version.name == VERSION && version.served)?;
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

/// Collects what `a` has and `b` lacks; fields below a missing one are not named again.
fn only_in(a: Option<&JSONSchemaProps>, b: Option<&JSONSchemaProps>, path: &str, found: &mut Vec<String>) {
    // Where the other side takes anything, nothing is missing.
    if b.is_some_and(|b| b.x_kubernetes_preserve_unknown_fields == Some(true)) {
        return;
    }
    let inside = b.and_then(properties);
    for (name, child) in a.and_then(properties).into_iter().flatten() {
        let path = format!("{path}.{name}");
        match inside.and_then(|fields| fields.get(name)) {
            Some(other) => only_in(Some(child), Some(other), &path, found),
            None => found.push(path),
        }
    }
}

/// The fields of an object, or of the objects in a list.
fn properties(schema: &JSONSchemaProps) -> Option<&BTreeMap<String, JSONSchemaProps>> {
    match (&schema.properties, &schema.items) {
        (Some(fields), _) => Some(fields),
        (None, Some(JSONSchemaPropsOrArray::Schema(item))) => properties(item),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::crd;

    fn change(
        crd: &CustomResourceDefinition,
        edit: impl FnOnce(&mut JSONSchemaProps),
    ) -> CustomResourceDefinition {
        let mut crd = crd.clone();
        let root = crd.spec.versions[0].schema.as_mut().unwrap().open_api_v3_schema.as_mut().unwrap();
        edit(root.properties.as_mut().unwrap().get_mut("spec").unwrap());
        crd
    }

    #[test]
    fn a_crd_differs_from_itself_in_nothing() {
        for ours in crd::all() {
            assert_eq!(compare(&ours, &ours), FieldDifference::default());
        }
    }

    #[test]
    fn older_and_newer_crds_are_told_apart_field_by_field() {
        let ours = crd::all().remove(1);
        let older = change(&ours, |spec| {
            spec.properties.as_mut().unwrap().remove("restoreSyncInterval");
        });
        assert_eq!(compare(&ours, &older).missing_here, ["spec.restoreSyncInterval"]);
        let newer = change(&ours, |spec| {
            let field = JSONSchemaProps { type_: Some("string".into()), ..Default::default() };
            spec.properties.as_mut().unwrap().insert("aField".into(), field);
        });
        let difference = compare(&ours, &newer);
        assert_eq!(
            (difference.missing_here, difference.newer_here),
            (vec![], vec!["spec.aField".to_owned()])
        );
    }

    #[test]
    fn an_object_is_told_which_fields_it_lacks_and_which_nobody_knows() {
        let ours = crd::all().remove(1);
        let mut object = serde_json::json!({"metadata": {"name": "r", "anything": 1}, "spec": {
            "veleroManagedClustersBackupName": "skip",
            "veleroCredentialsBackupName": null,
            "veleroResourcesBackupName": "latest",
            "cleanupBeforeRestore": "None",
            "veleroManagedClusterBackupName": "skip",
            "orLabelSelectors": [{"matchLabels": {"a": "b"}}, {"matchLabel": {}}],
            "namespaceMapping": {"a": "b"},
        }});
        let wanted = [
            "spec.veleroManagedClusterBackupName is no field of it",
            "spec.orLabelSelectors[1].matchLabel is no field of it",
            "spec.veleroCredentialsBackupName is missing",
        ];
        assert_eq!(misfits(&ours, &object), wanted);
        object["spec"] = Value::Null;
        assert_eq!(misfits(&ours, &object), [] as [&str; 0], "the CRD asks for no spec");
    }

    #[test]
    fn an_open_schema_lacks_nothing_and_an_unserved_version_lacks_all() {
        let ours = crd::all().remove(0);
        let open = change(&ours, |spec| {
            spec.properties = None;
            spec.x_kubernetes_preserve_unknown_fields = Some(true);
        });
        assert_eq!(compare(&ours, &open).missing_here, [] as [&str; 0]);
        let mut unserved = ours.clone();
        unserved.spec.versions[0].served = false;
        assert!(compare(&ours, &unserved).missing_here.contains(&"spec.veleroSchedule".to_owned()));
    }
}

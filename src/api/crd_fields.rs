//! What an installed CRD and this program know of each other's fields.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};

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

fn spec_of(crd: &CustomResourceDefinition) -> Option<&JSONSchemaProps> {
    let version = crd.spec.versions.iter().find(|version| version.name == VERSION && version.served)?;
    let root = version.schema.as_ref()?.open_api_v3_schema.as_ref()?;
    root.properties.as_ref()?.get("spec")
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

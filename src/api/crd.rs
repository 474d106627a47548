//! Our CRDs as values; the only place that makes CRD YAML.
//!
//! The derive writes the schema as kube likes it; `like_the_operators` takes out what the operator's CRDs do not say, so that
//! either set can be installed over the other. Spec: S-010…S-016, R-040…R-042

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::{BackupSchedule, Restore, restore_rules};

/// Both CRDs, BackupSchedule first.
pub fn all() -> Vec<CustomResourceDefinition> {
    let mut restore = like_the_operators(Restore::crd());
    roots(&mut restore).for_each(restore_rules::add);
    vec![like_the_operators(BackupSchedule::crd()), restore]
}

fn like_the_operators(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    let names = &mut crd.spec.names;
    names.list_kind = Some(format!("{}List", names.kind));
    for root in roots(&mut crd) {
        finish_root(root);
        visit(root, &mut drop_hints);
    }
    crd
}

fn roots(crd: &mut CustomResourceDefinition) -> impl Iterator<Item = &mut JSONSchemaProps> {
    crd.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut()?.open_api_v3_schema.as_mut())
}

/// Names the fields every object has, and makes the `spec` block optional as a whole. Spec: S-012, R-040
fn finish_root(root: &mut JSONSchemaProps) {
    root.title = None;
    root.required = None;
    let properties = root.properties.get_or_insert_default();
    if let Some(status) = properties.get_mut("status") {
        status.nullable = None;
    }
    let fields = [
        ("apiVersion", "string", "API version of this object."),
        ("kind", "string", "Kind of this object."),
        // The server describes it itself and takes no other description.
        ("metadata", "object", ""),
    ];
    properties.extend(fields.map(|(name, type_, text)| (name.to_owned(), field(type_, text))));
}

fn field(type_: &str, description: &str) -> JSONSchemaProps {
    JSONSchemaProps {
        type_: Some(type_.to_owned()),
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        ..JSONSchemaProps::default()
    }
}

/// Removes defaults, which would be written into the user's object, the width of integers, and from the text the
/// rule numbers, which say nothing to a reader of `kubectl explain`. Spec: R-041
fn drop_hints(schema: &mut JSONSchemaProps) {
    schema.default = None;
    if let Some((text, _)) = schema.description.as_deref().and_then(|text| text.split_once("Spec: ")) {
        schema.description = Some(text.trim_end().to_owned());
    }
    if schema.type_.as_deref() == Some("integer") {
        schema.format = None;
    }
}

fn visit(schema: &mut JSONSchemaProps, change: &mut impl FnMut(&mut JSONSchemaProps)) {
    change(schema);
    schema.properties.iter_mut().flat_map(BTreeMap::values_mut).for_each(|child| visit(child, change));
    if let Some(JSONSchemaPropsOrArray::Schema(child)) = &mut schema.items {
        visit(child, change);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(child)) = &mut schema.additional_properties {
        visit(child, change);
    }
}

//! Our two CRDs as others install them.

use acmbackup_lab::crds;
use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

/// Fields of the spec and of the status that were known then. Spec: S-012, S-013, S-014, R-043, R-044
const SCHEDULE: (&[&str], &[&str]) = (
    &["veleroSchedule", "veleroTtl", "maxBackups"],
    &[
        "phase",
        "lastMessage",
        "veleroScheduleCredentials",
        "veleroScheduleManagedClusters",
        "veleroScheduleResources",
    ],
);
const RESTORE: (&[&str], &[&str]) = (
    &["veleroManagedClustersBackupName", "veleroCredentialsBackupName", "veleroResourcesBackupName"],
    &[
        "phase",
        "lastMessage",
        "veleroManagedClustersRestoreName",
        "veleroCredentialsRestoreName",
        "veleroResourcesRestoreName",
    ],
);

/// What they were in January 2022.
pub(crate) fn of_january_2022() -> Vec<CustomResourceDefinition> {
    let mut found = crds::own();
    for (crd, (spec, status)) in found.iter_mut().zip([SCHEDULE, RESTORE]) {
        for version in &mut crd.spec.versions {
            let root = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
            let parts = root.and_then(|root| {
                root.x_kubernetes_validations = None;
                root.properties.as_mut()
            });
            let parts = parts.into_iter().flatten();
            for (part, schema) in parts {
                let known = match part.as_str() {
                    "spec" => spec,
                    "status" => status,
                    _ => continue,
                };
                schema
                    .properties
                    .iter_mut()
                    .for_each(|fields| fields.retain(|name, _| known.contains(&name.as_str())));
                let required = |name: &&&str| part == "spec" && **name != "veleroTtl";
                schema.x_kubernetes_validations = None;
                schema.required =
                    Some(known.iter().filter(required).map(|name| (*name).to_owned()).collect::<Vec<_>>())
                        .filter(|names| !names.is_empty());
            }
        }
    }
    found
}

/// What the operator installs today, built from the facts `tests/crd_parity.rs` holds ours against.
///
/// Names, columns and scope are those of ours, as that test shows; the schema is the operator's alone.
pub(crate) fn of_operator() -> Result<Vec<CustomResourceDefinition>> {
    let schemas = [
        schema(include_str!("../data/crd-facts/backupschedules.tsv"))?,
        schema(include_str!("../data/crd-facts/restores.tsv"))?,
    ];
    let mut found = crds::own();
    for (crd, schema) in found.iter_mut().zip(schemas) {
        (crd.metadata.labels, crd.metadata.annotations) = (None, None);
        let version = crd.spec.versions.first_mut().context("a CRD has a version")?;
        let whole = version.schema.get_or_insert_default();
        whole.open_api_v3_schema = Some(serde_json::from_value(schema)?);
    }
    Ok(found)
}

/// Lines of path, type and `key=value`, as `tests/crd_parity.rs` writes them.
fn schema(facts: &str) -> Result<Value> {
    let mut schema = json!({});
    for line in facts.lines().filter(|line| line.starts_with('.')) {
        let mut words = line.split('\t');
        let path = words.next().context("a line has a path")?;
        let path =
            path.replace('.', ".properties.").replace("[]", ".items").replace("{}", ".additionalProperties");
        let mut place = &mut schema;
        for step in path.split('.').filter(|_| path != ".properties.").skip(1) {
            place = entry(place, step)?;
        }
        *entry(place, "type")? = words.next().context("a line has a type")?.into();
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            *entry(place, key)? = serde_json::from_str(value)?;
        }
    }
    Ok(schema)
}

/// What stands there; an empty object if nothing did.
fn entry<'a>(object: &'a mut Value, key: &str) -> Result<&'a mut Value> {
    Ok(object.as_object_mut().context("a schema is an object")?.entry(key).or_insert_with(|| json!({})))
}

//! A Restore from a file, as the server would take it.

use std::path::Path;

use kube::Resource;
use serde_json::Value;

use crate::api::{self, crd, crd_fields};
use crate::cli::captured;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::wire::yaml;

/// Reads a Restore; `-` is standard input.
///
/// # Errors
///
/// Exit 2 if the file cannot be read, or the server would not take what is in it.
pub(super) async fn read(file: &Path) -> Result<api::Restore> {
    let text = captured::read_text(file).await?;
    parse(&text).map_err(|wrong| {
        let message = format!("{} holds no valid Restore", captured::called(file));
        wrong.into_iter().fold(CliError::new(Exit::Usage, message), CliError::detail)
    })
}

/// An object that names no namespace is of the one worked in.
///
/// # Errors
///
/// Exit 2 if it names another one.
pub(super) fn inside(mut restore: api::Restore, namespace: &str) -> Result<api::Restore> {
    let named = restore.metadata.namespace.get_or_insert_with(|| namespace.to_owned()).clone();
    if named == namespace {
        return Ok(restore);
    }
    let message = format!("the Restore is of namespace {named}, and the hub is looked at in {namespace}");
    Err(CliError::new(Exit::Usage, message).try_(format!("add -n {named}, or change metadata.namespace")))
}

/// What is wrong is told a line each.
fn parse(text: &str) -> std::result::Result<api::Restore, Vec<String>> {
    let said = |error: &dyn std::fmt::Display| vec![error.to_string()];
    let mut object: Value = yaml::from_str(text).map_err(|error| said(&error))?;
    // The server takes no status from whoever creates an object.
    object.as_object_mut().map(|fields| fields.remove("status"));
    let wrong = misidentified(&object);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let wrong: Vec<String> = crd::all()
        .iter()
        .filter(|crd| crd.spec.names.kind == KIND)
        .flat_map(|crd| crd_fields::misfits(crd, &object))
        .collect();
    match wrong.is_empty() {
        true => serde_json::from_value(object).map_err(|error| said(&error)),
        false => Err(wrong),
    }
}

const KIND: &str = "Restore";

/// Why this is no Restore at all, or one without a name.
fn misidentified(object: &Value) -> Vec<String> {
    let version = api::Restore::api_version(&());
    let text =
        |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let expected = |field: &str, wanted: &str| match text(&format!("/{field}")) {
        Some(found) if found == wanted => None,
        Some(found) => Some(format!("{field} is {found}, expected {wanted}")),
        None => Some(format!("{field} is missing, expected {wanted}")),
    };
    let nameless = text("/metadata/name").is_none().then(|| "metadata.name is missing".to_owned());
    [expected("apiVersion", &version), expected("kind", KIND), nameless].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "apiVersion: cluster.open-cluster-management.io/v1beta1\nkind: Restore\n\
        metadata: {name: r, namespace: acm}\nspec: {veleroManagedClustersBackupName: skip, \
        veleroCredentialsBackupName: latest, veleroResourcesBackupName: latest, cleanupBeforeRestore: None}\n";

    fn wrong(text: &str) -> String {
        parse(text).unwrap_err().join("; ")
    }

    #[test]
    fn only_a_restore_the_server_would_take_is_one() {
        let kept = parse(&format!("{GOOD}status: {{phase: Finished, newer: 1}}\n")).unwrap();
        assert_eq!(kept.phase(), api::RestorePhase::Unset, "nobody creates an object with a status");
        let all = "apiVersion is missing, expected cluster.open-cluster-management.io/v1beta1; \
            kind is missing, expected Restore; metadata.name is missing";
        for nothing in ["foo: bar", "", "[1]"] {
            assert_eq!(wrong(nothing), all, "{nothing:?}");
        }
        let other = GOOD
            .replace("kind: Restore", "kind: ConfigMap")
            .replace("cluster.open-cluster-management.io/v1beta1", "v1");
        let told = "apiVersion is v1, expected cluster.open-cluster-management.io/v1beta1; \
            kind is ConfigMap, expected Restore";
        assert_eq!(wrong(&other), told);
        assert_eq!(
            wrong(&GOOD.replace("veleroResourcesBackupName", "veleroResourceBackupName")),
            "spec.veleroResourceBackupName is no field of it; spec.veleroResourcesBackupName is missing"
        );
        assert!(wrong(&GOOD.replace("name: r,", "name: r, labels: 7,")).contains("invalid type"));
    }

    #[test]
    fn it_is_planned_in_its_own_namespace_only() {
        let restore = parse(GOOD).unwrap();
        assert_eq!(inside(restore.clone(), "acm").unwrap(), restore);
        let error = inside(restore, "other").unwrap_err();
        assert_eq!(error.exit, Exit::Usage);
        assert_eq!(error.message, "the Restore is of namespace acm, and the hub is looked at in other");
        let anywhere = parse(&GOOD.replace(", namespace: acm", "")).unwrap();
        assert_eq!(inside(anywhere, "other").unwrap().metadata.namespace.as_deref(), Some("other"));
    }
}

//! A Restore in a file: what the server would refuse is refused here.

use std::path::Path;

use kube::CustomResourceExt;
use serde_json::Value;

use crate::api::Restore;
use crate::cli::captured;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::wire::yaml;

const API_VERSION: &str = "cluster.open-cluster-management.io/v1beta1";

/// Reads the Restore in a file; `-` is standard input.
///
/// # Errors
///
/// Exit 2 if the file holds no Restore, exit 3 if the server would refuse the one it holds.
pub(super) async fn read(file: &Path) -> Result<Restore> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    restore(&captured::read_text(file).await?, &name)
}

fn restore(text: &str, file: &str) -> Result<Restore> {
    let wrong = |why: String| CliError::new(Exit::Usage, format!("{file} holds no Restore: {why}"));
    let object: Value = yaml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let said = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    match (said("apiVersion"), said("kind")) {
        (API_VERSION, "Restore") => {}
        ("", "") => return Err(wrong("it says neither apiVersion nor kind".to_owned())),
        (version, kind) => {
            return Err(
                wrong(format!("it is {version} {kind}")).why(format!("expected {API_VERSION} Restore"))
            );
        }
    }
    let restore: Restore = yaml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if restore.metadata.name.is_none() {
        return Err(wrong("it has no name".to_owned()));
    }
    let problems = problems(object.get("spec").unwrap_or(&Value::Null));
    if problems.is_empty() {
        return Ok(restore);
    }
    let error = CliError::new(Exit::Invalid, format!("the server would refuse the Restore in {file}"));
    Err(problems.into_iter().fold(error, CliError::detail))
}

/// Fields that are missing, and fields no Restore has.
fn problems(spec: &Value) -> Vec<String> {
    let (known, required) = fields().unwrap_or_default();
    let given = spec.as_object().into_iter().flat_map(|spec| spec.keys());
    let unknown =
        given.filter(|field| !known.contains(field)).map(|field| format!("unknown field spec.{field}"));
    let missing = required.iter().filter(|field| spec.get(field.as_str()).is_none_or(Value::is_null));
    missing.map(|field| format!("spec.{field} is required")).chain(unknown).collect()
}

/// The fields of a spec, and those it must have, as our CRD has them.
fn fields() -> Option<(Vec<String>, Vec<String>)> {
    let version = Restore::crd().spec.versions.into_iter().next()?;
    let spec = version.schema?.open_api_v3_schema?.properties?.remove("spec")?;
    Some((spec.properties?.into_keys().collect(), spec.required.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "apiVersion: cluster.open-cluster-management.io/v1beta1\nkind: Restore\nmetadata: {name: r}\n\
        spec: {veleroManagedClustersBackupName: skip, veleroCredentialsBackupName: latest,\
        veleroResourcesBackupName: latest, cleanupBeforeRestore: None}\n";

    fn refusal(text: &str) -> Box<CliError> {
        restore(text, "r.yaml").unwrap_err()
    }

    #[test]
    fn only_a_restore_of_ours_is_one() {
        assert_eq!(restore(GOOD, "r.yaml").unwrap().metadata.name.as_deref(), Some("r"));
        for (text, why) in [
            ("foo: bar", "r.yaml holds no Restore: it says neither apiVersion nor kind"),
            (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}",
                "r.yaml holds no Restore: it is v1 ConfigMap",
            ),
            (
                "apiVersion: velero.io/v1\nkind: Restore\nmetadata: {name: x}",
                "r.yaml holds no Restore: it is velero.io/v1 Restore",
            ),
            (&GOOD.replace("{name: r}", "{}"), "r.yaml holds no Restore: it has no name"),
        ] {
            let error = refusal(text);
            assert_eq!((error.exit, error.message.as_str()), (Exit::Usage, why));
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_named_field_by_field() {
        let text =
            GOOD.replace("veleroManagedClustersBackupName: skip", "veleroManagedClusterBackupName: skip");
        let error = refusal(&text);
        assert_eq!(error.exit, Exit::Invalid);
        let wanted = [
            "spec.veleroManagedClustersBackupName is required",
            "unknown field spec.veleroManagedClusterBackupName",
        ];
        assert_eq!(error.details, wanted);
    }
}

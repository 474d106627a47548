//! The software bill of materials, in CycloneDX 1.5.

use serde_json::{Value, json};

use crate::packages::{OURS, Package};

/// The bill of materials for these packages and what compiled them, name and version, as indented JSON.
///
/// It has neither a serial number nor a time, so that the same packages make the same bytes.
///
/// # Errors
///
/// Never in practice: JSON of texts can always be written.
pub fn cyclonedx(packages: &[Package], compilers: &[(&str, String)]) -> serde_json::Result<String> {
    let (ours, others): (Vec<&Package>, Vec<&Package>) =
        packages.iter().partition(|package| package.name == OURS);
    let dependencies: Vec<Value> = packages
        .iter()
        .map(|package| {
            let uses: Vec<String> = package.uses.iter().map(|id| format!("pkg:cargo/{id}")).collect();
            json!({"ref": package.url(), "dependsOn": uses})
        })
        .collect();
    let built_with: Vec<Value> = compilers
        .iter()
        .map(|(name, version)| json!({"name": format!("{OURS}:{name}"), "value": version}))
        .collect();
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": ours.first().map(|package| component(package, "application")),
            "properties": built_with,
        },
        "components": others.iter().map(|package| component(package, "library")).collect::<Vec<_>>(),
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&bill)? + "\n")
}

fn component(package: &Package, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": package.url(),
        "name": package.name,
        "version": package.version,
        "licenses": [{"expression": expression(&package.licence)}],
        "purl": package.url(),
    });
    if let (Some(url), Some(fields)) = (&package.repository, component.as_object_mut()) {
        fields.insert("externalReferences".to_owned(), json!([{"type": "vcs", "url": url}]));
    }
    component
}

/// Old packages separate a choice of licences by a slash, which SPDX does not know.
fn expression(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn package(name: &str, licence: &str, uses: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            repository: None,
            folder: "/".into(),
            uses: uses.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
        }
    }

    #[test]
    fn the_bill_names_the_program_and_what_is_in_it() {
        let packages = [package(OURS, "Apache-2.0", &["kube@1.0.0"]), package("kube", "MIT/Apache-2.0", &[])];
        let bill: Value =
            serde_json::from_str(&cyclonedx(&packages, &[("rustc", "1.95.0".to_owned())]).unwrap()).unwrap();
        assert_eq!(bill["metadata"]["properties"][0]["value"], "1.95.0");
        assert_eq!(bill["metadata"]["component"]["name"], OURS);
        assert_eq!(bill["components"].as_array().unwrap().len(), 1);
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/kube@1.0.0");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["dependencies"][0]["dependsOn"][0], bill["components"][0]["bom-ref"]);
    }
}

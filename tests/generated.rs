//! What is generated and committed is up to date.
//!
//! `UPDATE=1 cargo test --test generated` writes the files anew; read the diff before you commit it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use acmbackup::api::crd;
use acmbackup::cluster::roles::roles;
use acmbackup::wire::yaml;

#[test]
fn plugin_manifest_holds_exactly_our_crds() {
    let mut wanted = BTreeSet::new();
    for crd in crd::all() {
        let name = format!("{}.yaml", crd.spec.names.plural);
        assert_up_to_date(&format!("plugin-manifest/crds/{name}"), &yaml::to_string(&crd).unwrap());
        wanted.insert(name);
    }
    let entries = std::fs::read_dir(in_repository("plugin-manifest/crds")).unwrap();
    let found: BTreeSet<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, wanted);
}

#[test]
fn plugin_manifest_holds_the_roles_of_the_loop() {
    let documents = roles().map(|role| yaml::to_string(&role).unwrap());
    assert_up_to_date("plugin-manifest/rbac.yaml", &documents.join("---\n"));
}

#[test]
fn a_crd_reads_back_from_its_yaml() {
    for crd in crd::all() {
        let text = yaml::to_string(&crd).unwrap();
        assert_eq!(yaml::from_str::<serde_json::Value>(&text).unwrap(), serde_json::to_value(&crd).unwrap());
    }
}

/// Compares a generated text with its committed file, or writes the file when `UPDATE` is set.
fn assert_up_to_date(path: &str, text: &str) {
    let file = in_repository(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let line = committed.lines().zip(text.lines()).take_while(|(old, new)| old == new).count() + 1;
    assert!(
        committed == text,
        "{path} is out of date from line {line}: UPDATE=1 cargo test --test generated"
    );
}

fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

//! `docs/dependencies.md` says of each dependency why it is here, and of no other.

use std::collections::BTreeSet;

use super::read;

/// Names below the headings of dependencies in a Cargo.toml.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in read(manifest).lines() {
        inside = if line.starts_with('[') { line.ends_with("dependencies]") } else { inside };
        found.extend(line.split_once(" = ").filter(|_| inside).map(|(name, _)| name.to_owned()));
    }
    assert!(found.len() > 5, "{manifest}: {found:?}");
    found
}

/// Names in the first cell of the rows.
fn explained() -> BTreeSet<String> {
    let page = read("docs/dependencies.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    rows.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .filter(|name| !name.starts_with([',', ' ']) && !name.is_empty())
        .collect()
}

#[test]
fn every_dependency_is_explained_and_nothing_else() {
    let manifests = ["Cargo.toml", "tests/lab/Cargo.toml", "release/Cargo.toml"];
    let used: BTreeSet<String> = manifests.into_iter().flat_map(dependencies).collect();
    assert_eq!(explained(), used);
}

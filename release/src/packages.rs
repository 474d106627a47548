//! The packages that end up in the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

/// Name of the package that is released.
pub const OURS: &str = "kubectl-acmbackup";

/// A package in the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SPDX expression; empty if the package states none.
    pub licence: String,
    /// Where it is developed; `None` if it does not say.
    pub repository: Option<String>,
    /// Folder of its source.
    pub folder: PathBuf,
    /// `name@version` of the packages it uses itself.
    pub uses: BTreeSet<String>,
}

impl Package {
    /// `name@version`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The package URL by which others know it.
    pub fn url(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

/// The packages in the program for these targets, sorted by name and version; ours is among them.
///
/// Tests and build scripts leave nothing in the program, so what only they need is not listed.
///
/// # Errors
///
/// `cargo metadata` fails.
pub fn shipped(root: &Path, targets: &[&str]) -> Result<Vec<Package>> {
    let mut filter = vec!["--locked".to_owned()];
    filter.extend(targets.iter().map(|target| format!("--filter-platform={target}")));
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .features(CargoOpt::NoDefaultFeatures)
        .other_options(filter)
        .exec()
        .context("read the packages")?;
    let edges = edges(&metadata)?;
    let start =
        metadata.packages.iter().find(|package| package.name == OURS).context("no package is ours")?;
    let mut found = BTreeSet::from([&start.id]);
    let mut open = vec![&start.id];
    while let Some(id) = open.pop() {
        open.extend(edges.get(id).into_iter().flatten().filter(|next| found.insert(next)));
    }
    let mut packages: Vec<Package> = found.into_iter().map(|id| package(&metadata, &edges, id)).collect();
    packages.sort();
    Ok(packages)
}

type Edges<'a> = BTreeMap<&'a PackageId, Vec<&'a PackageId>>;

fn edges(metadata: &Metadata) -> Result<Edges<'_>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
    let kept = |dependency: &&cargo_metadata::NodeDep| {
        dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
    };
    let nodes = resolve.nodes.iter();
    Ok(nodes.map(|node| (&node.id, node.deps.iter().filter(kept).map(|dep| &dep.pkg).collect())).collect())
}

fn package(metadata: &Metadata, edges: &Edges<'_>, id: &PackageId) -> Package {
    let found = &metadata[id];
    let name = |id: &PackageId| format!("{}@{}", metadata[id].name, metadata[id].version);
    Package {
        name: found.name.to_string(),
        version: found.version.to_string(),
        licence: found.license.clone().unwrap_or_default(),
        repository: found.repository.clone(),
        folder: found
            .manifest_path
            .parent()
            .map(|folder| folder.as_std_path().to_owned())
            .unwrap_or_default(),
        uses: edges.get(id).into_iter().flatten().map(|id| name(id)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_need_is_not_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let packages = shipped(&root, &["x86_64-unknown-linux-musl"]).unwrap();
        let has = |name: &str| packages.iter().any(|package| package.name == name);
        assert!(has(OURS) && has("kube") && has("ring"));
        assert!(!has("proptest") && !has("acmbackup-lab") && !has("cc"));
        assert!(packages.iter().all(|package| !package.licence.is_empty()));
    }
}

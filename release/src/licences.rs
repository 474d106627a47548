//! The licences of what is in the program, with their texts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::packages::{OURS, Package};

/// Starts of the names of files that hold a licence or a notice that goes with it.
const NAMES: &[&str] = &["licen", "copying", "copyright", "notice", "unlicense"];

const INTRODUCTION: &str = "kubectl-acmbackup contains the following packages. After the list come the texts of their\n\
    licences as the packages carry them; equal texts are printed once.\n\n";

/// One text with every package and its licences, then every licence text once.
///
/// # Errors
///
/// The source of a package cannot be read.
pub fn collected(packages: &[Package]) -> Result<String> {
    let others: Vec<&Package> = packages.iter().filter(|package| package.name != OURS).collect();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut page = INTRODUCTION.to_owned();
    for package in others {
        page.push_str(&format!("{} {}: {}\n", package.name, package.version, package.licence));
        for text in texts_of(&package.folder)? {
            texts.entry(text).or_default().push(package.id());
        }
    }
    let mut sections: Vec<(Vec<String>, String)> =
        texts.into_iter().map(|(text, users)| (users, text)).collect();
    sections.sort();
    for (users, text) in sections {
        let line = "=".repeat(80);
        page.push_str(&format!("\n{line}\n{}\n{line}\n\n{text}\n", users.join(", ")));
    }
    Ok(page)
}

fn texts_of(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.file_type()?.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned();
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            texts.push(lines.join("\n").trim().to_owned());
        }
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_package_is_listed_and_equal_texts_are_printed_once() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut packages = Vec::new();
        for (folder, name) in folders.iter().zip(["a", "b"]) {
            std::fs::write(folder.path().join("LICENSE-MIT"), "Permission is granted  \r\n").unwrap();
            std::fs::write(folder.path().join("lib.rs"), "not a licence").unwrap();
            packages.push(Package {
                name: name.to_owned(),
                version: "1.0.0".to_owned(),
                licence: "MIT".to_owned(),
                repository: None,
                folder: folder.path().to_owned(),
                uses: BTreeSet::new(),
            });
        }
        let page = collected(&packages).unwrap();
        assert!(page.contains("a 1.0.0: MIT\nb 1.0.0: MIT\n"), "{page}");
        assert!(page.contains("\na@1.0.0, b@1.0.0\n"), "{page}");
        assert_eq!(page.matches("Permission is granted").count(), 1);
        assert!(!page.contains("not a licence"));
    }
}

//! `docs/problems.md` has one section for each problem the program names.

use std::collections::BTreeSet;

use super::{files_below, in_repository, read};

/// What stands in front of a problem's name in the sources.
const BEFORE: &[&str] =
    &["Note::warning(", "Note::error(", "error(", "CliError::named(", "name: Some(", ".problem(", ": &str ="];

pub(super) fn sections() -> Vec<String> {
    read("docs/problems.md").lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

fn sources() -> Vec<String> {
    let without_tests = |text: String| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    let files = files_below(&in_repository("src"), ".rs");
    let is_program = |path: &std::path::PathBuf| !path.ends_with("tests.rs");
    files
        .iter()
        .filter(|path| is_program(path))
        .map(|path| without_tests(std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// Names in the place of a problem's name.
fn named() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in sources() {
        for before in BEFORE {
            for rest in text.split(before).skip(1) {
                let Some(literal) = rest.trim_start().strip_prefix('"') else { continue };
                let name = literal.split('"').next().unwrap();
                let letter = |c: char| c.is_ascii_lowercase() || c == '-';
                let is_name = !name.is_empty() && name.chars().all(letter);
                if is_name && (*before != ": &str =" || text.contains("pub mod problem")) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

#[test]
fn every_problem_the_program_names_has_a_section_and_no_other_has() {
    let sections: BTreeSet<String> = sections().into_iter().collect();
    let named = named();
    let missing: Vec<_> = named.difference(&sections).collect();
    assert!(missing.is_empty(), "docs/problems.md lacks {missing:?}");
    let stale: Vec<_> = sections.difference(&named).collect();
    assert!(stale.is_empty(), "the program does not name {stale:?}");
}

#[test]
fn sections_are_in_order_and_each_is_there_once() {
    let sections = sections();
    assert!(sections.is_sorted_by(|one, next| one < next), "{sections:?}");
}

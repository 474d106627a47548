//! Golden cases: one folder per case, `snapshot.yaml` in, `plan.yaml` out.
//!
//! `cargo golden` records what the planner says now; then read the diff. See tests/golden/README.md.

#[cfg(test)]
mod case;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod show;

use std::fs;
use std::path::{Path, PathBuf};

use case::Case;

const INPUT: &str = "snapshot.yaml";
const EXPECTED: &str = "plan.yaml";

#[test]
fn every_case_plans_as_recorded() {
    let update = update_wanted();
    let folders = case_folders();
    assert!(!folders.is_empty(), "no golden cases found");
    let problems: Vec<String> = folders.iter().filter_map(|folder| check(folder, update).err()).collect();
    assert!(problems.is_empty(), "{} of {}:\n\n{}", problems.len(), folders.len(), problems.join("\n\n"));
}

/// architecture.md, "Rules for the planner", 4: it converges
#[test]
fn every_schedule_case_comes_to_rest() {
    let cases = children(&root().join("cases/schedule"));
    let read = |folder: &PathBuf| Case::read(&folder.join(INPUT), &root().join("bases")).ok();
    let restless: Vec<PathBuf> = cases
        .into_iter()
        .filter(|folder| read(folder).is_some_and(|case| !rounds::come_to_rest(case)))
        .collect();
    assert!(restless.is_empty(), "still writing after {} rounds: {restless:?}", rounds::ROUNDS_MAX);
}

#[test]
fn nothing_lies_beside_the_cases() {
    let known = [INPUT, EXPECTED];
    let stray: Vec<PathBuf> = case_folders()
        .iter()
        .flat_map(|folder| children(folder))
        .filter(|path| !known.iter().any(|name| path.ends_with(name)))
        .collect();
    assert!(stray.is_empty(), "not part of a case: {stray:?}");
}

#[test]
fn every_base_is_used() {
    let used: Vec<String> =
        case_folders().iter().filter_map(|folder| Case::base_of(&folder.join(INPUT))).collect();
    let idle: Vec<PathBuf> = children(&root().join("bases"))
        .into_iter()
        .filter(|path| !used.iter().any(|base| path.ends_with(format!("{base}.yaml"))))
        .collect();
    assert!(idle.is_empty(), "no case starts from {idle:?}");
}

/// Records instead of comparing; set by `cargo golden`.
#[allow(clippy::disallowed_methods)] // the switch of this test program
fn update_wanted() -> bool {
    std::env::var("UPDATE").is_ok_and(|value| value == "1")
}

fn check(folder: &Path, update: bool) -> Result<(), String> {
    let name = folder.strip_prefix(root()).unwrap_or(folder).display().to_string();
    let case =
        Case::read(&folder.join(INPUT), &root().join("bases")).map_err(|why| format!("{name}: {why}"))?;
    let first = acmbackup::plan::plan(&case.snapshot, case.now);
    let actual = show::decisions(&first, rounds::second_pass(&case, &first).as_ref());
    let path = folder.join(EXPECTED);
    if update {
        return fs::write(&path, actual).map_err(|why| format!("{name}: {why}"));
    }
    let expected = fs::read_to_string(&path)
        .map_err(|why| format!("{name}: {EXPECTED}: {why}; record it with `cargo golden`"))?;
    if expected == actual {
        Ok(())
    } else {
        Err(format!("{name}:\n{}", first_difference(&expected, &actual)))
    }
}

fn first_difference(expected: &str, actual: &str) -> String {
    let same = expected.lines().zip(actual.lines()).take_while(|(a, b)| a == b).count();
    let part =
        |text: &str| text.lines().skip(same.saturating_sub(2)).take(8).collect::<Vec<_>>().join("\n  ");
    format!("line {}, recorded:\n  {}\nplanned now:\n  {}", same + 1, part(expected), part(actual))
}

/// Every folder `cases/<side>/<case>`, sorted.
fn case_folders() -> Vec<PathBuf> {
    children(&root().join("cases")).iter().flat_map(|side| children(side)).collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.sort();
    paths
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

//! The pages of the documentation and the examples in them.
//!
//! Also part of `tests/e2e`, which runs what is found here.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How a command of kubectl or of ours begins, typed by itself or within another.
const BEGINNINGS: &[&str] = &["kubectl ", "kubectl-acmbackup "];
/// What stands for something else: how a command is used, or what a screen shows, is no example.
const PLACEHOLDERS: &[char] = &['[', '<', '…'];

pub(crate) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file below a folder whose name ends so.
pub(crate) fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files_below(&path, ending)),
            false if path.to_string_lossy().ends_with(ending) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// Pages with examples, by their paths; `docs/commands.md` is made from the help.
pub(crate) fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = vec![in_repository("README.md")];
    pages.extend(files_below(&in_repository("docs"), ".md"));
    pages.into_iter().map(|path| (path.clone(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// Commands in blocks of code, whatever prompt they have, and those of ours within text and tables.
///
/// A comment behind a command is not part of it.
pub(crate) fn examples(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        if fenced || line.starts_with("    ") {
            let typed = line.split_once("$ ").map_or(line, |(_, typed)| typed);
            let code = typed.split(" # ").next().unwrap().trim();
            found.extend(is_command(code).then(|| code.to_owned()));
        } else {
            let quoted = line.split('`').skip(1).step_by(2);
            found.extend(quoted.filter(|code| code.starts_with("kubectl acmbackup ")).map(str::to_owned));
        }
    }
    found.retain(|code| !code.replace("<(", "").contains(PLACEHOLDERS));
    found
}

fn is_command(code: &str) -> bool {
    BEGINNINGS.iter().any(|begin| code.starts_with(begin) || code.contains(&format!("({begin}")))
}

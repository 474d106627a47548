//! What the workflows fetch is pinned: a tag can be moved to other code, a commit cannot.

use super::{files_below, in_repository};

#[test]
fn every_action_is_pinned_by_commit_and_says_which_version_that_is() {
    let workflows = files_below(&in_repository(".github/workflows"), ".yml");
    assert_eq!(workflows.len(), 2);
    for path in workflows {
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let (_, pin) = line.split_once('@').unwrap();
            let (commit, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("no version: {line}"));
            let is_commit = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_commit && version.split('.').count() == 3, "{}: {line}", path.display());
        }
    }
}

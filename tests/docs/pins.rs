//! What the workflows fetch is pinned: a tag can be moved to other code, a commit cannot.

use super::{files_below, in_repository, read};

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

/// What stands behind a key in the workflows, without quotes.
fn behind(key: &str) -> Vec<String> {
    let workflows = files_below(&in_repository(".github/workflows"), ".yml");
    let text: String = workflows.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    text.lines().filter_map(|line| Some(line.trim().strip_prefix(key)?.trim().replace('"', ""))).collect()
}

#[test]
fn workflows_use_the_rust_and_go_of_the_page_about_releases_and_the_oldest_rust_promised() {
    let (page, cargo) = (read("docs/releasing.md"), read("Cargo.toml"));
    let oldest = cargo.split_once("rust-version = \"").unwrap().1.split('"').next().unwrap();
    let (others, rust): (Vec<_>, Vec<_>) =
        behind("RUSTUP_TOOLCHAIN:").into_iter().partition(|version| version == oldest);
    assert_eq!((others.len(), rust.len()), (1, 2), "ci and release, and one job with the oldest");
    for version in rust {
        assert!(page.contains(&format!("Rust {version}")), "docs/releasing.md does not name Rust {version}");
    }
    for version in behind("go-version:") {
        assert!(page.contains(&format!("Go {version}")), "docs/releasing.md does not name Go {version}");
    }
}

#[test]
fn every_job_that_calls_cargo_installs_its_toolchain_first() {
    for path in files_below(&in_repository(".github/workflows"), ".yml") {
        let text = std::fs::read_to_string(&path).unwrap();
        for job in text.split("runs-on:").filter(|job| job.contains("run: cargo ")) {
            let before = job.split("run: cargo ").next().unwrap();
            assert!(before.contains("rustup toolchain install"), "{}: {job}", path.display());
        }
    }
}

//! The recipe of the image fits the archives it is made from and the Deployment that runs it.

use acmbackup_release::archive;
use acmbackup_release::platform::Platform;

use super::in_repository;

/// What makes the second file the recipe wants: `cp …-third-party-licences.txt` in docs/releasing.md.
const LICENCES: &str = "*third-party-licences.txt";

fn read(path: &str) -> String {
    std::fs::read_to_string(in_repository(path)).unwrap()
}

/// The words behind an instruction, of every line that has it.
fn behind(instruction: &str) -> Vec<Vec<String>> {
    let words =
        |line: &str| Some(line.strip_prefix(instruction)?.split_whitespace().map(str::to_owned).collect());
    read("Dockerfile").lines().filter_map(words).collect()
}

#[test]
fn what_the_image_copies_is_in_the_archive_or_is_put_beside_it() {
    let linux = Platform::named("linux/amd64").unwrap();
    let mut there: Vec<String> =
        archive::released(&linux, "", vec![]).into_iter().map(|file| file.path).collect();
    there.push(LICENCES.to_owned());
    let copied = behind("COPY ").concat();
    let mut copied: Vec<&str> =
        copied.iter().filter_map(|path| path.strip_prefix("${TARGETPLATFORM}/")).collect();
    copied.sort_unstable();
    there.sort_unstable();
    assert_eq!(copied, there);
    for page in ["docs/releasing.md", ".github/workflows/release.yml"] {
        assert!(read(page).contains("cp target/release-archives/*-third-party-licences.txt"), "{page}");
    }
}

#[test]
fn the_image_and_the_deployment_name_the_same_user() {
    let workload = read("src/cli/install/workload.rs");
    let user = workload.split_once("const USER: i64 = ").unwrap().1.split(';').next().unwrap();
    assert_eq!(behind("USER "), [[format!("{user}:{user}")]]);
}

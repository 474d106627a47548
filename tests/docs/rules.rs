//! Every rule the sources and the table of parity name has its line in `docs/rules.md`, and nothing that is absent is named.

use std::collections::BTreeSet;
use std::process::Command;

use super::read;

/// Pages and folders of other repositories, which a reader of this one does not have.
const ABSENT: &[&str] = &["cli.md", "shared/", "research/"];

/// Files of the repository that people write, by path; the pages that name what is absent on purpose are not among them.
fn written() -> Vec<(String, String)> {
    let output = Command::new("git")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "ls-files",
            "-z",
            "--",
            ".",
            ":!*.svg",
            ":!*.cast",
            ":!*go.mod",
            ":!*go.sum",
            ":!tests/docs/rules.rs",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let paths = String::from_utf8(output.stdout).unwrap();
    let there = |path: &&str| super::in_repository(path).exists();
    paths.split_terminator('\0').filter(there).map(|path| (path.to_owned(), read(path))).collect()
}

/// Ids such as `S-101` in a text.
fn ids(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_number = |rest: &str| rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    words
        .filter(|word| word.strip_prefix("S-").or(word.strip_prefix("R-")).is_some_and(is_number))
        .map(str::to_owned)
        .collect()
}

/// What stands between a beginning and an end in each line that has both.
fn first_words(page: &str, (begin, end): (&str, &str)) -> Vec<String> {
    let page = read(page);
    page.lines().filter_map(|line| Some(line.strip_prefix(begin)?.split_once(end)?.0.to_owned())).collect()
}

#[test]
fn the_table_of_parity_and_the_page_of_rules_have_the_same_rules_in_the_same_order() {
    let is_id = |word: &String| ids(word).contains(word);
    let rows: Vec<String> = first_words("docs/parity.md", ("| ", " |")).into_iter().filter(is_id).collect();
    let lines: Vec<String> = first_words("docs/rules.md", ("* ", ": ")).into_iter().filter(is_id).collect();
    assert!(rows.len() > 300);
    assert_eq!(rows, lines);
}

#[test]
fn every_rule_that_is_cited_is_explained() {
    let explained: BTreeSet<String> = first_words("docs/rules.md", ("* ", ": ")).into_iter().collect();
    let mut cited = BTreeSet::new();
    for (path, text) in written() {
        let unknown: Vec<String> = ids(&text).into_iter().filter(|id| !explained.contains(id)).collect();
        assert!(unknown.is_empty(), "{path} cites {unknown:?}, which docs/rules.md does not explain");
        cited.extend(if path.starts_with("src/") { ids(&text) } else { BTreeSet::new() });
    }
    assert!(cited.len() > 200, "only {} are found", cited.len());
}

#[test]
fn no_file_sends_a_reader_to_a_page_that_is_not_in_the_repository() {
    for (path, text) in written() {
        let found: Vec<_> =
            text.lines().filter(|line| ABSENT.iter().any(|absent| line.contains(absent))).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

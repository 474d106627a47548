//! The layers of docs/architecture.md, held up by reading the sources: who uses whom, and which layers stay pure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each layer and the layers it may use; itself is always fine. `lib.rs` and `main.rs` tie everything together.
const LAYERS: [(&str, &[&str]); 9] = [
    ("wire", &[]),
    ("velero", &["wire"]),
    ("hub", &["wire"]),
    ("api", &["velero", "wire"]),
    ("plan", &["api", "hub", "velero", "wire"]),
    ("render", &["plan", "api", "hub", "velero", "wire"]),
    ("cluster", &["plan", "api", "hub", "velero", "wire"]),
    ("controller", &["cluster", "plan", "api", "hub", "velero", "wire"]),
    ("cli", &["controller", "cluster", "render", "plan", "api", "hub", "velero", "wire"]),
];

/// Layers without side effects.
const PURE: [&str; 6] = ["wire", "velero", "api", "hub", "plan", "render"];

/// What a pure layer does not mention, as tokens joined without blanks.
const IMPURE: [&[&str]; 15] = [
    &["async"],
    &["await"],
    &["tokio"],
    &["kube", "::", "Client"],
    &["kube", "::", "Api"],
    &["std", "::", "env"],
    &["SystemTime"],
    &["Timestamp", "::", "now"],
    &["Instant", "::", "now"],
    &["rand"],
    &["tracing"],
    &["HashMap"],
    &["HashSet"],
    &["println", "!"],
    &["eprintln", "!"],
];

#[test]
fn no_arrow_points_back() {
    report(every_source().iter().flat_map(|(place, text)| backward_arrows(place, text)));
}

#[test]
fn pure_layers_have_no_side_effects() {
    report(every_source().iter().flat_map(|(place, text)| side_effects(place, text)));
}

#[test]
fn every_folder_is_a_layer() {
    for (place, _) in every_source() {
        assert!(layer_of(&place).is_some() || !place.contains('/'), "{place} belongs to no layer");
    }
}

#[test]
fn an_import_against_the_arrow_is_found() {
    assert_eq!(backward_arrows("api/restore.rs", "use crate::plan::Plan;"), ["api/restore.rs: uses plan"]);
    assert_eq!(
        backward_arrows("wire/stamp.rs", "fn f(x: &crate::api::Restore) {}"),
        ["wire/stamp.rs: uses api"]
    );
    assert_eq!(
        backward_arrows("render/table.rs", "use crate::{plan::Plan, cluster};"),
        ["render/table.rs: uses cluster"]
    );
    assert_eq!(backward_arrows("velero/mod.rs", "use super::api;"), ["velero/mod.rs: uses api"]);
    assert_eq!(
        backward_arrows("plan/schedule/mod.rs", "use super::super::cluster::apply;"),
        ["plan/schedule/mod.rs: uses cluster"]
    );
    assert_eq!(backward_arrows("cluster/apply.rs", "use acmbackup::cli;"), ["cluster/apply.rs: uses cli"]);
}

#[test]
fn an_import_along_the_arrow_is_fine() {
    for (place, text) in [
        ("plan/latest.rs", "use crate::{api::{self, Restore}, velero};"),
        ("cli/run.rs", "use crate::controller;"),
        ("plan/latest.rs", "use super::api;"),
        ("plan/mod.rs", "// use crate::cli;\nconst X: &str = \"crate::cli\";"),
        ("api/mod.rs", "mod tests { use super::super::plan_like; }"),
        ("wire/mod.rs", "pub(crate) mod text_enum;"),
    ] {
        assert_eq!(backward_arrows(place, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_side_effect_in_a_pure_layer_is_found() {
    for text in [
        "async fn f() {}",
        "use std::{collections::HashMap};",
        "use kube::{Api, Client};",
        "use std::env;",
        "let now = jiff::Timestamp :: now();",
        "println!(\"x\");",
        "use tracing::info;",
        "let quote = '\"'; use tokio::time; let other = '\"';",
        "#[cfg(test)] mod tests { fn f() {} } fn g() { rand::random() }",
        "fn f<'a>(x: &'a str) { tokio::spawn(x) }",
    ] {
        assert!(!side_effects("plan/latest.rs", text).is_empty(), "{text}");
        assert!(side_effects("cluster/apply.rs", text).is_empty(), "{text}");
    }
}

#[test]
fn comments_texts_and_tests_may_say_anything() {
    for text in [
        "/// Not async, no tokio.\nfn f() {}",
        "/* a /* nested */ HashMap */ fn f() {}",
        "const X: &str = \"tokio \\\" async\";",
        "const X: &str = r#\"async \" tokio\"#;",
        "#[cfg(test)]\nmod tests { use std::collections::HashMap; fn f() { println!(\"}\"); } }",
        "#[cfg(test)]\nmod testing;\nfn operand(brand: u8) {}",
        "use kube::CustomResource;",
    ] {
        assert_eq!(side_effects("plan/latest.rs", text), Vec::<String>::new(), "{text}");
    }
}

fn report(problems: impl Iterator<Item = String>) {
    let problems: Vec<String> = problems.collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Layers a file uses and may not.
fn backward_arrows(place: &str, text: &str) -> Vec<String> {
    let Some((layer, allowed)) = layer_of(place) else { return Vec::new() };
    let used: BTreeSet<String> =
        paths(&tokens(text)).iter().filter_map(|path| layer_used(place, path)).collect();
    let wrong = used.iter().filter(|name| *name != layer && !allowed.contains(&name.as_str()));
    wrong.map(|name| format!("{place}: uses {name}")).collect()
}

/// Words of side effects in a file of a pure layer, its tests left out.
fn side_effects(place: &str, text: &str) -> Vec<String> {
    if !layer_of(place).is_some_and(|(layer, _)| PURE.contains(&layer)) {
        return Vec::new();
    }
    let tokens = without_tests(&tokens(text));
    let mut paths = paths(&tokens);
    paths.push(tokens);
    let found: BTreeSet<String> = IMPURE
        .iter()
        .filter(|words| paths.iter().any(|path| path.windows(words.len()).any(|part| part == **words)))
        .map(|words| format!("{place}: mentions {}", words.concat()))
        .collect();
    found.into_iter().collect()
}

fn layer_of(place: &str) -> Option<(&'static str, &'static [&'static str])> {
    let first = place.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    LAYERS.into_iter().find(|(layer, _)| *layer == first)
}

/// The layer a path leads to: `crate::layer::…`, or as many `super::` as lead out of the file's own modules.
fn layer_used(place: &str, path: &[String]) -> Option<String> {
    let depth = place.trim_end_matches("/mod.rs").split('/').count();
    let names: Vec<&str> = path.iter().map(String::as_str).filter(|token| *token != "::").collect();
    let supers = names.iter().take_while(|name| **name == "super").count();
    let from_root = match names.first().copied()? {
        "crate" | "acmbackup" => 1,
        "super" if supers >= depth => supers,
        _ => return None,
    };
    let name = names.get(from_root)?;
    LAYERS.iter().any(|(layer, _)| layer == name).then(|| (*name).to_owned())
}

/// Every path in a text, groups such as `a::{b, c::d}` spread out.
fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_word(&tokens[at]) {
            at = path_from(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path that starts at `at`, below `prefix`; returns where it ends.
fn path_from(tokens: &[String], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        path.push(tokens[at].clone());
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        path.push("::".into());
        at += 1;
        match tokens.get(at) {
            Some(next) if is_word(next) => {}
            Some(next) if next == "{" => return group_from(tokens, at + 1, &path, found),
            _ => break,
        }
    }
    found.push(path);
    at
}

fn group_from(tokens: &[String], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "}" => return at + 1,
            word if is_word(word) => at = path_from(tokens, at, prefix, found),
            _ => at += 1,
        }
    }
    at
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The tokens without items under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().map(String::as_str).take(mark.len()).eq(mark) {
            at = end_of_item(tokens, at + mark.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Where an item ends: after its `;`, or after the brace that closes it.
fn end_of_item(tokens: &[String], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.as_str() {
            ";" if depth == 0 => return at + 1,
            "{" => depth += 1,
            "}" if depth == 1 => return at + 1,
            "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Words, `::` and single signs of a Rust text; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let skipped = skipped(rest);
        let word = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
        if skipped > 0 {
            at += skipped;
        } else if word > 0 {
            tokens.push(rest[..word].iter().collect());
            at += word;
        } else if rest.starts_with(&[':', ':']) {
            tokens.push("::".into());
            at += 2;
        } else {
            if !rest[0].is_whitespace() {
                tokens.push(rest[0].to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// Length of the comment, string or character a text starts with; 0 for anything else.
fn skipped(rest: &[char]) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
        ['/', '*', ..] => block_comment(rest),
        ['r', '"' | '#', ..] => raw_string(rest),
        ['b', 'r', '"' | '#', ..] => 1 + raw_string(&rest[1..]),
        ['"', ..] => quoted(rest, '"'),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted(rest, '\''),
        _ => 0,
    }
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = 2 + hashes;
    let length = rest[body..].windows(end.len()).position(|part| part == end);
    length.map_or(rest.len(), |length| body + length + end.len())
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Every file below src/: its path from there with forward slashes, and its text.
fn every_source() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(!files.is_empty());
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let place = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push((place, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

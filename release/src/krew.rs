//! What krew and the check of its index ask of a manifest and its archives.
//!
//! krew is not in a package registry, so its rules are written down here, one per function.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::archive::{self, Entry};
use crate::files;

/// Name of the plugin, and of its manifest.
pub const NAME: &str = "acmbackup";

/// Name of the manifest's file: the index wants it called as the plugin.
pub fn file() -> String {
    format!("{NAME}.yaml")
}

/// The platforms krew's index installs every plugin on, as far as the manifest has them.
const KNOWN: &[(&str, &[&str])] = &[
    ("windows", &["386", "amd64", "arm64"]),
    ("linux", &["386", "amd64", "arm", "arm64", "ppc64le"]),
    ("darwin", &["386", "amd64", "arm64"]),
];

/// A plugin manifest, as far as krew knows it and we use it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    api_version: String,
    kind: String,
    metadata: Metadata,
    /// What is installed.
    pub spec: Spec,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

/// What is installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    version: String,
    homepage: String,
    short_description: String,
    description: String,
    caveats: String,
    /// One entry per archive.
    pub platforms: Vec<Entries>,
}

/// One archive, and where it is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entries {
    selector: Selector,
    uri: String,
    sha256: String,
    /// Path of the program in the archive.
    pub bin: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selector {
    match_labels: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest; a field krew does not know, or we do not use, is an error.
    ///
    /// # Errors
    ///
    /// It is not such a manifest.
    pub fn read(text: &str) -> Result<Self> {
        serde_yaml::from_str(text).context("the manifest cannot be read")
    }

    /// The archive for `os/arch`.
    pub fn archive_for(&self, (os, arch): (&str, &str)) -> Option<&Entries> {
        self.spec.platforms.iter().find(|entry| entry.selector.matches(os, arch))
    }

    /// The version, with its `v`.
    pub fn version(&self) -> &str {
        &self.spec.version
    }

    /// Archives this manifest names and the other one does not, or with other bytes.
    pub fn missing_in(&self, other: &Self) -> Vec<&str> {
        let is_missing = |entry: &&Entries| !other.spec.platforms.contains(entry);
        self.spec.platforms.iter().filter(is_missing).map(Entries::file).collect()
    }

    /// Every rule that is broken; `archive` answers the bytes of an archive by its file name.
    pub fn broken_rules(&self, file: &str, archive: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<String> {
        let mut broken = self.head(file);
        broken.extend(self.selectors());
        for entry in &self.spec.platforms {
            broken.extend(entry.broken_rules(archive(entry.file()), &self.spec.version));
        }
        broken
    }

    fn head(&self, file: &str) -> Vec<String> {
        let name = &self.metadata.name;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let version = self.spec.version.strip_prefix('v').and_then(|text| semver::Version::parse(text).ok());
        let lines = |text: &str| text.trim().lines().count();
        held([
            (
                self.api_version == "krew.googlecontainertools.github.com/v1alpha2",
                "the API version is not krew's",
            ),
            (self.kind == "Plugin", "the kind is not Plugin"),
            (!name.is_empty() && name.chars().all(word), "the name is not made of letters, digits, - and _"),
            (
                !name.starts_with("kubectl") && *name == name.to_lowercase(),
                "the name is against the naming guide",
            ),
            (file == format!("{name}.yaml"), "the file is not called as the plugin"),
            (version.is_some(), "the version is not v and a semantic version"),
            (version.is_none_or(|version| version.pre.is_empty()), "the version is a pre-release"),
            (lines(&self.spec.short_description) == 1, "the short description is not one line"),
            (self.spec.short_description.len() <= 50, "the short description is longer than 50 characters"),
            (lines(&self.spec.description) > 0 && lines(&self.spec.caveats) > 0, "a description is empty"),
            (self.spec.homepage.starts_with("https://"), "the home page is not a URL"),
        ])
    }

    /// Each selector fits a platform krew knows, and no platform is fit by two.
    fn selectors(&self) -> Vec<String> {
        let platforms = &self.spec.platforms;
        let known: Vec<(&str, &str)> =
            KNOWN.iter().flat_map(|(os, arches)| arches.iter().map(|arch| (*os, *arch))).collect();
        let mut broken = Vec::new();
        if platforms.is_empty() {
            broken.push("there is no platform".to_owned());
        }
        for entry in platforms.iter().filter(|e| !known.iter().any(|(os, arch)| e.selector.matches(os, arch)))
        {
            broken.push(format!("{}: fits no platform krew knows", entry.file()));
        }
        for (os, arch) in known {
            if platforms.iter().filter(|entry| entry.selector.matches(os, arch)).count() > 1 {
                broken.push(format!("{os}/{arch}: two selectors fit"));
            }
        }
        broken
    }
}

impl Selector {
    fn matches(&self, os: &str, arch: &str) -> bool {
        self.match_labels.iter().all(|(label, value)| match label.as_str() {
            "os" => value == os,
            "arch" => value == arch,
            _ => false,
        })
    }
}

impl Entries {
    /// Name of the archive's file.
    pub fn file(&self) -> &str {
        self.uri.rsplit('/').next().unwrap_or_default()
    }

    fn broken_rules(&self, bytes: Option<Vec<u8>>, version: &str) -> Vec<String> {
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let mut broken = held([
            (
                self.sha256.len() == 64 && self.sha256.chars().all(hex),
                "sha256 is not 64 digits in lower case",
            ),
            (self.uri.starts_with("https://"), "the archive is not at a https URL"),
            (self.uri.contains(version), "the URL does not name the version"),
            (bytes.is_some(), "the archive is not there"),
        ]);
        if let Some(bytes) = bytes {
            broken.extend(held([(files::sha256(&bytes) == self.sha256, "the archive has another checksum")]));
            match archive::unpack(self.file(), &bytes) {
                Ok(entries) => broken.extend(self.contents(&entries)),
                Err(error) => broken.push(format!("the archive cannot be read: {error:#}")),
            }
        }
        broken.into_iter().map(|rule| format!("{}: {rule}", self.file())).collect()
    }

    fn contents(&self, entries: &[Entry]) -> Vec<String> {
        let program = entries.iter().find(|entry| entry.path == self.bin);
        // Not a set: of two files of one name the later one would win when it is unpacked.
        let mut found: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        found.sort_unstable();
        let mut wanted = ["LICENSE", self.bin.as_str()];
        wanted.sort_unstable();
        let safe = |path: &&str| !path.starts_with('/') && !path.contains("..") && !path.contains('\\');
        held([
            (program.is_some(), "bin is not in the archive"),
            (program.is_none_or(|entry| entry.executable), "bin cannot be executed"),
            (found.iter().any(|path| is_licence(path)), "there is no LICENSE"),
            (found.iter().all(safe), "a path leads out of the archive"),
            (found == wanted, "there is more than the program and LICENSE"),
        ])
    }
}

/// Which file names the check of the index takes for a licence; `LICENSE-APACHE` is none.
fn is_licence(path: &str) -> bool {
    let path = path.to_lowercase();
    let stem = path.strip_suffix(".txt").or(path.strip_suffix(".md")).unwrap_or(&path);
    matches!(stem, "license" | "licenses" | "copying")
}

fn held<const N: usize>(rules: [(bool, &str); N]) -> Vec<String> {
    rules.into_iter().filter(|(held, _)| !held).map(|(_, rule)| rule.to_owned()).collect()
}

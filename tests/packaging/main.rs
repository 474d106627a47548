//! What is released, as krew and kubectl see it. The program inside is the one under test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod image;
mod installed;
mod made;
mod rules;

use std::path::Path;

use acmbackup_release::archive::{self, Entry};
use acmbackup_release::files::Folder;
use acmbackup_release::manifest;
use acmbackup_release::platform::{PLATFORMS, Platform};
use acmbackup_release::source::Source;
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const FILE: &str = "acmbackup.yaml";

/// A release in a folder that goes away with it.
struct Release {
    folder: Folder,
    manifest: String,
    /// `None` for archives that were there before.
    _kept: Option<TempDir>,
}

impl Release {
    /// Archives for these platforms, each with the program under test, and the manifest for them.
    fn of(platforms: &[Platform]) -> Self {
        let program = std::fs::read(env!("CARGO_BIN_EXE_kubectl-acmbackup")).unwrap();
        Self::with(platforms, |platform| archive::released(platform, &licence(), program.clone()))
    }

    /// Archives with small programs in them, for what is not run.
    fn small() -> Self {
        Self::with(PLATFORMS, |platform| archive::released(platform, &licence(), b"program".to_vec()))
    }

    fn with(platforms: &[Platform], entries: impl Fn(&Platform) -> Vec<Entry>) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let folder = Folder::at(kept.path()).unwrap();
        for platform in platforms {
            let name = platform.archive(VERSION);
            folder.write(&name, &archive::pack(&name, &entries(platform)).unwrap()).unwrap();
        }
        let template = std::fs::read_to_string(in_repository("krew/acmbackup.yaml.tmpl")).unwrap();
        let manifest = manifest::filled(&template, VERSION, &folder).unwrap();
        Self { folder, manifest, _kept: Some(kept) }
    }

    /// What `cargo release-archives` made last, if it is of this very commit.
    fn made_before() -> Option<Self> {
        let path = in_repository("target/release-archives");
        let manifest = std::fs::read_to_string(path.join(FILE)).ok()?;
        let release = Self { folder: Folder::at(&path).unwrap(), manifest, _kept: None };
        let here = Platform::here().unwrap();
        let packed = release.archive(&here.archive(VERSION))?;
        let files = archive::unpack(&here.archive(VERSION), &packed).unwrap();
        let program = files.into_iter().find(|file| file.path == here.program()).unwrap();
        let source = Source::here().unwrap();
        let of_commit = |bytes: &[u8]| bytes == source.commit.as_bytes();
        let is_of_commit = program.bytes.windows(source.commit.len()).any(of_commit);
        (is_of_commit && !source.is_changed()).then_some(release)
    }

    fn archive(&self, name: &str) -> Option<Vec<u8>> {
        self.folder.read(name).unwrap()
    }
}

fn licence() -> String {
    std::fs::read_to_string(in_repository("LICENSE")).unwrap()
}

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

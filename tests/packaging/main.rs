//! What is released, as krew and kubectl see it. The program inside is the one under test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod installed;
mod rules;

use std::path::Path;

use acmbackup_release::archive::{self, Entry};
use acmbackup_release::files::Folder;
use acmbackup_release::manifest;
use acmbackup_release::platform::{PLATFORMS, Platform};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const FILE: &str = "acmbackup.yaml";

/// A release in a folder that goes away with it.
struct Release {
    folder: Folder,
    manifest: String,
    _kept: TempDir,
}

impl Release {
    /// Archives for these platforms, each with the program under test, and the manifest for them.
    fn of(platforms: &[Platform]) -> Self {
        let program = std::fs::read(env!("CARGO_BIN_EXE_kubectl-acmbackup")).unwrap();
        Self::with(platforms, |platform| {
            vec![Entry::text("LICENSE", "Apache-2.0"), Entry::program(platform.program(), program.clone())]
        })
    }

    /// Archives with small programs in them, for what is not run.
    fn small() -> Self {
        Self::with(PLATFORMS, |platform| {
            vec![
                Entry::text("LICENSE", "Apache-2.0"),
                Entry::program(platform.program(), b"program".to_vec()),
            ]
        })
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
        Self { folder, manifest, _kept: kept }
    }

    fn archive(&self, name: &str) -> Option<Vec<u8>> {
        self.folder.read(name).unwrap()
    }
}

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

//! Building the program so that its bytes depend on the source, the toolchain and zig alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::OURS;
use crate::platform::{Made, Platform};
use crate::source::Source;
use crate::tools::{self, Tools};

/// Separates flags in `CARGO_ENCODED_RUSTFLAGS`, as paths may hold blanks.
const SEPARATOR: &str = "\u{1f}";

/// Builds the program for a platform and answers its bytes.
///
/// # Errors
///
/// A tool is missing, or the build fails.
pub fn program(source: &Source, platform: &Platform, (tools, folder): (&Path, &Path)) -> Result<Vec<u8>> {
    tools::add_target(platform.target)?;
    let mut cargo = match platform.made {
        Made::Anywhere => zigbuild(&Tools::in_folder(tools)?),
        Made::OnMac => {
            let mut cargo = Command::new("cargo");
            cargo.arg("build");
            cargo
        }
    };
    cargo
        .current_dir(&source.root)
        .args(["--release", "--locked", "--package", OURS, "--bin", OURS, "--target", platform.target])
        .env("CARGO_TARGET_DIR", folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(source)?.join(SEPARATOR))
        .env("CARGO_INCREMENTAL", "0")
        .env("ACMBACKUP_COMMIT", &source.commit)
        // Only files of the source say what is built.
        .env_remove("RUSTFLAGS");
    tools::run(&mut cargo).with_context(|| format!("build for {}", platform.name()))?;
    let built: PathBuf =
        [Path::new(platform.target), Path::new("release"), Path::new(platform.program())].iter().collect();
    let built = folder.join(built);
    std::fs::read(&built).with_context(|| format!("read {}", built.display()))
}

fn zigbuild(tools: &Tools) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools.bin.clone()).chain(std::env::split_paths(&path));
    let mut cargo = Command::new("cargo");
    cargo.arg("zigbuild").env("CARGO_ZIGBUILD_ZIG_PATH", &tools.zig);
    if let Ok(path) = std::env::join_paths(folders) {
        cargo.env("PATH", path);
    }
    cargo
}

/// Paths of this machine must not get into the program: panics name the files they come from.
fn flags(source: &Source) -> Result<Vec<String>> {
    let home = cargo_home().context("neither CARGO_HOME nor a home folder is set")?;
    Ok(vec![
        format!("--remap-path-prefix={}=/source", source.root.display()),
        format!("--remap-path-prefix={}=/cargo", home.display()),
    ])
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

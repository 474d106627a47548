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
        Made::OnMac => build(),
    };
    complete(&mut cargo, source, (platform, folder))?;
    tools::run(&mut cargo).with_context(|| format!("build for {}", platform.name()))?;
    let built = built(folder, platform);
    std::fs::read(&built).with_context(|| format!("read {}", built.display()))
}

fn built(folder: &Path, platform: &Platform) -> PathBuf {
    folder.join(platform.target).join("release").join(platform.program())
}

fn complete(cargo: &mut Command, source: &Source, (platform, folder): (&Platform, &Path)) -> Result<()> {
    cargo
        .current_dir(&source.root)
        .args(["--release", "--locked", "--package", OURS, "--bin", OURS, "--target", platform.target])
        .env("CARGO_TARGET_DIR", folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(source)?.join(SEPARATOR))
        .env("CARGO_INCREMENTAL", "0")
        .env("ACMBACKUP_COMMIT", &source.commit)
        // Only files of the source say what is built.
        .env_remove("RUSTFLAGS");
    Ok(())
}

fn build() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.arg("build");
    cargo
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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn source() -> Source {
        Source {
            root: "/home/me/source".into(),
            commit: "1e0430e0a1b2".to_owned(),
            version: "1.2.3".to_owned(),
        }
    }

    fn variable<'a>(command: &'a Command, name: &str) -> Option<&'a str> {
        command.get_envs().find(|(key, _)| *key == OsStr::new(name))?.1?.to_str()
    }

    #[test]
    fn a_build_takes_its_flags_from_the_source_and_hides_the_paths_of_the_machine() {
        let linux = Platform::named("linux/arm64").unwrap();
        let mut cargo = build();
        cargo.env("RUSTFLAGS", "-C target-cpu=native");
        complete(&mut cargo, &source(), (&linux, Path::new("/out"))).unwrap();
        let words: Vec<&str> = cargo.get_args().filter_map(OsStr::to_str).collect();
        assert!(words.starts_with(&["build", "--release", "--locked"]), "{words:?}");
        assert!(words.ends_with(&["--target", "aarch64-unknown-linux-musl"]), "{words:?}");
        assert_eq!(variable(&cargo, "ACMBACKUP_COMMIT"), Some("1e0430e0a1b2"));
        assert_eq!(variable(&cargo, "RUSTFLAGS"), None);
        let flags = variable(&cargo, "CARGO_ENCODED_RUSTFLAGS").unwrap();
        assert_eq!(flags.split(SEPARATOR).next(), Some("--remap-path-prefix=/home/me/source=/source"));
        assert!(flags.ends_with("=/cargo"), "{flags}");
    }

    #[test]
    fn zig_is_the_one_of_the_folder_and_cargo_zigbuild_is_found_before_any_other() {
        let tools = Tools { zig: "/tools/zig".into(), bin: "/tools/bin".into() };
        let cargo = zigbuild(&tools);
        assert_eq!(cargo.get_args().next(), Some(OsStr::new("zigbuild")));
        assert_eq!(variable(&cargo, "CARGO_ZIGBUILD_ZIG_PATH"), Some("/tools/zig"));
        assert!(variable(&cargo, "PATH").unwrap().starts_with("/tools/bin"));
    }

    #[test]
    fn the_program_is_read_from_the_folder_of_its_target() {
        let windows = Platform::named("windows/amd64").unwrap();
        let path = built(Path::new("/out"), &windows);
        assert_eq!(path, Path::new("/out/x86_64-pc-windows-gnullvm/release/kubectl-acmbackup.exe"));
    }
}

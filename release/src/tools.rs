//! What compiles for other platforms: zig and cargo-zigbuild, each of one version, in the cache of the lab.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The version of zig: its C compiler and linker are part of the bytes that come out.
const ZIG: &str = "0.15.2";
/// The version of cargo-zigbuild, which lets cargo use zig.
const CARGO_ZIGBUILD: &str = "0.24.1";

/// Programs that compile for other platforms.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The zig program.
    pub zig: PathBuf,
    /// Folder that holds `cargo-zigbuild`.
    pub bin: PathBuf,
}

impl Tools {
    /// The tools in this folder; what is missing is fetched from PyPI and crates.io.
    ///
    /// # Errors
    ///
    /// Something is missing and cannot be fetched.
    pub fn in_folder(cache: &Path) -> Result<Self> {
        let zig = cache.join(format!("zig-{ZIG}"));
        let program = zig.join("ziglang/zig");
        if !program.exists() {
            let wanted = format!("ziglang=={ZIG}");
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&zig).arg(&wanted);
            run(&mut pip).context("zig comes as a Python package; python3 with pip is needed to fetch it")?;
        }
        let root = cache.join(format!("cargo-zigbuild-{CARGO_ZIGBUILD}"));
        if !root.join("bin/cargo-zigbuild").exists() {
            let mut cargo = Command::new("cargo");
            cargo.args(["install", "--quiet", "--locked", "--version", CARGO_ZIGBUILD, "--root"]);
            run(cargo.arg(&root).arg("cargo-zigbuild"))?;
        }
        Ok(Self { zig: program, bin: root.join("bin") })
    }
}

/// Adds the standard library of a target to the toolchain in use, if it is not there.
///
/// # Errors
///
/// rustup does not have it, or cannot fetch it.
pub fn add_target(target: &str) -> Result<()> {
    run(Command::new("rustup").args(["target", "add", target]))
        .with_context(|| format!("the standard library for {target}"))
}

/// What compiled the programs of a release, with versions; the bytes depend on each of them.
///
/// # Errors
///
/// `rustc` cannot be started.
pub fn versions() -> Result<Vec<(&'static str, String)>> {
    let output = Command::new("rustc").arg("--version").output().context("start rustc")?;
    let rustc = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("rustc ").to_owned();
    Ok(vec![("rustc", rustc), ("zig", ZIG.to_owned()), ("cargo-zigbuild", CARGO_ZIGBUILD.to_owned())])
}

/// Runs a program to its end; its output goes to standard error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdout(std::io::stderr()).status().with_context(|| format!("start {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_that_are_there_are_not_fetched_again() {
        let cache = tempfile::tempdir().unwrap();
        let programs = ["zig-0.15.2/ziglang/zig", "cargo-zigbuild-0.24.1/bin/cargo-zigbuild"];
        for path in programs.map(|path| cache.path().join(path)) {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let tools = Tools::in_folder(cache.path()).unwrap();
        assert_eq!(tools.zig, cache.path().join(programs[0]));
        assert_eq!(tools.bin, cache.path().join(programs[1]).parent().unwrap());
    }

    #[test]
    fn a_program_that_fails_or_is_not_there_is_named() {
        let told = |program: &str| run(&mut Command::new(program)).unwrap_err().to_string();
        assert_eq!(told("false"), "false ended with exit status: 1");
        assert_eq!(told("no-such-program"), "start no-such-program");
    }
}

//! Building programs with `go`, once, whoever asks first.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::components::{Edit, Module, Program};

/// Lines of Go's output shown when a build fails.
const TAIL_LINES: usize = 20;

/// Returns the program from the cache, building it first if it is not there.
///
/// Two processes that want the same module at once take turns.
///
/// # Errors
///
/// When the cache cannot be written or the build fails.
pub(crate) fn cached(program: &Program, cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(program.module.cache_name());
    let binary = folder.join(program.path);
    if binary.is_file() {
        return Ok(binary);
    }
    let parent = binary.parent().context("a binary is in a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("create the cache {}", parent.display()))?;
    let lock = File::create(folder.join("lock"))?;
    if lock.try_lock().is_err() {
        tell(&format!("waiting for another process that builds in {}\n", folder.display()));
        lock.lock()?;
    }
    // It may be there now: built by whoever held the lock.
    if !binary.is_file() {
        build(program, &folder, &binary)?;
    }
    Ok(binary)
}

fn build(program: &Program, folder: &Path, binary: &Path) -> Result<()> {
    let Program { name, version, about, .. } = program;
    tell(&format!("building {name} {version} (once, about {about}) … "));
    let start = Instant::now();
    let result = run_build(program, folder, binary);
    let outcome = if result.is_ok() { "" } else { ", failed" };
    tell(&format!("{} s{outcome}\n", start.elapsed().as_secs()));
    result.with_context(|| format!("build {name} {version} with go"))
}

fn run_build(program: &Program, folder: &Path, binary: &Path) -> Result<()> {
    let work = tempfile::Builder::new().prefix("build-").tempdir_in(folder)?;
    for (name, text) in program.module.files {
        fs::write(work.path().join(name), text)?;
    }
    apply_edits(program.module, work.path())?;
    let built = work.path().join("built");
    let mut go = go(work.path());
    go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &format!("-s -w {}", program.link)]);
    go.arg("-o").arg(&built).arg(program.package);
    run(&mut go)?;
    fs::rename(built, binary)?;
    Ok(())
}

/// Puts a changed copy of each edited dependency beside the go.mod, which then points at the copy.
///
/// Go's own way to replace single files, `-overlay`, is refused for files of its module cache.
fn apply_edits(module: &Module, work: &Path) -> Result<()> {
    let dependencies: BTreeSet<&str> = module.edits.iter().map(|edit| edit.module).collect();
    for (number, dependency) in dependencies.into_iter().enumerate() {
        let name = format!("edited-{number}");
        copy_folder(&source_folder(dependency, work)?, &work.join(&name))?;
        for edit in module.edits.iter().filter(|edit| edit.module == dependency) {
            let file = work.join(&name).join(edit.file);
            fs::write(&file, edited(edit, &fs::read_to_string(&file)?)?)?;
        }
        run(go(work).args(["mod", "edit", &format!("-replace={dependency}=./{name}")]))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            // Not `fs::copy`: files of the module cache are read-only, the copy must not be.
            fs::write(target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

fn edited(edit: &Edit, text: &str) -> Result<String> {
    if text.matches(edit.from).count() != 1 {
        bail!("{} of {} does not hold {:?} once", edit.file, edit.module, edit.from);
    }
    Ok(text.replace(edit.from, edit.to))
}

fn source_folder(module: &str, work: &Path) -> Result<PathBuf> {
    let output = run(go(work).args(["mod", "download", "-json", module]))?;
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let folder = answer.get("Dir").and_then(Value::as_str);
    Ok(PathBuf::from(folder.with_context(|| format!("go names no folder for {module}"))?))
}

fn go(work: &Path) -> Command {
    let mut go = Command::new("go");
    // Settings meant for the user's own modules must not reach ours.
    go.current_dir(work).env("GOFLAGS", "").env("GOWORK", "off").env("CGO_ENABLED", "0").stdin(Stdio::null());
    go
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command.output().context("run go (needed to build; 1.26 or newer on the path)")?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.iter().skip(lines.len().saturating_sub(TAIL_LINES)).copied().collect::<Vec<_>>();
        bail!("go: {}\n{}", output.status, tail.join("\n"));
    }
    Ok(output)
}

/// Writes to stderr even from within a test, where `eprint!` is kept back.
pub(crate) fn tell(text: &str) {
    let mut stderr = std::io::stderr();
    // Progress nobody can read is no reason to fail.
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::VELERO_SERVER;

    #[test]
    fn an_edit_that_no_longer_fits_is_an_error() {
        let edit = &VELERO_SERVER.module.edits[0];
        assert!(edited(edit, "package controller").is_err());
        assert!(edited(edit, edit.from).unwrap().contains("time.Second"));
    }
}

//! `cargo release-archives`: everything of a release that this machine can make.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use acmbackup_release::files::{self, Folder};
use acmbackup_release::krew::{self, Manifest};
use acmbackup_release::platform::{Made, PLATFORMS, Platform};
use acmbackup_release::source::Source;
use acmbackup_release::{archive, compile, describe, elf, manifest};
use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Make archives, checksums, SBOM, licences, man pages and the krew manifest
#[derive(Debug, Parser)]
#[command(bin_name = "cargo release-archives")]
struct Args {
    /// Make only the archive for this platform, such as linux/amd64; may be repeated
    #[arg(long = "platform", value_name = "OS/ARCH", value_parser = platform)]
    platforms: Vec<Platform>,
    /// Build nothing: the archives are there already, made on several machines
    #[arg(long, conflicts_with_all = ["platforms", "check"])]
    no_build: bool,
    /// Make each archive again from a copy of the commit in another folder, and compare the bytes
    #[arg(long)]
    check: bool,
    /// Refuse archives that are not those of the committed krew manifest
    #[arg(long)]
    as_kept: bool,
    /// Where everything goes
    #[arg(long, value_name = "FOLDER", default_value = "target/release-archives")]
    out: PathBuf,
}

fn platform(name: &str) -> Result<Platform, String> {
    let all = || PLATFORMS.iter().map(Platform::name).collect::<Vec<_>>().join(", ");
    Platform::named(name).ok_or_else(|| format!("one of {}", all()))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let source = Source::here()?;
    source.whole_history()?;
    let release = Folder::at(&source.root.join(&args.out))?;
    if !args.no_build {
        build_all(args, &source, &release)?;
    }
    finish(args, &source, &release)?;
    for (name, sum) in release.checksums(&source.version)? {
        println!("{sum}  {name}");
    }
    println!("\nin {}", release.path().display());
    Ok(())
}

fn build_all(args: &Args, source: &Source, release: &Folder) -> Result<()> {
    let chosen = match args.platforms.is_empty() {
        true => PLATFORMS.iter().filter(|platform| platform.can_be_made_here()).copied().collect(),
        false => args.platforms.clone(),
    };
    let folder = source.root.join("target/release-build");
    for platform in &chosen {
        let packed = packed(source, platform, &folder)?;
        release.write(&platform.archive(&source.version), &packed)?;
        if args.check {
            made_again(source, platform, &packed)?;
        }
    }
    for platform in PLATFORMS.iter().filter(|platform| !platform.can_be_made_here()) {
        eprintln!("not made here: {} ({:?})", platform.name(), platform.made);
    }
    Ok(())
}

fn packed(source: &Source, platform: &Platform, folder: &Path) -> Result<Vec<u8>> {
    eprintln!("==> {}", platform.name());
    let program = compile::program(source, platform, (&acmbackup_lab::cache_folder()?, folder))?;
    ensure!(
        platform.os != "linux" || elf::is_static(&program),
        "{}: the program needs a dynamic loader",
        platform.name()
    );
    let entries = archive::released(platform, &source.read("LICENSE")?, program);
    archive::pack(&platform.archive(&source.version), &entries)
}

/// Another folder, another copy of the source, nothing built before: the bytes must be the same.
fn made_again(source: &Source, platform: &Platform, first: &[u8]) -> Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let copy = source.copy_to(&elsewhere.path().join("copy"))?;
    let second = packed(&copy, platform, &elsewhere.path().join("build"))?;
    let sums = [files::sha256(first), files::sha256(&second)];
    ensure!(first == second, "{}: two builds differ: {} and {}", platform.name(), sums[0], sums[1]);
    eprintln!("{}: built twice, the same {} bytes", platform.name(), first.len());
    Ok(())
}

/// What describes the archives, and the check of krew's rules.
fn finish(args: &Args, source: &Source, release: &Folder) -> Result<()> {
    describe::describe(&source.root, &source.version, release)?;
    let text = manifest::filled(&source.read("krew/acmbackup.yaml.tmpl")?, &source.version, release)?;
    release.write(&krew::file(), text.as_bytes())?;
    release.write_checksums(&source.version)?;
    let made = Manifest::read(&text)?;
    let broken = made.broken_rules(&krew::file(), |name| release.read(name).ok().flatten());
    ensure!(broken.is_empty(), "krew would refuse this:\n  {}", broken.join("\n  "));
    let kept = source.root.join("plugin-manifest").join(krew::file());
    if args.as_kept {
        same_as_kept(&std::fs::read_to_string(&kept)?, &made)?;
    }
    if is_worth_keeping(args, source, &made) {
        std::fs::write(&kept, &text).with_context(|| format!("write {}", kept.display()))?;
    }
    Ok(())
}

fn same_as_kept(kept: &str, made: &Manifest) -> Result<()> {
    let kept = Manifest::read(kept)?;
    let other = kept.missing_in(made);
    ensure!(other.is_empty(), "the committed krew manifest has other archives: {}", other.join(", "));
    Ok(())
}

/// What is kept names the archives of one commit, at least all that are made on Linux: less would match no release.
fn is_worth_keeping(args: &Args, source: &Source, made: &Manifest) -> bool {
    let mut on_linux = PLATFORMS.iter().filter(|platform| platform.made == Made::Anywhere);
    let complete = on_linux.all(|platform| made.archive_for((platform.os, platform.arch)).is_some());
    complete && args.platforms.is_empty() && !source.is_changed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once("release-archives").chain(words.iter().copied()))
    }

    fn source(commit: &str) -> Source {
        Source { root: "/source".into(), commit: commit.to_owned(), version: "1.2.3".to_owned() }
    }

    /// A manifest for these platforms, whose archives hold these bytes.
    fn made(platforms: &[Platform], bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let release = Folder::at(folder.path()).unwrap();
        platforms.iter().for_each(|platform| release.write(&platform.archive("1.2.3"), bytes).unwrap());
        let template = include_str!("../../krew/acmbackup.yaml.tmpl");
        manifest::filled(template, "1.2.3", &release).unwrap()
    }

    #[test]
    fn an_unknown_platform_is_answered_with_those_there_are() {
        let told = args(&["--platform", "linux/s390x"]).unwrap_err().to_string();
        assert!(told.contains("linux/amd64, linux/arm64, darwin/amd64"), "{told}");
        assert!(args(&["--no-build", "--check"]).is_err());
        assert_eq!(args(&["--platform", "linux/arm64"]).unwrap().platforms.len(), 1);
    }

    #[test]
    fn only_all_archives_of_a_commit_are_worth_keeping() {
        let is_kept = |words: &[&str], commit: &str, platforms: &[Platform]| {
            let made = Manifest::read(&made(platforms, b"program")).unwrap();
            is_worth_keeping(&args(words).unwrap(), &source(commit), &made)
        };
        assert!(is_kept(&[], "1e0430e0a1b2", PLATFORMS));
        assert!(is_kept(&["--no-build"], "1e0430e0a1b2", PLATFORMS));
        assert!(!is_kept(&[], "1e0430e0a1b2-changed", PLATFORMS));
        assert!(!is_kept(&["--platform", "linux/amd64"], "1e0430e0a1b2", PLATFORMS), "others may be older");
        assert!(!is_kept(&[], "1e0430e0a1b2", &PLATFORMS[..4]), "Windows is made on Linux too");
    }

    #[test]
    fn a_release_has_the_archives_that_were_kept_and_may_have_more() {
        let all = Manifest::read(&made(PLATFORMS, b"program")).unwrap();
        same_as_kept(&made(&PLATFORMS[..2], b"program"), &all).unwrap();
        let told = same_as_kept(&made(&PLATFORMS[..1], b"other"), &all).unwrap_err().to_string();
        assert!(told.ends_with("other archives: kubectl-acmbackup-v1.2.3-linux-amd64.tar.gz"), "{told}");
    }
}

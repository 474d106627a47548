//! `cargo release-archives`: everything of a release that this machine can make.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use acmbackup_release::archive::{self, Entry};
use acmbackup_release::files::{self, Folder};
use acmbackup_release::krew::{self, Manifest};
use acmbackup_release::platform::{PLATFORMS, Platform};
use acmbackup_release::source::Source;
use acmbackup_release::{compile, elf, licences, man, manifest, packages, sbom};
use anyhow::{Context, Result, bail, ensure};
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
    let release = Folder::at(&source.root.join(&args.out))?;
    if !args.no_build {
        build_all(args, &source, &release)?;
    }
    finish(&source, &release)?;
    for (name, sum) in release.checksums()? {
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
    let licence = Entry::text("LICENSE", source.read("LICENSE")?);
    let entries = [licence, Entry::program(platform.program(), program)];
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
fn finish(source: &Source, release: &Folder) -> Result<()> {
    let version = &source.version;
    let targets: Vec<&str> = PLATFORMS.iter().map(|platform| platform.target).collect();
    let packages = packages::shipped(&source.root, &targets)?;
    let name = |rest: &str| format!("kubectl-acmbackup-v{version}-{rest}");
    release.write(&name("sbom.cdx.json"), sbom::cyclonedx(&packages)?.as_bytes())?;
    release.write(&name("third-party-licences.txt"), licences::collected(&packages)?.as_bytes())?;
    let man_pages = name("man.tar.gz");
    release.write(&man_pages, &archive::pack(&man_pages, &man::pages()?)?)?;
    let text = manifest::filled(&source.read("krew/acmbackup.yaml.tmpl")?, version, release)?;
    let file = format!("{}.yaml", krew::NAME);
    release.write(&file, text.as_bytes())?;
    let kept = source.root.join("plugin-manifest").join(&file);
    std::fs::write(&kept, &text).with_context(|| format!("write {}", kept.display()))?;
    release.write_checksums()?;
    let read = |name: &str| release.read(name).ok().flatten();
    let broken = Manifest::read(&text)?.broken_rules(&file, read);
    if !broken.is_empty() {
        bail!("krew would refuse this:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

//! Every rule krew and the check of its index have, and that breaking one is noticed.

use acmbackup_release::archive::{self, Entry};
use acmbackup_release::files::sha256;
use acmbackup_release::krew::Manifest;
use acmbackup_release::platform::{PLATFORMS, Platform};

use super::{FILE, Release, VERSION};

pub(super) fn broken(manifest: &str, file: &str, release: &Release) -> Vec<String> {
    Manifest::read(manifest).unwrap().broken_rules(file, |name| release.archive(name))
}

#[test]
fn manifest_and_archives_break_no_rule() {
    let release = Release::small();
    assert_eq!(broken(&release.manifest, FILE, &release), Vec::<String>::new());
    assert_eq!(Manifest::read(&release.manifest).unwrap().spec.platforms.len(), PLATFORMS.len());
}

/// Its archives are those of a release, not here.
#[test]
fn the_kept_manifest_breaks_no_other_rule_than_that_its_archives_are_elsewhere() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/plugin-manifest/acmbackup.yaml");
    let manifest = Manifest::read(&std::fs::read_to_string(kept).unwrap()).unwrap();
    assert_eq!(manifest.version(), format!("v{VERSION}"), "cargo release-archives makes it again");
    let rules = manifest.broken_rules(FILE, |_| None);
    assert_eq!(rules.len(), manifest.spec.platforms.len(), "{rules:?}");
    assert!(rules.iter().all(|rule| rule.contains("not there")), "{rules:?}");
}

#[test]
fn a_manifest_against_a_rule_is_noticed() {
    let release = Release::small();
    let sum = sha256(&release.archive(&PLATFORMS[0].archive(VERSION)).unwrap());
    let version = format!("version: v{VERSION}");
    for (from, to, rule) in [
        ("krew.googlecontainertools.github.com/v1alpha2", "v1", "API version"),
        ("kind: Plugin", "kind: Index", "kind"),
        ("name: acmbackup", "name: acm backup", "letters, digits"),
        ("name: acmbackup", "name: other", "not called as the plugin"),
        ("name: acmbackup", "name: kubectl-acmbackup", "naming guide"),
        (&version, "version: 1.0", "semantic version"),
        (&version, "version: v1", "semantic version"),
        (&version, "version: v1.0.0-rc.1", "pre-release"),
        (
            "shortDescription: Back",
            "shortDescription: Back and also, with very many words, back",
            "longer than 50",
        ),
        ("homepage: https", "homepage: ftp", "home page"),
        ("arch: arm64", "arch: amd64", "linux/amd64: two selectors fit"),
        ("arch: amd64", "arch: s390x", "fits no platform"),
        (&sum, &sum.to_uppercase(), "lower case"),
        (&sum, &sum.replace(char::is_numeric, "a"), "another checksum"),
        ("uri: https", "uri: http", "https"),
        ("amd64.tar.gz", "amd65.tar.gz", "not there"),
        ("bin: kubectl-acmbackup", "bin: acmbackup", "bin is not in the archive"),
    ] {
        let manifest = release.manifest.replacen(from, to, 1);
        assert_ne!(manifest, release.manifest, "{from} is not in the manifest");
        let rules = broken(&manifest, FILE, &release);
        assert!(rules.iter().any(|line| line.contains(rule)), "{from} → {to}: {rules:?}");
    }
    assert!(broken(&release.manifest, "other.yaml", &release)[0].contains("not called as the plugin"));
}

#[test]
fn an_archive_against_a_rule_is_noticed() {
    let program = |path: &str| Entry::program(path, b"program".to_vec());
    let licence = || Entry::text("LICENSE", "free");
    let cases: [(&str, Vec<Entry>); 7] = [
        ("bin is not in", vec![licence()]),
        ("cannot be executed", vec![licence(), Entry::text("kubectl-acmbackup", "program")]),
        ("no LICENSE", vec![program("kubectl-acmbackup")]),
        ("no LICENSE", vec![Entry::text("LICENSE-APACHE", "free"), program("kubectl-acmbackup")]),
        (
            "more than the program",
            vec![licence(), program("kubectl-acmbackup"), Entry::text("README.md", "")],
        ),
        (
            "more than the program",
            vec![licence(), program("kubectl-acmbackup"), program("kubectl-acmbackup")],
        ),
        (
            "more than the program",
            vec![licence(), program("kubectl-acmbackup"), program("kubectl-acmbackup-restore")],
        ),
    ];
    for (rule, entries) in cases {
        let linux = [Platform::named("linux/amd64").unwrap()];
        let release = Release::with(&linux, |_| entries.clone());
        let rules = broken(&release.manifest, FILE, &release);
        assert!(rules.iter().any(|line| line.contains(rule)), "{rule}: {rules:?}");
    }
}

#[test]
fn a_field_krew_does_not_know_is_refused() {
    let release = Release::small();
    assert!(Manifest::read(&release.manifest.replacen("  version:", "  versoin:", 1)).is_err());
}

#[test]
fn an_archive_is_the_same_whoever_packs_it_and_when() {
    let (one, other) = (Release::small(), Release::small());
    for platform in PLATFORMS {
        let name = platform.archive(VERSION);
        assert_eq!(one.archive(&name), other.archive(&name), "{name}");
        assert_eq!(archive::unpack(&name, &one.archive(&name).unwrap()).unwrap().len(), 2);
    }
    assert_eq!(one.manifest, other.manifest);
}

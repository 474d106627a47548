//! The archives `cargo release-archives` made of this commit, if they are there, as in a workflow that makes them first.

use acmbackup_release::platform::PLATFORMS;
use acmbackup_release::{archive, elf};

use super::rules::broken;
use super::{FILE, Release, VERSION, in_repository, licence};

#[test]
fn archives_that_were_made_break_no_rule_and_hold_our_licence_and_a_program_for_their_platform() {
    let Some(release) = Release::made_before() else { return };
    assert_eq!(broken(&release.manifest, FILE, &release), Vec::<String>::new());
    for platform in PLATFORMS {
        let name = platform.archive(VERSION);
        let Some(bytes) = release.archive(&name) else { continue };
        let files = archive::unpack(&name, &bytes).unwrap();
        assert_eq!(files[0].bytes, licence().into_bytes(), "{name}");
        match platform.os {
            "linux" => assert!(elf::is_static(&files[1].bytes), "{name}"),
            "windows" => assert!(files[1].bytes.starts_with(b"MZ"), "{name}"),
            _ => assert!(files[1].bytes.starts_with(b"\xcf\xfa\xed\xfe"), "{name}"),
        }
    }
}

#[test]
fn the_workflow_starts_every_archive_on_its_platform_before_any_is_published() {
    let workflow = std::fs::read_to_string(in_repository(".github/workflows/release.yml")).unwrap();
    for platform in PLATFORMS {
        let row = format!("platform: {}-{} }}", platform.os, platform.arch);
        assert!(workflow.contains(&row), "{}", platform.name());
    }
    assert!(workflow.contains("publish:\n    needs: [archives, start]"));
}

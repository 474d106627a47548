//! The krew manifest, made from `krew/acmbackup.yaml.tmpl`.

use anyhow::{Context, Result};

use crate::files::{self, Folder};
use crate::platform::{PLATFORMS, Platform};

const START: &str = "{{#platforms}}\n";
const END: &str = "{{/platforms}}\n";

/// The manifest for the archives that are in the folder.
///
/// The part of the template between the marks for platforms is repeated for each of them.
///
/// # Errors
///
/// The template lacks its marks, or the folder cannot be read.
pub fn filled(template: &str, version: &str, release: &Folder) -> Result<String> {
    let (head, rest) = template.split_once(START).context("the template has no start of platforms")?;
    let (block, tail) = rest.split_once(END).context("the template has no end of platforms")?;
    let mut text = head.to_owned();
    for platform in PLATFORMS {
        if let Some(bytes) = release.read(&platform.archive(version))? {
            text.push_str(&of_platform(block, platform, (version, &files::sha256(&bytes))));
        }
    }
    text.push_str(tail);
    let comments = |line: &&str| !line.starts_with('#');
    let lines = text.replace("{{VERSION}}", version);
    Ok(lines.lines().filter(comments).map(|line| format!("{line}\n")).collect())
}

fn of_platform(block: &str, platform: &Platform, (version, sum): (&str, &str)) -> String {
    block
        .replace("{{OS}}", platform.os)
        .replace("{{ARCH}}", platform.arch)
        .replace("{{ARCHIVE}}", &platform.archive(version))
        .replace("{{SHA256}}", sum)
        .replace("{{PROGRAM}}", platform.program())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_platforms_with_an_archive_are_in_the_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let release = Folder::at(folder.path()).unwrap();
        release.write("kubectl-acmbackup-v1.0.0-linux-arm64.tar.gz", b"x").unwrap();
        let template = "# a comment\nversion: v{{VERSION}}\n{{#platforms}}\n- {{OS}} {{ARCH}} {{ARCHIVE}} {{SHA256}} {{PROGRAM}}\n{{/platforms}}\n";
        let sum = files::sha256(b"x");
        assert_eq!(
            filled(template, "1.0.0", &release).unwrap(),
            format!(
                "version: v1.0.0\n- linux arm64 kubectl-acmbackup-v1.0.0-linux-arm64.tar.gz {sum} kubectl-acmbackup\n"
            )
        );
    }
}

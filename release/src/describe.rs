//! What describes the archives: SBOM, licences and man pages.

use std::path::Path;

use anyhow::Result;

use crate::files::Folder;
use crate::packages::{self, OURS};
use crate::platform::PLATFORMS;
use crate::{archive, licences, man, sbom, tools};

/// Writes the files that say what is in the archives of this version and how it is used.
///
/// # Errors
///
/// The packages cannot be read, or a file cannot be written.
pub fn describe(root: &Path, version: &str, release: &Folder) -> Result<()> {
    let targets: Vec<&str> = PLATFORMS.iter().map(|platform| platform.target).collect();
    let packages = packages::shipped(root, &targets)?;
    let name = |rest: &str| format!("{OURS}-v{version}-{rest}");
    let bill = sbom::cyclonedx(&packages, &tools::versions()?)?;
    release.write(&name("sbom.cdx.json"), bill.as_bytes())?;
    release.write(&name("third-party-licences.txt"), licences::collected(&packages)?.as_bytes())?;
    let man_pages = name("man.tar.gz");
    release.write(&man_pages, &archive::pack(&man_pages, &man::pages()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_describes_a_release_is_the_same_twice() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let sums = [(), ()].map(|()| {
            let folder = tempfile::tempdir().unwrap();
            let release = Folder::at(folder.path()).unwrap();
            describe(&root, "1.2.3", &release).unwrap();
            release.checksums("1.2.3").unwrap()
        });
        let names: Vec<&str> = sums[0].keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "kubectl-acmbackup-v1.2.3-man.tar.gz",
                "kubectl-acmbackup-v1.2.3-sbom.cdx.json",
                "kubectl-acmbackup-v1.2.3-third-party-licences.txt"
            ]
        );
        assert_eq!(sums[0], sums[1]);
    }
}

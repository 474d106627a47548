//! The folder a release is collected in, and the checksums of what is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::krew;
use crate::packages::OURS;

/// Name of the list of checksums; `sha256sum -c` reads it.
pub const CHECKSUMS: &str = "SHA256SUMS";

/// A folder with the files of one release.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at this path; made if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn at(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the release.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))
    }

    /// A file of the release; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match std::fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {name}")),
        }
    }

    /// The checksum of every file of this version, by name: older ones may have been left behind.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn checksums(&self, version: &str) -> Result<BTreeMap<String, String>> {
        let (ours, manifest) = (format!("{OURS}-v{version}-"), krew::file());
        let mut sums = BTreeMap::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name().into_string().ok().context("a file name is not text")?;
            if entry.file_type()?.is_file() && (name.starts_with(&ours) || name == manifest) {
                sums.insert(name, sha256(&std::fs::read(entry.path())?));
            }
        }
        Ok(sums)
    }

    /// Writes the list of checksums.
    ///
    /// # Errors
    ///
    /// The folder cannot be read or written.
    pub fn write_checksums(&self, version: &str) -> Result<()> {
        let lines: String =
            self.checksums(version)?.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        self.write(CHECKSUMS, lines.as_bytes())
    }
}

/// SHA-256 in lower-case hex, the only spelling krew accepts.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_one_version_are_listed_as_sha256sum_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let release = Folder::at(folder.path()).unwrap();
        release.write("kubectl-acmbackup-v1.2.3-linux-amd64.tar.gz", b"abc").unwrap();
        release.write("kubectl-acmbackup-v1.2.2-linux-amd64.tar.gz", b"left behind").unwrap();
        release.write("acmbackup.yaml", b"").unwrap();
        release.write_checksums("1.2.3").unwrap();
        release.write_checksums("1.2.3").unwrap();
        let list = String::from_utf8(release.read(CHECKSUMS).unwrap().unwrap()).unwrap();
        assert_eq!(
            list,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  acmbackup.yaml\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  kubectl-acmbackup-v1.2.3-linux-amd64.tar.gz\n"
        );
    }
}

//! Archives whose bytes depend on their contents alone.

use std::io::{Cursor, Read, Write};

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::platform::Platform;

/// The time every file in an archive carries: 1980-01-01T00:00:00Z, the first moment a zip file can say.
const MODIFIED: u64 = 315_532_800;

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path in the archive, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it may be executed.
    pub executable: bool,
}

impl Entry {
    /// A file that is read.
    pub fn text(path: &str, text: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), bytes: text.into(), executable: false }
    }

    /// A file that is run.
    pub fn program(path: &str, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), bytes, executable: true }
    }

    fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }
}

/// What is in the archive of a platform: the licence and the program, and nothing else, as krew wants it.
pub fn released(platform: &Platform, licence: &str, program: Vec<u8>) -> Vec<Entry> {
    vec![Entry::text("LICENSE", licence), Entry::program(platform.program(), program)]
}

/// Packs files in the order given; the name decides between `.tar.gz` and `.zip`.
///
/// # Errors
///
/// The name ends otherwise, or a path is too long.
pub fn pack(name: &str, entries: &[Entry]) -> Result<Vec<u8>> {
    match () {
        () if name.ends_with(".tar.gz") => tar_gz(entries),
        () if name.ends_with(".zip") => zip(entries),
        () => bail!("{name} is neither .tar.gz nor .zip"),
    }
}

/// The files of an archive, in its order.
///
/// # Errors
///
/// It is damaged, or holds something that is neither a file nor a folder.
pub fn unpack(name: &str, bytes: &[u8]) -> Result<Vec<Entry>> {
    match name.ends_with(".zip") {
        true => unzip(bytes),
        false => untar(bytes),
    }
}

fn tar_gz(entries: &[Entry]) -> Result<Vec<u8>> {
    // flate2 writes neither a name nor a time into the header.
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode());
        header.set_mtime(MODIFIED);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, &entry.path, entry.bytes.as_slice())?;
    }
    Ok(tar.into_inner()?.finish()?)
}

fn untar(bytes: &[u8]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for file in tar::Archive::new(GzDecoder::new(bytes)).entries()? {
        let mut file = file?;
        let kind = file.header().entry_type();
        let path = file.path()?.to_str().context("a path is not text")?.to_owned();
        if kind.is_dir() {
            continue;
        }
        if !kind.is_file() {
            bail!("{path} is neither a file nor a folder");
        }
        let executable = file.header().mode()? & 0o111 != 0;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        entries.push(Entry { path, bytes, executable });
    }
    Ok(entries)
}

fn zip(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(entry.mode());
        writer.start_file(&entry.path, options)?;
        writer.write_all(&entry.bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

fn unzip(bytes: &[u8]) -> Result<Vec<Entry>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    // Of files with one name the reader keeps the last; others may take the first.
    ensure!(Some(archive.len()) == files_told(bytes), "two files have one name");
    let mut entries = Vec::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number)?;
        if file.is_dir() {
            continue;
        }
        let path = file.name()?.into_owned();
        if !file.is_file() {
            bail!("{path} is neither a file nor a folder");
        }
        let executable = file.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        entries.push(Entry { path, bytes, executable });
    }
    Ok(entries)
}

/// How many files the end of a zip archive says there are.
fn files_told(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let count: [u8; 2] = bytes.get(end + 10..end + 12)?.try_into().ok()?;
    Some(usize::from(u16::from_le_bytes(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![Entry::text("LICENSE", "free"), Entry::program("kubectl-acmbackup", vec![7; 5000])]
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        for name in ["a.tar.gz", "a.zip"] {
            let packed = pack(name, &entries()).unwrap();
            assert!(packed.len() < 3000, "{name} is not compressed");
            assert_eq!(unpack(name, &packed).unwrap(), entries(), "{name}");
        }
    }

    #[test]
    fn the_same_files_make_the_same_bytes() {
        for name in ["a.tar.gz", "a.zip"] {
            assert_eq!(pack(name, &entries()).unwrap(), pack(name, &entries()).unwrap());
        }
    }

    /// No packer makes such an archive, so one is changed.
    #[test]
    fn two_files_of_one_name_in_a_zip_archive_are_noticed() {
        let twins = [Entry::text("LICENSE", "free"), Entry::text("LICENSF", "not free")];
        let mut packed = pack("a.zip", &twins).unwrap();
        unpack("a.zip", &packed).unwrap();
        for at in 0..packed.len() - 7 {
            if packed[at..].starts_with(b"LICENSF") {
                packed[at + 6] = b'E';
            }
        }
        assert_eq!(unpack("a.zip", &packed).unwrap_err().to_string(), "two files have one name");
    }

    #[test]
    fn a_link_is_no_file() {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "LICENSE", "/etc/passwd").unwrap();
        let tar = tar.into_inner().unwrap().finish().unwrap();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.add_symlink("LICENSE", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
        let zip = zip.finish().unwrap().into_inner();
        for (name, bytes) in [("a.tar.gz", tar), ("a.zip", zip)] {
            let told = unpack(name, &bytes).unwrap_err().to_string();
            assert_eq!(told, "LICENSE is neither a file nor a folder", "{name}");
        }
    }

    #[test]
    fn other_kinds_of_archive_are_refused() {
        assert!(pack("a.rar", &entries()).is_err());
    }
}

//! Makes what is released, twice the same bytes: archives, checksums, SBOM, licences, man pages, krew manifest.
//!
//! `cargo release-archives` runs it; `docs/releasing.md` says what comes out.

pub mod archive;
pub mod compile;
pub mod describe;
pub mod elf;
pub mod files;
pub mod krew;
pub mod licences;
pub mod man;
pub mod manifest;
pub mod packages;
pub mod platform;
pub mod sbom;
pub mod source;
pub mod tools;

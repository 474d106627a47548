//! Keys and certificates of one API server.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

/// Files the API server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Certs {
    /// The authority clients trust, as PEM text.
    pub(crate) authority: String,
    /// Certificate the API server shows.
    pub(crate) server: PathBuf,
    /// Its key.
    pub(crate) server_key: PathBuf,
    /// Key that signs service account tokens.
    pub(crate) signing_key: PathBuf,
    /// Key that checks them.
    pub(crate) verifying_key: PathBuf,
}

impl Certs {
    /// Makes new ones in `folder`.
    ///
    /// # Errors
    ///
    /// When a key cannot be made or a file not written.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "acmbackup lab");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let server_key = KeyPair::generate()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let server = CertificateParams::new(names)?.signed_by(&server_key, &authority)?;
        let signing_key = KeyPair::generate()?;

        let write = |name: &str, text: String| -> Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok(path)
        };
        Ok(Self {
            authority: authority.pem(),
            server: write("server.crt", server.pem())?,
            server_key: write("server.key", server_key.serialize_pem())?,
            signing_key: write("signing.key", signing_key.serialize_pem())?,
            verifying_key: write("signing.pub", signing_key.public_key_pem())?,
        })
    }
}

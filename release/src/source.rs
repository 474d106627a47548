//! The commit that is released, and a copy of it in another place.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The source a release is made from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Top folder of the repository.
    pub root: PathBuf,
    /// The commit, with `-changed` behind it if files differ from it.
    pub commit: String,
    /// The version in Cargo.toml.
    pub version: String,
}

impl Source {
    /// The repository this program was built from.
    ///
    /// # Errors
    ///
    /// `git` cannot say which commit this is.
    pub fn here() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no folder above")?.to_owned();
        let commit = git(&root, &["rev-parse", "--short=12", "HEAD"])?;
        let changed = !git(&root, &["status", "--porcelain", "--untracked-files=no"])?.is_empty();
        let commit = if changed { format!("{commit}-changed") } else { commit };
        Ok(Self { root, commit, version: env!("CARGO_PKG_VERSION").to_owned() })
    }

    /// A copy of the commit elsewhere: what is not committed is not in it.
    ///
    /// # Errors
    ///
    /// Files differ from the commit, or it cannot be copied.
    pub fn copy_to(&self, folder: &Path) -> Result<Self> {
        if self.commit.ends_with("-changed") {
            bail!("commit first: what is not committed cannot be made again elsewhere");
        }
        let mut archive = Command::new("git")
            .current_dir(&self.root)
            .args(["archive", "HEAD"])
            .stdout(Stdio::piped())
            .spawn()?;
        let bytes = archive.stdout.take().context("git archive has no output")?;
        tar::Archive::new(bytes).unpack(folder).context("unpack the commit")?;
        if !archive.wait()?.success() {
            bail!("git archive failed");
        }
        Ok(Self { root: folder.to_owned(), ..self.clone() })
    }

    /// A file of the source.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn read(&self, path: &str) -> Result<String> {
        std::fs::read_to_string(self.root.join(path)).with_context(|| format!("read {path}"))
    }
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").current_dir(root).args(arguments).output().context("start git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

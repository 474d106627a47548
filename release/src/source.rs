//! The commit that is released, and a copy of it in another place.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// All files but those that tell of archives after they were made, the krew manifest their checksums and the page of
/// figures their sizes and speed: committing these must not change the archives.
const PATHS: &[&str] = &["--", ".", ":!plugin-manifest/acmbackup.yaml", ":!docs/performance.md"];
/// Stands behind a commit if files differ from it.
const CHANGED: &str = "-changed";

/// The source a release is made from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Top folder of the repository.
    pub root: PathBuf,
    /// The last commit that changed more than what tells of archives, with `-changed` behind it if files differ from it.
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
        Self::of(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no folder above")?)
    }

    fn of(root: &Path) -> Result<Self> {
        let about = |words: &[&str]| git(root, &[words, PATHS].concat());
        let commit = about(&["log", "-1", "--abbrev=12", "--format=%h"])?;
        let changed = !about(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
        let commit = if changed { commit + CHANGED } else { commit };
        Ok(Self { root: root.to_owned(), commit, version: env!("CARGO_PKG_VERSION").to_owned() })
    }

    /// Whether files differ from the commit.
    pub fn is_changed(&self) -> bool {
        self.commit.ends_with(CHANGED)
    }

    /// Refuses a clone that lacks earlier commits: its oldest one seems to have changed every file.
    ///
    /// # Errors
    ///
    /// It is such a clone, or `git` cannot say.
    pub fn whole_history(&self) -> Result<()> {
        let shallow = git(&self.root, &["rev-parse", "--is-shallow-repository"])? == "true";
        ensure!(
            !shallow,
            "earlier commits are missing, and with them the one to name: git fetch --unshallow"
        );
        Ok(())
    }

    /// A copy of the commit elsewhere: what is not committed is not in it.
    ///
    /// # Errors
    ///
    /// Files differ from the commit, or it cannot be copied.
    pub fn copy_to(&self, folder: &Path) -> Result<Self> {
        ensure!(!self.is_changed(), "commit first: what is not committed cannot be made again elsewhere");
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

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const KEPT: &str = "plugin-manifest/acmbackup.yaml";
    const FIGURES: &str = "docs/performance.md";

    /// A repository with one commit of a file and of what tells of archives.
    fn repository() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet"]).unwrap();
        for folder in ["plugin-manifest", "docs"].map(|name| folder.path().join(name)) {
            std::fs::create_dir(folder).unwrap();
        }
        write(&folder, "LICENSE", "free");
        write(&folder, KEPT, "old");
        write(&folder, FIGURES, "slow");
        commit(&folder);
        folder
    }

    fn write(folder: &TempDir, path: &str, text: &str) {
        std::fs::write(folder.path().join(path), text).unwrap();
    }

    fn commit(folder: &TempDir) {
        git(folder.path(), &["add", "."]).unwrap();
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        git(folder.path(), &[&who[..], &["commit", "--quiet", "--message", "a"]].concat()).unwrap();
    }

    #[test]
    fn committing_what_tells_of_archives_does_not_change_them() {
        let folder = repository();
        let before = Source::of(folder.path()).unwrap();
        assert_eq!(before.commit.len(), 12);
        for path in [KEPT, FIGURES] {
            write(&folder, path, "new");
            assert_eq!(Source::of(folder.path()).unwrap().commit, before.commit);
            commit(&folder);
            assert_eq!(Source::of(folder.path()).unwrap().commit, before.commit);
        }
        write(&folder, "LICENSE", "freer");
        assert_eq!(Source::of(folder.path()).unwrap().commit, before.commit.clone() + CHANGED);
        commit(&folder);
        assert_ne!(Source::of(folder.path()).unwrap().commit, before.commit);
    }

    #[test]
    fn a_copy_holds_what_is_committed_and_is_refused_when_something_is_not() {
        let (folder, elsewhere) = (repository(), tempfile::tempdir().unwrap());
        write(&folder, "not added", "");
        let copy = Source::of(folder.path()).unwrap().copy_to(&elsewhere.path().join("copy")).unwrap();
        assert_eq!(copy.read("LICENSE").unwrap(), "free");
        assert!(copy.read("not added").is_err());
        write(&folder, "LICENSE", "freer");
        let told = Source::of(folder.path()).unwrap().copy_to(&elsewhere.path().join("other")).unwrap_err();
        assert!(told.to_string().contains("commit first"), "{told}");
    }

    #[test]
    fn a_clone_without_its_history_is_refused() {
        let (folder, clone) = (repository(), tempfile::tempdir().unwrap());
        write(&folder, KEPT, "new");
        commit(&folder);
        let whole = Source::of(folder.path()).unwrap();
        whole.whole_history().unwrap();
        let from = format!("file://{}", folder.path().display());
        git(clone.path(), &["clone", "--quiet", "--depth=1", &from, "."]).unwrap();
        let cut = Source::of(clone.path()).unwrap();
        assert_ne!(cut.commit, whole.commit);
        assert!(cut.whole_history().is_err());
    }
}

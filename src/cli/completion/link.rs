//! The links by which kubectl and oc find this program when somebody presses Tab.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::error::{CliError, Result};
use super::super::exit::Exit;

/// What the program is called on the path.
pub(super) const PROGRAM: &str = "kubectl-acmbackup";
/// What kubectl calls to complete.
const FOR_KUBECTL: &str = "kubectl_complete-acmbackup";
/// What oc calls to complete.
const FOR_OC: &str = "oc_complete-acmbackup";

/// A link, and what it is to lead to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    path: PathBuf,
    /// Relative if program and link are in one folder, so that it survives an upgrade by krew.
    target: PathBuf,
}

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Created,
    Unchanged,
    Removed,
    Absent,
    WouldBeCreated,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
            Self::Absent => "not there",
            Self::WouldBeCreated => "would be created",
        })
    }
}

/// Whether a program of this name is to answer in kubectl's protocol.
pub(super) fn is_completer(name: &str) -> bool {
    [FOR_KUBECTL, FOR_OC].contains(&name)
}

/// The links for the program found on the path: one for kubectl, one for oc if that is there.
///
/// `folder` says where they go; `None` = next to the program.
///
/// # Errors
///
/// The program is not on the path.
pub(super) fn wanted(path: &[PathBuf], folder: Option<&Path>) -> Result<Vec<Link>> {
    let file = |name: &str| format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let on_path = |name: &str| path.iter().map(|folder| folder.join(file(name))).find(|found| found.exists());
    let Some(program) = on_path(PROGRAM) else {
        return Err(CliError::new(Exit::NotFound, format!("{PROGRAM} is not on the PATH"))
            .why("kubectl finds a plugin and its completion by their names on the PATH")
            .try_("kubectl krew install acmbackup")
            .try_("put the folder that holds it on the PATH"));
    };
    let beside = program.parent().unwrap_or(Path::new("."));
    let folder = folder.unwrap_or(beside);
    let target = if folder == beside { PathBuf::from(file(PROGRAM)) } else { program.clone() };
    let names = [Some(FOR_KUBECTL), on_path("oc").map(|_| FOR_OC)];
    Ok(names
        .into_iter()
        .flatten()
        .map(|name| Link { path: folder.join(file(name)), target: target.clone() })
        .collect())
}

impl Link {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What installing would do.
    pub(super) fn proposal(&self) -> Done {
        if self.is_there() { Done::Unchanged } else { Done::WouldBeCreated }
    }

    /// Makes the link; doing it twice is harmless.
    ///
    /// # Errors
    ///
    /// Something else is in its place, or the folder cannot be written.
    pub(super) fn install(&self) -> Result<Done> {
        if self.is_there() {
            return Ok(Done::Unchanged);
        }
        self.refuse_strangers()?;
        let _ = std::fs::remove_file(&self.path);
        make(&self.target, &self.path).map_err(|error| self.failed("create", &error))?;
        Ok(Done::Created)
    }

    /// Removes the link.
    ///
    /// # Errors
    ///
    /// Something else is in its place, or the folder cannot be written.
    pub(super) fn remove(&self) -> Result<Done> {
        self.refuse_strangers()?;
        match std::fs::remove_file(&self.path) {
            Ok(()) => Ok(Done::Removed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Done::Absent),
            Err(error) => Err(self.failed("remove", &error)),
        }
    }

    /// A link leads to the program; a copy, as Windows has it, may be of an older version and is made again.
    fn is_there(&self) -> bool {
        std::fs::read_link(&self.path).is_ok_and(|target| target == self.target)
    }

    fn refuse_strangers(&self) -> Result<()> {
        let Ok(found) = std::fs::symlink_metadata(&self.path) else { return Ok(()) };
        if found.is_symlink() || cfg!(windows) {
            return Ok(());
        }
        Err(CliError::new(Exit::Refused, format!("{} is there and is no link", self.path.display()))
            .why("this command replaces and removes only links")
            .try_(format!("look at it, and remove it: rm {}", self.path.display())))
    }

    fn failed(&self, verb: &str, error: &std::io::Error) -> Box<CliError> {
        CliError::new(Exit::Refused, format!("cannot {verb} {}", self.path.display()))
            .why(error.to_string())
            .try_("kubectl acmbackup completion kubectl --install=DIR")
    }
}

#[cfg(unix)]
fn make(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Links need a privilege on Windows; kubectl is as happy with a copy.
#[cfg(not(unix))]
fn make(target: &Path, link: &Path) -> std::io::Result<()> {
    let folder = link.parent().unwrap_or(Path::new("."));
    std::fs::copy(folder.join(target), link).map(|_| ())
}

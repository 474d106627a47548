//! The programs of the lab: found where they already are, else built once.
//!
//! Looked for in this order:
//! 1. `KUBEBUILDER_ASSETS`, for etcd and kube-apiserver, if both are there and the API server is recent enough;
//! 2. the path, for etcd, kube-apiserver and kubectl, if they report exactly the pinned version (Velero has a main of our own
//!    and the object store is ours to choose, so those are never taken from the path);
//! 3. the cache: `$ACMBACKUP_LAB_CACHE`, else `kubectl-acmbackup-lab` in `$XDG_CACHE_HOME` or `~/.cache`;
//! 4. a build with `go`, kept in the cache.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use tokio::sync::OnceCell;

use crate::components::{ETCD, KUBE_APISERVER, KUBECTL, Program, STORE, VELERO_PLUGIN, VELERO_SERVER};
use crate::go_build;

/// Oldest API server the Kubernetes client of this project supports: 1.33.
const OLDEST_MINOR: u32 = 33;

/// Paths of the programs.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The database of a hub.
    pub etcd: PathBuf,
    /// The API server of a hub.
    pub kube_apiserver: PathBuf,
    /// The command line of Kubernetes; runs the plugin as a user runs it.
    pub kubectl: PathBuf,
    /// Velero, server and command line.
    pub velero: PathBuf,
    /// Folder with Velero's plugin for S3.
    pub velero_plugins: PathBuf,
    /// The object store.
    pub versitygw: PathBuf,
}

impl Assets {
    /// Finds all programs, building what is missing; done once per process.
    ///
    /// # Errors
    ///
    /// When a program has to be built and cannot be.
    pub async fn find() -> Result<&'static Self> {
        static FOUND: OnceCell<Assets> = OnceCell::const_new();
        FOUND.get_or_try_init(|| async { tokio::task::spawn_blocking(Self::find_or_build).await? }).await
    }

    fn find_or_build() -> Result<Self> {
        let cache = cache_folder()?;
        let (etcd, kube_apiserver) = match from_kubebuilder() {
            Some(both) => both,
            None => (locate(&ETCD, &cache)?, locate(&KUBE_APISERVER, &cache)?),
        };
        let kubectl = locate(&KUBECTL, &cache)?;
        let versitygw = locate(&STORE, &cache)?;
        let velero = locate(&VELERO_SERVER, &cache)?;
        let plugin = locate(&VELERO_PLUGIN, &cache)?;
        let velero_plugins = plugin.parent().context("the plugin is in a folder")?.to_owned();
        Ok(Self { etcd, kube_apiserver, kubectl, velero, velero_plugins, versitygw })
    }
}

/// Where built programs are kept.
///
/// # Errors
///
/// When neither `ACMBACKUP_LAB_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
pub fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = env_path("ACMBACKUP_LAB_CACHE") {
        return Ok(folder);
    }
    let caches = env_path("XDG_CACHE_HOME").or_else(|| Some(env_path("HOME")?.join(".cache")));
    Ok(caches.context("neither XDG_CACHE_HOME nor HOME is set")?.join("kubectl-acmbackup-lab"))
}

/// The value of an environment variable, if there is one.
pub(crate) fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn locate(program: &'static Program, cache: &Path) -> Result<PathBuf> {
    match from_path(program) {
        Some(found) => Ok(found),
        None => go_build::cached(program, cache),
    }
}

fn from_kubebuilder() -> Option<(PathBuf, PathBuf)> {
    let folder = env_path("KUBEBUILDER_ASSETS")?;
    let (etcd, server) = (folder.join(ETCD.name), folder.join(KUBE_APISERVER.name));
    let minor = minor_version(&version_line(&server, &["--version"])?)?;
    if minor < OLDEST_MINOR || !etcd.is_file() {
        let wanted = format!("wants etcd and kube-apiserver 1.{OLDEST_MINOR} or newer");
        go_build::tell(&format!("KUBEBUILDER_ASSETS={} is not used: the lab {wanted}\n", folder.display()));
        return None;
    }
    Some((etcd, server))
}

fn from_path(program: &Program) -> Option<PathBuf> {
    let args = program.version_args?;
    let folders = std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>();
    let found = folders.iter().map(|folder| folder.join(program.name)).find(|file| file.is_file())?;
    let line = version_line(&found, args)?;
    line.split_whitespace().any(|word| word == program.version).then_some(found)
}

/// First line a program prints when asked for its version.
fn version_line(program: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// The 36 of `Kubernetes v1.36.3`.
fn minor_version(line: &str) -> Option<u32> {
    line.split_once("v1.")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_version_of_an_api_server_is_read() {
        assert_eq!(minor_version("Kubernetes v1.36.3"), Some(36));
        assert_eq!(minor_version("Kubernetes v1.9.0-rc.1"), Some(9));
        assert_eq!(minor_version("etcd Version: 3.6.8"), None);
    }
}

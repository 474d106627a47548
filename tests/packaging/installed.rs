//! The plugin unpacked and linked as krew does it, called through a real kubectl.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use acmbackup_lab::Assets;
use acmbackup_release::archive;
use acmbackup_release::krew::Manifest;
use acmbackup_release::platform::Platform;
use tempfile::TempDir;

use super::{Release, VERSION};

/// A machine with kubectl and the plugin, and nothing else on the path.
struct Machine {
    kubectl: PathBuf,
    root: TempDir,
}

impl Machine {
    /// krew unpacks into its store, and links the program under the name kubectl looks for.
    async fn with_plugin(release: &Release) -> Self {
        let platform = Platform::here().unwrap();
        let manifest = Manifest::read(&release.manifest).unwrap();
        let entry = manifest.archive_for((platform.os, platform.arch)).unwrap();
        let root = tempfile::tempdir().unwrap();
        let store = root.path().join(format!("store/acmbackup/v{VERSION}"));
        let bin = root.path().join("bin");
        fs::create_dir_all(&store).unwrap();
        fs::create_dir_all(&bin).unwrap();
        for file in archive::unpack(entry.file(), &release.archive(entry.file()).unwrap()).unwrap() {
            let path = store.join(&file.path);
            fs::write(&path, &file.bytes).unwrap();
            let mode = if file.executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        symlink(store.join(&entry.bin), bin.join("kubectl-acmbackup")).unwrap();
        Self { kubectl: Assets::find().await.unwrap().kubectl.clone(), root }
    }

    fn bin(&self) -> PathBuf {
        self.root.path().join("bin")
    }

    /// Standard output, standard error and exit code of kubectl.
    fn kubectl(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = Command::new(&self.kubectl)
            .args(arguments)
            .env_clear()
            .env("PATH", self.bin())
            .env("HOME", self.root.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    }
}

#[tokio::test]
async fn kubectl_finds_the_plugin_lists_it_without_warnings_and_completes_it() {
    let program_under_test = Release::of(&[Platform::here().unwrap()]);
    for release in std::iter::once(program_under_test).chain(Release::made_before()) {
        plugin_works(&Machine::with_plugin(&release).await);
    }
}

fn plugin_works(machine: &Machine) {
    let (version, errors, code) = machine.kubectl(&["acmbackup", "version", "--client"]);
    assert_eq!((errors.as_str(), code), ("", 0));
    assert!(version.contains(VERSION), "{version}");

    let (plugins, warnings, code) = machine.kubectl(&["plugin", "list"]);
    assert_eq!((warnings.as_str(), code), ("", 0), "{plugins}");
    let paths: Vec<&str> = plugins.lines().filter(|line| line.starts_with('/')).collect();
    assert_eq!(paths, [machine.bin().join("kubectl-acmbackup").to_str().unwrap()]);

    let (_, _, code) = machine.kubectl(&["acmbackup", "restor"]);
    assert_eq!(code, 2, "kubectl hands the exit code on");

    let (made, _, _) = machine.kubectl(&["acmbackup", "completion", "kubectl", "--install"]);
    assert!(made.ends_with("kubectl_complete-acmbackup created\n"), "{made}");
    let target = fs::read_link(machine.bin().join("kubectl_complete-acmbackup")).unwrap();
    assert_eq!(target, Path::new("kubectl-acmbackup"), "krew's own link, which survives an upgrade");

    let (answer, _, code) = machine.kubectl(&["__complete", "acmbackup", "re"]);
    assert_eq!(code, 0);
    assert_eq!(answer, "resume\tMake backups again\nrestore\tRestore this hub from backups\n:4\n");
    let (answer, _, _) = machine.kubectl(&["__complete", "acmbackup", "version", "-o", ""]);
    assert!(answer.starts_with("json"), "{answer}");
    let (plugins, warnings, _) = machine.kubectl(&["plugin", "list"]);
    assert_eq!(warnings, "", "the completer is no plugin: {plugins}");
}

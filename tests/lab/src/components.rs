//! What the lab is made of: pinned Go modules and the programs built from them.

use sha2::{Digest, Sha256};

/// A Go module of ours: a go.mod that pins versions, at most one Go file.
#[derive(Debug)]
pub(crate) struct Module {
    /// Name of its folder in `tests/lab/go` and start of the name of its folder in the cache.
    pub(crate) name: &'static str,
    /// Its files, name and text.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// Constants of dependencies that are changed for the build.
    pub(crate) edits: &'static [Edit],
}

/// One constant of a dependency that has another value in the lab.
#[derive(Debug)]
pub(crate) struct Edit {
    /// Module path of the dependency.
    pub(crate) module: &'static str,
    /// File in that module.
    pub(crate) file: &'static str,
    /// Text to replace; it must be there exactly once.
    pub(crate) from: &'static str,
    /// Text to put there.
    pub(crate) to: &'static str,
}

/// A program built from a [`Module`].
#[derive(Debug)]
pub(crate) struct Program {
    /// Name of the binary.
    pub(crate) name: &'static str,
    /// Version as shown to the user and as the program itself reports it.
    pub(crate) version: &'static str,
    pub(crate) module: &'static Module,
    /// Go package to build.
    pub(crate) package: &'static str,
    /// Where it goes in the module's folder of the cache.
    pub(crate) path: &'static str,
    /// Flags for Go's linker besides `-s -w`.
    pub(crate) link: &'static str,
    /// How long a cold build takes on two cores, for the progress line.
    pub(crate) about: &'static str,
    /// Arguments that print its version, if one found on the path may be used.
    pub(crate) version_args: Option<&'static [&'static str]>,
}

macro_rules! go_file {
    ($module:literal, $file:literal) => {
        ($file, include_str!(concat!("../go/", $module, "/", $file)))
    };
}

static HUB: Module =
    Module { name: "hub", files: &[go_file!("hub", "go.mod"), go_file!("hub", "go.sum")], edits: &[] };

static KUBECTL_MODULE: Module = Module {
    name: "kubectl",
    files: &[go_file!("kubectl", "go.mod"), go_file!("kubectl", "go.sum")],
    edits: &[],
};

static VELERO: Module = Module {
    name: "velero",
    files: &[go_file!("velero", "go.mod"), go_file!("velero", "go.sum"), go_file!("velero", "main.go")],
    // Velero looks once a minute whether a location is due for a sync, and every ten seconds whether it is due
    // for a validation, whatever periods the location asks for. Looking each second makes it do what was asked.
    // A queued backup that misses the end of the one before it waits for a look once a minute, too.
    edits: &[
        Edit {
            module: "github.com/vmware-tanzu/velero",
            file: "pkg/controller/backup_sync_controller.go",
            from: "backupSyncReconcilePeriod = time.Minute",
            to: "backupSyncReconcilePeriod = time.Second",
        },
        Edit {
            module: "github.com/vmware-tanzu/velero",
            file: "pkg/controller/backup_storage_location_controller.go",
            from: "bslValidationEnqueuePeriod = 10 * time.Second",
            to: "bslValidationEnqueuePeriod = time.Second",
        },
        Edit {
            module: "github.com/vmware-tanzu/velero",
            file: "pkg/controller/backup_queue_controller.go",
            from: "defaultQueuedBackupRecheckFrequency = time.Minute",
            to: "defaultQueuedBackupRecheckFrequency = time.Second",
        },
    ],
};

static VERSITYGW: Module = Module {
    name: "versitygw",
    files: &[go_file!("versitygw", "go.mod"), go_file!("versitygw", "go.sum")],
    edits: &[],
};

pub(crate) static ETCD: Program = Program {
    name: "etcd",
    version: "3.6.8",
    module: &HUB,
    package: "go.etcd.io/etcd/server/v3",
    path: "etcd",
    link: "",
    about: "40 s",
    version_args: Some(&["--version"]),
};

pub(crate) static KUBE_APISERVER: Program = Program {
    name: "kube-apiserver",
    version: "v1.36.3",
    module: &HUB,
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    path: "kube-apiserver",
    link: "-X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 \
           -X k8s.io/component-base/version.gitMinor=36",
    about: "3 min",
    version_args: Some(&["--version"]),
};

pub(crate) static KUBECTL: Program = Program {
    name: "kubectl",
    version: "v1.36.3",
    module: &KUBECTL_MODULE,
    package: "k8s.io/kubernetes/cmd/kubectl",
    path: "kubectl",
    link: "-X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 \
           -X k8s.io/component-base/version.gitMinor=36",
    about: "20 s",
    version_args: Some(&["version", "--client"]),
};

pub(crate) static VELERO_SERVER: Program = Program {
    name: "velero",
    version: "v1.18.3",
    module: &VELERO,
    package: ".",
    path: "velero",
    link: "-X github.com/vmware-tanzu/velero/pkg/buildinfo.Version=v1.18.3",
    about: "3 min",
    version_args: None,
};

pub(crate) static VELERO_PLUGIN: Program = Program {
    name: "velero-plugin-for-aws",
    version: "v1.14.3",
    module: &VELERO,
    package: "github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws",
    path: "plugins/velero-plugin-for-aws",
    link: "",
    about: "1 min",
    version_args: None,
};

pub(crate) static STORE: Program = Program {
    name: "versitygw",
    version: "v1.8.0",
    module: &VERSITYGW,
    package: "github.com/versity/versitygw/cmd/versitygw",
    path: "versitygw",
    link: "",
    about: "1 min",
    version_args: None,
};

impl Module {
    /// Names what is built from it: any change of its files, edits or flags gives another name.
    pub(crate) fn cache_name(&self) -> String {
        let programs = [&ETCD, &KUBE_APISERVER, &KUBECTL, &VELERO_SERVER, &VELERO_PLUGIN, &STORE];
        let mut hash = Sha256::new();
        for (name, text) in self.files {
            hash.update(format!("{name}\n{text}\n"));
        }
        for edit in self.edits {
            hash.update(format!("{edit:?}\n"));
        }
        for program in programs.into_iter().filter(|program| program.module.name == self.name) {
            hash.update(format!("{} {} {}\n", program.package, program.path, program.link));
        }
        hash.update(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
        let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{digest}", self.name)
    }
}

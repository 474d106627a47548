//! The platforms a release is made for.

/// One platform: how Go, and with it krew, calls it, and how Rust does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// Operating system as Go spells it.
    pub os: &'static str,
    /// Architecture as Go spells it.
    pub arch: &'static str,
    /// Rust target.
    pub target: &'static str,
    /// Where its archive is made.
    pub made: Made,
}

/// Where an archive is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// On any Linux machine, with zig as compiler and linker for C.
    Anywhere,
    /// On a Mac: it links frameworks of Apple's SDK.
    OnMac,
}

/// All platforms; docs/adr/0009 says why ppc64le and s390x are not among them.
pub const PLATFORMS: &[Platform] = &[
    Platform { os: "linux", arch: "amd64", target: "x86_64-unknown-linux-musl", made: Made::Anywhere },
    Platform { os: "linux", arch: "arm64", target: "aarch64-unknown-linux-musl", made: Made::Anywhere },
    Platform { os: "darwin", arch: "amd64", target: "x86_64-apple-darwin", made: Made::OnMac },
    Platform { os: "darwin", arch: "arm64", target: "aarch64-apple-darwin", made: Made::OnMac },
    Platform { os: "windows", arch: "amd64", target: "x86_64-pc-windows-gnullvm", made: Made::Anywhere },
    Platform { os: "windows", arch: "arm64", target: "aarch64-pc-windows-gnullvm", made: Made::Anywhere },
];

impl Platform {
    /// The platform named `os/arch`, such as `linux/amd64`.
    pub fn named(name: &str) -> Option<Self> {
        PLATFORMS.iter().copied().find(|platform| platform.name() == name)
    }

    /// The platform of this process; `None` if no release is made for it.
    pub fn here() -> Option<Self> {
        let os = if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self::named(&format!("{os}/{arch}"))
    }

    /// `os/arch`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.os, self.arch)
    }

    /// Whether this machine can make its archive.
    pub fn can_be_made_here(&self) -> bool {
        let linux = cfg!(target_os = "linux") && self.made == Made::Anywhere;
        let mac = cfg!(target_os = "macos") && self.made == Made::OnMac;
        linux || mac
    }

    /// Name of the program in the archive.
    pub fn program(&self) -> &'static str {
        if self.os == "windows" { "kubectl-acmbackup.exe" } else { "kubectl-acmbackup" }
    }

    /// Name of the archive of this version.
    pub fn archive(&self, version: &str) -> String {
        let ending = if self.os == "windows" { "zip" } else { "tar.gz" };
        format!("kubectl-acmbackup-v{version}-{}-{}.{ending}", self.os, self.arch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_named_by_version_and_platform() {
        let archives: Vec<String> = PLATFORMS.iter().map(|platform| platform.archive("1.2.3")).collect();
        assert_eq!(archives.first().unwrap(), "kubectl-acmbackup-v1.2.3-linux-amd64.tar.gz");
        assert_eq!(archives.last().unwrap(), "kubectl-acmbackup-v1.2.3-windows-arm64.zip");
    }

    #[test]
    fn a_platform_is_found_by_its_name() {
        assert_eq!(Platform::named("linux/arm64").unwrap().target, "aarch64-unknown-linux-musl");
        assert_eq!(Platform::named("linux/s390x"), None);
    }
}

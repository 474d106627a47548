//! How etcd and the API server of a hub are run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::answers;
use crate::assets::Assets;
use crate::certs::Certs;
use crate::hub::HubOptions;
use crate::ports::free_port;
use crate::process::Spec;
use crate::service::Service;
use crate::users::{Access, token_file};

/// How long etcd may take to start.
const START: Duration = Duration::from_secs(60);
/// Writes a line of metadata for every request once it is answered.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";

/// Both, etcd running, the API server just started.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    // Dropped in this order: without etcd the API server fills its log.
    pub(crate) api_server: Service,
    _etcd: Service,
    pub(crate) access: Access,
}

impl ControlPlane {
    /// Starts both in an empty folder.
    ///
    /// # Errors
    ///
    /// When etcd does not start; with the last lines of its log.
    pub(crate) async fn start(
        assets: &Assets,
        hub: &str,
        folder: &Path,
        options: &HubOptions,
    ) -> Result<Self> {
        let files = Files::create(folder, options)?;
        let ports = Ports { etcd: free_port()?, peer: free_port()?, api_server: free_port()? };
        let etcd = Service::new(etcd(&assets.etcd, folder, &ports));
        etcd.start()?;
        etcd.wait(START, "etcd to answer", async || Ok(answers(ports.etcd).await)).await?;
        let api_server = Service::new(api_server(&assets.kube_apiserver, &files, &ports));
        api_server.start()?;
        let server = format!("https://127.0.0.1:{}", ports.api_server);
        let access = Access { hub: hub.to_owned(), server, authority: files.certs.authority };
        Ok(Self { api_server, _etcd: etcd, access })
    }
}

struct Ports {
    etcd: u16,
    peer: u16,
    api_server: u16,
}

/// What the API server reads when it starts.
struct Files {
    folder: PathBuf,
    certs: Certs,
    tokens: PathBuf,
    audit_policy: Option<PathBuf>,
}

impl Files {
    fn create(folder: &Path, options: &HubOptions) -> Result<Self> {
        let certs = Certs::create(folder)?;
        let tokens = folder.join("tokens.csv");
        fs::write(&tokens, token_file(&options.users))?;
        let audit_policy = options.audit.then(|| folder.join("audit-policy.yaml"));
        if let Some(path) = &audit_policy {
            fs::write(path, AUDIT_POLICY)?;
        }
        Ok(Self { folder: folder.to_owned(), certs, tokens, audit_policy })
    }
}

/// Where the audit log of a hub in `folder` is, if it has one.
pub(crate) fn audit_log(folder: &Path) -> PathBuf {
    folder.join("audit.log")
}

fn etcd(program: &Path, folder: &Path, ports: &Ports) -> Spec {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.peer);
    Spec::new("etcd", program, folder).args([
        "--name=lab",
        "--unsafe-no-fsync",
        "--log-level=warn",
        &format!("--data-dir={}", folder.join("etcd").display()),
        &format!("--listen-client-urls={client}"),
        &format!("--advertise-client-urls={client}"),
        &format!("--listen-peer-urls={peer}"),
        &format!("--initial-advertise-peer-urls={peer}"),
        &format!("--initial-cluster=lab={peer}"),
    ])
}

fn api_server(program: &Path, files: &Files, ports: &Ports) -> Spec {
    let Files { folder, certs, tokens, audit_policy } = files;
    let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
    let spec = Spec::new("kube-apiserver", program, folder).args([
        "--bind-address=127.0.0.1",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        // Without controllers nothing makes the default service accounts this one waits for.
        "--disable-admission-plugins=ServiceAccount",
        &format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        &format!("--secure-port={}", ports.api_server),
        &file("cert-dir", folder),
        &file("tls-cert-file", &certs.server),
        &file("tls-private-key-file", &certs.server_key),
        &file("service-account-signing-key-file", &certs.signing_key),
        &file("service-account-key-file", &certs.verifying_key),
        &file("token-auth-file", tokens),
    ]);
    match audit_policy {
        Some(policy) => {
            spec.args([file("audit-policy-file", policy), file("audit-log-path", &audit_log(folder))])
        }
        None => spec,
    }
}

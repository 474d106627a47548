//! `version`: what is installed, here and on the hub.

use clap::Args;
use kube::{Client, ResourceExt};
use schemars::JsonSchema;
use serde::Serialize;

use super::error::Result;
use super::exit::Exit;
use super::output::{self, Frame, ScreenFormat};
use super::session::Session;
use crate::api::crd;
use crate::cluster::facts::id_of_hub;
use crate::cluster::{inventory, lease};
use crate::render::Style;
use crate::render::line::columns_within;
use crate::render::text::{count, harmless};

/// Print versions
#[derive(Debug, Clone, Args)]
pub struct VersionArgs {
    /// Contact nothing
    #[arg(long)]
    client: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<ScreenFormat>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Versions {
    client: ClientVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    crds: Option<Vec<CrdVersion>>,
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    held: Option<Loop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    velero: Option<Image>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubernetes: Option<Kubernetes>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ClientVersion {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
    target: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CrdVersion {
    name: String,
    /// Served versions; empty if the CRD is not installed.
    versions: Vec<String>,
    /// Fields of the spec the server knows and this client does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    newer_fields: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Loop {
    /// Who holds the lease; `None` = nobody, or it may not be read.
    holder: Option<String>,
    /// Image of its pod; `None` where it is none.
    image: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Image {
    image: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Kubernetes {
    version: Option<String>,
}

/// Which hub was asked; nothing where none was.
#[derive(Debug, Default)]
struct Whereabouts {
    context: Option<String>,
    /// `None` where nothing leads to one.
    namespace: Option<String>,
    /// Id of the hub; `None` where it may not be read.
    hub_id: Option<String>,
}

/// What is known without a server.
impl Default for Versions {
    fn default() -> Self {
        Self { client: client_version(), crds: None, held: None, velero: None, kubernetes: None }
    }
}

/// Prints the versions.
///
/// # Errors
///
/// No usable kubeconfig or no server, unless `--client` was given.
pub async fn run(args: &VersionArgs, session: &Session) -> Result<Exit> {
    let (versions, hub) = match args.client {
        true => (Versions::default(), Whereabouts::default()),
        false => read(session, args.output.is_some()).await?,
    };
    match args.output {
        Some(format) => {
            let frame = Frame {
                kind: "Version",
                namespace: hub.namespace.as_deref().unwrap_or_default(),
                hub_id: hub.hub_id.as_deref(),
                context: hub.context.as_deref(),
                session,
                problems: &[],
            };
            output::print_data(&frame.around(&versions), format)?;
        }
        None => output::print(&screen(&versions, &session.out()))?,
    }
    Ok(Exit::Done)
}

/// What this program was built for.
pub(super) fn target() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

fn client_version() -> ClientVersion {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("ACMBACKUP_COMMIT"));
    ClientVersion { version, commit, target: target() }
}

/// Missing pieces are missing in the answer; only an unreachable server is an error. The screen needs no id of the hub.
async fn read(session: &Session, with_id: bool) -> Result<(Versions, Whereabouts)> {
    let connection = session.connect().await?;
    let client = &connection.client;
    let server = client
        .apiserver_version()
        .await
        .map_err(crate::cluster::Error::on("read", "the server's version"))?;
    let namespace = session.hub().await.ok().map(|hub| hub.found.namespace);
    let hub_id = async { if with_id { id_of_hub(client, None).await.ok() } else { None } };
    let (hub_id, (held, velero)) = tokio::join!(hub_id, async {
        match &namespace {
            Some(namespace) => tokio::join!(held(client, namespace), velero_image(client, namespace)),
            None => (Loop { holder: None, image: None }, None),
        }
    });
    let versions = Versions {
        crds: Some(crd_versions(client).await),
        held: Some(held),
        velero: Some(Image { image: velero }),
        kubernetes: Some(Kubernetes { version: Some(server.git_version) }),
        ..Versions::default()
    };
    Ok((versions, Whereabouts { context: Some(connection.context.clone()), namespace, hub_id }))
}

/// Who reconciles; what may not be read is missing, as everything else here.
async fn held(client: &Client, namespace: &str) -> Loop {
    let holder = lease::read(client).await.ok().flatten().map(|held| held.identity);
    let image = match &holder {
        Some(holder) => inventory::image_of_holder(client, namespace, holder).await,
        None => None,
    };
    Loop { holder, image }
}

async fn velero_image(client: &Client, namespace: &str) -> Option<String> {
    let servers = inventory::velero_servers(client, namespace).await.ok()?;
    servers.into_iter().next().map(|server| server.image)
}

async fn crd_versions(client: &Client) -> Vec<CrdVersion> {
    let found = inventory::crds(client).await.unwrap_or_default();
    let version = |crd: inventory::InstalledCrd| CrdVersion {
        name: crd.name,
        versions: crd.versions,
        newer_fields: crd.difference.newer_here,
    };
    match found.is_empty() {
        false => found.into_iter().map(version).collect(),
        true => crd::all()
            .into_iter()
            .map(|crd| CrdVersion { name: crd.name_any(), versions: vec![], newer_fields: vec![] })
            .collect(),
    }
}

fn screen(versions: &Versions, style: &Style) -> String {
    let tamed = |cells: Vec<String>| cells.iter().map(|cell| harmless(cell).into_owned()).collect();
    columns_within(0, lines(versions).into_iter().map(tamed).collect(), style.width)
}

fn lines(versions: &Versions) -> Vec<Vec<String>> {
    let ClientVersion { version, commit, target } = &versions.client;
    let commit = commit.map(|commit| format!(", commit {commit}")).unwrap_or_default();
    let mut lines = vec![vec!["Client".to_owned(), format!("{version}{commit}, {target}")]];
    for (i, crd) in versions.crds.iter().flatten().enumerate() {
        let newer = match crd.newer_fields.len() {
            0 => String::new(),
            n => format!(", {} newer than this client", count(n, "field")),
        };
        let title = if i == 0 { "CRDs" } else { "" };
        let plural = crd.name.split('.').next().unwrap_or_default();
        let served = or_none(Some(crd.versions.join(", ")));
        lines.push(vec![title.to_owned(), format!("{plural} {served}{newer}")]);
    }
    if let Some(held) = &versions.held {
        let text = held.image.clone().or(held.holder.clone());
        lines.push(vec!["Loop".to_owned(), or_none(text)]);
    }
    if let Some(velero) = &versions.velero {
        lines.push(vec!["Velero".to_owned(), or_none(velero.image.clone())]);
    }
    if let Some(kubernetes) = &versions.kubernetes {
        lines.push(vec!["Kubernetes".to_owned(), or_none(kubernetes.version.clone())]);
    }
    lines
}

fn or_none(text: Option<String>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "<none>".to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::render::looks::looks;

    fn of_a_hub() -> Versions {
        let crd = |name: &str, versions: &[&str], newer: &[&str]| CrdVersion {
            name: format!("{name}.cluster.open-cluster-management.io"),
            versions: versions.iter().map(ToString::to_string).collect(),
            newer_fields: newer.iter().map(ToString::to_string).collect(),
        };
        let target = "linux-x86_64".to_owned();
        Versions {
            client: ClientVersion { version: "1.2.3", commit: Some("1e0430e0a1b2"), target },
            crds: Some(vec![crd("backupschedules", &[], &[]), crd("restores", &["v1beta1"], &["a", "b"])]),
            held: Some(Loop { holder: Some("cluster-backup-7c4d9\u{1b}[2J".to_owned()), image: None }),
            velero: Some(Image { image: Some("velero/velero:v1.18.3".to_owned()) }),
            kubernetes: Some(Kubernetes { version: None }),
        }
    }

    #[test]
    fn every_terminal_shows_versions_its_way() {
        let versions = of_a_hub();
        insta::assert_snapshot!("looks", looks(Timestamp::UNIX_EPOCH, |style| screen(&versions, style)));
    }
}

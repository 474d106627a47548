//! `version`: what is installed, here and on the hub.

use clap::Args;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Client};
use serde::Serialize;

use super::error::Result;
use super::exit::Exit;
use super::output::{self, DataFormat};
use super::session::Session;
use crate::api::crd;
use crate::render;

/// Print versions
#[derive(Debug, Clone, Args)]
pub struct VersionArgs {
    /// Contact nothing
    #[arg(long)]
    client: bool,
    /// Print in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<DataFormat>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    client: ClientVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    crds: Option<Vec<CrdVersion>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    velero: Option<Image>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubernetes: Option<Kubernetes>,
}

#[derive(Debug, Serialize)]
struct ClientVersion {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
    target: String,
}

#[derive(Debug, Serialize)]
struct CrdVersion {
    name: String,
    /// Served versions; empty if the CRD is not installed.
    versions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Image {
    image: Option<String>,
}

#[derive(Debug, Serialize)]
struct Kubernetes {
    version: Option<String>,
}

/// Prints the versions.
///
/// # Errors
///
/// No usable kubeconfig or no server, unless `--client` was given.
pub async fn run(args: &VersionArgs, session: &Session) -> Result<Exit> {
    let versions = match args.client {
        true => Versions { client: client_version(), crds: None, velero: None, kubernetes: None },
        false => read(session).await?,
    };
    match args.output {
        Some(format) => {
            let mut value = serde_json::json!({"apiVersion": "acmbackup/v1", "kind": "Version"});
            if let (Some(fields), Ok(serde_json::Value::Object(body))) =
                (value.as_object_mut(), serde_json::to_value(&versions))
            {
                fields.extend(body);
            }
            output::print_data(&value, format)?;
        }
        None => output::print(&render::columns(0, lines(&versions)))?,
    }
    Ok(Exit::Done)
}

fn client_version() -> ClientVersion {
    let target = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    ClientVersion { version: env!("CARGO_PKG_VERSION"), commit: option_env!("ACMBACKUP_COMMIT"), target }
}

/// Missing pieces are missing in the answer; only an unreachable server is an error.
async fn read(session: &Session) -> Result<Versions> {
    let connection = session.connect().await?;
    let client = &connection.client;
    let server = client
        .apiserver_version()
        .await
        .map_err(crate::cluster::Error::on("read", "the server's version"))?;
    let namespace = session.hub().await.ok().map(|hub| hub.found.namespace);
    let velero = match namespace {
        Some(namespace) => velero_image(client, &namespace).await,
        None => None,
    };
    Ok(Versions {
        client: client_version(),
        crds: Some(crd_versions(client).await),
        velero: Some(Image { image: velero }),
        kubernetes: Some(Kubernetes { version: Some(server.git_version) }),
    })
}

async fn crd_versions(client: &Client) -> Vec<CrdVersion> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let mut found = Vec::new();
    for wanted in crd::all() {
        let name = wanted.metadata.name.unwrap_or_default();
        let versions = match api.get_opt(&name).await {
            Ok(Some(definition)) => definition.spec.versions,
            _ => Vec::new(),
        };
        let versions =
            versions.into_iter().filter(|version| version.served).map(|version| version.name).collect();
        found.push(CrdVersion { name, versions });
    }
    found
}

async fn velero_image(client: &Client, namespace: &str) -> Option<String> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let deployment = api.get_opt("velero").await.ok()??;
    deployment.spec.template.spec?.containers.into_iter().next()?.image
}

fn lines(versions: &Versions) -> Vec<Vec<String>> {
    let ClientVersion { version, commit, target } = &versions.client;
    let commit = commit.map(|commit| format!(", commit {commit}")).unwrap_or_default();
    let mut lines = vec![vec!["Client".to_owned(), format!("{version}{commit}, {target}")]];
    for crd in versions.crds.iter().flatten() {
        lines.push(vec![crd.name.clone(), or_none(Some(crd.versions.join(", ")))]);
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

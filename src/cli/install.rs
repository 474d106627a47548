//! `install --crds-only`: the two CRDs, for hubs without the operator.

use clap::Args;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, ResourceExt};
use serde_json::Value;

use super::error::{CliError, Result};
use super::exit::Exit;
use super::output::{self, ObjectFormat};
use super::session::Session;
use super::writing::{WriteArgs, full_name};
use crate::api::crd;
use crate::cluster::write::{self, Place};
use crate::cluster::{self, Connection};
use crate::render::Mark;
use crate::wire::yaml;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const US: &str = "kubectl-acmbackup";

/// Install the CRDs of BackupSchedule and Restore
///
/// A CRD that something else installed, such as the operator, is left alone.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup install --crds-only
  kubectl acmbackup install --crds-only --dry-run=client -o yaml > crds.yaml")]
pub struct InstallArgs {
    /// Install the CRDs and nothing else
    #[arg(long, required = true)]
    crds_only: bool,
    #[command(flatten)]
    write: WriteArgs,
}

/// Installs the CRDs.
///
/// # Errors
///
/// The server cannot be reached or refuses.
pub async fn run(args: InstallArgs, session: &Session) -> Result<Exit> {
    let wanted = crd::all().into_iter().map(labelled);
    if args.write.is_client_dry_run() {
        return print_only(&wanted.collect::<Vec<_>>(), &args, session);
    }
    let connection = session.connect().await?;
    for definition in wanted {
        install(&connection, definition, &args, session).await?;
    }
    Ok(Exit::Done)
}

fn labelled(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    definition.labels_mut().insert(MANAGED_BY.to_owned(), US.to_owned());
    definition
}

fn print_only(wanted: &[CustomResourceDefinition], args: &InstallArgs, session: &Session) -> Result<Exit> {
    let objects: Vec<Value> = wanted.iter().map(to_value).collect::<Result<_>>()?;
    match args.write.output {
        Some(ObjectFormat::Yaml) => {
            let documents: Vec<String> =
                objects.iter().map(yaml::to_string).collect::<Result<_, _>>().map_err(unwritable)?;
            output::print(&documents.join("---\n"))?;
        }
        Some(ObjectFormat::Json) => output::print_data(&output::list_of(objects), output::DataFormat::Json)?,
        _ => {
            for (definition, object) in wanted.iter().zip(&objects) {
                args.write.report((&place_of(definition), object), "created", &session.out())?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Creates or updates one CRD; one that is not ours stays as it is.
async fn install(
    connection: &Connection,
    wanted: CustomResourceDefinition,
    args: &InstallArgs,
    session: &Session,
) -> Result<()> {
    let place = place_of(&wanted);
    let api: Api<CustomResourceDefinition> = Api::all(connection.client.clone());
    let existing = api.get_opt(&place.name).await.map_err(cluster::Error::on("get", place.to_string()))?;
    let object = to_value(&wanted)?;
    match existing {
        None => {
            let created = write::create(&connection.client, &place, &object, args.write.mode()).await?;
            args.write.report((&place, &to_value(&created)?), "created", &session.out())
        }
        Some(found) if found.labels().get(MANAGED_BY).is_none_or(|by| by != US) => {
            session.note(
                Mark::Attention,
                &format!("{} is there and was not installed by this command", full_name(&place)),
            );
            args.write.report((&place, &to_value(&found)?), "unchanged", &session.out())
        }
        Some(found) => {
            let updated = write::patch(&connection.client, &place, &object, args.write.mode()).await?;
            let same = updated.metadata.resource_version == found.metadata.resource_version;
            let what = if same { "unchanged" } else { "configured" };
            args.write.report((&place, &to_value(&updated)?), what, &session.out())
        }
    }
}

fn place_of(definition: &CustomResourceDefinition) -> Place {
    Place::of::<CustomResourceDefinition>("", &definition.name_any())
}

fn to_value(object: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(object).map_err(unwritable)
}

fn unwritable(error: impl std::fmt::Display) -> Box<CliError> {
    CliError::new(Exit::Defect, format!("cannot write the CRD: {error}"))
}

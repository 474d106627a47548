//! `install`: the CRDs, and unless told otherwise the loop.

use clap::Args;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::DynamicObject;
use kube::{Api, ResourceExt};
use serde_json::Value;

use super::guard;
use super::objects::{self, MANAGED_BY, NAME, Planned, Wanted, to_value};
use super::served::until_served;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::session::{Hub, Session};
use crate::cli::writing::{WriteArgs, YesFlag, full_name};
use crate::cluster::namespace::DEFAULT_NAMESPACE;
use crate::cluster::write::{self, Place};
use crate::cluster::{self, Connection, lease};
use crate::render::Mark;
use crate::wire::yaml;

const IMAGE: &str = concat!("ghcr.io/kubectl-acmbackup/kubectl-acmbackup:v", env!("CARGO_PKG_VERSION"));

/// The group only OpenShift serves; it gives each namespace a range of users of its own.
const OPENSHIFT: &str = "security.openshift.io";

/// Install the CRDs and the loop
///
/// The loop is a Deployment that runs this program, in the namespace of the storage location. A CRD that something else
/// installed, such as the operator, is left alone; the loop is refused where the operator does its work.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup install
  kubectl acmbackup install --crds-only
  kubectl acmbackup install --image registry.example/acmbackup:v0.1.0 --replicas 1
  kubectl acmbackup install -n open-cluster-management-backup --dry-run=client -o yaml > loop.yaml")]
pub struct InstallArgs {
    /// Install the CRDs and nothing else
    #[arg(long, conflicts_with_all = ["image", "replicas"])]
    crds_only: bool,
    /// Image of the loop
    #[arg(long, value_name = "IMAGE", default_value = IMAGE, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    image: String,
    /// Pods of the loop: one works, the others stand by
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(i32).range(1..))]
    replicas: i32,
    #[command(flatten)]
    _confirm: YesFlag,
    #[command(flatten)]
    write: WriteArgs,
}

/// Installs.
///
/// # Errors
///
/// The server cannot be reached or refuses, or the hub has a loop already.
pub async fn run(args: InstallArgs, session: &Session) -> Result<Exit> {
    let mut all = objects::crds()?;
    if args.write.is_client_dry_run() {
        if !args.crds_only {
            all.extend(objects::of_loop(&args.offline(session))?);
        }
        return print_only(&all, &args.write, session);
    }
    if args.crds_only {
        apply(&session.connect().await?, &all, (&args.write, session)).await?;
        return Ok(Exit::Done);
    }
    let hub = session.hub().await?;
    guard::refuse_missing_namespace(&hub).await?;
    guard::refuse_second_loop(&hub.connection, session).await?;
    all.extend(objects::of_loop(&args.on(&hub).await?)?);
    apply(&hub.connection, &all, (&args.write, session)).await?;
    if args.write.dry_run.is_none() && args.write.output.is_none() {
        session.tell(&format!("\nNext\n  {}\n", session.command("status")));
    }
    Ok(Exit::Done)
}

impl InstallArgs {
    /// What to install where no server is asked: the operator's namespace unless another is named.
    fn offline(&self, session: &Session) -> Wanted {
        let namespace = session.globals.namespace.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
        let has_operators = namespace == DEFAULT_NAMESPACE;
        self.wanted(namespace, (has_operators, true))
    }

    async fn on(&self, hub: &Hub) -> Result<Wanted> {
        let client = hub.client();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let found = namespaces.get_opt(DEFAULT_NAMESPACE).await;
        let has_operators = found.map_err(cluster::Error::on("get", "namespaces"))?.is_some();
        let groups = client.list_api_groups().await.map_err(cluster::Error::on("list", "API groups"))?;
        let is_openshift = groups.groups.iter().any(|group| group.name == OPENSHIFT);
        Ok(self.wanted(hub.namespace().to_owned(), (has_operators, !is_openshift)))
    }

    fn wanted(&self, namespace: String, (has_operators, user): (bool, bool)) -> Wanted {
        let lease = if has_operators { DEFAULT_NAMESPACE } else { lease::WITHOUT_OPERATOR };
        Wanted {
            namespace,
            lease_namespace: lease.to_owned(),
            image: self.image.clone(),
            replicas: self.replicas,
            user,
        }
    }
}

fn print_only(all: &[Planned], write: &WriteArgs, session: &Session) -> Result<Exit> {
    match write.format() {
        Some(output::DataFormat::Yaml) => {
            let documents: Vec<String> = all
                .iter()
                .map(|one| yaml::to_string(&one.object))
                .collect::<Result<_, _>>()
                .map_err(|error| CliError::new(Exit::Defect, format!("cannot write YAML: {error}")))?;
            output::print(&documents.join("---\n"))?;
        }
        Some(format) => {
            let objects = all.iter().map(|one| one.object.clone()).collect();
            output::print_data(&output::list_of(objects), format)?;
        }
        None => {
            for one in all {
                write.report((&one.place, &one.object), "created", &session.out())?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Creates or updates each; doing it twice changes nothing.
async fn apply(
    connection: &Connection,
    all: &[Planned],
    (write, session): (&WriteArgs, &Session),
) -> Result<()> {
    let mut written = Vec::new();
    for one in all {
        let (object, what) = apply_one(connection, one, (write, session)).await?;
        match write.format() {
            Some(_) => written.push(object),
            None => write.report((&one.place, &object), what, &session.out())?,
        }
    }
    if write.dry_run.is_none() {
        until_served(&connection.client).await?;
    }
    match write.format() {
        Some(format) => output::print_data(&output::list_of(written), format),
        None => Ok(()),
    }
}

async fn apply_one(
    connection: &Connection,
    planned: &Planned,
    (write, session): (&WriteArgs, &Session),
) -> Result<(Value, &'static str)> {
    let Planned { place, object } = planned;
    let Some(found) = existing(connection, place).await? else {
        let created = write::create(&connection.client, place, object, write.mode()).await?;
        return Ok((to_value(&created)?, "created"));
    };
    if !is_ours(&found) {
        if place.resource.kind != "CustomResourceDefinition" {
            return Err(stranger(place));
        }
        let name = full_name(place);
        session.note(Mark::Attention, &format!("{name} is there and was not installed by this command"));
        return Ok((to_value(&found)?, "unchanged"));
    }
    let updated = write::patch(&connection.client, place, object, write.mode()).await?;
    let is_same = updated.metadata.resource_version == found.metadata.resource_version;
    Ok((to_value(&updated)?, if is_same { "unchanged" } else { "configured" }))
}

/// Something this command installed.
pub(super) fn is_ours(object: &DynamicObject) -> bool {
    object.labels().get(MANAGED_BY).is_some_and(|by| by == NAME)
}

/// What is in a place.
pub(super) async fn existing(connection: &Connection, place: &Place) -> Result<Option<DynamicObject>> {
    let found = place.api(&connection.client).get_opt(&place.name).await;
    Ok(found.map_err(cluster::Error::on("get", place.to_string()))?)
}

fn stranger(place: &Place) -> Box<CliError> {
    CliError::new(Exit::Refused, format!("{place} is there and was not installed by this command"))
        .why(format!("only objects with the label {MANAGED_BY}={NAME} are changed"))
        .try_("look at it, and remove it if nobody needs it")
}

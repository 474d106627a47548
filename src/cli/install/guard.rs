//! What keeps the loop from being installed: it has no place, or somebody else does its work already.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use serde_json::Value;

use super::objects::NAME;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::cli::session::{Hub, Session};
use crate::cluster::{self, Class, Connection, lease};

/// Refuses where the namespace is missing: the CRDs would be written before the server says so.
///
/// # Errors
///
/// Exit 6 if so; or the server does not answer.
pub(super) async fn refuse_missing_namespace(hub: &Hub) -> Result<()> {
    let (namespaces, name): (Api<Namespace>, _) = (Api::all(hub.client().clone()), hub.namespace());
    let found = namespaces.get_opt(name).await;
    match found.map_err(cluster::Error::on("get", format!("namespace {name}")))? {
        Some(_) => Ok(()),
        None => Err(CliError::named(
            problem::NAMESPACE_NOT_FOUND,
            Exit::NotReady,
            format!("there is no namespace {name}"),
        )
        .why("the loop is installed into the namespace of the storage location")
        .try_(format!("kubectl create namespace {name}"))),
    }
}

/// Refuses while a MultiClusterHub manages the backup component, or somebody else's loop holds the lease.
///
/// # Errors
///
/// Exit 5 if so; or the server does not answer.
pub(super) async fn refuse_second_loop(connection: &Connection, session: &Session) -> Result<()> {
    if let Some(hub) = managing_hub(connection).await? {
        return Err(CliError::named(
            problem::LEASE_HELD,
            Exit::Refused,
            format!("MultiClusterHub {hub} manages the backup component"),
        )
        .why("it installs the operator, which does the same work on the same objects")
        .try_for("kubectl acmbackup install --crds-only", "if only the CRDs are missing")
        .try_(format!("disable the component cluster-backup of MultiClusterHub {hub}")));
    }
    let holder = lease::read(&connection.client).await?;
    match holder.filter(|holder| !holder.is_overdue(session.now())) {
        Some(holder) if !holder.identity.starts_with(NAME) => Err(CliError::named(
            problem::LEASE_HELD,
            Exit::Refused,
            format!("another loop runs on this hub: {holder} holds the lease"),
        )
        .why("two loops would take turns at the same objects")
        .try_for(session.command("status"), "shows who holds the lease, and since when")),
        _ => Ok(()),
    }
}

/// `namespace/name` of a MultiClusterHub with the component switched on; `None` where the kind is not served.
async fn managing_hub(connection: &Connection) -> Result<Option<String>> {
    let kind = GroupVersionKind::gvk("operator.open-cluster-management.io", "v1", "MultiClusterHub");
    let resource = ApiResource::from_gvk_with_plural(&kind, "multiclusterhubs");
    let api: Api<DynamicObject> = Api::all_with(connection.client.clone(), &resource);
    let listed = api.list(&ListParams::default()).await;
    let listed =
        listed.map_err(cluster::Error::on("list", "multiclusterhubs.operator.open-cluster-management.io"));
    let hubs = match listed {
        Err(error) if error.class() == Class::KindMissing => return Ok(None),
        answer => answer?,
    };
    let managing = hubs.items.into_iter().find(|hub| has_backup_component(&hub.data));
    Ok(managing.map(|hub| {
        let metadata = hub.metadata;
        format!("{}/{}", metadata.namespace.unwrap_or_default(), metadata.name.unwrap_or_default())
    }))
}

fn has_backup_component(hub: &Value) -> bool {
    let components = hub.pointer("/spec/overrides/components").and_then(Value::as_array);
    let is_on = |component: &Value| {
        component.get("name").is_some_and(|name| name == "cluster-backup")
            && component.get("enabled").is_some_and(|enabled| enabled == true)
    };
    components.is_some_and(|components| components.iter().any(is_on))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_component_that_is_on_manages_backups() {
        let hub = |enabled: bool| json!({"spec": {"overrides": {"components": [{"name": "cluster-backup", "enabled": enabled}]}}});
        assert!(has_backup_component(&hub(true)));
        assert!(!has_backup_component(&hub(false)));
        assert!(!has_backup_component(&json!({"spec": {}})));
    }
}

//! Objects of any kind, as JSON.

use anyhow::{Context, Result, anyhow};
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::hub_kinds::HUB_KINDS;

impl Hub {
    /// Creates an object unless it exists, with its status if it has one.
    ///
    /// `object` holds apiVersion, kind and metadata.name; metadata.namespace if its kind is in namespaces.
    ///
    /// # Errors
    ///
    /// When the API server refuses.
    pub async fn create(&self, object: Value) -> Result<()> {
        create(&self.client(), object).await
    }

    /// The objects of a kind, in a namespace or (`None`) in all and those outside of any.
    ///
    /// ```no_run
    /// # fn example(hub: &acmbackup_lab::Hub) {
    /// let backups = hub.objects("velero.io/v1", "Backup", Some("open-cluster-management-backup"));
    /// # }
    /// ```
    #[must_use]
    pub fn objects(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
        objects(&self.client(), api_version, kind, namespace)
    }
}

/// See [`Hub::create`].
pub(crate) async fn create(client: &Client, mut object: Value) -> Result<()> {
    let status = object.as_object_mut().and_then(|object| object.remove("status"));
    let object: DynamicObject = serde_json::from_value(object)?;
    let TypeMeta { api_version, kind } =
        object.types.as_ref().context("an object has apiVersion and kind")?;
    let name = object.metadata.name.as_deref().context("an object has a name")?;
    let api = objects(client, api_version, kind, object.metadata.namespace.as_deref());
    let created = api.create(&PostParams::default(), &object).await;
    unless_exists(created).with_context(|| format!("create {kind} {name}"))?;
    let Some(status) = status else { return Ok(()) };
    let patch = Patch::Merge(json!({ "status": status }));
    let patched = match api.patch_status(name, &PatchParams::default(), &patch).await {
        // Velero's kinds have no status subresource: there it is a field like any other.
        Err(kube::Error::Api(answer)) if answer.is_not_found() => {
            api.patch(name, &PatchParams::default(), &patch).await
        }
        other => other,
    };
    patched.map(drop).with_context(|| format!("set the status of {kind} {name}"))
}

/// Turns "already exists" into success.
pub(crate) fn unless_exists<T>(created: kube::Result<T>) -> Result<()> {
    match created {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(answer)) if answer.is_already_exists() => Ok(()),
        Err(kube::Error::Api(answer)) => Err(anyhow!(answer.message)),
        Err(error) => Err(error.into()),
    }
}

/// See [`Hub::objects`].
pub(crate) fn objects(
    client: &Client,
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
) -> Api<DynamicObject> {
    let resource = resource(api_version, kind);
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

/// How the API server calls a kind; the plural is guessed for kinds not in the lab's table.
fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let gvk = GroupVersionKind::gvk(group, version, kind);
    let known = HUB_KINDS.iter().find(|known| known.group == group && known.kind == kind);
    match known {
        Some(known) => ApiResource::from_gvk_with_plural(&gvk, known.plural),
        None => ApiResource::from_gvk(&gvk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn irregular_plurals_come_from_the_table() {
        assert_eq!(resource("core.observatorium.io/v1alpha1", "Observatorium").plural, "observatoria");
        assert_eq!(resource("v1", "Secret").plural, "secrets");
        assert_eq!(resource("velero.io/v1", "Backup").api_version, "velero.io/v1");
    }
}

//! Objects as the server has them, with every field, for output as JSON or YAML.

use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::{ApiResource, DynamicObject};

use super::error::Error;
use super::list::{Kind, plural};

/// Lists a kind without decoding it; managed fields are left out, as kubectl does.
///
/// `namespace` `None` = all; `selector` is a label selector, empty for all objects.
///
/// # Errors
///
/// Anything but an answer.
pub async fn objects<K: Kind>(
    client: &Client,
    namespace: Option<&str>,
    selector: &str,
) -> Result<Vec<DynamicObject>, Error> {
    let resource = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let params =
        if selector.is_empty() { ListParams::default() } else { ListParams::default().labels(selector) };
    let mut items = api.list(&params).await.map_err(Error::on("list", plural::<K>()))?.items;
    for object in &mut items {
        object.metadata.managed_fields = None;
    }
    Ok(items)
}

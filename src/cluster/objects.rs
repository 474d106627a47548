//! Objects as the server has them, with every field, for output as JSON or YAML.

use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::{ApiResource, DynamicObject};

use super::error::Error;
use super::list::{Kind, plural};

/// Which objects of a kind; by default all.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    /// Label selector; `None` = any.
    pub labels: Option<String>,
    /// Field selector; `None` = any.
    pub fields: Option<String>,
}

/// Lists a kind without decoding it; managed fields are left out, as kubectl does.
///
/// `namespace` `None` = all.
///
/// # Errors
///
/// Anything but an answer.
pub async fn objects<K: Kind>(
    client: &Client,
    namespace: Option<&str>,
    selectors: Selectors,
) -> Result<Vec<DynamicObject>, Error> {
    let resource = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let Selectors { labels: label_selector, fields: field_selector } = selectors;
    let params = ListParams { label_selector, field_selector, ..ListParams::default() };
    let mut items = api.list(&params).await.map_err(Error::on("list", plural::<K>()))?.items;
    for object in &mut items {
        object.metadata.managed_fields = None;
    }
    Ok(items)
}

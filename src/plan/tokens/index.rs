//! What there is for tokens, by cluster.

use std::collections::BTreeMap;

use kube::ResourceExt;
use kube::core::DynamicObject;

use super::facts::TokenFacts;
use super::kinds::{self, Kind};
use super::objects::DEFAULT_INSTALL_NAMESPACE;
use crate::api::keys;
use crate::plan::{ObjectKind, Target, TargetKind};

type ByName<'a> = BTreeMap<&'a str, &'a DynamicObject>;

/// What there is in the namespace of one cluster.
#[derive(Debug, Clone, Default)]
pub(super) struct Site<'a> {
    pub(super) addon: Option<&'a DynamicObject>,
    pub(super) accounts: ByName<'a>,
    pub(super) works: ByName<'a>,
    pub(super) secrets: ByName<'a>,
}

impl<'a> Site<'a> {
    /// Where the addon's agent runs on the cluster. Spec: S-157
    pub(super) fn install_namespace(&self) -> &'a str {
        let told = self.addon.and_then(|addon| text(addon, "/status/namespace"));
        told.filter(|namespace| !namespace.is_empty()).unwrap_or(DEFAULT_INSTALL_NAMESPACE)
    }
}

/// One pass over each list instead of one per cluster. Spec: S-290
pub(super) fn by_namespace(facts: &TokenFacts) -> BTreeMap<&str, Site<'_>> {
    let mut sites: BTreeMap<&str, Site<'_>> = BTreeMap::new();
    for addon in facts.addons.iter().filter(|addon| name(addon) == keys::TOKEN_ADDON) {
        sites.entry(namespace(addon)).or_default().addon = Some(addon);
    }
    for account in facts.accounts.iter().flatten() {
        sites.entry(namespace(account)).or_default().accounts.insert(name(account), account);
    }
    for work in &facts.works {
        sites.entry(namespace(work)).or_default().works.insert(name(work), work);
    }
    for secret in facts.secrets.iter().filter(|secret| is_token(secret)) {
        sites.entry(namespace(secret)).or_default().secrets.insert(name(secret), secret);
    }
    sites
}

/// True for a secret with a token of ours. Spec: S-182
pub(super) fn is_token(secret: &DynamicObject) -> bool {
    label(secret, keys::MSA) == Some("true") && name(secret).starts_with(keys::TOKEN_ACCOUNT)
}

pub(super) fn is_terminating(object: &DynamicObject) -> bool {
    object.metadata.deletion_timestamp.is_some()
}

pub(super) fn name(object: &DynamicObject) -> &str {
    object.metadata.name.as_deref().unwrap_or_default()
}

pub(super) fn namespace(object: &DynamicObject) -> &str {
    object.metadata.namespace.as_deref().unwrap_or_default()
}

pub(super) fn label<'a>(object: &'a DynamicObject, key: &str) -> Option<&'a str> {
    object.labels().get(key).map(String::as_str)
}

/// The text at a JSON pointer of the body; `None` if there is none.
pub(super) fn text<'a>(object: &'a DynamicObject, pointer: &str) -> Option<&'a str> {
    object.data.pointer(pointer)?.as_str()
}

/// The object as that of a patch or deletion.
pub(super) fn target(kind: Kind, object: &DynamicObject) -> Target {
    Target {
        kind: TargetKind::Other(ObjectKind::from(kind)),
        namespace: namespace(object).to_owned(),
        name: name(object).to_owned(),
        uid: object.metadata.uid.clone(),
        resource_version: None,
    }
}

/// A secret as that of a patch or deletion.
pub(super) fn secret(object: &DynamicObject) -> Target {
    target(kinds::SECRET, object)
}

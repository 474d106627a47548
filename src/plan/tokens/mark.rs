//! Tokens are marked for backup, with the dates of their account. Spec: S-180

use kube::core::DynamicObject;
use serde_json::{Map, Value, json};

use super::index::{Site, is_terminating, name, secret, text};
use super::reason::TokenReason;
use crate::api::keys;
use crate::plan::{Action, Step};

/// Where the dates come from and where they go. Spec: S-004
const DATES: [(&str, &str); 2] = [
    ("/status/expirationTimestamp", keys::TOKEN_EXPIRATION),
    ("/status/tokenSecretRef/lastRefreshTimestamp", keys::TOKEN_LAST_REFRESH),
];
/// A secret with one of these is in backups by somebody's word, whatever it says. Spec: S-209
const CREDENTIAL_KEYS: [&str; 3] = [keys::HIVE_SECRET_TYPE, keys::CREDENTIAL_TYPE, keys::BACKUP];

/// One write per secret that lacks something; none of them is required.
pub(super) fn steps(site: &Site<'_>) -> Vec<Step> {
    let secrets = site.secrets.values().filter(|secret| !is_terminating(secret));
    secrets.filter_map(|secret| step(secret, site.accounts.get(name(secret)).copied())).collect()
}

fn step(token: &DynamicObject, account: Option<&DynamicObject>) -> Option<Step> {
    let mut metadata = Map::new();
    let labels = token.metadata.labels.as_ref();
    if !CREDENTIAL_KEYS.iter().any(|key| labels.is_some_and(|labels| labels.contains_key(*key))) {
        metadata.insert("labels".to_owned(), json!({ keys::BACKUP: keys::BACKUP_TOKEN }));
    }
    let dates = account.map(|account| missing_dates(token, account)).unwrap_or_default();
    if !dates.is_empty() {
        metadata.insert("annotations".to_owned(), Value::Object(dates));
    }
    let action = Action::Patch(secret(token), json!({ "metadata": metadata }));
    (!metadata.is_empty()).then(|| Step::optional(action, TokenReason::Mark).together())
}

fn missing_dates(token: &DynamicObject, account: &DynamicObject) -> Map<String, Value> {
    let is = |key: &str| token.metadata.annotations.as_ref().and_then(|annotations| annotations.get(key));
    DATES
        .into_iter()
        .filter_map(|(pointer, key)| Some((key, text(account, pointer)?)))
        .filter(|(key, date)| is(key).map(String::as_str) != Some(*date))
        .map(|(key, date)| (key.to_owned(), json!(date)))
        .collect()
}

//! What is removed once nobody wants tokens. Spec: S-190

use kube::core::DynamicObject;

use super::facts::TokenFacts;
use super::index::{is_terminating, is_token, target};
use super::kinds::{self, Kind};
use super::reason::TokenReason;
use crate::api::keys;
use crate::plan::{Action, Step, removal};

/// Finalizer by which Kubernetes deletes what an object owns before the object.
const GARBAGE_COLLECTOR: &str = "foregroundDeletion";

/// Everything our preparation made. Accounts may refuse; the rest must go. Spec: S-190, S-191
pub(super) fn everything(facts: &TokenFacts, local_cluster: Option<&str>) -> Vec<Step> {
    let accounts = facts.accounts.iter().flatten();
    let accounts =
        accounts.filter(|account| removal::may_lose_account(account, local_cluster)).filter_map(account);
    accounts.chain(all_but_accounts(facts, &TokenReason::NotWanted)).collect()
}

/// One that is going already is only helped on its way.
fn account(account: &DynamicObject) -> Option<Step> {
    let finalizers = account.metadata.finalizers.iter().flatten();
    let is_held = finalizers.filter(|finalizer| *finalizer != GARBAGE_COLLECTOR).count() > 0;
    let target = target(kinds::ACCOUNT, account);
    let action = match (is_held, is_terminating(account)) {
        (true, _) => Action::DetachAndDelete(target),
        (false, false) => Action::DeleteForeground(target),
        (false, true) => return None,
    };
    Some(Step::optional(action, TokenReason::NotWanted).together())
}

/// Everything but the accounts, where the server does not serve them or nobody looks after them. Spec: S-036, S-192
pub(super) fn all_but_accounts(facts: &TokenFacts, reason: &TokenReason) -> Vec<Step> {
    let addons =
        living(&facts.addons).filter(|addon| removal::is_marked(addon, keys::MSA, keys::TOKEN_ACCOUNT));
    let works = living(&facts.works)
        .filter(|work| removal::is_marked(work, keys::ADDON_NAME_WORK, keys::TOKEN_ADDON));
    let secrets = living(&facts.secrets).filter(|secret| is_token(secret));
    let remove = |kind: Kind| {
        move |object: &DynamicObject| {
            Step::required(Action::Delete(target(kind, object)), reason.clone()).together()
        }
    };
    addons
        .map(remove(kinds::ADDON))
        .chain(works.map(remove(kinds::WORK)))
        .chain(secrets.map(remove(kinds::SECRET)))
        .collect()
}

/// What is going already is left alone. Spec: S-190
fn living(objects: &[DynamicObject]) -> impl Iterator<Item = &DynamicObject> {
    objects.iter().filter(|object| !is_terminating(object))
}

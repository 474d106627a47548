//! What one managed cluster needs to have tokens.

use kube::core::DynamicObject;
use serde_json::json;

use super::index::{Site, is_terminating, secret, target, text};
use super::objects::{self, DEFAULT_INSTALL_NAMESPACE, work_name};
use super::pair::{self, Due};
use super::reason::TokenReason;
use super::terms::Account;
use super::{Wish, kinds};
use crate::plan::{Action, Step};
use crate::wire::GoDuration;

/// The steps for one cluster, none of them required, and when its second account is due. Spec: S-157 to S-166
pub(super) fn steps(cluster: &str, site: &Site<'_>, wish: &Wish) -> (Vec<Step>, Due) {
    let mut steps = Vec::new();
    if site.addon.is_none() {
        steps.push(step(objects::addon(cluster), TokenReason::NoAddOn));
    }
    steps.extend(old_works(site));
    let due = match site.accounts.contains_key(Account::Pair.name()) {
        true => Due::Now,
        false => pair::due(site.secrets.values().copied(), wish.now),
    };
    steps.extend(account(cluster, Account::Primary, site, wish));
    if due == Due::Now {
        steps.extend(account(cluster, Account::Pair, site, wish));
    }
    (steps, due)
}

fn step(action: Action, reason: TokenReason) -> Step {
    Step::optional(action, reason).together()
}

/// Spec: S-158
fn old_works(site: &Site<'_>) -> impl Iterator<Item = Step> {
    let found = Account::BOTH.into_iter().filter_map(|account| site.works.get(account.old_work().as_str()));
    let living = found.filter(|work| !is_terminating(work));
    living.map(|work| step(Action::Delete(target(kinds::WORK, work)), TokenReason::OldWork))
}

/// The account with its works. A crash between them is made good, so the works of the pair are looked after as well.
fn account(cluster: &str, account: Account, site: &Site<'_>, wish: &Wish) -> Vec<Step> {
    let mut steps = works(cluster, account, site);
    match (site.accounts.get(account.name()), site.secrets.get(account.name())) {
        (Some(found), _) => steps.extend(other_validity(found, wish.validity)),
        (None, Some(stale)) if is_terminating(stale) => {}
        // The account follows once the secret is gone: a fresh one must never be taken for it.
        (None, Some(stale)) => {
            steps.push(step(Action::Delete(secret(stale)), TokenReason::StaleSecret));
        }
        (None, None) => {
            let reason = match account {
                Account::Primary => TokenReason::NoAccount,
                Account::Pair => TokenReason::PairDue,
            };
            steps.push(step(objects::account(cluster, account, &wish.validity.to_string()), reason));
        }
    }
    steps
}

/// One for the default namespace, and one for where the agent really runs. Spec: S-160, S-161
fn works(cluster: &str, account: Account, site: &Site<'_>) -> Vec<Step> {
    let mut namespaces = vec![site.install_namespace()];
    if site.install_namespace() != DEFAULT_INSTALL_NAMESPACE {
        namespaces.push(DEFAULT_INSTALL_NAMESPACE);
    }
    namespaces
        .into_iter()
        .filter(|namespace| !site.works.contains_key(work_name(account, namespace).as_str()))
        .map(|namespace| step(objects::work(cluster, account, namespace), TokenReason::NoWork))
        .collect()
}

/// Spec: S-163
fn other_validity(account: &DynamicObject, wanted: GoDuration) -> Option<Step> {
    let is = text(account, "/spec/rotation/validity")?;
    let patch = json!({"spec": {"rotation": {"validity": wanted.to_string()}}});
    let action = Action::Patch(target(kinds::ACCOUNT, account), patch);
    (is.parse() != Ok(wanted)).then(|| step(action, TokenReason::OtherValidity))
}

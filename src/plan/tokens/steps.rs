//! All steps about tokens.

use jiff::Timestamp;

use super::facts::TokenFacts;
use super::index::by_namespace;
use super::pair::Due;
use super::reason::TokenReason;
use super::terms::validity;
use super::{cleanup, cluster, kinds, mark};
use crate::plan::validate::Terms;
use crate::plan::{ServedApis, ServedVersion, Step};
use crate::wire::GoDuration;

/// Whether the hub can make tokens. Spec: S-150
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    /// It can.
    Enabled,
    /// It serves the kind, but the component is not set up.
    NotInstalled,
    /// It does not serve the kind.
    NotServed,
    /// Discovery and list disagree, which passes.
    Unsure,
    /// It serves the kind in other versions only, which stays: accounts can be neither seen nor made.
    OtherVersion,
}

impl Component {
    /// Absent is only what both discovery and the list say is absent. Spec: S-150
    pub(crate) fn of(facts: &TokenFacts, served: &ServedApis) -> Self {
        let is_kind = |version: &&ServedVersion| {
            version.group == kinds::ACCOUNT.group
                && version.resources.iter().any(|resource| resource.kind == kinds::ACCOUNT.kind)
        };
        let mut versions = served.versions.iter().filter(is_kind).map(|version| version.version.as_str());
        let is_served = versions.clone().next().is_some();
        match (is_served, facts.accounts.is_some()) {
            (true, true) if facts.is_installed => Self::Enabled,
            (true, true) => Self::NotInstalled,
            (false, false) => Self::NotServed,
            (true, false) if versions.all(|version| version != kinds::ACCOUNT.version) => Self::OtherVersion,
            _ => Self::Unsure,
        }
    }
}

/// What tokens are to be like.
pub(super) struct Wish {
    pub(super) validity: GoDuration,
    pub(super) now: Timestamp,
}

/// Steps for all clusters, of which none is required, and when the next second account is due.
///
/// `local_cluster` is the hub itself, which needs no token. Spec: S-156, S-180
pub(crate) fn wanted(
    facts: &TokenFacts,
    terms: &Terms,
    local_cluster: Option<&str>,
    now: Timestamp,
) -> (Vec<Step>, Option<Timestamp>) {
    let (sites, wish) = (by_namespace(facts), Wish { validity: validity(terms), now });
    let is_ours = |cluster: &&String| {
        local_cluster != Some(cluster.as_str())
            && facts.namespaces.contains(*cluster)
            && !facts.hive_namespaces.contains(*cluster)
    };
    let (mut steps, mut next) = (Vec::new(), None);
    for name in facts.clusters.iter().filter(is_ours) {
        let site = sites.get(name.as_str()).cloned().unwrap_or_default();
        let (of_cluster, due) = cluster::steps(name, &site, &wish);
        steps.extend(of_cluster);
        if let Due::At(time) = due {
            next = next.into_iter().chain([time]).min();
        }
    }
    steps.extend(sites.values().flat_map(mark::steps));
    (steps, next)
}

/// Steps that remove what nobody wants any more. Spec: S-151, S-190
pub(crate) fn unwanted(facts: &TokenFacts, local_cluster: Option<&str>) -> Vec<Step> {
    cleanup::everything(facts, local_cluster)
}

/// Steps that remove what cannot work, because the component is not enabled. Spec: S-036
pub(crate) fn unusable(facts: &TokenFacts) -> Vec<Step> {
    cleanup::all_but_accounts(facts, &TokenReason::NotEnabled)
}

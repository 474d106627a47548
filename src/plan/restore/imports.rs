//! Managed clusters that are not connected to this hub yet are imported with the tokens that came along. Spec: R-730…R-738

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::end::End;
use super::facts::Facts;
use super::import_news as news;
use super::post::secret;
use super::reason::RestoreReason;
use super::wanted::WantedRestore;
use crate::api::keys;
use crate::plan::{
    Action, ClusterState, Import, ImportFacts, ImportSecret, ObjectKind, Query, Record, Step, Target,
    TargetKind, TokenSecret,
};

const MANAGED_CLUSTER: [&str; 4] =
    ["cluster.open-cluster-management.io", "v1", "ManagedCluster", "managedclusters"];

/// What becomes of one managed cluster.
enum Fate<'a> {
    /// Nothing to do; why, in words.
    Told(String),
    Import {
        import: Import,
        /// What an earlier restore left.
        old: Option<&'a ImportSecret>,
    },
}

/// What the cleanup before the imports removes: there when the facts were read, gone when the imports begin. Spec: R-700
#[derive(Debug, Default)]
pub(super) struct Removed<'a>(BTreeSet<[&'a str; 4]>);

impl<'a> Removed<'a> {
    /// What `steps` remove of other components.
    pub(super) fn by(steps: &'a [Step]) -> Self {
        Self(steps.iter().filter_map(removed_by).collect())
    }

    fn has_cluster(&self, name: &str) -> bool {
        self.0.contains(&[MANAGED_CLUSTER[0], MANAGED_CLUSTER[3], "", name])
    }

    fn has_secret(&self, namespace: &str, name: &str) -> bool {
        self.0.contains(&["", "secrets", namespace, name])
    }
}

/// Group, plural, namespace and name of what a step removes.
fn removed_by(step: &Step) -> Option<[&str; 4]> {
    let (Action::Delete(target) | Action::DeleteForeground(target) | Action::DetachAndDelete(target)) =
        &step.action
    else {
        return None;
    };
    let TargetKind::Other(kind) = &target.kind else { return None };
    Some([&kind.group, &kind.plural, &target.namespace, &target.name])
}

/// Steps that import the managed clusters, and what is told of those that are not. Spec: R-730
///
/// # Errors
/// The facts to ask for first.
pub(super) fn end(
    facts: &Facts<'_>,
    restored: &WantedRestore,
    removed: &Removed<'_>,
) -> Result<End, BTreeSet<Query>> {
    let imports = facts.hub.on_request.imports.as_ref().ok_or(BTreeSet::from([Query::Imports]))?;
    let Some(clusters) = &imports.clusters else { return Ok(End::default()) };
    let look = Look::new(imports, (facts.now, ended_at(facts, restored)), removed);
    let (mut messages, mut phases) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    let stays = |cluster: &&ClusterState| !cluster.is_being_deleted && !removed.has_cluster(&cluster.name);
    for cluster in clusters.iter().filter(|cluster| !cluster.is_local).filter(stays) {
        match look.at(cluster) {
            Fate::Told(message) => messages.push(message),
            Fate::Import { import, old } => {
                let [removals, hints, creations] = &mut phases;
                removals.extend(old.map(removal));
                hints.push(hint(&import.cluster));
                creations.push(creation(import));
            }
        }
    }
    Ok(End { steps: one_after_the_other(phases), messages: Some(messages), ..End::default() })
}

/// When Velero was done with the managed clusters; what was made since is ours.
fn ended_at(facts: &Facts<'_>, restored: &WantedRestore) -> Option<Timestamp> {
    let restore = facts.owned_named(&restored.name)?;
    restore.status.as_ref()?.completion_timestamp.as_ref().map(|time| time.0)
}

/// The secrets by namespace.
struct Look<'a> {
    tokens: BTreeMap<&'a str, Vec<&'a TokenSecret>>,
    secrets: BTreeMap<&'a str, &'a ImportSecret>,
    now: Timestamp,
    since: Option<Timestamp>,
}

impl<'a> Look<'a> {
    fn new(
        imports: &'a ImportFacts,
        (now, since): (Timestamp, Option<Timestamp>),
        removed: &Removed<'_>,
    ) -> Self {
        let is_usable = |token: &&TokenSecret| {
            token.name.starts_with(keys::TOKEN_ACCOUNT) && !removed.has_secret(&token.namespace, &token.name)
        };
        let mut tokens: BTreeMap<&str, Vec<&TokenSecret>> = BTreeMap::new();
        for token in imports.tokens.iter().filter(is_usable) {
            tokens.entry(&token.namespace).or_default().push(token);
        }
        let stays = |secret: &&ImportSecret| !removed.has_secret(&secret.namespace, keys::AUTO_IMPORT_SECRET);
        let secrets = imports.import_secrets.iter().filter(stays);
        let secrets = secrets.map(|secret| (secret.namespace.as_str(), secret)).collect();
        Self { tokens, secrets, now, since }
    }

    /// Spec: R-732…R-737
    fn at(&self, cluster: &ClusterState) -> Fate<'a> {
        let name = cluster.name.as_str();
        if cluster.is_available {
            return Fate::Told(news::available(name));
        }
        if cluster.server.is_empty() {
            return Fate::Told(news::no_server(name));
        }
        let Some(token) = self.tokens.get(name).and_then(|tokens| best_token(tokens, self.now)) else {
            return Fate::Told(news::no_token(name));
        };
        match self.secrets.get(name).copied() {
            Some(secret) if !secret.is_ours => Fate::Told(news::foreign_secret(name)),
            // Made by a pass that ended before its status was written.
            Some(secret) if self.is_fresh(secret) => Fate::Told(news::created(name)),
            old => {
                let (cluster, server) = (name.to_owned(), cluster.server.clone());
                Fate::Import { import: Import { cluster, server, token_from: token.name.clone() }, old }
            }
        }
    }

    /// Times are whole seconds: one made in the second Velero ended in may be old, and a new one instead does no harm.
    fn is_fresh(&self, secret: &ImportSecret) -> bool {
        let made = secret.created.as_ref().map(|time| time.0);
        matches!((made, self.since), (Some(made), Some(since)) if made > since)
    }
}

/// The only one, whatever it says; of several the one that is good longest, else the youngest. Spec: R-733
fn best_token<'a>(tokens: &[&'a TokenSecret], now: Timestamp) -> Option<&'a TokenSecret> {
    let good_until = |token: &TokenSecret| {
        token.expires.as_deref()?.parse::<Timestamp>().ok().filter(|until| *until > now)
    };
    let created = |token: &TokenSecret| token.created.as_ref().map(|Time(time)| *time);
    let key = |token: &&&TokenSecret| (good_until(token), created(token), Reverse(token.name.clone()));
    tokens.iter().max_by_key(key).copied()
}

/// Spec: R-736
fn removal(old: &ImportSecret) -> Step {
    let target = Target {
        kind: secret(),
        namespace: old.namespace.clone(),
        name: keys::AUTO_IMPORT_SECRET.to_owned(),
        uid: old.uid.clone(),
        resource_version: None,
    };
    Step::optional(Action::Delete(target), RestoreReason::OldImport).recording(Record::ImportNews)
}

/// Spec
fn hint(cluster: &str) -> Step {
    let target = Target {
        kind: TargetKind::Other(ObjectKind::new(MANAGED_CLUSTER)),
        namespace: String::new(),
        name: cluster.to_owned(),
        uid: None,
        resource_version: None,
    };
    let change = json!({"metadata": {"annotations": {keys::IMMEDIATE_IMPORT: ""}}});
    Step::optional(Action::Patch(target, change), RestoreReason::ImportNow)
}

/// Spec: R-737
fn creation(import: Import) -> Step {
    Step::optional(Action::Import(import), RestoreReason::ImportNow).recording(Record::ImportNews)
}

/// Each phase at the same time, but no phase before the one it follows: its first step joins nobody.
fn one_after_the_other(phases: [Vec<Step>; 3]) -> Vec<Step> {
    let in_phase = |phase: Vec<Step>| {
        let numbered = phase.into_iter().enumerate();
        numbered.map(|(place, step)| if place == 0 { step } else { step.together() })
    };
    phases.into_iter().flat_map(in_phase).collect()
}

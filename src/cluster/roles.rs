//! The table of permissions as roles, and who has them. Pure: `install` sends them, `plugin-manifest/rbac.yaml` holds them.
//!
//! All are ClusterRoles, so that they name no namespace. The one for the namespace is granted there by a RoleBinding,
//! or everywhere by a ClusterRoleBinding for a loop that works in all namespaces; the one for the lease where that is.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, RoleBinding, RoleRef, Subject,
};
use kube::Resource;
use kube::api::ObjectMeta;

use super::permissions::{
    CLEANUP, CLUSTER_READS, CLUSTER_WRITES, LEASE, Permission, READS, READS_AROUND, WRITES,
};

/// Name of the role for what the loop does everywhere, and of its binding.
pub const EVERYWHERE: &str = "kubectl-acmbackup";
/// Name of the role for what the loop does in its namespace, and of its binding.
pub const IN_NAMESPACE: &str = "kubectl-acmbackup-namespace";
/// Name of the role for the lease, and of its binding.
pub const FOR_LEASE: &str = "kubectl-acmbackup-lease";

/// Name of the role for cleanups after a restore, and of its binding; a hub may do without.
pub const FOR_CLEANUP: &str = "kubectl-acmbackup-cleanup";

/// Rows granted everywhere.
pub fn everywhere() -> impl Iterator<Item = &'static Permission> {
    [READS_AROUND, CLUSTER_READS, CLUSTER_WRITES].into_iter().flatten()
}

/// Rows granted in the namespace of the loop.
pub fn in_namespace() -> impl Iterator<Item = &'static Permission> {
    [READS, WRITES].into_iter().flatten()
}

/// The roles: for everywhere, for the namespace of the loop, for the lease, and for cleanups.
pub fn roles() -> [ClusterRole; 4] {
    [
        role(EVERYWHERE, everywhere()),
        role(IN_NAMESPACE, in_namespace()),
        role(FOR_LEASE, LEASE.iter()),
        role(FOR_CLEANUP, CLEANUP.iter()),
    ]
}

/// Grants [`EVERYWHERE`] or [`FOR_CLEANUP`] to `who`.
pub fn bind_everywhere(role: &str, who: Subject) -> ClusterRoleBinding {
    ClusterRoleBinding { metadata: named(role), role_ref: reference(role), subjects: Some(vec![who]) }
}

/// Grants [`IN_NAMESPACE`] or [`FOR_LEASE`] to `who` in `namespace`.
pub fn bind_in(namespace: &str, role: &str, who: Subject) -> RoleBinding {
    let metadata = ObjectMeta { namespace: Some(namespace.to_owned()), ..named(role) };
    RoleBinding { metadata, role_ref: reference(role), subjects: Some(vec![who]) }
}

/// One rule for each kind, with all verbs any row asks for; sorted, so that a new row shows as one change.
fn role<'a>(name: &str, rows: impl Iterator<Item = &'a Permission>) -> ClusterRole {
    let mut verbs: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        verbs.entry((row.group, row.resource)).or_default().extend(row.verbs);
    }
    let rules = verbs.into_iter().map(|((group, resource), verbs)| PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: verbs.into_iter().map(str::to_owned).collect(),
        ..PolicyRule::default()
    });
    ClusterRole { metadata: named(name), rules: Some(rules.collect()), ..ClusterRole::default() }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

fn reference(name: &str) -> RoleRef {
    RoleRef {
        api_group: Some(ClusterRole::group(&()).into_owned()),
        kind: ClusterRole::kind(&()).into_owned(),
        name: name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_of(rows: &[Permission]) -> Vec<PolicyRule> {
        role("r", rows.iter()).rules.unwrap_or_default()
    }

    #[test]
    fn rows_of_one_kind_become_one_rule_with_the_verbs_of_all() {
        let row = |verbs| Permission { group: "g", resource: "things", verbs, why: "S-001" };
        let rules = rules_of(&[row(&["list", "watch"]), row(&["get", "list"])]);
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].verbs, ["get", "list", "watch"]);
    }

    #[test]
    fn a_subresource_is_a_rule_of_its_own() {
        let row = |resource| Permission { group: "g", resource, verbs: &["patch"], why: "S-001" };
        assert_eq!(rules_of(&[row("things/status"), row("things")]).len(), 2);
    }

    #[test]
    fn every_row_says_which_rule_needs_it() {
        for row in everywhere().chain(in_namespace()).chain(LEASE).chain(CLEANUP) {
            let is_rule = row.why.starts_with("S-") || row.why.starts_with("R-");
            assert!(is_rule && !row.verbs.is_empty(), "{row:?}");
        }
    }
}

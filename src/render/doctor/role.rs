//! What the user may do, and the roles that grant the rest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::observed::{MissingVerb, Observed, PermissionAnswer};
use super::report::check;
use crate::render::checks::Check;
use crate::render::text::count;

const NAME: &str = "kubectl-acmbackup-user";

pub(super) fn checks(observed: &Observed) -> Vec<Check> {
    vec![check(&observed.permissions, "permissions", permissions)]
}

fn permissions(answer: &PermissionAnswer) -> Check {
    let PermissionAnswer { asked, jobs, missing } = answer;
    if missing.is_empty() {
        return Check::ok("permissions", format!("all {asked} permissions for {jobs}"));
    }
    let what = format!("{} of {asked} for {jobs} missing", count(missing.len(), "permission"));
    let start = Check::fail("permissions", what)
        .problem("forbidden")
        .hint("apply the roles at the end, and bind them to this user");
    missing.iter().map(line).fold(start, Check::detail)
}

fn line(verb: &MissingVerb) -> String {
    let group = if verb.group.is_empty() { String::new() } else { format!(".{}", verb.group) };
    let scope = if verb.everywhere { " (in all namespaces)" } else { "" };
    format!("{} {}{group}{scope}", verb.verb, verb.resource)
}

/// A Role for what is missing in the namespace, a ClusterRole for the rest; nothing if nothing is missing.
pub(super) fn roles(observed: &Observed) -> Vec<Value> {
    let (Ok(answer), Ok((namespace, _))) = (&observed.permissions.known, &observed.namespace) else {
        return Vec::new();
    };
    let rules = |everywhere: bool| {
        let missing = answer.missing.iter().filter(|verb| verb.everywhere == everywhere);
        let mut verbs: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for MissingVerb { group, resource, verb, .. } in missing {
            verbs.entry((group, resource)).or_default().push(verb);
        }
        let rule = |((group, resource), verbs): ((&str, &str), Vec<&str>)| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
        verbs.into_iter().map(rule).collect::<Vec<Value>>()
    };
    let role = |kind: &str, metadata: Value, rules: Vec<Value>| {
        let api_version = "rbac.authorization.k8s.io/v1";
        let role = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "rules": rules});
        (!rules.is_empty()).then_some(role)
    };
    let here = role("Role", json!({"name": NAME, "namespace": namespace}), rules(false));
    let everywhere = role("ClusterRole", json!({"name": NAME}), rules(true));
    here.into_iter().chain(everywhere).collect()
}

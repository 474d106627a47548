//! Would the operators of this hub see what is restored?

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Operator;
use crate::render::checks::Check;
use crate::render::contents::{Contents, resource};

type Kind = (String, String);

/// Kinds whose operators work in some namespaces only: group and kind.
pub fn limited_kinds(operators: &[Operator]) -> BTreeSet<Kind> {
    limited(operators).into_keys().cloned().collect()
}

/// Velero restores objects into the namespaces they come from, and calls that Completed whoever works there.
///
/// `None` where no operator of this hub was installed by OLM.
pub(super) fn check(contents: Option<&Contents>, operators: Option<&[Operator]>) -> Option<Check> {
    let Some(operators) = operators else {
        return Some(Check::skipped("operators", "operators may not be read here"));
    };
    if operators.is_empty() {
        return None;
    }
    let Some(contents) = contents else {
        return Some(Check::skipped("operators", "not compared with where operators work"));
    };
    let lines: Vec<String> =
        limited(operators).into_iter().flat_map(|(kind, owners)| unseen(contents, kind, &owners)).collect();
    if lines.is_empty() {
        return Some(Check::ok("operators", "operators work in the namespaces of the backups"));
    }
    let start = Check::warn("operators", "operators do not work in all namespaces of the backups")
        .problem("operator-elsewhere")
        .hint("install them in the namespaces they have on the hub that wrote the run");
    Some(lines.into_iter().fold(start, Check::detail))
}

/// The operators of each kind that none of them works on everywhere.
fn limited(operators: &[Operator]) -> BTreeMap<&Kind, Vec<&Operator>> {
    let mut owners: BTreeMap<&Kind, Vec<&Operator>> = BTreeMap::new();
    for operator in operators {
        for kind in &operator.kinds {
            owners.entry(kind).or_default().push(operator);
        }
    }
    owners.retain(|_, owners| owners.iter().all(|operator| !operator.namespaces.is_empty()));
    owners
}

/// A line per namespace that holds objects of a kind in the backups and in which none of its operators works.
fn unseen(contents: &Contents, (group, kind): &Kind, owners: &[&Operator]) -> Vec<String> {
    let names = contents.names(group, kind).into_iter();
    let namespaces: BTreeSet<&str> =
        names.filter_map(|name| name.split_once('/')).map(|(namespace, _)| namespace).collect();
    let works_in = |namespace: &str| owners.iter().any(|operator| operator.namespaces.contains(namespace));
    let named = |operator: &&Operator| {
        let places: Vec<&str> = operator.namespaces.iter().map(String::as_str).collect();
        format!("{} works in {}", operator.name, places.join(", "))
    };
    let told: Vec<String> = owners.iter().map(named).collect();
    let unseen = namespaces.into_iter().filter(|namespace| !works_in(namespace));
    unseen.map(|namespace| format!("{} in {namespace}: {}", resource(group, kind), told.join("; "))).collect()
}

//! Does Velero run, alone and with enough memory?

use std::collections::BTreeMap;

use super::observed::{Restarts, VeleroFacts};
use super::report::check;
use crate::render::checks::Check;
use crate::render::text::count;
use crate::velero::server::{Server, bytes};

/// Velero's own default; with many clusters it dies of it.
const DEFAULT_MEMORY: &str = "256Mi";
/// From here on the default memory is a risk; at two thousand clusters it is certain not to do.
const MANY_CLUSTERS: usize = 500;

pub(super) fn checks(velero: &VeleroFacts) -> Vec<Check> {
    vec![
        check(&velero.servers, "velero", |servers| available(servers)),
        check(&velero.servers, "one velero", |servers| only_one(servers)),
        check(&velero.restarts, "restarts", restarts),
        check(&velero.servers, "memory", |servers| memory(servers, velero.clusters.known.as_ref().ok())),
        check(&velero.oadp, "oadp", oadp),
    ]
}

fn available(servers: &[Server]) -> Check {
    match servers.iter().find(|server| server.available == Some(true)).or(servers.first()) {
        Some(server) if server.available == Some(true) => {
            Check::ok("velero", format!("{} available", version(server)))
        }
        Some(server) if server.available.is_none() => {
            Check::skipped("velero", format!("velero: nobody reports the pods of deployment {}", server.name))
        }
        Some(server) => Check::fail("velero", format!("deployment {} has no ready pod", server.name))
            .problem("velero-down")
            .detail("schedules and restores are accepted, and nothing moves")
            .hint(format!("kubectl describe deployment {}, and the log of its last pod", server.name)),
        None => Check::warn("velero", "no deployment of this namespace runs a Velero server")
            .problem("velero-down")
            .hint("where Velero runs in another way this is fine; else create a DataProtectionApplication"),
    }
}

/// `velero v1.18.2`, as far as the image tells.
fn version(server: &Server) -> String {
    match server.image.rsplit('/').next().and_then(|name| name.split_once(':')) {
        Some((_, tag)) if !tag.is_empty() && !server.image.contains('@') => format!("velero {tag}"),
        _ => format!("velero ({})", server.name),
    }
}

fn only_one(servers: &[Server]) -> Check {
    let names: Vec<&str> = servers.iter().map(|server| server.name.as_str()).collect();
    match names.as_slice() {
        [] => Check::skipped("one velero", "no Velero server"),
        [_] => Check::ok("one velero", "only one Velero works in this namespace"),
        names => Check::fail("one velero", format!("{} Velero servers work in this namespace", names.len()))
            .problem("velero-twice")
            .detail(names.join(", "))
            .detail("each backup is taken by whichever is first, and both may delete")
            .hint("leave one, or move the other to a namespace of its own"),
    }
}

fn restarts(restarts: &Restarts) -> Check {
    match (restarts.count, restarts.out_of_memory) {
        (0, _) => Check::ok("restarts", "0 restarts"),
        (n, out_of_memory) => {
            let times = count(usize::try_from(n).unwrap_or(0), "restart");
            let why = if out_of_memory { ", for lack of memory" } else { "" };
            Check::warn("restarts", format!("Velero had {times}{why}"))
                .detail("a backup or restore that was running then stays InProgress or fails")
                .hint("kubectl logs --previous of its pod; give it more memory if that was the reason")
        }
    }
}

fn memory(servers: &[Server], clusters: Option<&usize>) -> Check {
    let clusters = clusters.copied().unwrap_or(0);
    let Some(server) = servers.first() else { return Check::skipped("memory", "no Velero server") };
    let Some(limit) = &server.memory_limit else {
        return Check::ok("memory", "Velero's memory is not limited");
    };
    let is_little = bytes(limit) <= bytes(DEFAULT_MEMORY);
    match is_little && clusters >= MANY_CLUSTERS {
        false => Check::ok("memory", format!("Velero may use {limit}, for {}", count(clusters, "cluster"))),
        true => Check::warn("memory", format!("Velero may use {limit} only, for {clusters} clusters"))
            .hint("set podConfig.resourceAllocations of the DataProtectionApplication to 1Gi or more"),
    }
}

fn oadp(versions: &BTreeMap<String, Vec<String>>) -> Check {
    let names: Vec<&str> = versions.keys().map(String::as_str).collect();
    match names.as_slice() {
        [] => Check::skipped("oadp", "OADP was not installed by OLM"),
        [one] => Check::ok("oadp", format!("OADP {one}")),
        several => {
            let start = Check::fail("oadp", format!("{} versions of OADP are installed", several.len()))
                .problem("velero-twice")
                .hint("their CRDs are shared; keep one version in all namespaces");
            versions
                .iter()
                .map(|(version, namespaces)| format!("{version} in {}", namespaces.join(", ")))
                .fold(start, Check::detail)
        }
    }
}

//! Can the server be reached, and do both sides speak of the same things?

use jiff::SignedDuration;

use super::observed::{Crd, Observed, Reach, Unknown};
use super::report::check;
use crate::render::checks::Check;

/// More than this makes ages and leases misleading.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn checks(observed: &Observed) -> Vec<Check> {
    vec![
        server(observed),
        check(&observed.reach, "clock", clock),
        namespace(observed),
        check(&observed.crds, "client", |crds| age_of_client(crds)),
    ]
}

fn server(observed: &Observed) -> Check {
    let Observed { context, server, .. } = observed;
    let check = match &observed.reach.known {
        Ok(reach) => {
            Check::ok("server", format!("context {context}, {server}, Kubernetes {}", reach.version))
        }
        Err(Unknown::Failed(why)) if server.is_empty() => Check::fail("server", "no usable kubeconfig")
            .problem("unreachable")
            .detail(why.clone())
            .hint("set KUBECONFIG, or pass --kubeconfig FILE and --context NAME"),
        Err(why) => Check::fail("server", format!("context {context}, {server} does not answer"))
            .problem("unreachable")
            .detail(why.to_string())
            .hint("kubectl cluster-info"),
    };
    Check { seconds: observed.reach.seconds, ..check }
}

fn clock(reach: &Reach) -> Check {
    let Some(ahead) = reach.ahead else { return Check::skipped("clock", "the server does not say the time") };
    let apart = ahead.abs();
    let seconds = apart.as_secs();
    match apart > SKEW_MAX {
        false if seconds < 2 => Check::ok("clock", "clocks agree"),
        false => Check::ok("clock", format!("clocks agree ({seconds}s apart)")),
        true => {
            let which = if ahead.is_positive() { "ahead of" } else { "behind" };
            Check::warn("clock", format!("the server's clock is {seconds}s {which} ours"))
                .problem("clock-skew")
                .detail("ages on every screen are wrong by as much")
                .hint("set both clocks by NTP")
        }
    }
}

fn namespace(observed: &Observed) -> Check {
    match &observed.namespace {
        // Whether it may be asked for does not matter: what is in it is looked at anyway.
        Ok((namespace, why)) if observed.exists.known == Ok(false) => {
            Check::fail("namespace", format!("namespace {namespace} ({why}) does not exist"))
                .problem("namespace-not-found")
                .hint("name another with -n, or leave -n out where there is one with a storage location")
        }
        Ok((namespace, why)) => Check::ok("namespace", format!("namespace {namespace} ({why})")),
        Err(("", _)) => Check::skipped("namespace", "namespace: skipped"),
        Err((problem, why)) => {
            Check::fail("namespace", why.clone()).problem(problem).hint("name the namespace with -n")
        }
    }
}

fn age_of_client(crds: &[Crd]) -> Check {
    let newer: Vec<String> = crds.iter().flat_map(|crd| named(crd, &crd.difference.newer_here)).collect();
    if newer.is_empty() {
        return Check::ok("client", format!("this client, {}, knows every field", env!("CARGO_PKG_VERSION")));
    }
    let start = Check::warn("client", "the CRDs here have fields this client does not know")
        .problem("client-older-than-crd")
        .hint("a newer kubectl-acmbackup can show and set them; until then they stay as they are");
    newer.into_iter().fold(start, Check::detail)
}

/// Fields with the plural they belong to.
pub(super) fn named(crd: &Crd, fields: &[String]) -> Vec<String> {
    let plural = crd.name.split('.').next().unwrap_or_default();
    fields.iter().map(|field| format!("{plural} {field}")).collect()
}

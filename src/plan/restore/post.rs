//! What is done once an activation has ended, well or with errors. Spec

use std::collections::BTreeSet;

use super::end::End;
use super::facts::Facts;
use super::imports::Removed;
use super::reason::RestoreReason;
use super::wanted::WantedRestore;
use super::{imports, marker};
use crate::plan::{Action, ObjectKind, Query, Step, Target, TargetKind};
use crate::velero::RestoreType;

/// The certificate of the old hub's observability, and where it is. Spec: R-710
const STALE_CERTIFICATE: [&str; 2] = [
    "open-cluster-management-addon-observability",
    "observability-controller-open-cluster-management.io-observability-signer-client-cert",
];

/// What is left to do before a Restore may end, once the steps of the cleanup are taken; nothing without managed
/// clusters. Spec: R-700
///
/// # Errors
/// The facts to ask for first.
pub(super) fn end(
    facts: &Facts<'_>,
    wanted: &[WantedRestore],
    cleanup: &[Step],
) -> Result<End, BTreeSet<Query>> {
    let Some(clusters) = wanted.iter().find(|restore| restore.part == RestoreType::ManagedClusters) else {
        return Ok(End::default());
    };
    match (marker::steps(facts, clusters), imports::end(facts, clusters, &Removed::by(cleanup))) {
        (Ok(marker), Ok(imports)) => {
            let steps = [stale_certificate()].into_iter().chain(marker).chain(imports.steps).collect();
            Ok(End { steps, ..imports })
        }
        (marker, imports) => Err([marker.err(), imports.err()].into_iter().flatten().flatten().collect()),
    }
}

/// Spec: R-710
fn stale_certificate() -> Step {
    let [namespace, name] = STALE_CERTIFICATE.map(str::to_owned);
    let target = Target { kind: secret(), namespace, name, uid: None, resource_version: None };
    Step::optional(Action::Delete(target), RestoreReason::StaleCertificate)
}

/// The kind of a Secret.
pub(super) fn secret() -> TargetKind {
    TargetKind::Other(ObjectKind::new(["", "v1", "Secret", "secrets"]))
}

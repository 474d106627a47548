//! Are our kinds and Velero's served, at versions this program speaks?

use super::client::named;
use super::observed::{Crd, Fact, Observed};
use super::report::check;
use crate::api::VERSION;
use crate::render::checks::Check;

/// Kinds of Velero that are read or written.
const OF_VELERO: [&str; 6] = [
    "backups",
    "restores",
    "schedules",
    "backupstoragelocations",
    "downloadrequests",
    "deletebackuprequests",
];

pub(super) fn checks(observed: &Observed) -> Vec<Check> {
    vec![check(&observed.crds, "crds", |crds| ours(crds)), of_velero(&observed.velero.kinds)]
}

fn ours(crds: &[Crd]) -> Check {
    let plural = |crd: &Crd| crd.name.split('.').next().unwrap_or_default().to_owned();
    let unserved: Vec<String> =
        crds.iter().filter(|crd| !crd.versions.iter().any(|v| v == VERSION)).map(plural).collect();
    if !unserved.is_empty() {
        return Check::fail("crds", format!("{}: not served at {VERSION}", unserved.join(", ")))
            .problem("crd-missing")
            .hint("enable cluster-backup on the MultiClusterHub, or: kubectl acmbackup install --crds-only");
    }
    let plurals: Vec<String> = crds.iter().map(plural).collect();
    let lacking: Vec<String> = crds.iter().flat_map(|crd| named(crd, &crd.difference.missing_here)).collect();
    let served = format!("{}: {VERSION}", plurals.join(", "));
    if lacking.is_empty() {
        return Check::ok("crds", format!("{served}, all fields known"));
    }
    let start = Check::warn("crds", format!("{served}, without {} of the fields", lacking.len()))
        .problem("crd-too-old")
        .hint("flags that set them are refused; the operator that owns the CRDs brings newer ones");
    lacking.into_iter().fold(start, Check::detail)
}

fn of_velero(kinds: &Fact<Vec<String>>) -> Check {
    check(kinds, "velero.io", |kinds| {
        let missing: Vec<&str> =
            OF_VELERO.into_iter().filter(|wanted| !kinds.iter().any(|kind| kind == wanted)).collect();
        match missing.as_slice() {
            [] => Check::ok("velero.io", format!("velero.io: {}", OF_VELERO.join(", "))),
            missing => Check::fail("velero.io", format!("velero.io lacks {}", missing.join(", ")))
                .problem("velero-missing")
                .hint("enable cluster-backup on the MultiClusterHub, or install OADP"),
        }
    })
}

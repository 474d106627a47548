//! Does somebody reconcile?

use jiff::Timestamp;

use super::observed::{Lease, Observed};
use super::report::check;
use crate::render::age;
use crate::render::checks::Check;

pub(super) fn checks(observed: &Observed, now: Timestamp) -> Vec<Check> {
    vec![
        check(&observed.lease, "lease", |lease| held(lease.as_ref(), now)),
        check(&observed.lease, "image", |lease| image(lease.as_ref())),
    ]
}

fn held(lease: Option<&Lease>, now: Timestamp) -> Check {
    let Some(lease) = lease else {
        return Check::fail("lease", "nobody holds the lease, so nothing is reconciled")
            .problem("loop-missing")
            .hint("enable cluster-backup on the MultiClusterHub, or: kubectl acmbackup run");
    };
    let renewed = lease.renewed.map(|at| format!(", renewed {} ago", age::age(at, now))).unwrap_or_default();
    match lease.overdue {
        false => Check::ok("lease", format!("{} holds the lease{renewed}", lease.holder)),
        true => Check::fail("lease", format!("{} holds the lease{renewed}, and is overdue", lease.holder))
            .problem("lease-stale")
            .hint("its process is gone or stuck; another one takes over by itself"),
    }
}

fn image(lease: Option<&Lease>) -> Check {
    match lease.map(|lease| lease.image.as_deref()) {
        Some(Some(image)) => Check::ok("image", image),
        Some(None) => Check::skipped("image", "the holder of the lease is no pod of this namespace"),
        None => Check::skipped("image", "no loop, no image"),
    }
}

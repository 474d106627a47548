//! Does somebody reconcile?

use jiff::Timestamp;

use super::observed::{Lease, Observed};
use super::report::check;
use crate::render::age;
use crate::render::checks::Check;

pub(super) fn checks(observed: &Observed, now: Timestamp) -> Vec<Check> {
    vec![
        check(&observed.lease, ("loop-missing", "lease"), |lease| held(lease.as_ref(), now)),
        check(&observed.lease, ("loop-image", "image of the loop"), |lease| image(lease.as_ref())),
    ]
}

fn held(lease: Option<&Lease>, now: Timestamp) -> Check {
    let Some(lease) = lease else {
        return Check::fail("loop-missing", "nobody holds the lease, so nothing is reconciled")
            .hint("enable cluster-backup on the MultiClusterHub, or: kubectl acmbackup run");
    };
    let renewed = lease.renewed.map(|at| format!(", renewed {} ago", age::age(at, now))).unwrap_or_default();
    match lease.overdue {
        false => Check::ok("loop-missing", format!("{} holds the lease{renewed}", lease.holder)),
        true => {
            Check::fail("lease-stale", format!("{} holds the lease{renewed}, and is overdue", lease.holder))
                .hint("its process is gone or stuck; another one takes over by itself")
        }
    }
}

fn image(lease: Option<&Lease>) -> Check {
    match lease.map(|lease| lease.image.as_deref()) {
        Some(Some(image)) => Check::ok("loop-image", image),
        Some(None) => Check::skipped("loop-image", "the holder of the lease is no pod of this namespace"),
        None => Check::skipped("loop-image", "no loop, no image"),
    }
}

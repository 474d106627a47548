//! Is this hub known, and are its components switched on?

use super::observed::{InstalledHub, Observed};
use super::report::check;
use crate::api::keys::HUB_ID_UNKNOWN;
use crate::render::checks::Check;

pub(super) fn checks(observed: &Observed) -> Vec<Check> {
    vec![
        check(&observed.hub_id, "hub id", |id| hub_id(id)),
        check(&observed.installed, "cluster-backup", |installed| {
            cluster_backup(installed, loop_at_work(observed))
        }),
        check(&observed.installed, "managed-service-account", service_account),
    ]
}

fn hub_id(id: &str) -> Check {
    match id {
        HUB_ID_UNKNOWN | "" => Check::fail("hub id", "the hub has no id")
            .problem("hub-id-unknown")
            .detail("collisions with other hubs on the same storage cannot be seen")
            .hint("where this is no OpenShift cluster, give the loop one: run --hub-id ID"),
        id => Check::ok("hub id", format!("hub id {id}")),
    }
}

/// Who holds the lease, and renews it.
fn loop_at_work(observed: &Observed) -> Option<&str> {
    let lease = observed.lease.known.as_ref().ok()?.as_ref()?;
    (!lease.overdue).then_some(lease.holder.as_str())
}

fn cluster_backup(installed: &InstalledHub, holder: Option<&str>) -> Check {
    let name = "cluster-backup";
    match (installed.cluster_backup, holder) {
        (Some(true), _) => Check::ok(name, "cluster-backup is enabled on the MultiClusterHub"),
        (Some(false), Some(holder)) => Check::ok(
            name,
            format!("cluster-backup is not enabled on the MultiClusterHub; {holder} does its work"),
        ),
        (Some(false), None) => Check::warn(name, "cluster-backup is not enabled on the MultiClusterHub")
            .hint("enable component cluster-backup, or run the loop of this program"),
        (None, _) => Check::skipped(name, "cluster-backup: there is no MultiClusterHub"),
    }
}

fn service_account(installed: &InstalledHub) -> Check {
    let name = "managed-service-account";
    match installed.service_account {
        Some(true) => Check::ok(name, "managed-service-account is enabled"),
        Some(false) => Check::warn(name, "managed-service-account is not enabled")
            .problem("no-import-token")
            .detail("imported clusters cannot reconnect by themselves after a disaster")
            .hint("enable component managedserviceaccount on the MultiClusterEngine"),
        None => Check::skipped(name, "managed-service-account: there is no MultiClusterEngine"),
    }
}

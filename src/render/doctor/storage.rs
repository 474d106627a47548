//! Can backups be written?

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::ResourceExt;

use super::observed::Observed;
use super::report::check;
use crate::plan::validate::{self, StorageProblem};
use crate::render::age;
use crate::render::checks::Check;
use crate::velero::BackupStorageLocation;

/// Velero looks once a minute unless told otherwise; after this long it does not look at all.
const CHECKED_WITHIN_SECONDS: i64 = 15 * 60;

pub(super) fn checks(observed: &Observed, now: Timestamp) -> Vec<Check> {
    let namespace = observed.namespace.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default();
    let locations = &observed.locations;
    vec![
        check(locations, "location", |all| usable(all, namespace)),
        check(locations, "checked", |all| checked(all, now)),
        check(locations, "default", |all| default(all)),
        check(&observed.secrets, "credentials", credentials),
    ]
}

fn usable(all: &[BackupStorageLocation], namespace: &str) -> Check {
    match validate::storage(all, namespace, false) {
        Ok(location) => Check::ok("location", format!("{} is Available, and owned", location.name_any())),
        Err(problem) => unusable(&problem, all).problem(problem.name()),
    }
}

fn unusable(problem: &StorageProblem, all: &[BackupStorageLocation]) -> Check {
    match problem {
        StorageProblem::NotOwned { name, .. } => Check::fail(
            "location",
            format!("{name} is Available but has no owner"),
        )
        .detail("the loop only accepts locations created by OADP; schedules would stay in FailedValidation")
        .hint("create it through a DataProtectionApplication, or run --accept-unowned-storage"),
        StorageProblem::Missing => Check::fail("location", "there is no storage location")
            .hint("create one through a DataProtectionApplication"),
        StorageProblem::Unavailable { .. } => {
            let told = all.iter().filter_map(|location| {
                let message = location.status.as_ref()?.message.clone()?;
                Some(format!("Velero says of {}: {message}", location.name_any()))
            });
            told.fold(Check::fail("location", "no storage location is Available"), Check::detail)
                .hint("check the secret with its credentials, and the bucket's policy")
        }
    }
}

fn checked(all: &[BackupStorageLocation], now: Timestamp) -> Check {
    let last = all.iter().filter_map(|location| {
        let at = location.status.as_ref()?.last_validation_time.as_ref()?.0;
        Some((at, location.name_any()))
    });
    match last.max() {
        None => Check::skipped("checked", "Velero has not looked at the storage yet"),
        Some((at, name)) => {
            let ago = age::age(at, now);
            match now.as_second() - at.as_second() > CHECKED_WITHIN_SECONDS {
                false => Check::ok("checked", format!("{name} was checked {ago} ago")),
                true => Check::warn("checked", format!("{name} was checked {ago} ago, and not since"))
                    .problem("velero-down")
                    .hint("Velero checks once a minute; see whether it runs"),
            }
        }
    }
}

fn default(all: &[BackupStorageLocation]) -> Check {
    let names: Vec<String> =
        all.iter().filter(|location| location.spec.default).map(ResourceExt::name_any).collect();
    match (names.as_slice(), all) {
        (_, []) => Check::skipped("default", "no storage location"),
        ([name], _) => Check::ok("default", format!("{name} is the default")),
        ([], _) => Check::warn("default", "no storage location is the default")
            .hint("set spec.default on one, or Velero refuses backups that name none"),
        (several, _) => Check::warn("default", format!("{} are all the default", several.join(", ")))
            .hint("leave spec.default on one"),
    }
}

fn credentials(secrets: &BTreeMap<String, bool>) -> Check {
    let missing: Vec<&str> =
        secrets.iter().filter(|(_, there)| !**there).map(|(name, _)| name.as_str()).collect();
    match (secrets.is_empty(), missing.as_slice()) {
        (true, _) => Check::skipped("credentials", "the storage locations name no secret"),
        (false, []) => Check::ok("credentials", "the secrets with credentials are there"),
        (false, missing) => Check::fail("credentials", format!("secret {} is missing", missing.join(", ")))
            .problem("storage-unavailable")
            .hint("create it; the storage location names it in spec.credential"),
    }
}

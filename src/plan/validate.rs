//! Checks of what a user wrote and of the storage it needs, shared with the command line.

use thiserror::Error;

use crate::api::BackupScheduleSpec;
use crate::velero::{BackupStorageLocation, StorageLocationPhase};
use crate::wire::{Cron, CronError, DurationError, GoDuration};

/// Longest BackupSchedule name that fits a label value. Spec: S-097
pub const SCHEDULE_NAME_MAX_BYTES: usize = 63;

/// What the text fields of a BackupSchedule say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// When to back up.
    pub cron: Cron,
    /// How long backups are kept; zero lets Velero decide.
    pub ttl: GoDuration,
    /// Validity of tokens; zero means not given.
    pub token_ttl: GoDuration,
}

/// What is wrong with the spec of a BackupSchedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecProblem {
    /// No cron text. Spec: S-035
    #[error("veleroSchedule must be a non-empty cron expression")]
    EmptyCron,
    /// Cron text Velero refuses. Spec: S-035
    #[error("invalid schedule: {0}")]
    BadCron(CronError),
    /// A duration Go would not read. Spec: S-017
    #[error("invalid {field} {text:?}: {reason}")]
    BadDuration {
        /// The field, as written in the spec.
        field: &'static str,
        /// What it says.
        text: String,
        /// Why that is no duration.
        reason: DurationError,
    },
    /// Keeping no run at all. Spec: S-256
    #[error("invalid maxBackups {0}: at least one run must be kept")]
    TooFewBackups(i64),
}

/// Why no storage location can be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StorageProblem {
    /// There is none in any namespace. Spec: S-033
    #[error(
        "no BackupStorageLocation found: create one, either as a Velero BackupStorageLocation resource or by a \
         DataProtectionApplication resource"
    )]
    Missing,
    /// None in the namespace is available. Spec: S-034
    #[error(
        "no BackupStorageLocation in namespace {namespace} is available: check the location and its credentials"
    )]
    Unavailable {
        /// The namespace searched.
        namespace: String,
    },
    /// One is available, but nobody owns it. Spec: S-034, R-131
    #[error(
        "BackupStorageLocation {namespace}/{name} is available but has no owner, so it is not used: create it by a \
         DataProtectionApplication, or let the loop accept unowned locations"
    )]
    NotOwned {
        /// The namespace searched.
        namespace: String,
        /// Name of the location.
        name: String,
    },
}

impl StorageProblem {
    /// Stable name from the list of problem names.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing => "storage-missing",
            Self::Unavailable { .. } => "storage-unavailable",
            Self::NotOwned { .. } => "storage-not-owned",
        }
    }
}

/// A name that cannot become a label value. Spec: S-097
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the name {name} has {} bytes; a label value holds at most {SCHEDULE_NAME_MAX_BYTES}", name.len())]
pub struct NameTooLong {
    /// The name.
    pub name: String,
}

/// Reads the text fields of a BackupSchedule.
///
/// # Errors
/// The first field that is wrong. Spec: S-017, S-035, S-256
pub fn terms(spec: &BackupScheduleSpec) -> Result<Terms, SpecProblem> {
    if spec.velero_schedule.is_empty() {
        return Err(SpecProblem::EmptyCron);
    }
    let cron = Cron::parse(&spec.velero_schedule).map_err(SpecProblem::BadCron)?;
    let ttl = duration("veleroTtl", spec.velero_ttl.as_deref())?;
    let token_ttl = duration("managedServiceAccountTTL", spec.managed_service_account_ttl.as_deref())?;
    match spec.max_backups {
        Some(kept) if kept < 1 => Err(SpecProblem::TooFewBackups(kept)),
        _ => Ok(Terms { cron, ttl, token_ttl }),
    }
}

fn duration(field: &'static str, text: Option<&str>) -> Result<GoDuration, SpecProblem> {
    let Some(text) = text else { return Ok(GoDuration::ZERO) };
    text.parse().map_err(|reason| SpecProblem::BadDuration { field, text: text.to_owned(), reason })
}

/// Checks that a BackupSchedule's name fits a label value.
///
/// # Errors
/// When it does not. Spec: S-097
pub fn schedule_name(name: &str) -> Result<(), NameTooLong> {
    if name.len() <= SCHEDULE_NAME_MAX_BYTES { Ok(()) } else { Err(NameTooLong { name: name.to_owned() }) }
}

/// The storage location backups of a namespace go to: available, and owned unless `accept_unowned`.
///
/// `locations` are those of every namespace. Spec: S-033, S-034, R-130, R-131
///
/// # Errors
/// Why there is none.
pub fn storage<'a>(
    locations: &'a [BackupStorageLocation],
    namespace: &str,
    accept_unowned: bool,
) -> Result<&'a BackupStorageLocation, StorageProblem> {
    if locations.is_empty() {
        return Err(StorageProblem::Missing);
    }
    let mut available: Vec<_> =
        locations.iter().filter(|location| is_available_in(location, namespace)).collect();
    available.sort_by_key(|location| &location.metadata.name);
    if let Some(usable) = available.iter().find(|location| accept_unowned || has_owner(location)) {
        return Ok(usable);
    }
    let namespace = namespace.to_owned();
    Err(match available.first() {
        Some(location) => {
            StorageProblem::NotOwned { namespace, name: location.metadata.name.clone().unwrap_or_default() }
        }
        None => StorageProblem::Unavailable { namespace },
    })
}

fn is_available_in(location: &BackupStorageLocation, namespace: &str) -> bool {
    let phase = location.status.as_ref().map(|status| &status.phase);
    location.metadata.namespace.as_deref() == Some(namespace)
        && phase == Some(&StorageLocationPhase::Available)
}

fn has_owner(location: &BackupStorageLocation) -> bool {
    location.metadata.owner_references.iter().flatten().any(|owner| !owner.kind.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(cron: &str, ttl: Option<&str>) -> BackupScheduleSpec {
        BackupScheduleSpec {
            velero_schedule: cron.to_owned(),
            velero_ttl: ttl.map(str::to_owned),
            ..Default::default()
        }
    }

    fn problem(spec: &BackupScheduleSpec) -> String {
        terms(spec).unwrap_err().to_string()
    }

    /// S-035
    #[test]
    fn a_wrong_field_count_is_told_with_both_counts_and_the_fields() {
        let text = problem(&spec("0 8 *", None));
        assert_eq!(text, "invalid schedule: expected exactly 5 fields, found 3: [0 8 *]");
        assert!(problem(&spec("", None)).contains("non-empty cron expression"));
    }

    /// S-017
    #[test]
    fn a_malformed_duration_names_field_and_value() {
        let text = problem(&spec("@daily", Some("10d")));
        assert!(text.contains("veleroTtl") && text.contains("10d"), "{text}");
        assert!(problem(&spec("@daily", Some(""))).contains("veleroTtl"), "S-015: empty text is an error");
        let tokens = BackupScheduleSpec {
            managed_service_account_ttl: Some("soon".to_owned()),
            ..spec("@daily", Some("0"))
        };
        assert!(problem(&tokens).contains("managedServiceAccountTTL"));
    }

    /// S-256
    #[test]
    fn keeping_fewer_than_one_run_is_refused() {
        for kept in [0, -1] {
            let spec = BackupScheduleSpec { max_backups: Some(kept), ..spec("@daily", None) };
            assert!(problem(&spec).contains("maxBackups"));
        }
    }

    /// S-097
    #[test]
    fn a_name_of_sixty_three_bytes_is_the_longest() {
        assert!(schedule_name(&"a".repeat(63)).is_ok());
        assert!(schedule_name(&"a".repeat(64)).is_err());
    }

    fn location(namespace: &str, phase: &str, owner: Option<&str>) -> BackupStorageLocation {
        serde_json::from_value(serde_json::json!({
            "metadata": {"name": "default", "namespace": namespace, "ownerReferences": owner.map(|kind| {
                vec![serde_json::json!({"apiVersion": "v1", "kind": kind, "name": "x", "uid": "y"})]
            })},
            "status": {"phase": phase},
        }))
        .unwrap()
    }

    /// S-033, S-034, R-131
    #[test]
    fn storage_must_be_here_available_and_owned() {
        let name_of = |locations: &[BackupStorageLocation], accept| {
            storage(locations, "acm", accept).err().map(|problem| problem.name())
        };
        let owned = location("acm", "Available", Some("DataProtectionApplication"));
        let unowned = location("acm", "Available", None);
        assert_eq!(name_of(&[], true), Some("storage-missing"));
        assert_eq!(name_of(&[location("other", "Available", Some("X"))], true), Some("storage-unavailable"));
        assert_eq!(name_of(&[location("acm", "Unavailable", Some("X"))], true), Some("storage-unavailable"));
        assert_eq!(name_of(&[location("acm", "Available", Some(""))], false), Some("storage-not-owned"));
        assert_eq!(name_of(std::slice::from_ref(&unowned), false), Some("storage-not-owned"));
        assert_eq!(name_of(std::slice::from_ref(&unowned), true), None);
        assert_eq!(name_of(&[unowned, owned], false), None);
    }
}

//! Names that tie our objects to Velero's: backup types, schedules, backups and restores.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest object name the API server accepts.
const NAME_MAX_BYTES: usize = 253;
/// Longest label value the API server accepts.
const LABEL_VALUE_MAX_BYTES: usize = 63;
/// Bytes of hash in a shortened restore name; Velero uses six in label values.
const HASH_BYTES: usize = 6;

/// The five kinds of backup a hub makes, in the order they are made. Spec: S-001, S-085
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BackupType {
    /// Secrets and configmaps.
    Credentials,
    /// What makes managed clusters belong to a hub.
    ManagedClusters,
    /// Objects marked for backup by a label.
    ResourcesGeneric,
    /// Policies, applications and everything else of the hub.
    Resources,
    /// Proof that the cron is alive; never restored.
    Validation,
}

impl BackupType {
    /// All five, in the order they are made.
    pub const ALL: [Self; 5] =
        [Self::Credentials, Self::ManagedClusters, Self::ResourcesGeneric, Self::Resources, Self::Validation];

    /// The four that hold data, in the order screens show them.
    pub const DATA: [Self; 4] =
        [Self::Credentials, Self::Resources, Self::ResourcesGeneric, Self::ManagedClusters];

    /// Value of the `backup-schedule-type` label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::ManagedClusters => "managedClusters",
            Self::ResourcesGeneric => "resourcesGeneric",
            Self::Resources => "resources",
            Self::Validation => "validation",
        }
    }

    /// Name of the Velero Schedule, which is also the prefix of its backups' names.
    pub fn schedule_name(self) -> &'static str {
        match self {
            Self::Credentials => "acm-credentials-schedule",
            Self::ManagedClusters => "acm-managed-clusters-schedule",
            Self::ResourcesGeneric => "acm-resources-generic-schedule",
            Self::Resources => "acm-resources-schedule",
            Self::Validation => "acm-validation-policy-schedule",
        }
    }

    /// The word used on screens and in flags, such as `managed-clusters`.
    pub fn part(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::ManagedClusters => "managed-clusters",
            Self::ResourcesGeneric => "resources-generic",
            Self::Resources => "resources",
            Self::Validation => "validation",
        }
    }

    /// The type a backup's name belongs to; `None` for a name that is not ours.
    pub fn of_backup_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backup_type| name.starts_with(backup_type.schedule_name()))
    }
}

/// The six passes of a restore, in the order they are made. Spec: R-200
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RestoreType {
    /// Credentials without activation data.
    Credentials,
    /// Resources.
    Resources,
    /// Generic resources without activation data.
    ResourcesGeneric,
    /// Generic resources that come only with an activation.
    ResourcesGenericActive,
    /// Credentials that come only with an activation.
    CredentialsActive,
    /// Managed clusters.
    ManagedClusters,
}

impl RestoreType {
    /// All six, in the order they are made.
    pub const ALL: [Self; 6] = [
        Self::Credentials,
        Self::Resources,
        Self::ResourcesGeneric,
        Self::ResourcesGenericActive,
        Self::CredentialsActive,
        Self::ManagedClusters,
    ];

    /// The type of backup this pass restores from.
    pub fn backup_type(self) -> BackupType {
        match self {
            Self::Credentials | Self::CredentialsActive => BackupType::Credentials,
            Self::Resources => BackupType::Resources,
            Self::ResourcesGeneric | Self::ResourcesGenericActive => BackupType::ResourcesGeneric,
            Self::ManagedClusters => BackupType::ManagedClusters,
        }
    }

    /// True for the two passes that restore activation data only.
    pub fn is_active(self) -> bool {
        matches!(self, Self::ResourcesGenericActive | Self::CredentialsActive)
    }

    /// The word used on screens, such as `credentials-active`.
    pub fn part(self) -> &'static str {
        match self {
            Self::CredentialsActive => "credentials-active",
            Self::ResourcesGenericActive => "resources-generic-active",
            other => other.backup_type().part(),
        }
    }

    /// Name of the Velero Restore for this pass.
    ///
    /// Up to 253 bytes it is `<restore>-<backup>[-active]` with the operator's cut at 252; a longer one keeps the
    /// whole backup name and suffix and shortens the restore part with a hash. Where the backup name alone fills the
    /// room, it is shortened instead. Spec: R-205, R-206
    pub fn velero_restore_name(self, restore: &str, backup: &str) -> String {
        let suffix = if self.is_active() { "-active" } else { "" };
        let plain = format!("{restore}-{backup}");
        let room = NAME_MAX_BYTES - suffix.len();
        let hash = short_hash(restore);
        let shorter = match stem(restore, room.saturating_sub(hash.len() + backup.len() + 2)) {
            _ if plain.len() <= room => plain,
            "" if hash.len() + 1 + backup.len() <= room => format!("{hash}-{backup}"),
            "" => format!("{}-{}", stem(backup, room - HASH_BYTES - 1), short_hash(&plain)),
            kept => format!("{kept}-{hash}-{backup}"),
        };
        format!("{shorter}{suffix}")
    }
}

/// The value Velero writes into a label for a name: names over 63 bytes are cut and end in a hash. Spec: R-424
pub fn label_value(name: &str) -> String {
    if name.len() <= LABEL_VALUE_MAX_BYTES {
        return name.to_owned();
    }
    let hash = short_hash(name);
    format!("{}{hash}", prefix_of(name, LABEL_VALUE_MAX_BYTES - hash.len()))
}

/// The longest prefix of a name that is a name itself: it ends in no dot and no dash.
fn stem(name: &str, max_bytes: usize) -> &str {
    prefix_of(name, max_bytes).trim_end_matches(['.', '-'])
}

/// The first six hexadecimal digits of the SHA-256 of `text`.
fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().chars().take(HASH_BYTES).collect()
}

/// The longest prefix of `text` of at most `max_bytes` that does not split a character.
fn prefix_of(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_joined_as_it_is() {
        let name =
            RestoreType::Credentials.velero_restore_name("r", "acm-credentials-schedule-20261122100004");
        assert_eq!(name, "r-acm-credentials-schedule-20261122100004");
        let active = RestoreType::CredentialsActive.velero_restore_name("r", "b");
        assert_eq!(active, "r-b-active");
    }

    #[test]
    fn long_names_stay_distinct_and_keep_backup_and_suffix() {
        let restore = "r".repeat(253);
        let backup = "acm-credentials-schedule-20261122100004";
        let names: std::collections::BTreeSet<String> =
            RestoreType::ALL.iter().map(|t| t.velero_restore_name(&restore, backup)).collect();
        assert_eq!(names.len(), 2, "passive and active differ");
        assert!(names.iter().all(|n| n.len() <= 253 && n.contains(backup)));
    }

    #[test]
    fn resources_prefix_does_not_match_generic_backups() {
        assert_eq!(
            BackupType::of_backup_name("acm-resources-generic-schedule-20261122100004"),
            Some(BackupType::ResourcesGeneric)
        );
        assert_eq!(BackupType::of_backup_name("acm-restore-clusters-20261122100004"), None);
    }

    #[test]
    fn long_label_values_are_shortened_as_velero_does() {
        let value = label_value(&"a".repeat(80));
        assert_eq!(value.len(), 63);
        assert_eq!(label_value("short"), "short");
    }
}

//! Flags of `schedule`.

use clap::Args;
use serde_json::{Value, json};

use super::change::Field;
use crate::cli::values::{duration, schedule_name, word};
use crate::cli::writing::{ConfirmArgs, WaitFlags, WriteArgs};
use crate::wire::GoDuration;

/// Create or change the backup schedule of this hub
///
/// Creates the BackupSchedule, or changes only the fields whose flags are given.
/// Running it twice is harmless. Times are UTC.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup schedule
  kubectl acmbackup schedule --cron '0 */6 * * *' --ttl 72h --wait
  kubectl acmbackup schedule --managed-service-account --dry-run=client -o yaml > schedule.yaml
  kubectl acmbackup schedule --recreate      # this hub writes the backups from now on")]
pub struct ScheduleArgs {
    /// Its name; otherwise the existing one, or schedule-acm
    #[arg(value_name = "NAME", value_parser = schedule_name)]
    pub name: Option<String>,
    /// When to back up: five fields, @daily, '@every 6h', 'CRON_TZ=Europe/Rome 0 3 * * *' [default: 0 */2 * * *]
    #[arg(long, value_name = "EXPR")]
    pub cron: Option<String>,
    /// How long backups are kept [default: 120h]
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub ttl: Option<GoDuration>,
    /// Keep the newest N runs and prune the rest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub max_backups: Option<i64>,
    /// Make tokens with which imported clusters reconnect to a restored hub
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub managed_service_account: Option<bool>,
    /// Validity of those tokens; otherwise twice the ttl
    #[arg(long, value_name = "DUR", value_parser = duration)]
    pub managed_service_account_ttl: Option<GoDuration>,
    /// Make no backups right after creation
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub no_backup_on_start: Option<bool>,
    /// Skip the backup that is due when the schedule is new or resumed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub skip_immediately: Option<bool>,
    /// Make no backups for now
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub paused: Option<bool>,
    /// Let backups go with their Velero schedule when that is deleted
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub owner_references: Option<bool>,
    /// Volume snapshot locations named in every backup
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = word)]
    pub volume_snapshot_locations: Option<Vec<String>>,
    /// Delete and create again: the way out of BackupCollision, and for fields that are read only once
    #[arg(long)]
    pub recreate: bool,
    /// Write although a check says the loop will refuse it
    #[arg(long)]
    pub skip_preflight: bool,
    #[command(flatten)]
    pub(super) write: WriteArgs,
    #[command(flatten)]
    pub(super) confirm: ConfirmArgs,
    #[command(flatten)]
    pub(super) waiting: WaitFlags,
}

/// Default of `--cron` on create.
pub(super) const DEFAULT_CRON: &str = "0 */2 * * *";
/// Default of `--ttl` on create.
pub(super) const DEFAULT_TTL: &str = "120h";

/// Fields and the flags that set them, for messages.
pub(super) const FLAGS: &[(&str, &str)] = &[
    ("veleroSchedule", "--cron"),
    ("veleroTtl", "--ttl"),
    ("maxBackups", "--max-backups"),
    ("useManagedServiceAccount", "--managed-service-account"),
    ("managedServiceAccountTTL", "--managed-service-account-ttl"),
    ("noBackupOnStart", "--no-backup-on-start"),
    ("skipImmediately", "--skip-immediately"),
    ("paused", "--paused"),
    ("useOwnerReferencesInBackup", "--owner-references"),
    ("volumeSnapshotLocations", "--volume-snapshot-locations"),
];

impl ScheduleArgs {
    /// The fields whose flags were given.
    pub(super) fn fields(&self) -> Vec<Field> {
        let text = |duration: &Option<GoDuration>| duration.map(|duration| Value::from(duration.to_string()));
        [
            ("veleroSchedule", self.cron.clone().map(Value::from)),
            ("veleroTtl", text(&self.ttl)),
            ("maxBackups", self.max_backups.map(Value::from)),
            ("useManagedServiceAccount", self.managed_service_account.map(Value::from)),
            ("managedServiceAccountTTL", text(&self.managed_service_account_ttl)),
            ("noBackupOnStart", self.no_backup_on_start.map(Value::from)),
            ("skipImmediately", self.skip_immediately.map(Value::from)),
            ("paused", self.paused.map(Value::from)),
            ("useOwnerReferencesInBackup", self.owner_references.map(Value::from)),
            ("volumeSnapshotLocations", self.volume_snapshot_locations.as_ref().map(|names| json!(names))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(Field { name, value: value? }))
        .collect()
    }
}

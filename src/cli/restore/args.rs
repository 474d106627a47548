//! Flags that say what to restore; shared by `restore` and `plan`.

use clap::Args;

use crate::api::Cleanup;
use crate::cli::moment::Moment;
use crate::cli::values::{backup_choice, duration, namespace, run_choice, word};
use crate::wire::GoDuration;

/// Flags that say what to restore.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RestoreFlags {
    /// Managed clusters: latest, skip, a run or a backup; anything but skip activates them here [default: skip]
    #[arg(long, value_name = "BACKUP", value_parser = backup_choice)]
    pub managed_clusters: Option<String>,
    /// Credentials: latest, skip, a run or a backup [default: latest]
    #[arg(long, value_name = "BACKUP", value_parser = backup_choice)]
    pub credentials: Option<String>,
    /// Resources: latest, skip, a run or a backup [default: latest]
    #[arg(long, value_name = "BACKUP", value_parser = backup_choice)]
    pub resources: Option<String>,
    /// What to remove afterwards: CleanupRestored, None or CleanupAll [default: CleanupRestored; None with a filter]
    #[arg(long, value_name = "MODE", value_parser = parse_cleanup)]
    pub cleanup: Option<Cleanup>,
    /// Keep restoring newer backups, passively
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub sync: Option<bool>,
    /// How often to look for newer backups [default: 30m]
    #[arg(long, value_name = "DUR", value_parser = duration, requires = "sync")]
    pub sync_interval: Option<GoDuration>,
    /// Write the names `latest` stands for right now instead of the word
    #[arg(long, help_heading = "Which backups", conflicts_with_all = ["run", "as_of"])]
    pub pin: bool,
    /// Use this run for every part that is not skipped; `complete` is the newest complete one
    #[arg(long, value_name = "RUN", value_parser = run_choice, help_heading = "Which backups", conflicts_with = "as_of")]
    pub run: Option<String>,
    /// Use the newest complete run not later than this: RFC 3339, or an age such as 6h
    #[arg(long, value_name = "TIME", help_heading = "Which backups")]
    pub as_of: Option<Moment>,
    /// Go on although the generic resources of the chosen run would be left out
    #[arg(long, help_heading = "Which backups")]
    pub without_generic: bool,
    /// Restore these namespaces only
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = word, help_heading = "Filters")]
    pub include_namespaces: Vec<String>,
    /// Leave these namespaces out
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = word, help_heading = "Filters")]
    pub exclude_namespaces: Vec<String>,
    /// Restore these kinds only
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = word, help_heading = "Filters")]
    pub include_resources: Vec<String>,
    /// Leave these kinds out
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = word, help_heading = "Filters")]
    pub exclude_resources: Vec<String>,
    /// Restore objects with these labels only
    #[arg(short = 'l', long, value_name = "SEL", help_heading = "Filters", conflicts_with = "or_selector")]
    pub selector: Option<String>,
    /// Restore objects that match any of several selectors; may be repeated
    #[arg(long, value_name = "SEL", help_heading = "Filters")]
    pub or_selector: Vec<String>,
    /// Restore a namespace under another name; may be repeated
    #[arg(long, value_name = "OLD=NEW", help_heading = "Filters", value_parser = parse_mapping)]
    pub namespace_mapping: Vec<(String, String)>,
    /// Restore volumes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Passed to Velero")]
    pub restore_pvs: Option<bool>,
    /// Keep node ports of Services
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Passed to Velero")]
    pub preserve_node_ports: Option<bool>,
    /// Kinds whose status is restored too
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = word, help_heading = "Passed to Velero")]
    pub restore_status: Vec<String>,
}

/// Fields and the flags that set them, for messages.
pub(super) const FLAGS: &[(&str, &str)] = &[
    ("veleroManagedClustersBackupName", "--managed-clusters"),
    ("veleroCredentialsBackupName", "--credentials"),
    ("veleroResourcesBackupName", "--resources"),
    ("cleanupBeforeRestore", "--cleanup"),
    ("syncRestoreWithNewBackups", "--sync"),
    ("restoreSyncInterval", "--sync-interval"),
    ("includedNamespaces", "--include-namespaces"),
    ("excludedNamespaces", "--exclude-namespaces"),
    ("includedResources", "--include-resources"),
    ("excludedResources", "--exclude-resources"),
    ("labelSelector", "--selector"),
    ("orLabelSelectors", "--or-selector"),
    ("namespaceMapping", "--namespace-mapping"),
    ("restorePVs", "--restore-pvs"),
    ("preserveNodePorts", "--preserve-node-ports"),
    ("restoreStatus", "--restore-status"),
];

impl RestoreFlags {
    /// Something restricts what is restored.
    pub(super) fn has_filter(&self) -> bool {
        let lists = [
            &self.include_namespaces,
            &self.exclude_namespaces,
            &self.include_resources,
            &self.exclude_resources,
            &self.or_selector,
        ];
        lists.iter().any(|list| !list.is_empty()) || self.selector.is_some()
    }

    /// The flags that were given.
    pub(super) fn given(&self) -> Vec<&'static str> {
        [
            ("--managed-clusters", self.managed_clusters.is_some()),
            ("--credentials", self.credentials.is_some()),
            ("--resources", self.resources.is_some()),
            ("--cleanup", self.cleanup.is_some()),
            ("--sync", self.sync.is_some()),
            ("--sync-interval", self.sync_interval.is_some()),
            ("--pin", self.pin),
            ("--run", self.run.is_some()),
            ("--as-of", self.as_of.is_some()),
            ("--without-generic", self.without_generic),
            ("--include-namespaces", !self.include_namespaces.is_empty()),
            ("--exclude-namespaces", !self.exclude_namespaces.is_empty()),
            ("--include-resources", !self.include_resources.is_empty()),
            ("--exclude-resources", !self.exclude_resources.is_empty()),
            ("--selector", self.selector.is_some()),
            ("--or-selector", !self.or_selector.is_empty()),
            ("--namespace-mapping", !self.namespace_mapping.is_empty()),
            ("--restore-pvs", self.restore_pvs.is_some()),
            ("--preserve-node-ports", self.preserve_node_ports.is_some()),
            ("--restore-status", !self.restore_status.is_empty()),
        ]
        .into_iter()
        .filter_map(|(flag, given)| given.then_some(flag))
        .collect()
    }

    /// One moment in time is chosen for all parts.
    pub(super) fn is_fixed(&self) -> bool {
        self.pin || self.run.is_some() || self.as_of.is_some()
    }

    /// The cleanup that is written.
    pub(super) fn cleanup_mode(&self) -> Cleanup {
        let usual = if self.has_filter() { Cleanup::None } else { Cleanup::CleanupRestored };
        self.cleanup.clone().unwrap_or(usual)
    }
}

fn parse_cleanup(text: &str) -> Result<Cleanup, String> {
    match text.to_lowercase().as_str() {
        "none" => Ok(Cleanup::None),
        "restored" | "cleanuprestored" => Ok(Cleanup::CleanupRestored),
        "all" | "cleanupall" => Ok(Cleanup::CleanupAll),
        _ => Err("expected CleanupRestored, None or CleanupAll".to_owned()),
    }
}

fn parse_mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((namespace(old)?, namespace(new)?)),
        _ => Err("expected OLD=NEW".to_owned()),
    }
}

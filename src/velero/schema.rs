//! Schema of the Velero Schedules copied into a BackupSchedule's status, and of label selectors. Spec: S-014
//!
//! Nothing is decoded into these structs: [`super::Schedule`] is the type for that. They list every field the
//! operator's CRD allows, because the API server drops what a schema does not name. An `Option` may be null.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;

type Names = Option<Vec<String>>;

/// Copy of a Velero Schedule.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase")]
pub(crate) struct ScheduleCopy {
    /// API version of the copy.
    api_version: String,
    /// Kind of the copy.
    kind: String,
    /// Always empty: the API server keeps no field of it.
    metadata: EmptyObject,
    /// What was asked of Velero.
    spec: ScheduleSpec,
    /// What Velero said.
    status: ScheduleStatus,
}

/// An object whose fields are not kept.
#[derive(Default, JsonSchema)]
pub(crate) struct EmptyObject {}

/// An object kept as it is.
#[derive(Default, JsonSchema)]
#[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
pub(crate) struct AnyObject {}

/// When backups are made, and from which template.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase", extend("required" = ["schedule", "template"]))]
struct ScheduleSpec {
    /// Cron expression.
    schedule: String,
    /// What each backup contains.
    template: Template,
    /// No backups while true.
    paused: bool,
    /// Skip the backup that is due at the first look.
    skip_immediately: bool,
    /// Backups are owned by the schedule.
    use_owner_references_in_backup: Option<bool>,
}

/// What Velero says about the schedule.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase")]
struct ScheduleStatus {
    /// Where it stands.
    #[schemars(extend("enum" = ["New", "Enabled", "FailedValidation"]))]
    phase: String,
    /// When the newest backup was made.
    last_backup: Option<Time>,
    /// When a due backup was skipped last.
    last_skipped: Option<Time>,
    /// What is wrong with the spec.
    validation_errors: Vec<String>,
}

/// What each backup contains.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase")]
struct Template {
    /// Labels of each backup.
    metadata: TemplateMetadata,
    /// Namespaces to back up; all when empty.
    included_namespaces: Names,
    /// Namespaces to leave out.
    excluded_namespaces: Names,
    /// Kinds to back up; all when empty.
    included_resources: Names,
    /// Kinds to leave out.
    excluded_resources: Names,
    /// Cluster-scoped kinds to back up.
    included_cluster_scoped_resources: Names,
    /// Cluster-scoped kinds to leave out.
    excluded_cluster_scoped_resources: Names,
    /// Namespaced kinds to back up.
    included_namespace_scoped_resources: Names,
    /// Namespaced kinds to leave out.
    excluded_namespace_scoped_resources: Names,
    /// Cluster-scoped objects too.
    include_cluster_resources: Option<bool>,
    /// Objects to back up; all when unset.
    label_selector: Option<LabelSelector>,
    /// Alternatives to labelSelector.
    or_label_selectors: Option<Vec<LabelSelector>>,
    /// Order of objects, by kind.
    ordered_resources: Option<BTreeMap<String, String>>,
    /// Commands run in pods before and after their backup.
    hooks: BackupHooks,
    /// How long backups are kept.
    ttl: String,
    /// Storage location of the backups.
    storage_location: String,
    /// Locations of volume snapshots.
    volume_snapshot_locations: Vec<String>,
    /// Take snapshots of volumes.
    snapshot_volumes: Option<bool>,
    /// Move the data of snapshots to the storage location.
    snapshot_move_data: Option<bool>,
    /// Who moves the data of snapshots.
    datamover: String,
    /// Back up all volumes by file.
    default_volumes_to_fs_backup: Option<bool>,
    /// Old name of defaultVolumesToFsBackup.
    default_volumes_to_restic: Option<bool>,
    /// How long to wait for a CSI snapshot.
    csi_snapshot_timeout: String,
    /// How long to wait for plugins.
    item_operation_timeout: String,
    /// Policies for volumes.
    resource_policy: PolicyReference,
    /// How files are uploaded.
    uploader_config: Option<UploaderConfig>,
    /// Label key that groups volumes for one snapshot.
    volume_group_snapshot_label_key: String,
}

/// Metadata of each backup.
#[derive(Default, JsonSchema)]
#[schemars(default)]
struct TemplateMetadata {
    /// Labels of each backup.
    labels: BTreeMap<String, String>,
}

/// Commands run in pods.
#[derive(Default, JsonSchema)]
#[schemars(default)]
struct BackupHooks {
    /// One entry per set of pods.
    resources: Option<Vec<BackupResourceHook>>,
}

/// Commands for one set of pods.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase", extend("required" = ["name"]))]
struct BackupResourceHook {
    /// Name of the entry.
    name: String,
    /// Namespaces it applies to.
    included_namespaces: Names,
    /// Namespaces it does not apply to.
    excluded_namespaces: Names,
    /// Kinds it applies to.
    included_resources: Names,
    /// Kinds it does not apply to.
    excluded_resources: Names,
    /// Objects it applies to.
    label_selector: Option<LabelSelector>,
    /// What runs before an object is backed up.
    pre: Vec<BackupHook>,
    /// What runs after an object was backed up.
    post: Vec<BackupHook>,
}

/// One hook.
#[derive(Default, JsonSchema)]
#[schemars(default, extend("required" = ["exec"]))]
struct BackupHook {
    /// The command to run.
    exec: BackupExec,
}

/// A command in a pod.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase", extend("required" = ["command"]))]
struct BackupExec {
    /// The command and its arguments.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// Container to run it in.
    container: String,
    /// What to do when it fails.
    #[schemars(extend("enum" = ["Continue", "Fail"]))]
    on_error: String,
    /// How long it may run.
    timeout: String,
}

/// The object that holds policies for volumes.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase")]
#[schemars(extend("required" = ["kind", "name"], "x-kubernetes-map-type" = "atomic"))]
struct PolicyReference {
    /// API group of the object.
    api_group: String,
    /// Kind of the object.
    kind: String,
    /// Name of the object.
    name: String,
}

/// How files are uploaded.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase")]
struct UploaderConfig {
    /// Number of files uploaded at a time.
    parallel_files_upload: i64,
}

/// Which objects are meant, by their labels.
#[derive(Default, JsonSchema)]
#[schemars(default, rename_all = "camelCase", extend("x-kubernetes-map-type" = "atomic"))]
pub(crate) struct LabelSelector {
    /// Labels an object must have.
    match_labels: BTreeMap<String, String>,
    /// Conditions an object must meet, all of them.
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    match_expressions: Vec<LabelCondition>,
}

/// A condition on one label.
#[derive(Default, JsonSchema)]
#[schemars(default, extend("required" = ["key", "operator"]))]
struct LabelCondition {
    /// The label's key.
    key: String,
    /// In, NotIn, Exists or DoesNotExist.
    operator: String,
    /// Values for In and NotIn.
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    values: Vec<String>,
}

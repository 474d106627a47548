//! Every label, annotation and finalizer key, and the fixed names that go with them.

/// Label: name of the BackupSchedule behind a Velero Schedule or Backup. Spec: S-003
pub const BACKUP_SCHEDULE_NAME: &str = "cluster.open-cluster-management.io/backup-schedule-name";
/// Label: type of a Velero Schedule or Backup. Spec: S-003, R-015
pub const BACKUP_SCHEDULE_TYPE: &str = "cluster.open-cluster-management.io/backup-schedule-type";
/// Label: id of the hub that made a backup. Spec: S-003, R-016
pub const BACKUP_CLUSTER: &str = "cluster.open-cluster-management.io/backup-cluster";
/// Label: id of the hub that activated managed clusters. Spec: S-003, R-017
pub const RESTORE_CLUSTER: &str = "cluster.open-cluster-management.io/restore-cluster";
/// Label: marks any object for backup; free text. Spec: S-003, R-011
pub const BACKUP: &str = "cluster.open-cluster-management.io/backup";
/// Value of [`BACKUP`] for data that comes only with an activation. Spec: R-011
pub const BACKUP_ACTIVATION: &str = "cluster-activation";
/// Label: user credential. Spec: S-003, R-012
pub const CREDENTIAL_TYPE: &str = "cluster.open-cluster-management.io/type";
/// Label: credential made by Hive. Spec: S-003, R-012
pub const HIVE_SECRET_TYPE: &str = "hive.openshift.io/secret-type";
/// Label: `true` on secrets the assisted installer looks at. Spec: S-003
pub const AGENT_INSTALL_WATCH: &str = "agent-install.openshift.io/watch";
/// Label: `baremetal` on credentials of bare metal hosts. Spec: S-003
pub const METAL3_ENVIRONMENT: &str = "environment.metal3.io";
/// Label: Hive lets a ClusterDeployment made for a pool be created again. Spec: S-003
pub const DISABLE_CREATION_WEBHOOK: &str = "hive.openshift.io/disable-creation-webhook-for-dr";
/// Label: `true` on secrets with a token of a managed cluster; [`TOKEN_ACCOUNT`] on what we make for them. Spec: S-003
pub const MSA: &str = "authentication.open-cluster-management.io/is-managed-serviceaccount";
/// Name of the account whose token lets a cluster reconnect; also the value of [`MSA`] on what is ours. Spec: S-005
pub const TOKEN_ACCOUNT: &str = "auto-import-account";
/// Name of the second account, whose token is renewed half a period later. Spec: S-005
pub const TOKEN_ACCOUNT_PAIR: &str = "auto-import-account-pair";
/// Name of the addon that makes tokens, and value of [`ADDON_NAME_WORK`] on our ManifestWorks. Spec: S-005
pub const TOKEN_ADDON: &str = "managed-serviceaccount";
/// Value of [`BACKUP`] on secrets with a token. Spec: S-180
pub const BACKUP_TOKEN: &str = "msa";
/// Label: the addon a ManifestWork was made for. Spec: S-003
pub const ADDON_NAME_WORK: &str = "open-cluster-management.io/addon-name-work";
/// Annotation: when the token in a secret ends. Spec: S-004, R-733
pub const TOKEN_EXPIRATION: &str = "expirationTimestamp";
/// Annotation: when the token in a secret was made. Spec: S-004
pub const TOKEN_LAST_REFRESH: &str = "lastRefreshTimestamp";
/// Label: replicated child policy. Spec: S-003
pub const ROOT_POLICY: &str = "policy.open-cluster-management.io/root-policy";
/// Label: the hub itself among the managed clusters. Spec: S-003, R-023
pub const LOCAL_CLUSTER: &str = "local-cluster";
/// Label set by Velero: the Velero Schedule behind a Backup. Spec: S-003
pub const VELERO_SCHEDULE_NAME: &str = "velero.io/schedule-name";
/// Label set by Velero: the Backup an object was last restored from. Spec: R-013
pub const VELERO_BACKUP_NAME: &str = "velero.io/backup-name";
/// Label: `true` keeps an object out of backups. Spec: R-014
pub const EXCLUDE_FROM_BACKUP: &str = "velero.io/exclude-from-backup";
/// Label: what installed an object. Spec: R-435
pub const INSTALLER_NAME: &str = "installer.name";
/// Value of [`INSTALLER_NAME`] for what belongs to the hub itself. Spec: R-435
pub const INSTALLER_HUB: &str = "multiclusterhub";
/// Label on activation markers: always `true`. Spec: R-721
pub const MARKER: &str = "cluster.open-cluster-management.io/acm-hub-dr";
/// Label on activation markers: name of the Restore. Spec: R-721
pub const MARKER_RESTORE_NAME: &str = "cluster.open-cluster-management.io/acm-restore-name";
/// Name prefix of activation markers. Spec: S-007, R-030
pub const MARKER_NAME_PREFIX: &str = "acm-restore-clusters-";
/// Annotation on Velero Schedules: the skip after which the user turned `skipImmediately` off. Spec: S-103
pub const SKIP_TURNED_OFF: &str = "cluster.open-cluster-management.io/skip-turned-off-after";
/// Annotation: the owner of the hub agreed to CleanupAll. Spec: R-019
pub const CLEANUP_ALL_CONFIRMED: &str = "cluster.open-cluster-management.io/restore-cleanup-all-confirmed";
/// Finalizer on Restores and on the internal hub component. Spec: R-004
pub const FINALIZER: &str = "restores.cluster.open-cluster-management.io/finalizer";
/// Name of the component with which the hub's installer waits for Restores. Spec: R-005
pub const INTERNAL_HUB: &str = "cluster-backup";
/// Label on ConfigMaps: name of a claim that managed clusters wait for. Spec: R-018
pub const AWAITED_VOLUME: &str = "cluster.open-cluster-management.io/backup-pvc";
/// Name of the secret that imports a managed cluster. Spec: R-020
pub const AUTO_IMPORT_SECRET: &str = "auto-import-secret";
/// Label on such a secret that a restore made: `true`. Spec: R-020
pub const AUTO_IMPORT_BY_RESTORE: &str = "cluster.open-cluster-management.io/restore-auto-import-secret";
/// Annotation on such a secret: it stays after the import. Spec: R-020
pub const AUTO_IMPORT_KEPT: &str =
    "managedcluster-import-controller.open-cluster-management.io/keeping-auto-import-secret";
/// Annotation on managed clusters: import now. Spec: R-021
pub const IMMEDIATE_IMPORT: &str = "import.open-cluster-management.io/immediate-import";
/// Name of the Lease the operator holds, and so do we. Spec: S-020
pub const LEASE_NAME: &str = "58497677.cluster.management.io";
/// Hub id of a hub that has none. Spec: S-140
pub const HUB_ID_UNKNOWN: &str = "unknown";
/// Field manager of every write.
pub const FIELD_MANAGER: &str = "kubectl-acmbackup";

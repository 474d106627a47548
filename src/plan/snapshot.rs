//! Everything the planner may know about one hub, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::cleanup::{Leftovers, Search};
use super::labels::CredentialFacts;
use super::next_run::hub_of;
use super::on_hub::{AwaitedVolume, ImportFacts, InternalHub};
use super::tokens::TokenFacts;
use crate::{api, velero};

/// Everything the planner may know about one hub. Secret values are never in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HubSnapshot {
    /// The BackupSchedule or Restore this pass is about.
    pub subject: Subject,
    /// The subject, if it does not decode; `None` = it does, or is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Unreadable>,
    /// What the person who started the loop chose.
    #[serde(skip_serializing_if = "LoopOptions::is_default")]
    pub options: LoopOptions,
    /// All BackupSchedules of the subject's namespace.
    pub schedules: Vec<api::BackupSchedule>,
    /// All Restores of the subject's namespace.
    pub restores: Vec<api::Restore>,
    /// BackupSchedules of the subject's namespace that do not decode. They are there all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable_schedules: Vec<Unreadable>,
    /// Restores of the subject's namespace that do not decode. They are there all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable_restores: Vec<Unreadable>,
    /// Velero's objects.
    pub velero: VeleroState,
    /// Costly facts; `None` until the planner asks for them.
    pub on_request: OnRequest,
}

/// The object a pass is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The two kinds the loop reconciles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SubjectKind {
    /// A BackupSchedule.
    #[default]
    BackupSchedule,
    /// A Restore (ours).
    Restore,
}

/// What the person who started the loop chose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoopOptions {
    /// A storage location without an owner is good enough. Spec: R-131
    pub accept_unowned_storage: bool,
}

impl LoopOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Velero's objects as observed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VeleroState {
    /// Schedules of the subject's namespace.
    pub schedules: Vec<velero::Schedule>,
    /// Schedules of the subject's namespace that do not decode. They are there all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable_schedules: Vec<Unreadable>,
    /// Backups of every namespace that could be read; rules filter by namespace themselves.
    pub backups: Vec<velero::Backup>,
    /// Restores of the subject's namespace.
    pub restores: Vec<velero::Restore>,
    /// Storage locations of every namespace that could be read.
    pub storage_locations: Vec<velero::BackupStorageLocation>,
    /// Delete requests of the subject's namespace.
    pub delete_requests: Vec<velero::DeleteBackupRequest>,
}

/// Facts the planner has to ask for, because reading them costs requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OnRequest {
    /// Who this hub is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubFacts>,
    /// Kinds the API server serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served: Option<ServedApis>,
    /// Secrets and configmaps that may need a label, and what of Hive's names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<CredentialFacts>,
    /// What rules about tokens read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenFacts>,
    /// Some BackupSchedule of the hub wants tokens, or may; asked of the server before tokens are removed, because not
    /// all namespaces need be watched. Spec: S-193
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_wanted: Option<bool>,
    /// The components of the hub's installer that wait for Restores; more than one is unusual. Spec: R-113
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_hubs: Option<Vec<InternalHub>>,
    /// The Restores of all namespaces the installer waits for, as `namespace/name`; asked of the server, because a store
    /// that lags behind could keep the last of them from letting the hub go. Spec: R-805
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restores_waited_for: Option<BTreeSet<String>>,
    /// Volumes that managed clusters wait for. Spec: R-331
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes: Option<Vec<AwaitedVolume>>,
    /// What an import of managed clusters starts from. Spec: R-730
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imports: Option<ImportFacts>,
    /// Kinds whose objects can be listed and deleted, of every group that answers, the core one too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removable: Option<ServedApis>,
    /// Backups by name, whole; `None` for one that is gone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub backups: BTreeMap<String, Option<velero::Backup>>,
    /// What a restore may leave over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leftovers: Option<Leftovers>,
}

/// A fact the planner can ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Query {
    /// Fill [`OnRequest::hub`].
    Hub,
    /// Fill [`OnRequest::served`].
    Served,
    /// Fill [`OnRequest::credentials`].
    Credentials,
    /// Fill [`OnRequest::tokens`].
    Tokens,
    /// Fill [`OnRequest::tokens`] as far as it takes to find what is left of tokens nobody wants.
    TokensLeft,
    /// Fill [`OnRequest::tokens_wanted`].
    TokensWanted,
    /// Fill [`OnRequest::internal_hubs`].
    InternalHubs,
    /// Fill [`OnRequest::restores_waited_for`].
    RestoresWaitedFor,
    /// Fill [`OnRequest::volumes`].
    Volumes,
    /// Fill [`OnRequest::imports`].
    Imports,
    /// Fill [`OnRequest::removable`].
    Removable,
    /// Add the Backup of this name, in the subject's namespace, to [`OnRequest::backups`].
    Backup(String),
    /// Fill [`OnRequest::leftovers`] with what these searches find.
    Leftovers(Vec<Search>),
}

/// Who this hub is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HubFacts {
    /// Id of the hub; `unknown` where it may not be read. Spec: S-140
    pub hub_id: String,
    /// Name of the ManagedCluster that is the hub itself; `None` without one. Spec: S-143
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_cluster: Option<String>,
    /// Namespaces of the Channels named `charts-v1`. Spec: S-088
    pub chart_channel_namespaces: BTreeSet<String>,
}

/// Kinds the API server serves, in the order discovery returns them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServedApis {
    /// One entry per group and version, of every group but the core one.
    pub versions: Vec<ServedVersion>,
}

/// The kinds of one version of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServedVersion {
    /// API group, such as `apps.open-cluster-management.io`.
    pub group: String,
    /// Version, such as `v1beta1`.
    pub version: String,
    /// Kinds as served; names with a `/` are subresources.
    pub resources: Vec<ServedResource>,
}

/// One kind as served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServedResource {
    /// Plural name, or `plural/subresource`.
    pub name: String,
    /// Kind, in the server's spelling.
    pub kind: String,
}

impl HubSnapshot {
    /// The BackupSchedule this pass is about; `None` if it is gone or the subject is a Restore.
    pub fn subject_schedule(&self) -> Option<&api::BackupSchedule> {
        (self.subject.kind == SubjectKind::BackupSchedule)
            .then(|| self.schedules.iter().find(|s| s.metadata.name.as_deref() == Some(&self.subject.name)))
            .flatten()
    }

    /// What the rules about collisions look at; `schedule` is the subject, and `hub_id` what the hub says of itself.
    pub fn of_writers(
        namespace: &str,
        schedule: Option<&api::BackupSchedule>,
        velero: VeleroState,
        hub_id: Option<String>,
    ) -> Self {
        let name = schedule.and_then(|schedule| schedule.metadata.name.clone()).unwrap_or_default();
        // The loop may have been told another id.
        let told = schedule.and_then(|schedule| hub_of(schedule, &velero.schedules)).map(str::to_owned);
        let hub = told.or(hub_id).map(|hub_id| HubFacts { hub_id, ..HubFacts::default() });
        Self {
            subject: Subject { kind: SubjectKind::BackupSchedule, namespace: namespace.to_owned(), name },
            schedules: schedule.cloned().into_iter().collect(),
            velero,
            on_request: OnRequest { hub, ..OnRequest::default() },
            ..Self::default()
        }
    }

    /// The Restore this pass is about; `None` if it is gone or the subject is a BackupSchedule.
    pub fn subject_restore(&self) -> Option<&api::Restore> {
        (self.subject.kind == SubjectKind::Restore)
            .then(|| self.restores.iter().find(|r| r.metadata.name.as_deref() == Some(&self.subject.name)))
            .flatten()
    }
}

impl OnRequest {
    /// Takes over the facts that `answers` holds.
    pub fn fill(&mut self, answers: Self) {
        self.hub = answers.hub.or(self.hub.take());
        self.served = answers.served.or(self.served.take());
        self.credentials = answers.credentials.or(self.credentials.take());
        self.tokens = answers.tokens.or(self.tokens.take());
        self.tokens_wanted = answers.tokens_wanted.or(self.tokens_wanted.take());
        self.internal_hubs = answers.internal_hubs.or(self.internal_hubs.take());
        self.restores_waited_for = answers.restores_waited_for.or(self.restores_waited_for.take());
        self.volumes = answers.volumes.or(self.volumes.take());
        self.imports = answers.imports.or(self.imports.take());
        self.removable = answers.removable.or(self.removable.take());
        self.backups.extend(answers.backups);
        self.leftovers = answers.leftovers.or(self.leftovers.take());
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            SubjectKind::BackupSchedule => "backupschedule",
            SubjectKind::Restore => "restore",
        };
        write!(f, "{kind} {}/{}", self.namespace, self.name)
    }
}

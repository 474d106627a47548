//! Facts the planner asks for: who this hub is, what it serves, and what prepares a backup.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use kube::api::Api;
use kube::core::DynamicObject;
use kube::{Client, ResourceExt};

use k8s_openapi::api::core::v1::Namespace;
use tokio::sync::OnceCell;

use super::discovery::served;
use super::error::{Class, Error};
use super::list::{items, list};
use super::selection::Selected;
use crate::api::{BackupSchedule, keys};
use crate::plan::labels::CredentialFacts;
use crate::plan::tokens::{TokenFacts, wanting};
use crate::plan::{HubFacts, OnRequest, Query};

/// Objects of other components by selection; `None` = the server does not serve their kind.
pub type Lists = BTreeMap<Selected, Option<Vec<DynamicObject>>>;

/// The namespace whose uid names a cluster that has no id of its own. Spec: S-140
const SYSTEM_NAMESPACE: &str = "kube-system";

/// What is read on every hub.
pub const ALWAYS_READ: &[Selected] =
    &[Selected::ClusterVersions, Selected::ChartChannels, Selected::LocalClusters];
/// What our own preparation leaves on a hub.
const TOKENS_LEFT: &[Selected] = &[
    Selected::TokenComponent,
    Selected::Accounts,
    Selected::AddOns,
    Selected::Works,
    Selected::TokenSecrets,
];
const TOKENS: &[Selected] = &[
    Selected::TokenComponent,
    Selected::Accounts,
    Selected::AddOns,
    Selected::Works,
    Selected::TokenSecrets,
    Selected::Clusters,
    Selected::Namespaces,
    Selected::HiveSecrets,
];

const CREDENTIALS: &[Selected] =
    &[Selected::Deployments, Selected::Pools, Selected::AgentSecrets, Selected::HostSecrets];

/// The objects an answer is put together from; none if it does not come from objects.
pub fn selections_of(query: Query) -> &'static [Selected] {
    match query {
        Query::Hub => ALWAYS_READ,
        Query::Served => &[],
        Query::TokensLeft => TOKENS_LEFT,
        Query::Tokens => TOKENS,
        Query::Credentials => CREDENTIALS,
    }
}

/// Answers the planner's questions.
pub struct Reader {
    /// The client to read with.
    pub client: Client,
    /// Id to use for this hub; `None` = read it.
    hub_id: Option<String>,
    /// The id of a hub that has none of its own; it never changes.
    system_id: OnceCell<String>,
}

impl Reader {
    /// A reader that has read nothing yet; `hub_id` replaces the id of the hub where it is given.
    pub fn new(client: Client, hub_id: Option<String>) -> Self {
        Self { client, hub_id, system_id: OnceCell::new() }
    }

    /// Reads the facts asked for and leaves the others empty.
    ///
    /// # Errors
    ///
    /// Any read that fails; a kind that is not served is a fact, not a failure.
    pub async fn answer(&self, queries: &BTreeSet<Query>) -> Result<OnRequest, Error> {
        let mut facts = OnRequest::default();
        for query in queries {
            facts.fill(self.answer_one(*query).await?);
        }
        Ok(facts)
    }

    /// Reads the facts of one question.
    ///
    /// # Errors
    ///
    /// Any read that fails; a kind that is not served is a fact, not a failure.
    pub async fn answer_one(&self, query: Query) -> Result<OnRequest, Error> {
        if query == Query::Credentials {
            return self.assemble(query, self.read_credentials().await, BTreeSet::new()).await;
        }
        let reads = selections_of(query).iter().map(|selected| self.read(*selected));
        let lists = try_join_all(reads).await?.into_iter().collect();
        let wanting = match query {
            Query::Tokens | Query::TokensLeft => self.wanting_tokens().await?,
            Query::Hub | Query::Served | Query::Credentials => BTreeSet::new(),
        };
        self.assemble(query, lists, wanting).await
    }

    /// Puts the answer to one question together from the objects behind it.
    ///
    /// `wanting` are the BackupSchedules that want tokens, as `namespace/name`.
    ///
    /// # Errors
    ///
    /// What no object tells cannot be read.
    pub async fn assemble(
        &self,
        query: Query,
        mut lists: Lists,
        wanting: BTreeSet<String>,
    ) -> Result<OnRequest, Error> {
        let mut facts = OnRequest::default();
        match query {
            Query::Hub => facts.hub = Some(self.hub(&mut lists).await?),
            Query::Served => facts.served = Some(served(&self.client).await?),
            Query::Tokens | Query::TokensLeft => facts.tokens = Some(tokens(&mut lists, wanting)),
            Query::Credentials => facts.credentials = Some(credentials(&mut lists)),
        }
        Ok(facts)
    }

    /// What cannot be read is left out: a label less keeps nothing from being backed up. Spec: S-131
    async fn read_credentials(&self) -> Lists {
        let mut lists = Lists::new();
        for selected in CREDENTIALS {
            self.read_if_possible(*selected, None, &mut lists).await;
        }
        for namespace in hive_namespaces(&lists) {
            for selected in [Selected::ClusterSecrets, Selected::ClusterConfigMaps] {
                self.read_if_possible(selected, Some(&namespace), &mut lists).await;
            }
        }
        lists
    }

    async fn read_if_possible(&self, selected: Selected, namespace: Option<&str>, lists: &mut Lists) {
        match self.read_in(selected, namespace).await {
            Ok((_, found)) => {
                let list = lists.entry(selected).or_default().get_or_insert_default();
                list.extend(found.unwrap_or_default());
            }
            Err(error) => tracing::warn!("{error}; nothing there gets a label for the credentials backup"),
        }
    }

    async fn read(&self, selected: Selected) -> Result<(Selected, Option<Vec<DynamicObject>>), Error> {
        self.read_in(selected, None).await
    }

    async fn read_in(
        &self,
        selected: Selected,
        namespace: Option<&str>,
    ) -> Result<(Selected, Option<Vec<DynamicObject>>), Error> {
        match list::<DynamicObject>(&self.client, &selected.scope_in(namespace)).await {
            Ok(listed) => {
                Ok((selected, Some(listed.items.into_iter().map(|one| selected.trim(one)).collect())))
            }
            Err(error) if error.class() == Class::KindMissing => Ok((selected, None)),
            Err(error) => Err(error),
        }
    }

    /// Where other namespaces may not be read, nobody there is known to want tokens.
    async fn wanting_tokens(&self) -> Result<BTreeSet<String>, Error> {
        match items::<BackupSchedule>(&self.client, None).await {
            Ok(schedules) => Ok(wanting(schedules.iter())),
            Err(error) if error.class() == Class::Forbidden => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }

    /// Spec: S-088, S-140, S-143
    async fn hub(&self, lists: &mut Lists) -> Result<HubFacts, Error> {
        let hub_id = self.id_of_hub(&take(lists, Selected::ClusterVersions)).await?;
        let local_cluster = take(lists, Selected::LocalClusters).iter().map(ResourceExt::name_any).min();
        let channels = take(lists, Selected::ChartChannels);
        let chart_channel_namespaces = channels.iter().filter_map(ResourceExt::namespace).collect();
        Ok(HubFacts { hub_id, local_cluster, chart_channel_namespaces })
    }

    /// The OpenShift cluster id; without one the uid of the system namespace, which tells two hubs apart as well.
    async fn id_of_hub(&self, versions: &[DynamicObject]) -> Result<String, Error> {
        if let Some(given) = &self.hub_id {
            return Ok(given.clone());
        }
        let first = versions.iter().min_by_key(|version| version.name_any());
        match first.map(|version| version.data.pointer("/spec/clusterID").and_then(|id| id.as_str())) {
            Some(id) => Ok(id.unwrap_or_default().to_owned()),
            None => self.system_id.get_or_try_init(|| system_id(&self.client)).await.cloned(),
        }
    }
}

/// The id of the hub; `given` replaces it. Spec: S-140
///
/// # Errors
///
/// It cannot be read.
pub async fn id_of_hub(client: &Client, given: Option<&str>) -> Result<String, Error> {
    let reader = Reader::new(client.clone(), given.map(str::to_owned));
    let (_, versions) = match given {
        Some(_) => (Selected::ClusterVersions, None),
        None => reader.read(Selected::ClusterVersions).await?,
    };
    reader.id_of_hub(&versions.unwrap_or_default()).await
}

/// Spec: S-140
async fn system_id(client: &Client) -> Result<String, Error> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let read = namespaces.get_metadata(SYSTEM_NAMESPACE).await;
    match read.map_err(Error::on("get", format!("namespace {SYSTEM_NAMESPACE}"))) {
        Ok(namespace) => Ok(namespace.metadata.uid.unwrap_or_else(|| keys::HUB_ID_UNKNOWN.to_owned())),
        Err(error) if error.class() == Class::Forbidden => Ok(keys::HUB_ID_UNKNOWN.to_owned()),
        Err(error) => Err(error),
    }
}

fn tokens(lists: &mut Lists, wanting: BTreeSet<String>) -> TokenFacts {
    let names_of = |objects: Vec<DynamicObject>| objects.iter().map(ResourceExt::name_any).collect();
    let is_alive = |object: &DynamicObject| object.metadata.deletion_timestamp.is_none();
    let namespaces = take(lists, Selected::Namespaces).into_iter().filter(is_alive).collect();
    TokenFacts {
        wanted_by: wanting,
        is_installed: !take(lists, Selected::TokenComponent).is_empty(),
        accounts: lists.remove(&Selected::Accounts).flatten(),
        addons: take(lists, Selected::AddOns),
        works: take(lists, Selected::Works),
        secrets: take(lists, Selected::TokenSecrets),
        clusters: names_of(take(lists, Selected::Clusters).into_iter().filter(is_alive).collect()),
        namespaces: names_of(namespaces),
        hive_namespaces: take(lists, Selected::HiveSecrets)
            .iter()
            .filter_map(ResourceExt::namespace)
            .collect(),
    }
}

fn credentials(lists: &mut Lists) -> CredentialFacts {
    let of_secrets = [Selected::AgentSecrets, Selected::HostSecrets, Selected::ClusterSecrets];
    CredentialFacts {
        cluster_deployments: take(lists, Selected::Deployments),
        cluster_pools: take(lists, Selected::Pools),
        secrets: of_secrets.into_iter().flat_map(|selected| take(lists, selected)).collect(),
        config_maps: take(lists, Selected::ClusterConfigMaps),
    }
}

/// Namespaces Hive works in: only there its objects name secrets and configmaps. Spec: S-201 to S-203
pub fn hive_namespaces(lists: &Lists) -> BTreeSet<String> {
    let of_hive = [Selected::Deployments, Selected::Pools];
    let objects = of_hive.iter().filter_map(|selected| lists.get(selected)?.as_ref()).flatten();
    objects.filter_map(ResourceExt::namespace).collect()
}

/// A kind that is not served has no objects. Spec: S-132
fn take(lists: &mut Lists, selected: Selected) -> Vec<DynamicObject> {
    lists.remove(&selected).flatten().unwrap_or_default()
}

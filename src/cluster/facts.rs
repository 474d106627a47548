//! Facts the planner asks for: who this hub is, what it serves, and what prepares a backup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Once;

use futures::future::try_join_all;
use futures::try_join;
use kube::api::Api;
use kube::core::DynamicObject;
use kube::{Client, ResourceExt};

use k8s_openapi::api::core::v1::Namespace;
use tokio::sync::OnceCell;

use super::discovery::{removable, served};
use super::error::{Class, Error};
use super::leftovers;
use super::list::{Scope, items, list};
use super::on_hub::{awaited_volumes, import_facts, internal_hubs, restores_waited_for};
use super::selection::Selected;
use super::write::Place;
use crate::api::{BackupSchedule, keys};
use crate::plan::labels::CredentialFacts;
use crate::plan::schedule::is_selected;
use crate::plan::tokens::{TokenFacts, wanting};
use crate::plan::{HubFacts, OnRequest, Query};
use crate::velero;

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
pub fn selections_of(query: &Query) -> &'static [Selected] {
    match query {
        Query::Hub => ALWAYS_READ,
        Query::Served
        | Query::TokensWanted
        | Query::InternalHubs
        | Query::RestoresWaitedFor
        | Query::Volumes
        | Query::Imports
        | Query::Removable
        | Query::Backup(_)
        | Query::Leftovers(_) => &[],
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
    /// Tells once that there are several local clusters.
    several_told: Once,
}

impl Reader {
    /// A reader that has read nothing yet; `hub_id` replaces the id of the hub where it is given.
    pub fn new(client: Client, hub_id: Option<String>) -> Self {
        Self { client, hub_id, system_id: OnceCell::new(), several_told: Once::new() }
    }

    /// Reads the facts asked for and leaves the others empty.
    ///
    /// `namespace` is the one of the snapshot's subject.
    ///
    /// # Errors
    ///
    /// Any read that fails; a kind that is not served is a fact, not a failure.
    pub async fn answer(&self, namespace: &str, queries: &BTreeSet<Query>) -> Result<OnRequest, Error> {
        let mut facts = OnRequest::default();
        for query in queries {
            facts.fill(self.answer_one(namespace, query).await?);
        }
        Ok(facts)
    }

    /// Reads the facts of one question.
    ///
    /// # Errors
    ///
    /// Any read that fails; a kind that is not served is a fact, not a failure.
    pub async fn answer_one(&self, namespace: &str, query: &Query) -> Result<OnRequest, Error> {
        let mut facts = OnRequest::default();
        match query {
            Query::Hub => return self.hub_of(self.read_all(query).await?).await,
            Query::Tokens | Query::TokensLeft => {
                let (lists, wanting) = try_join!(self.read_all(query), self.wanting_tokens())?;
                return Ok(tokens_of(lists, wanting));
            }
            Query::Served => facts.served = Some(served(&self.client, is_selected).await?),
            Query::TokensWanted => facts.tokens_wanted = Some(self.are_tokens_wanted().await?),
            Query::InternalHubs => facts.internal_hubs = Some(internal_hubs(&self.client).await?),
            Query::RestoresWaitedFor => {
                facts.restores_waited_for = Some(restores_waited_for(&self.client).await?);
            }
            Query::Volumes => facts.volumes = Some(awaited_volumes(&self.client).await),
            Query::Imports => facts.imports = Some(import_facts(&self.client).await?),
            Query::Credentials => return Ok(credentials_of(self.read_credentials().await)),
            Query::Removable => facts.removable = Some(removable(&self.client).await?),
            Query::Backup(name) => {
                let backup = backup(&self.client, namespace, name).await?;
                facts.backups.insert(name.clone(), backup);
            }
            Query::Leftovers(searches) => {
                facts.leftovers = Some(leftovers::find(&self.client, searches).await?);
            }
        }
        Ok(facts)
    }

    async fn read_all(&self, query: &Query) -> Result<Lists, Error> {
        let reads = selections_of(query).iter().map(|selected| self.read(*selected));
        Ok(try_join_all(reads).await?.into_iter().collect())
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
        match list(&self.client, &selected.scope_in(namespace)).await {
            Ok(listed) => Ok((selected, Some(listed.items))),
            Err(error) if error.class() == Class::KindMissing => Ok((selected, None)),
            // Channels that may not be read add nothing. Spec: S-089
            Err(error) if error.class() == Class::Forbidden && selected == Selected::ChartChannels => {
                Ok((selected, None))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether some BackupSchedule of the hub wants tokens, or may: one that cannot be read, or any where not all may be
    /// listed. Spec: S-193
    async fn are_tokens_wanted(&self) -> Result<bool, Error> {
        match list(&self.client, &Scope::<BackupSchedule>::of(None)).await {
            Ok(listed) => Ok(!listed.unreadable.is_empty() || !wanting(listed.items.iter()).is_empty()),
            Err(error) if error.class() == Class::Forbidden => {
                tracing::warn!("{error}; tokens stay, because a BackupSchedule elsewhere may want them");
                Ok(true)
            }
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

    /// The answer to [`Query::Hub`] from the objects behind it. Spec: S-088, S-140, S-143
    ///
    /// # Errors
    ///
    /// No object says who the hub is, and its system namespace cannot be read.
    pub async fn hub_of(&self, mut lists: Lists) -> Result<OnRequest, Error> {
        let hub_id = self.id_of_hub(&take(&mut lists, Selected::ClusterVersions)).await?;
        let local_clusters: BTreeSet<String> =
            take(&mut lists, Selected::LocalClusters).iter().map(ResourceExt::name_any).collect();
        if let Some(several) = several(&local_clusters) {
            self.several_told.call_once(|| tracing::warn!("{several}"));
        }
        let local_cluster = local_clusters.into_iter().next();
        let channels = take(&mut lists, Selected::ChartChannels);
        let chart_channel_namespaces = channels.iter().filter_map(ResourceExt::namespace).collect();
        let hub = HubFacts { hub_id, local_cluster, chart_channel_namespaces };
        Ok(OnRequest { hub: Some(hub), ..OnRequest::default() })
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

/// Who this hub is.
///
/// # Errors
///
/// Any read that fails; a kind that is not served is a fact, not a failure.
pub async fn hub_facts(client: &Client, hub_id: Option<&str>) -> Result<HubFacts, Error> {
    let reader = Reader::new(client.clone(), hub_id.map(str::to_owned));
    Ok(reader.answer_one("", &Query::Hub).await?.hub.unwrap_or_default())
}

/// Whether the component that makes tokens is installed. Spec: S-150
///
/// # Errors
///
/// It cannot be read; a kind that is not served is a fact, not a failure.
pub async fn makes_tokens(client: &Client) -> Result<bool, Error> {
    let (_, component) = Reader::new(client.clone(), None).read(Selected::TokenComponent).await?;
    Ok(component.is_some_and(|found| !found.is_empty()))
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

/// What there is to say of more than one local cluster. Spec: R-023
fn several(local_clusters: &BTreeSet<String>) -> Option<String> {
    let mut names = local_clusters.iter().map(String::as_str);
    let (first, others) = (names.next()?, names.collect::<Vec<_>>().join(", "));
    (!others.is_empty()).then(|| {
        format!("several managed clusters say they are the hub itself: {first} counts, {others} do not")
    })
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

/// The answer to [`Query::Tokens`] or [`Query::TokensLeft`] from the objects behind it.
///
/// `wanting` are the BackupSchedules that want tokens, as `namespace/name`.
pub fn tokens_of(mut lists: Lists, wanting: BTreeSet<String>) -> OnRequest {
    let lists = &mut lists;
    let names_of = |objects: Vec<DynamicObject>| objects.iter().map(ResourceExt::name_any).collect();
    let is_alive = |object: &DynamicObject| object.metadata.deletion_timestamp.is_none();
    let namespaces = take(lists, Selected::Namespaces).into_iter().filter(is_alive).collect();
    let tokens = TokenFacts {
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
    };
    OnRequest { tokens: Some(tokens), ..OnRequest::default() }
}

/// A backup with all it says about its contents; `None` if it is gone. Spec: R-403
async fn backup(client: &Client, namespace: &str, name: &str) -> Result<Option<velero::Backup>, Error> {
    let backups: Api<velero::Backup> = Api::namespaced(client.clone(), namespace);
    let backup = backups.get_opt(name).await;
    backup.map_err(Error::on("get", Place::of::<velero::Backup>(namespace, name).to_string()))
}

/// What labels are decided by, from the objects behind it.
pub fn credentials_of(mut lists: Lists) -> OnRequest {
    let of_secrets = [Selected::AgentSecrets, Selected::HostSecrets, Selected::ClusterSecrets];
    let credentials = CredentialFacts {
        cluster_deployments: take(&mut lists, Selected::Deployments),
        cluster_pools: take(&mut lists, Selected::Pools),
        secrets: of_secrets.into_iter().flat_map(|selected| take(&mut lists, selected)).collect(),
        config_maps: take(&mut lists, Selected::ClusterConfigMaps),
    };
    OnRequest { credentials: Some(credentials), ..OnRequest::default() }
}

/// Namespaces Hive works in: only there its objects name secrets and configmaps. Spec: S-201 to S-203
fn hive_namespaces(lists: &Lists) -> BTreeSet<String> {
    let of_hive = [Selected::Deployments, Selected::Pools];
    let objects = of_hive.iter().filter_map(|selected| lists.get(selected)?.as_ref()).flatten();
    objects.filter_map(ResourceExt::namespace).collect()
}

/// A kind that is not served has no objects. Spec: S-132
fn take(lists: &mut Lists, selected: Selected) -> Vec<DynamicObject> {
    lists.remove(&selected).flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::fake::{self, Answer, refusal};

    /// A server whose answers are in one table, by the end of the path; whatever else is listed is empty.
    fn server<const N: usize>(answers: [(&'static str, Answer); N]) -> Client {
        fake::server(move |request| {
            let found = answers.iter().find(|(path, _)| request.uri().path().ends_with(path));
            found.map_or_else(fake::nothing, |(_, answer)| answer.clone())
        })
    }

    fn objects(all: Value) -> Option<Vec<DynamicObject>> {
        Some(serde_json::from_value(all).unwrap())
    }

    fn cluster(name: &str) -> Value {
        json!({"apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": {"name": name, "labels": {"local-cluster": "true"}}})
    }

    /// Spec: S-143
    #[tokio::test]
    async fn of_several_local_clusters_the_alphabetically_first_counts() {
        let reader = Reader::new(server([]), Some("this-hub".to_owned()));
        let clusters = json!([cluster("local-two"), cluster("local-cluster"), cluster("z")]);
        let lists = Lists::from([(Selected::LocalClusters, objects(clusters))]);
        let hub = reader.hub_of(lists).await.unwrap().hub.unwrap();
        assert_eq!(hub.local_cluster.as_deref(), Some("local-cluster"));
        let hub = reader.hub_of(Lists::new()).await.unwrap().hub.unwrap();
        assert_eq!(hub.local_cluster, None);
    }

    /// Spec: R-023
    #[test]
    fn several_local_clusters_are_told() {
        let told = |names: &[&str]| several(&names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!((told(&[]), told(&["local-cluster"])), (None, None));
        let all = told(&["z", "local-two", "local-cluster"]).unwrap();
        assert!(all.ends_with("local-cluster counts, local-two, z do not"), "{all}");
    }

    /// A hub without the kind has its own id in its system namespace; trouble is no such answer. Spec: S-140
    #[tokio::test]
    async fn the_hub_has_no_id_until_it_can_be_read() {
        let uid = r#"{"metadata": {"name": "kube-system", "uid": "u-1"}}"#;
        let openshift =
            r#"{"metadata": {}, "items": [{"metadata": {"name": "version"}, "spec": {"clusterID": "c-1"}}]}"#;
        let id = async |versions: Answer| {
            let system = ("/namespaces/kube-system", (200, uid.to_owned()));
            id_of_hub(&server([("/clusterversions", versions), system]), None).await
        };
        assert_eq!(id((200, openshift.to_owned())).await.unwrap(), "c-1");
        assert_eq!(id(refusal(404)).await.unwrap(), "u-1");
        for code in [403, 500, 503] {
            assert!(id(refusal(code)).await.is_err(), "{code}");
        }
    }

    /// Spec: S-089
    #[tokio::test]
    async fn channels_that_may_not_be_read_add_nothing() {
        let hub = async |code| {
            let reader = Reader::new(server([("/channels", refusal(code))]), Some("this-hub".to_owned()));
            reader.answer_one("acm", &Query::Hub).await
        };
        assert!(hub(403).await.unwrap().hub.unwrap().chart_channel_namespaces.is_empty());
        assert!(hub(500).await.is_err(), "trouble is no such answer");
    }

    /// A hub whose system namespace may not be read is nobody for sure. Spec: S-140
    #[tokio::test]
    async fn a_hub_that_may_not_read_who_it_is_is_unknown() {
        let answers = [("/clusterversions", refusal(404)), ("/namespaces/kube-system", refusal(403))];
        assert_eq!(id_of_hub(&server(answers), None).await.unwrap(), keys::HUB_ID_UNKNOWN);
    }

    /// Before tokens are removed on the whole hub every BackupSchedule of it is looked at. Spec: S-193
    #[tokio::test]
    async fn tokens_may_be_wanted_by_a_schedule_nobody_watches() {
        let asked = async |answer: Answer| {
            let reader = Reader::new(server([("/backupschedules", answer)]), None);
            reader.answer_one("acm", &Query::TokensWanted).await.map(|facts| facts.tokens_wanted)
        };
        let of = |spec: Value| {
            let item = json!({"metadata": {"name": "bs", "namespace": "elsewhere"}, "spec": spec});
            (200, json!({"metadata": {}, "items": [item]}).to_string())
        };
        let wants = json!({"veleroSchedule": "@daily", "useManagedServiceAccount": true});
        assert_eq!(asked(of(wants)).await.unwrap(), Some(true));
        assert_eq!(asked(of(json!({"veleroSchedule": 7}))).await.unwrap(), Some(true), "not readable");
        assert_eq!(asked(of(json!({"veleroSchedule": "@daily"}))).await.unwrap(), Some(false));
        assert_eq!(asked(refusal(403)).await.unwrap(), Some(true), "nobody can say");
        assert!(asked(refusal(500)).await.is_err());
    }

    /// Tokens are removed where the kind is not served; trouble is no such answer. Spec: S-150, S-191
    #[tokio::test]
    async fn a_list_that_fails_is_no_kind_that_is_missing() {
        let without_accounts = |code| Reader::new(server([("/managedserviceaccounts", refusal(code))]), None);
        let tokens = without_accounts(404).answer_one("acm", &Query::Tokens).await.unwrap().tokens.unwrap();
        assert_eq!(tokens.accounts, None);
        for code in [403, 429, 500, 503, 504] {
            for query in [Query::Tokens, Query::TokensLeft] {
                assert!(without_accounts(code).answer_one("acm", &query).await.is_err(), "{code} {query:?}");
            }
        }
        let addons = Reader::new(server([("/managedclusteraddons", refusal(500))]), None);
        assert!(addons.answer_one("acm", &Query::TokensLeft).await.is_err(), "S-191");
    }
}

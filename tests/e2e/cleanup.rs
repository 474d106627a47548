//! What is left over after a restore goes, and nothing else. Spec: R-400…R-439
//!
//! The lab has no garbage collector, so that an object deleted in the foreground stays, marked as deleted: that counts
//! as gone here.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use acmbackup::api::RestorePhase;
use acmbackup_lab::{Hub, Lab, until};
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt};
use kube::api::{DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::site::{DEADLINE, backed_up};

const DEPROVISION: &str = "hive.openshift.io/deprovision";
/// A backup of a run that is long gone.
const EARLIER: &str = "acm-credentials-schedule-20200101000000";

/// on a following hub, between two runs.
#[tokio::test]
async fn what_is_deleted_on_one_hub_goes_on_the_hub_that_follows_and_nothing_else() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let reconciler = west.start_loop().await?;
        west.run("restore passive --sync --yes --wait --timeout 2m")?;
        west.hub
            .create(secret("team-a", "of-a-user", &json!({"cluster.open-cluster-management.io/type": "aws"})))
            .await?;
        let before = inventory(&west.hub).await?;

        remove(&east.hub, "v1", "Secret", ("cluster-001", "cluster-001-cloud")).await?;
        remove(&east.hub, "apps.open-cluster-management.io/v1", "Channel", ("shop-001-channel", "shop-001"))
            .await?;
        let _east_loop = east.start_loop().await?;
        east.run("backup --wait --timeout 2m")?;
        west.completed_backups(10).await?;
        west.run("wait restore/passive --for synced --timeout 2m")?;
        until(DEADLINE, "what is gone on east to go on west", async || {
            let gone: Vec<String> = before.difference(&inventory(&west.hub).await?).cloned().collect();
            Ok(gone == ["Channel shop-001-channel/shop-001", "Secret cluster-001/cluster-001-cloud"])
        })
        .await?;
        west.restore_is("passive", RestorePhase::Enabled).await?;
        let log = reconciler.log();
        assert_eq!(log.matches("delete secret").count(), 1, "{log}");
        Ok(())
    })
    .await
}

/// …R-436: agreed to by name, counted before; a cluster deployment is never deleted past its finalizer.
#[tokio::test]
async fn cleanup_all_counts_first_and_spares_what_is_excluded() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        let credential = json!({"cluster.open-cluster-management.io/type": "aws"});
        west.hub.create_namespace("apps").await?;
        west.hub.create_namespace("made-here").await?;
        west.hub.create(secret("apps", "made-here", &credential)).await?;
        let mut excluded = credential.clone();
        excluded["velero.io/exclude-from-backup"] = json!("true");
        west.hub.create(secret("apps", "excluded", &excluded)).await?;
        west.hub.create(deployment("made-here")).await?;
        let before = inventory(&west.hub).await?;
        assert!(before.contains("ClusterDeployment made-here/made-here"), "{before:?}");
        let watch = Watched::deployments(&west.hub);

        let plan: Value =
            serde_json::from_str(&west.run("plan --managed-clusters latest --cleanup all -o json")?)?;
        let wanted = plan
            .pointer("/cleanup/deletions")
            .and_then(Value::as_u64)
            .with_context(|| format!("no number: {plan:#}"))?;
        assert_eq!(plan.pointer("/cleanup/byKind/secrets"), Some(&json!(1)), "{plan:#}");
        let all = "restore all --managed-clusters latest --cleanup all --yes";
        let (_, refused) = west.run_to(5, all)?;
        assert!(refused.contains(&format!("remove {wanted} object")), "{refused}");

        let _loop = west.start_loop().await?;
        west.run(&format!("{all} --confirm west --wait --timeout 2m"))?;
        let done = west.restore_is("all", RestorePhase::Finished).await?.status.unwrap_or_default();
        assert!(
            done.last_message.contains(&format!("cleanup removed {wanted} object")),
            "{}",
            done.last_message
        );
        let after = inventory(&west.hub).await?;
        let gone: Vec<&String> = before.difference(&after).collect();
        assert_eq!(gone.len() as u64, wanted, "{gone:?}");
        assert!(
            after.contains("Secret apps/excluded") && after.contains("ManagedCluster /local-cluster"),
            "{after:?}"
        );
        assert!(!after.contains("Secret apps/made-here"));
        assert_eq!(watch.deleted_past_finalizer()?, Vec::<String>::new());
        assert!(watch.saw_deletion()?, "the cluster deployment was not deleted");
        Ok(())
    })
    .await
}

///
#[tokio::test]
async fn a_loop_killed_in_the_middle_of_a_cleanup_ends_it_once() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, _east, west) = backed_up(lab).await?;
        west.hub.create_namespace("left-over").await?;
        let labels =
            json!({"cluster.open-cluster-management.io/type": "aws", "velero.io/backup-name": EARLIER});
        let made = (0..600).map(|number| secret("left-over", &format!("s-{number}"), &labels));
        let made = futures::stream::iter(made).map(|object| west.hub.create(object)).buffer_unordered(16);
        made.try_collect::<()>().await?;
        let secrets = west.hub.objects("v1", "Secret", Some("left-over"));
        let left =
            async || Ok::<_, anyhow::Error>(secrets.list_metadata(&ListParams::default()).await?.items.len());

        let first = west.start_loop().await?;
        west.run("restore all --managed-clusters latest --yes --confirm west")?;
        until(DEADLINE, "the cleanup to begin", async || Ok(left().await? < 600)).await?;
        first.kill()?;
        assert!(left().await? > 0, "killed too late");
        assert!(!west.restores().get("all").await?.phase().is_terminal());

        let _second = west.start_loop().await?;
        west.restore_is("all", RestorePhase::Finished).await?;
        assert_eq!(left().await?, 0);
        let backups = west.backups().list(&ListParams::default()).await?;
        let markers = backups.iter().filter(|backup| backup.name_any().starts_with("acm-restore-clusters-"));
        assert_eq!(markers.count(), 1);
        Ok(())
    })
    .await
}

fn secret(namespace: &str, name: &str, labels: &Value) -> Value {
    let metadata = json!({"namespace": namespace, "name": name, "labels": labels});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
}

fn deployment(name: &str) -> Value {
    let metadata = json!({"namespace": name, "name": name, "finalizers": [DEPROVISION]});
    json!({"apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment", "metadata": metadata, "spec": {}})
}

async fn remove(hub: &Hub, api_version: &str, kind: &str, (namespace, name): (&str, &str)) -> Result<()> {
    hub.objects(api_version, kind, Some(namespace)).delete(name, &Default::default()).await?;
    Ok(())
}

/// `Kind namespace/name` of everything a backup may hold and nobody has deleted.
async fn inventory(hub: &Hub) -> Result<BTreeSet<String>> {
    let kinds = [
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("apps.open-cluster-management.io/v1", "Channel"),
        ("apps.open-cluster-management.io/v1", "Subscription"),
        ("policy.open-cluster-management.io/v1", "Policy"),
        ("policy.open-cluster-management.io/v1", "PlacementBinding"),
        ("cluster.open-cluster-management.io/v1", "ManagedCluster"),
        ("cluster.open-cluster-management.io/v1beta1", "Placement"),
        ("cluster.open-cluster-management.io/v1beta2", "ManagedClusterSet"),
        ("addon.open-cluster-management.io/v1alpha1", "ManagedClusterAddOn"),
        ("hive.openshift.io/v1", "ClusterDeployment"),
        ("hive.openshift.io/v1", "ClusterImageSet"),
    ];
    let mut found = BTreeSet::new();
    for (api_version, kind) in kinds {
        let listed = hub.objects(api_version, kind, None).list_metadata(&ListParams::default()).await?;
        let alive = listed.items.iter().filter(|object| object.metadata.deletion_timestamp.is_none());
        let name = |object: &kube::core::PartialObjectMeta<DynamicObject>| {
            format!("{kind} {}/{}", object.namespace().unwrap_or_default(), object.name_any())
        };
        found.extend(alive.map(name));
    }
    Ok(found)
}

/// Every state cluster deployments go through; the watch ends when this is dropped.
struct Watched {
    states: Arc<Mutex<Vec<DynamicObject>>>,
    task: JoinHandle<()>,
}

impl Watched {
    fn deployments(hub: &Hub) -> Self {
        let api: Api<DynamicObject> = hub.objects("hive.openshift.io/v1", "ClusterDeployment", None);
        let states = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&states);
        let task = tokio::spawn(async move {
            let Ok(events) = api.watch(&WatchParams::default(), "0").await else { return };
            let mut events = events.boxed();
            while let Ok(Some(event)) = events.try_next().await {
                if let (WatchEvent::Added(object) | WatchEvent::Modified(object), Ok(mut seen)) =
                    (event, seen.lock())
                {
                    seen.push(object);
                }
            }
        });
        Self { states, task }
    }

    fn deleted(&self) -> Result<Vec<DynamicObject>> {
        let states = self.states.lock().map_err(|_| anyhow::anyhow!("the watch failed"))?;
        Ok(states.iter().filter(|object| object.metadata.deletion_timestamp.is_some()).cloned().collect())
    }

    fn saw_deletion(&self) -> Result<bool> {
        Ok(!self.deleted()?.is_empty())
    }

    fn deleted_past_finalizer(&self) -> Result<Vec<String>> {
        let held =
            |object: &DynamicObject| object.finalizers().iter().any(|finalizer| finalizer == DEPROVISION);
        Ok(self.deleted()?.into_iter().filter(held).map(|object| object.name_any()).collect())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

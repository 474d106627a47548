//! Secrets and configmaps find their way into the credentials backup.

use std::collections::BTreeMap;
use std::process::Command;

use acmbackup::api::BackupSchedulePhase;
use acmbackup_lab::{Fill, Lab, Store, VeleroOptions, crds, until};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::site::{DEADLINE, Site};

const BACKUP: &str = "cluster.open-cluster-management.io/backup";
const WATCHED: &str = "agent-install.openshift.io/watch";

fn object(kind: [&str; 2], place: [&str; 2], more: Value) -> Value {
    let (api_version, kind, namespace, name) = (kind[0], kind[1], place[0], place[1]);
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"namespace": namespace, "name": name}});
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

fn secret(namespace: &str, name: &str, labels: &Value) -> Value {
    let metadata = json!({"namespace": namespace, "name": name, "labels": labels});
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"key": "value"}})
}

fn deployment(name: &str, spec: &Value) -> Value {
    object(["hive.openshift.io/v1", "ClusterDeployment"], [name, name], json!({ "spec": spec }))
}

/// What Hive, agents and bare metal hosts leave on a hub.
async fn fill(site: &Site) -> Result<()> {
    for namespace in ["pool-x7", "pools", "infra"] {
        site.hub.create_namespace(namespace).await?;
    }
    let none = json!({});
    let manifests = json!({"manifestsConfigMapRef": {"name": "extra"}});
    let spec = json!({"clusterPoolRef": {"namespace": "pools", "poolName": "pool"}, "provisioning": manifests,
        "pullSecretRef": {"name": "pool-x7-pull"}});
    for object in [
        secret("pool-x7", "pool-x7-pull", &none),
        secret("pool-x7", "pool-x7-ssh", &none),
        secret("pool-x7", "pool-x7-import", &none),
        object(["v1", "ConfigMap"], ["pool-x7", "extra"], json!({"data": {"a": "b"}})),
        deployment("pool-x7", &spec),
        secret("pools", "pool-aws", &none),
        object(["hive.openshift.io/v1", "ClusterPool"], ["pools", "pool"], json!({"spec": {}})),
        secret("infra", "pull", &json!({WATCHED: "true"})),
        secret("infra", "bmc", &json!({"environment.metal3.io": "baremetal"})),
        secret("infra", "mine", &json!({WATCHED: "true", BACKUP: ""})),
        secret("infra", "other", &none),
    ] {
        site.hub.create(object).await?;
    }
    Ok(())
}

/// The backup labels of an object, and its content.
async fn label_of(site: &Site, kind: &str, namespace: &str, name: &str) -> Result<(Option<String>, Value)> {
    let found = site.hub.objects("v1", kind, Some(namespace)).get(name).await?;
    let label = found.metadata.labels.and_then(|labels| labels.get(BACKUP).cloned());
    Ok((label, found.data.get("data").cloned().unwrap_or_default()))
}

async fn is_labelled(site: &Site, kind: &str, [namespace, name, value]: [&str; 3]) -> Result<()> {
    until(DEADLINE, &format!("{kind} {namespace}/{name} to be labelled {value}"), async || {
        Ok(label_of(site, kind, namespace, name).await?.0.as_deref() == Some(value))
    })
    .await
}

/// What Velero put into a backup, by kind.
fn contents(store: &Store, backup: &str) -> Result<BTreeMap<String, Vec<String>>> {
    let file =
        store.bucket("backups")?.join("backups").join(backup).join(format!("{backup}-resource-list.json.gz"));
    let unzipped = Command::new("gzip").arg("-dc").arg(&file).output().context("start gzip")?;
    ensure!(unzipped.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&unzipped.stderr));
    Ok(serde_json::from_slice(&unzipped.stdout)?)
}

/// S-119, S-130, S-201 to S-204, S-207 to S-209: labelled before the first run, so that they are in it; what comes later is noticed.
#[tokio::test]
async fn what_belongs_to_clusters_is_labelled_and_in_the_credentials_backup() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 3).await?;
        fill(&east).await?;
        let _loop = east.start_loop().await?;
        let backups = east.back_up().await?;
        let names = backups.iter().filter_map(|backup| backup.metadata.name.clone());
        let credentials = names.into_iter().find(|name| name.starts_with("acm-credentials-schedule-"));
        let contents = contents(&store, &credentials.context("no credentials backup")?)?;
        let (secrets, config_maps) = (&contents["v1/Secret"], &contents["v1/ConfigMap"]);
        for [namespace, name, value] in [
            ["cluster-003", "cluster-003-pull-secret", "pullsecret"],
            ["pool-x7", "pool-x7-pull", "pullsecret"],
            ["pool-x7", "pool-x7-ssh", "clusterpool"],
            ["pools", "pool-aws", "clusterpool"],
            ["infra", "pull", "agent-install"],
            ["infra", "bmc", "baremetal"],
            ["infra", "mine", ""],
        ] {
            let (label, data) = label_of(&east, "Secret", namespace, name).await?;
            assert_eq!(label.as_deref(), Some(value), "{namespace}/{name}");
            assert_eq!(
                data.as_object().map(serde_json::Map::len),
                Some(1),
                "{namespace}/{name} has lost its content"
            );
            assert!(
                secrets.contains(&format!("{namespace}/{name}")),
                "{namespace}/{name} is in no backup: {secrets:?}"
            );
        }
        for [namespace, name] in
            [["pool-x7", "pool-x7-import"], ["infra", "other"], ["cluster-003", "cluster-003-import"]]
        {
            assert_eq!(label_of(&east, "Secret", namespace, name).await?.0, None, "{namespace}/{name}");
            assert!(!secrets.contains(&format!("{namespace}/{name}")), "{namespace}/{name} is in the backup");
        }
        assert!(config_maps.contains(&"pool-x7/extra".to_owned()), "{config_maps:?}");
        let made = east
            .hub
            .objects("hive.openshift.io/v1", "ClusterDeployment", Some("pool-x7"))
            .get("pool-x7")
            .await?;
        assert_eq!(
            made.metadata.labels.unwrap()["hive.openshift.io/disable-creation-webhook-for-dr"],
            "true"
        );
        later(&east).await
    })
    .await
}

/// A secret that needs its label, and a cluster in a namespace Hive has not worked in before.
async fn later(east: &Site) -> Result<()> {
    east.hub.create(secret("infra", "late", &json!({WATCHED: "true"}))).await?;
    is_labelled(east, "Secret", ["infra", "late", "agent-install"]).await?;
    east.hub.create_namespace("new").await?;
    east.hub.create(secret("new", "pull", &json!({}))).await?;
    let spec =
        json!({"pullSecretRef": {"name": "pull"}, "provisioning": {"manifestsSecretRef": {"name": "extra"}}});
    east.hub.create(deployment("new", &spec)).await?;
    is_labelled(east, "Secret", ["new", "pull", "pullsecret"]).await?;
    east.hub.create(secret("new", "extra", &json!({}))).await?;
    is_labelled(east, "Secret", ["new", "extra", "manifestssecret"]).await
}

/// S-132: on a hub without Hive all is well, and once Hive comes its objects count.
#[tokio::test]
async fn a_hub_without_hive_is_backed_up_and_notices_when_hive_comes() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let hub = lab.hub("east").await?;
        hub.install_crds(&crds::of_hub_where(|group, _| group != "hive.openshift.io")?).await?;
        hub.install_crds(&crds::own()).await?;
        hub.fill(&Fill::nothing("east-id")).await?;
        let velero = hub.velero(&store, VeleroOptions::default()).await?;
        let east = Site { hub, velero };
        east.hub.create_namespace("infra").await?;
        east.hub.create(secret("infra", "pull", &json!({WATCHED: "true"}))).await?;
        let running = east.start_loop().await?;
        east.back_up().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        is_labelled(&east, "Secret", ["infra", "pull", "agent-install"]).await?;
        east.hub.install_crds(&crds::of_hub_where(|group, _| group == "hive.openshift.io")?).await?;
        east.hub.create_namespace("new").await?;
        east.hub.create(secret("new", "pull", &json!({}))).await?;
        east.hub.create(deployment("new", &json!({"pullSecretRef": {"name": "pull"}}))).await?;
        is_labelled(&east, "Secret", ["new", "pull", "pullsecret"]).await?;
        let log = running.log();
        assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
        Ok(())
    })
    .await
}

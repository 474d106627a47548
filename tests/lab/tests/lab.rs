//! The lab itself: two hubs at once, backups that travel through one store, failures that say why.

use std::time::Duration;

use acmbackup_lab::{
    Assets, Door, Fault, Fill, Hub, HubOptions, Lab, Mishap, Request, Store, Velero, VeleroOptions, crds,
    until,
};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use serde_json::{Value, json};

const NAMESPACE: &str = "open-cluster-management-backup";
const VELERO: &str = "velero.io/v1";
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_one_hub_is_restored_on_another() -> Result<()> {
    Lab::run(async |lab| {
        let (store, east, west) = tokio::try_join!(lab.store(), lab.hub("east"), lab.hub("west"))?;
        let _veleros = tokio::try_join!(with_velero(&east, &store), with_velero(&west, &store))?;
        east.fill(&Fill::new(4, "east-id")).await?;
        west.fill(&Fill::nothing("west-id")).await?;

        let everything = json!({
            "excludedNamespaces": ["kube-system", NAMESPACE],
            "includeClusterResources": true,
            "excludedResources": ["customresourcedefinitions", "clusterroles", "clusterrolebindings", "apiservices"],
        });
        east.create(velero_object("Backup", "b1", &everything)).await?;
        phase(&east, "Backup", "b1", "Completed").await?;
        // Nobody tells Velero on the other hub: it finds the backup in the store.
        phase(&west, "Backup", "b1", "Completed").await?;

        west.create(velero_object("Restore", "r1", &json!({"backupName": "b1"}))).await?;
        phase(&west, "Restore", "r1", "Completed").await?;
        assert_eq!(east.count().await?, west.count().await?);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_follows_its_store_down_and_up() -> Result<()> {
    Lab::run(async |lab| {
        let (store, hub) = tokio::try_join!(lab.store(), lab.hub("hub"))?;
        let velero = with_velero(&hub, &store).await?;
        store.stop()?;
        phase(&hub, "BackupStorageLocation", "default", "Unavailable").await?;
        store.start().await?;
        velero.wait_available().await?;

        velero.stop().await?;
        velero.start().await?;
        velero.restart().await?;
        velero.wait_available().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_remembers_while_its_api_server_is_down() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub_with("hub", HubOptions { audit: true, ..HubOptions::default() }).await?;
        hub.create_namespace("here").await?;
        hub.stop_api_server()?;
        let namespaces = hub.objects("v1", "Namespace", None);
        ensure!(namespaces.get("here").await.is_err(), "the API server answers although it was stopped");
        hub.start_api_server().await?;
        namespaces.get("here").await?;

        let requests = hub.requests()?;
        let read =
            |request: &Request| request.uri.ends_with("/api/v1/namespaces/here") && request.code == 200;
        ensure!(requests.iter().any(read), "the audit log holds the requests: {requests:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn users_may_do_nothing_until_told() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("hub").await?;
        let viewer: Api<Pod> = Api::all(hub.client_for("viewer").await?);
        let forbidden = viewer.list(&ListParams::default()).await.err().context("a viewer may not list")?;
        ensure!(format!("{forbidden}").contains("viewer"), "{forbidden}");
        let rbac = "rbac.authorization.k8s.io";
        let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]});
        hub.create(json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole",
                          "metadata": {"name": "pods"}, "rules": [rule]}))
            .await?;
        hub.create(json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding",
                          "metadata": {"name": "pods"},
                          "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "pods"},
                          "subjects": [{"apiGroup": rbac, "kind": "Group", "name": "viewers"}]}))
            .await?;
        let list = async || Ok(viewer.list(&ListParams::default()).await.is_ok());
        until(PATIENCE, "the viewer to be let in", list).await?;
        assert!(hub.kubeconfig_for("stranger").is_err());
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_through_a_door_go_wrong_as_told() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("hub").await?;
        let door = Door::to(&hub).await?;
        let kubectl = Assets::find().await?.kubectl.clone();
        let create = |name: &str| {
            let mut command = std::process::Command::new(&kubectl);
            command.arg("--kubeconfig").arg(door.kubeconfig()).args(["create", "namespace", name]);
            Ok::<_, anyhow::Error>(String::from_utf8_lossy(&command.output()?.stderr).into_owned())
        };
        let namespaces = hub.objects("v1", "Namespace", None);

        door.add(Fault::on("POST", "/namespaces", Mishap::Answer(500)));
        let error = create("refused")?;
        ensure!(error.contains("the lab says so"), "{error}");
        ensure!(namespaces.get_opt("refused").await?.is_none());

        door.add(Fault::on("POST", "/namespaces", Mishap::LoseAnswer));
        let error = create("made")?;
        ensure!(error.contains("EOF"), "{error}");
        ensure!(namespaces.get_opt("made").await?.is_some());
        assert_eq!(door.left(), 0);
        assert_eq!(create("good")?, "");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_talks_to_a_hub() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("hub").await?;
        let mut kubectl = std::process::Command::new(&Assets::find().await?.kubectl);
        kubectl.arg("--kubeconfig").arg(hub.kubeconfig()).args(["version", "-o", "json"]);
        let versions: Value = serde_json::from_slice(&kubectl.output()?.stdout)?;
        for side in ["/clientVersion/gitVersion", "/serverVersion/gitVersion"] {
            assert_eq!(versions.pointer(side), Some(&json!("v1.36.3")), "{versions}");
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_fails_shows_its_log() -> Result<()> {
    let lab = Lab::new().await?;
    let (store, hub) = tokio::try_join!(lab.store(), lab.hub("hub"))?;
    let options = VeleroOptions { args: vec!["--client-qps=-1".to_owned()], ..VeleroOptions::default() };
    let error = hub.velero(&store, options).await.err().context("Velero cannot start")?;
    let message = format!("{error:#}");
    assert!(message.contains("start Velero on hub hub: velero: exit status: 1"), "{message}");
    assert!(message.contains("velero.log") && message.contains("client-qps must be positive"), "{message}");
    Ok(())
}

async fn with_velero(hub: &Hub, store: &Store) -> Result<Velero> {
    hub.install_crds(&crds::all().await?).await?;
    hub.velero(store, VeleroOptions::default()).await
}

async fn phase(hub: &Hub, kind: &str, name: &str, wanted: &str) -> Result<()> {
    let objects = hub.objects(VELERO, kind, Some(NAMESPACE));
    let what = format!("{kind} {name} on {} to be {wanted}", hub.name());
    until(PATIENCE, &what, async || {
        let object = objects.get(name).await?;
        let phase = object.data.pointer("/status/phase").and_then(Value::as_str).unwrap_or("without a phase");
        ensure!(phase == wanted, "it is {phase}");
        Ok(true)
    })
    .await
}

fn velero_object(kind: &str, name: &str, spec: &Value) -> Value {
    let metadata = json!({"name": name, "namespace": NAMESPACE});
    json!({"apiVersion": VELERO, "kind": kind, "metadata": metadata, "spec": spec})
}

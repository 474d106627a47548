//! The loop under exactly its roles: nothing it needs is missing, and nothing it may is never used.
//!
//! A new verb in `cluster/permissions.rs` fails this test until a step here makes the loop use it. A step is an async
//! function that gets the [`Stage`]; call it in [`play`], and let it end with [`used`] where the request depends on
//! who is faster.

use std::time::Duration;

use acmbackup::api::{InternalHubComponent, keys};
use acmbackup::cluster::clock;
use acmbackup::cluster::permissions::{CLEANUP, LEASE};
use acmbackup::cluster::roles::{self, EVERYWHERE, FOR_CLEANUP, FOR_LEASE, IN_NAMESPACE};
use acmbackup::wire::Stamp;
use acmbackup_lab::{HubOptions, Lab, Loop, until};
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::Subject;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::Audit;
use crate::relaxed::accept_anything;
use crate::site::{DEADLINE, NAMESPACE};
use crate::stage::{Stage, names, remove, set};

/// The user all roles are granted to.
const LOOP: &str = "loop";
/// A user without the role for everywhere: reads then happen in the namespace.
const CONFINED: &str = "confined";

/// Spec: S-026, R-950
#[tokio::test]
async fn the_loop_works_under_its_roles_and_uses_every_verb_of_them() -> Result<()> {
    Lab::run(async |lab| {
        let users = [LOOP, CONFINED].map(|user| (user.to_owned(), vec![]));
        let stage = Stage::start(lab, "east", HubOptions { users: users.to_vec(), audit: true }).await?;
        grant(&stage).await?;
        let played = play(&stage).await;
        let audit = Audit::of(&stage.hub, LOOP)?;
        assert!(audit.refused.is_empty(), "missing in cluster/permissions.rs: {:#?}", audit.refused);
        played?;
        let confined = Audit::of(&stage.hub, CONFINED)?;
        // Of the groups whose finalizers come off, one stands for all.
        let cleanup = CLEANUP.iter().filter(|row| row.group == "*" || row.group == "hive.openshift.io");
        let mut unused = audit.unused(roles::everywhere().chain(cleanup), None);
        let here = audit.unused(roles::in_namespace().chain(LEASE), Some(NAMESPACE));
        let confined = confined.unused(roles::in_namespace().chain(LEASE), Some(NAMESPACE));
        unused.extend(here.into_iter().filter(|verb| confined.contains(verb)));
        assert!(unused.is_empty(), "no step made the loop use: {unused:#?}");
        Ok(())
    })
    .await
}

/// Everything the loop does, in an order in which one step does not stand in the way of the next.
async fn play(stage: &Stage) -> Result<()> {
    let _velero = stage.velero_at_work();
    let reconciler = stage.spawn_loop(LOOP)?;
    reconciler.holds_lease().await?;
    a_set_is_made_edited_and_made_anew(stage).await?;
    what_belongs_to_clusters_is_labelled(stage).await?;
    backups_are_removed(stage).await?;
    a_status_meets_another_change(stage).await?;
    tokens_come_and_go(stage).await?;
    backups_are_there_before_their_turn(stage).await?;
    a_schedule_is_there_before_its_turn(stage, &reconciler).await?;
    remove(&stage.ours("BackupSchedule"), "hub").await?;
    a_restore_is_made_and_deleted(stage).await?;
    a_restore_cleans_up(stage).await?;
    a_cluster_is_imported_and_the_hub_removed(stage).await?;
    a_restore_is_there_before_its_turn(stage).await?;
    assert_eq!(reconciler.terminate().await?, 0);
    without_the_role_for_everywhere(stage).await
}

async fn grant(stage: &Stage) -> Result<()> {
    for role in roles::roles() {
        create(stage, "rbac.authorization.k8s.io/v1", "ClusterRole", &role).await?;
    }
    let rbac = "rbac.authorization.k8s.io/v1";
    for role in [EVERYWHERE, FOR_CLEANUP] {
        let binding = roles::bind_everywhere(role, subject(LOOP));
        create(stage, rbac, "ClusterRoleBinding", &binding).await?;
    }
    for role in [IN_NAMESPACE, FOR_LEASE] {
        let mut binding = roles::bind_in(NAMESPACE, role, subject(LOOP));
        binding.subjects.get_or_insert_default().push(subject(CONFINED));
        create(stage, rbac, "RoleBinding", &binding).await?;
    }
    Ok(())
}

fn subject(user: &str) -> Subject {
    let api_group = Some("rbac.authorization.k8s.io".to_owned());
    Subject { api_group, kind: "User".to_owned(), name: user.to_owned(), namespace: None }
}

async fn create(stage: &Stage, api_version: &str, kind: &str, object: &impl Serialize) -> Result<()> {
    let mut whole = json!({"apiVersion": api_version, "kind": kind});
    if let (Value::Object(whole), Value::Object(object)) = (&mut whole, serde_json::to_value(object)?) {
        whole.extend(object);
    }
    stage.hub.create(whole).await
}

/// Waits until the loop has done something, anywhere.
async fn used(stage: &Stage, verb: &str, resource: &str, group: &str) -> Result<()> {
    until(DEADLINE, &format!("the loop to {verb} {resource}.{group}"), async || {
        Ok(Audit::of(&stage.hub, LOOP)?.has(verb, resource, group))
    })
    .await
}

/// Waits until one of our objects is in a phase.
async fn is_in_phase(stage: &Stage, kind: &str, name: &str, wanted: &str) -> Result<()> {
    until(DEADLINE, &format!("{kind} {name} to be {wanted}"), async || {
        let (phase, message) = stage.standing(kind, name).await?;
        ensure!(phase == wanted, "{phase}: {message}");
        Ok(true)
    })
    .await
}

async fn a_set_is_made_edited_and_made_anew(stage: &Stage) -> Result<()> {
    stage.ask("BackupSchedule", "hub", json!({"veleroSchedule": "@daily"})).await?;
    is_in_phase(stage, "BackupSchedule", "hub", "Enabled").await?;
    set(&stage.ours("BackupSchedule"), "hub", json!({"spec": {"veleroSchedule": "@weekly"}})).await?;
    used(stage, "patch", "schedules", "velero.io").await?;
    remove(&stage.velero("Schedule"), "acm-resources-schedule").await?;
    used(stage, "delete", "schedules", "velero.io").await?;
    is_in_phase(stage, "BackupSchedule", "hub", "Enabled").await
}

/// Spec: S-201, S-202
async fn what_belongs_to_clusters_is_labelled(stage: &Stage) -> Result<()> {
    stage.hub.create_namespace("pool-x7").await?;
    let meta = |name: &str| json!({"namespace": "pool-x7", "name": name});
    let spec = json!({"clusterPoolRef": {"poolName": "pool"}, "pullSecretRef": {"name": "pull"},
        "provisioning": {"manifestsConfigMapRef": {"name": "extra"}}});
    for object in [
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta("pull")}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("extra")}),
        json!({"apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment", "metadata": meta("pool-x7"), "spec": spec}),
    ] {
        stage.hub.create(object).await?;
    }
    used(stage, "patch", "secrets", "").await?;
    used(stage, "patch", "configmaps", "").await?;
    used(stage, "patch", "clusterdeployments", "hive.openshift.io").await
}

/// One is asked of Velero, one Velero reports that it cannot, and one request is there unseen.
async fn backups_are_removed(stage: &Stage) -> Result<()> {
    accept_anything(&stage.hub, "deletebackuprequests.velero.io").await?;
    let requests = stage.velero("DeleteBackupRequest");
    stage.hub.create(velero("DeleteBackupRequest", "unseen", &json!({"backupName": 7}))).await?;
    for name in ["unseen", "stuck"] {
        let labels = json!({"velero.io/schedule-name": "acm-validation-policy-schedule"});
        let status = json!({"phase": "FailedValidation", "expiration": "2026-01-01T00:00:00Z"});
        let metadata = json!({"name": name, "namespace": NAMESPACE, "labels": labels});
        let backup = json!({"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": metadata,
            "spec": {}, "status": status});
        stage.hub.create(backup).await?;
    }
    until(DEADLINE, "the request", async || Ok(requests.get_opt("stuck").await?.is_some())).await?;
    set(&requests, "stuck", json!({"status": {"phase": "Processed", "errors": ["no such object"]}})).await?;
    used(stage, "delete", "backups", "velero.io").await?;
    used(stage, "get", "deletebackuprequests", "velero.io").await?;
    remove(&stage.velero("Backup"), "unseen").await
}

/// Spec: S-031, S-272
async fn a_status_meets_another_change(stage: &Stage) -> Result<()> {
    let schedules = stage.ours("BackupSchedule");
    let toggled = async || {
        for paused in [true, false].into_iter().cycle() {
            set(&schedules, "hub", json!({"spec": {"paused": paused}})).await?;
            let wanted = if paused { "Paused" } else { "Enabled" };
            is_in_phase(stage, "BackupSchedule", "hub", wanted).await?;
            if Audit::of(&stage.hub, LOOP)?.has(
                "get",
                "backupschedules",
                "cluster.open-cluster-management.io",
            ) {
                break;
            }
        }
        set(&schedules, "hub", json!({"spec": {"paused": false}})).await
    };
    while_touched(&schedules, "hub", toggled()).await?;
    is_in_phase(stage, "BackupSchedule", "hub", "Enabled").await
}

/// Does something while somebody keeps changing an object in a way that matters to nobody.
async fn while_touched<T>(
    api: &Api<DynamicObject>,
    name: &str,
    action: impl Future<Output = Result<T>>,
) -> Result<T> {
    // Often enough to get in the way of some writes, and seldom enough to let others through.
    let mut rhythm = tokio::time::interval(Duration::from_millis(40));
    let touching = async {
        for count in 0_u64.. {
            rhythm.tick().await;
            // It may not be there yet, or no longer.
            let _ =
                set(api, name, json!({"metadata": {"annotations": {"touched": count.to_string()}}})).await;
        }
    };
    tokio::select! {
        done = tokio::time::timeout(DEADLINE, action) => done.context("nothing came of it in time")?,
        () = touching => unreachable!("it goes on for ever"),
    }
}

/// For a cluster that joins, whose agent answers; then on a hub that loses its id.
async fn tokens_come_and_go(stage: &Stage) -> Result<()> {
    let (addons, accounts, works) = (
        ("managedclusteraddons", "addon.open-cluster-management.io"),
        ("managedserviceaccounts", "authentication.open-cluster-management.io"),
        ("manifestworks", "work.open-cluster-management.io"),
    );
    let wish = async |spec: Value| set(&stage.ours("BackupSchedule"), "hub", json!({"spec": spec})).await;
    stage.hub.create_namespace("imported").await?;
    let cluster = json!({"apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
        "metadata": {"name": "imported"}, "spec": {}});
    stage.hub.create(cluster).await?;
    wish(json!({"useManagedServiceAccount": true})).await?;
    for (resource, group) in [addons, accounts, works] {
        used(stage, "create", resource, group).await?;
    }
    let label = json!({"authentication.open-cluster-management.io/is-managed-serviceaccount": "true"});
    let token = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "auto-import-account", "namespace": "imported", "labels": label}});
    stage.hub.create(token).await?;
    used(stage, "patch", "secrets", "").await?;
    wish(json!({"managedServiceAccountTTL": "50h"})).await?;
    used(stage, "patch", accounts.0, accounts.1).await?;
    wish(json!({"useManagedServiceAccount": false})).await?;
    for (resource, group) in [addons, accounts, works, ("secrets", "")] {
        used(stage, "delete", resource, group).await?;
    }
    remove(&stage.hub.objects("config.openshift.io/v1", "ClusterVersion", None), "version").await?;
    used(stage, "get", "namespaces", "").await
}

/// First backups have names that say when: all of the next minute are taken.
async fn backups_are_there_before_their_turn(stage: &Stage) -> Result<()> {
    let schedules = stage.ours("BackupSchedule");
    remove(&schedules, "hub").await?;
    clear(&stage.velero("Schedule")).await?;
    let now = clock::now();
    for second in 0..60 {
        let stamp = Stamp::from(now + SignedDuration::from_secs(second));
        stage.hub.create(velero("Backup", &format!("acm-credentials-schedule-{stamp}"), &json!({}))).await?;
    }
    stage.ask("BackupSchedule", "hub", json!({"veleroSchedule": "@daily"})).await?;
    used(stage, "get", "backups", "velero.io").await?;
    is_in_phase(stage, "BackupSchedule", "hub", "Enabled").await
}

/// The loop is stopped as soon as it has made one, and goes on with what it had planned.
async fn a_schedule_is_there_before_its_turn(stage: &Stage, reconciler: &Loop) -> Result<()> {
    let (ours, velero_schedules) = (stage.ours("BackupSchedule"), stage.velero("Schedule"));
    let last =
        velero("Schedule", "acm-validation-policy-schedule", &json!({"schedule": "@daily", "template": {}}));
    until(DEADLINE, "the loop to meet a schedule that was made meanwhile", async || {
        remove(&ours, "hub").await?;
        clear(&velero_schedules).await?;
        stage.ask("BackupSchedule", "hub", json!({"veleroSchedule": "@daily"})).await?;
        while names(&velero_schedules).await?.is_empty() {}
        reconciler.signal("STOP")?;
        let created = stage.hub.create(last.clone()).await;
        reconciler.signal("CONT")?;
        created?;
        is_in_phase(stage, "BackupSchedule", "hub", "Failed").await.ok();
        Ok(Audit::of(&stage.hub, LOOP)?.has("get", "schedules", "velero.io"))
    })
    .await
}

/// Followed by finalizers and Velero Restores going with it, as after an activation.
async fn a_restore_is_made_and_deleted(stage: &Stage) -> Result<()> {
    let restores = stage.ours("Restore");
    let mut spec = choices("skip", "latest");
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("hooks".to_owned(), json!({"resources": [{"name": "none"}]}));
    }
    let made = async || {
        loop {
            stage.ask("Restore", "touched", spec.clone()).await?;
            set(&restores, "touched", json!({"metadata": {"finalizers": [FINALIZER]}})).await?;
            is_in_phase(stage, "Restore", "touched", "Finished").await?;
            let audit = Audit::of(&stage.hub, LOOP)?;
            remove(&restores, "touched").await?;
            until(DEADLINE, "the restore to go", async || Ok(restores.get_opt("touched").await?.is_none()))
                .await?;
            let met = audit.has("get", "restores", "cluster.open-cluster-management.io");
            if met && audit.has("patch", "events", "events.k8s.io") {
                return Ok(());
            }
        }
    };
    while_touched(&restores, "touched", made()).await
}

const FINALIZER: &str = "restores.cluster.open-cluster-management.io/finalizer";

fn choices(credentials: &str, resources: &str) -> Value {
    json!({"veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": credentials,
        "veleroResourcesBackupName": resources, "cleanupBeforeRestore": "None"})
}

/// A cluster deployment of an earlier restore, with its finalizer, and a backup that does not hold it.
async fn a_restore_cleans_up(stage: &Stage) -> Result<()> {
    let stamp = Stamp::from(clock::now());
    let kinds = json!({"includedResources": ["clusterdeployment.hive.openshift.io"]});
    stage.hub.create(velero("Backup", &format!("acm-managed-clusters-schedule-{stamp}"), &kinds)).await?;
    stage.hub.create_namespace("left-over").await?;
    let metadata = json!({"name": "left-over", "namespace": "left-over", "finalizers": ["hive.openshift.io/deprovision"],
        "labels": {"velero.io/backup-name": "acm-managed-clusters-schedule-1"}});
    let deployment =
        json!({"apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment", "metadata": metadata});
    stage.hub.create(deployment).await?;
    let spec = json!({
        "veleroManagedClustersBackupName": "latest", "veleroCredentialsBackupName": "skip",
        "veleroResourcesBackupName": "skip", "cleanupBeforeRestore": "CleanupRestored",
    });
    stage.ask("Restore", "cleaning", spec).await?;
    is_in_phase(stage, "Restore", "cleaning", "Finished").await?;
    used(stage, "delete", "clusterdeployments", "hive.openshift.io").await
}

/// The claim the volume needs never comes; its marker is taken away instead. Spec: R-950
async fn a_cluster_is_imported_and_the_hub_removed(stage: &Stage) -> Result<()> {
    let here = |name: &str, labels: Value| json!({"name": name, "namespace": "back-again", "labels": labels});
    let secret = |metadata: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": "t"}});
    let config = json!([{"url": "https://imported.example.com:6443"}]);
    stage.hub.create_namespace("back-again").await?;
    for object in [
        json!({"apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": {"name": "back-again"}, "spec": {"managedClusterClientConfigs": config}}),
        secret(here("auto-import-account", json!({keys::MSA: "true"}))),
        secret(here(keys::AUTO_IMPORT_SECRET, json!({keys::AUTO_IMPORT_BY_RESTORE: "true"}))),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": here("volume", json!({keys::AWAITED_VOLUME: "v"}))}),
    ] {
        stage.hub.create(object).await?;
    }
    let spec = json!({
        "veleroManagedClustersBackupName": "latest", "veleroCredentialsBackupName": "latest",
        "veleroResourcesBackupName": "skip", "cleanupBeforeRestore": "None",
    });
    stage.ask("Restore", "importing", spec).await?;
    used(stage, "get", "persistentvolumeclaims", "").await?;
    let markers: Api<ConfigMap> = Api::namespaced(stage.hub.client(), "back-again");
    markers.delete("volume", &DeleteParams::default()).await?;
    is_in_phase(stage, "Restore", "importing", "Finished").await?;

    let installer = json!({"apiVersion": "operator.open-cluster-management.io/v1", "kind": "InternalHubComponent",
        "metadata": here(keys::INTERNAL_HUB, json!({})), "spec": {}});
    stage.hub.create(installer).await?;
    used(stage, "patch", "internalhubcomponents", "operator.open-cluster-management.io").await?;
    let components: Api<InternalHubComponent> = Api::namespaced(stage.hub.client(), "back-again");
    until(DEADLINE, "the hub to be held", async || {
        let component = components.get_metadata(keys::INTERNAL_HUB).await?;
        Ok(component.metadata.finalizers.is_some_and(|finalizers| !finalizers.is_empty()))
    })
    .await?;
    components.delete(keys::INTERNAL_HUB, &DeleteParams::default()).await?;
    until(DEADLINE, "the hub to be let go", async || {
        Ok(components.get_metadata_opt(keys::INTERNAL_HUB).await?.is_none())
    })
    .await
}

/// One that cannot be read has the name.
async fn a_restore_is_there_before_its_turn(stage: &Stage) -> Result<()> {
    accept_anything(&stage.hub, "restores.velero.io").await?;
    let backups = names(&stage.velero("Backup")).await?;
    for backup in backups.iter().filter(|name| name.starts_with("acm-credentials-schedule-")) {
        let name = format!("met-{backup}");
        stage.hub.create(velero("Restore", &name, &json!({"backupName": 7}))).await?;
    }
    stage.ask("Restore", "met", choices("latest", "skip")).await?;
    used(stage, "get", "restores", "velero.io").await
}

/// Reads of Backups and storage locations are then those of the namespace.
async fn without_the_role_for_everywhere(stage: &Stage) -> Result<()> {
    let reconciler = stage.spawn_loop(CONFINED)?;
    reconciler.holds_lease().await?;
    until(DEADLINE, "reads in the namespace", async || {
        let audit = Audit::of(&stage.hub, CONFINED)?;
        Ok(["backups", "backupstoragelocations"].iter().all(|kind| audit.has("watch", kind, "velero.io")))
    })
    .await
}

async fn clear(api: &Api<DynamicObject>) -> Result<()> {
    for name in names(api).await? {
        remove(api, &name).await?;
    }
    Ok(())
}

fn velero(kind: &str, name: &str, spec: &Value) -> Value {
    let metadata = json!({"name": name, "namespace": NAMESPACE});
    json!({"apiVersion": "velero.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
}

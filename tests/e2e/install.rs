//! `install` and `uninstall` on a hub; the lab has no kubelet, so no pod starts.

use acmbackup_lab::{Hub, Lab, crds};
use anyhow::{Context, Result};
use kube::api::{ListParams, PostParams};
use serde_json::json;

use crate::site::{NAMESPACE, expect_code, plugin_on, the_plugin};
use crate::stage::set;

fn run_to(hub: &Hub, code: i32, arguments: &str) -> Result<(String, String)> {
    expect_code(&plugin_on(hub, arguments).output()?, code, arguments)
}

/// A hub with Velero's kinds and a namespace for backups, and no CRD of ours.
async fn bare(lab: &Lab) -> Result<Hub> {
    let hub = lab.hub("east").await?;
    hub.install_crds(crds::of_velero().await?).await?;
    hub.create_namespace(NAMESPACE).await?;
    Ok(hub)
}

async fn count(hub: &Hub, api_version: &str, kind: &str) -> Result<usize> {
    let ours = ListParams::default().labels("app.kubernetes.io/managed-by=kubectl-acmbackup");
    Ok(hub.objects(api_version, kind, None).list(&ours).await?.items.len())
}

#[tokio::test]
async fn what_is_installed_twice_is_unchanged_and_what_is_uninstalled_is_gone() -> Result<()> {
    Lab::run(async |lab| {
        let hub = bare(lab).await?;
        let install = format!("install -n {NAMESPACE} --image registry.example/acmbackup:1");

        let (dry, _) = run_to(
            &hub,
            0,
            &format!("{install} --crds-only --dry-run=server")
                .replace("--image registry.example/acmbackup:1", ""),
        )?;
        assert_eq!(dry.matches("created (server dry run)").count(), 2, "{dry}");
        assert_eq!(count(&hub, "apiextensions.k8s.io/v1", "CustomResourceDefinition").await?, 0);

        let (first, _) = run_to(&hub, 0, &install)?;
        assert!(
            first.lines().all(|line| line.ends_with(" created")) && first.lines().count() == 13,
            "{first}"
        );
        let (second, _) = run_to(&hub, 0, &install)?;
        assert!(second.lines().all(|line| line.ends_with(" unchanged")), "{second}");
        let (third, _) = run_to(&hub, 0, &format!("{install} --replicas 1"))?;
        let changed: Vec<&str> = third.lines().filter(|line| !line.ends_with(" unchanged")).collect();
        assert_eq!(changed, ["deployment.apps/kubectl-acmbackup configured"]);

        let (_, refused) = run_to(&hub, 5, "uninstall")?;
        assert!(refused.contains("[not-confirmed]"), "{refused}");
        let (dry, _) = run_to(&hub, 0, "uninstall --dry-run=server")?;
        assert_eq!(dry.matches("deleted (server dry run)").count(), 11, "{dry}");
        assert_eq!(count(&hub, "apps/v1", "Deployment").await?, 1);

        run_to(&hub, 0, "uninstall --yes")?;
        for (api_version, kind) in [("v1", "ServiceAccount"), ("rbac.authorization.k8s.io/v1", "ClusterRole")]
        {
            assert_eq!(count(&hub, api_version, kind).await?, 0, "{kind}");
        }
        assert_eq!(count(&hub, "apiextensions.k8s.io/v1", "CustomResourceDefinition").await?, 2, "CRDs stay");
        let (_, refused) = run_to(&hub, 5, "uninstall --crds --yes")?;
        assert!(refused.contains("--confirm east"), "{refused}");
        run_to(&hub, 0, "uninstall --crds --yes --confirm east")?;
        assert_eq!(count(&hub, "apiextensions.k8s.io/v1", "CustomResourceDefinition").await?, 0);
        Ok(())
    })
    .await
}

/// The operator does the same work, and its CRDs are its own.
#[tokio::test]
async fn where_the_operator_is_nothing_of_it_is_touched() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        hub.install_crds(&crds::all().await?).await?;
        hub.create_namespace(NAMESPACE).await?;
        let definitions = hub.objects("apiextensions.k8s.io/v1", "CustomResourceDefinition", None);
        let ours = "restores.cluster.open-cluster-management.io";
        let before = definitions.get(ours).await?;
        let (told, note) = run_to(&hub, 0, "install --crds-only")?;
        assert!(told.lines().all(|line| line.ends_with(" unchanged")), "{told}");
        assert!(note.contains("was not installed by this command"), "{note}");
        assert_eq!(serde_json::to_string(&definitions.get(ours).await?)?, serde_json::to_string(&before)?);

        let component = json!({"name": "cluster-backup", "enabled": true});
        hub.create(json!({
            "apiVersion": "operator.open-cluster-management.io/v1", "kind": "MultiClusterHub",
            "metadata": {"name": "hub", "namespace": NAMESPACE},
            "spec": {"overrides": {"components": [component]}},
        }))
        .await?;
        let (_, refused) = run_to(&hub, 5, &format!("install -n {NAMESPACE}"))?;
        assert!(refused.contains("MultiClusterHub open-cluster-management-backup/hub manages"), "{refused}");
        assert!(refused.contains("try   kubectl acmbackup install --crds-only"), "{refused}");
        assert_eq!(count(&hub, "apps/v1", "Deployment").await?, 0);
        Ok(())
    })
    .await
}

/// The Deployment alone is accepted anywhere; what counts is its pod.
#[tokio::test]
async fn the_pod_of_the_loop_is_accepted_in_a_restricted_namespace() -> Result<()> {
    Lab::run(async |lab| {
        let hub = bare(lab).await?;
        let enforce = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}});
        set(&hub.objects("v1", "Namespace", None), NAMESPACE, enforce).await?;
        run_to(&hub, 0, &format!("install -n {NAMESPACE} --image registry.example/acmbackup:1"))?;
        let deployment = hub.objects("apps/v1", "Deployment", Some(NAMESPACE)).get("kubectl-acmbackup").await?;
        let pod = |spec: &serde_json::Value| {
            serde_json::from_value(json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial", "namespace": NAMESPACE}, "spec": spec,
            }))
        };
        let pods = hub.objects("v1", "Pod", Some(NAMESPACE));
        let trial = PostParams { dry_run: true, ..PostParams::default() };
        let spec = deployment.data.pointer("/spec/template/spec").context("no pod")?;
        pods.create(&trial, &pod(spec)?).await?;
        let loose = json!({"containers": [{"name": "loose", "image": "x"}]});
        assert!(pods.create(&trial, &pod(&loose)?).await.is_err(), "the namespace restricts nothing");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_loop_is_not_installed_beside_another_one() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        hub.install_crds(&crds::all().await?).await?;
        hub.create_namespace(NAMESPACE).await?;
        let install = format!("install -n {NAMESPACE}");

        let reconciler = the_plugin().start_loop(&hub, &format!("-n {NAMESPACE}"))?;
        reconciler.holds_lease().await?;
        let (_, refused) = run_to(&hub, 5, &install)?;
        assert!(refused.contains("[lease-held]"), "{refused}");
        assert_eq!(reconciler.terminate().await?, 0);

        hub.create(json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "kubectl-acmbackup", "namespace": NAMESPACE},
        }))
        .await?;
        let (_, refused) = run_to(&hub, 5, &install)?;
        assert!(refused.contains("was not installed by this command"), "{refused}");
        assert_eq!(count(&hub, "apps/v1", "Deployment").await?, 0);
        Ok(())
    })
    .await
}

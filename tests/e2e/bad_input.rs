//! Bad input gets a clear error with its exit code, and changes nothing.

use acmbackup_lab::{HubOptions, Lab, VeleroOptions, crds, until};
use anyhow::Result;
use kube::api::ListParams;
use serde_json::json;

use crate::site::{DEADLINE, NAMESPACE, Site, expect_code, plugin_on, the_plugin};

#[tokio::test]
async fn a_backup_that_does_not_exist_or_belongs_to_another_part_is_refused() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let _loop = east.start_loop().await?;
        let (_, stderr) = east.run_to(4, "latest")?;
        assert!(stderr.contains("[no-backup]"), "{stderr}");
        let backups = east.back_up().await?;
        east.run("pause --wait --timeout 1m")?;

        let (_, stderr) =
            east.run_to(4, "restore --credentials acm-credentials-schedule-20200101000000 --yes")?;
        assert!(stderr.contains("acm-credentials-schedule-20200101000000"), "{stderr}");
        let resources = backups
            .iter()
            .filter_map(|backup| backup.metadata.name.clone())
            .find(|name| name.starts_with("acm-resources-schedule"))
            .unwrap_or_default();
        let (_, stderr) = east.run_to(4, &format!("restore --credentials {resources} --yes"))?;
        assert!(stderr.contains(&resources), "{stderr}");
        assert!(east.restores().list(&ListParams::default()).await?.items.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_in_the_way_and_what_nobody_confirmed_is_refused() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let _loop = east.start_loop().await?;
        east.back_up().await?;
        let (_, stderr) = east.run_to(5, "restore --yes")?;
        assert!(stderr.contains("[schedule-in-the-way]"), "{stderr}");
        east.run("pause --wait --timeout 1m")?;
        let (_, stderr) = east.run_to(5, "restore --managed-clusters latest --yes")?;
        assert!(stderr.contains("[not-confirmed]") && stderr.contains("--confirm east"), "{stderr}");
        east.run_to(5, "restore --managed-clusters latest --yes --confirm west")?;
        assert!(east.restores().list(&ListParams::default()).await?.items.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_hub_without_crds_velero_or_storage_is_not_ready() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let bare = lab.hub("bare").await?;
        let refused = |arguments: &str, problem: &str| -> Result<()> {
            let (_, stderr) = expect_code(&plugin_on(&bare, arguments).output()?, 6, arguments)?;
            assert!(stderr.contains(problem), "{arguments}: {stderr}");
            Ok(())
        };
        refused("schedule", "[velero-missing]")?;
        bare.install_crds(crds::of_velero().await?).await?;
        bare.create_namespace("acm").await?;
        refused("schedule -n acm", "[crd-missing]")?;
        refused("run --once -n acm", "[crd-missing]")?;
        for (arguments, code) in
            [("status", 0), ("get backups", 0), ("get runs", 0), ("version", 0), ("doctor", 1), ("latest", 4)]
        {
            let arguments = format!("{arguments} -n acm");
            expect_code(&plugin_on(&bare, &arguments).output()?, code, &arguments)?;
        }
        expect_code(&plugin_on(&bare, "install --crds-only").output()?, 0, "install --crds-only")?;
        refused("schedule -n acm", "[storage-missing]")?;

        let without_velero = lab.hub("ours").await?;
        let on = |arguments: &str, code: i32| {
            expect_code(&plugin_on(&without_velero, arguments).output()?, code, arguments)
        };
        on("install --crds-only", 0)?;
        for (arguments, code) in
            [("status", 0), ("get schedules", 0), ("get restores", 0), ("version", 0), ("doctor", 1)]
        {
            on(&format!("{arguments} -n acm"), code)?;
        }

        let options = VeleroOptions { location: false, wait_available: false, ..VeleroOptions::default() };
        let empty = Site::start_with(lab, &store, "empty", (0, HubOptions::default(), options)).await?;
        let (_, stderr) = empty.run_to(6, "schedule")?;
        assert!(stderr.contains("[namespace-not-found]"), "{stderr}");
        let (_, stderr) = empty.run_to(6, &format!("schedule -n {NAMESPACE}"))?;
        assert!(stderr.contains("[storage-missing]"), "{stderr}");
        assert!(empty.schedules().list(&ListParams::default()).await?.items.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_storage_namespaces_have_to_be_told_apart() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let one = VeleroOptions { namespace: "one".to_owned(), ..VeleroOptions::default() };
        let two = VeleroOptions { namespace: "two".to_owned(), ..VeleroOptions::default() };
        let east = Site::start_with(lab, &store, "east", (0, HubOptions::default(), one)).await?;
        let _velero = east.hub.velero(&store, two).await?;
        let (_, stderr) = east.run_to(5, "latest")?;
        assert!(stderr.contains("[namespace-ambiguous]"), "{stderr}");
        assert!(stderr.contains("one") && stderr.contains("two"), "{stderr}");
        east.run("status -n one")?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_user_who_may_not_and_a_server_that_is_down_are_told_apart() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        hub.install_crds(&crds::all().await?).await?;
        let nobody = hub.kubeconfig_for("nobody")?;
        let forbidden = |arguments: &str| {
            let mut command = plugin_on(&hub, arguments);
            command.env("KUBECONFIG", &nobody);
            command
        };
        for arguments in
            ["get schedules -n open-cluster-management-backup", "run -n open-cluster-management-backup"]
        {
            let (_, stderr) = expect_code(&forbidden(arguments).output()?, 9, arguments)?;
            assert!(stderr.contains("[forbidden]"), "{stderr}");
        }
        hub.stop_api_server()?;
        for arguments in ["status", "latest", "run"] {
            let (_, stderr) = expect_code(&plugin_on(&hub, arguments).output()?, 9, arguments)?;
            assert!(stderr.contains("[unreachable]"), "{stderr}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_user_who_may_only_look_sees_everything_and_changes_nothing() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let rbac = "rbac.authorization.k8s.io/v1";
        let rules = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]);
        let role =
            json!({"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": "look"}, "rules": rules});
        let binding = json!({
            "apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": "look"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "look"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "viewers"}],
        });
        east.hub.create(role).await?;
        east.hub.create(binding).await?;
        let viewer = east.hub.kubeconfig_for("viewer")?;
        let run = |arguments: &str, code: i32| {
            let output = plugin_on(&east.hub, arguments).env("KUBECONFIG", &viewer).output()?;
            expect_code(&output, code, arguments)
        };
        run("status", 0)?;
        run("get schedules", 0)?;
        for arguments in ["schedule", "run"] {
            let (_, stderr) = run(arguments, 9)?;
            assert!(stderr.contains("[forbidden]") && stderr.contains("create"), "{arguments}: {stderr}");
        }
        assert!(east.schedules().list(&ListParams::default()).await?.items.is_empty());
        Ok(())
    })
    .await
}

/// Spec: R-102, S-021
#[tokio::test]
async fn a_loop_that_is_there_before_velero_waits_for_its_kinds_and_begins_by_itself() -> Result<()> {
    Lab::run(async |lab| {
        let hub = lab.hub("east").await?;
        hub.install_crds(&crds::own()).await?;
        hub.create_namespace(NAMESPACE).await?;
        let reconciler = the_plugin().start_loop(&hub, &format!("-n {NAMESPACE}"))?;
        until(DEADLINE, "the loop to say what it waits for", async || {
            let log = reconciler.log();
            Ok(log.contains("schedules.velero.io") && log.contains("restores.velero.io"))
        })
        .await?;
        hub.install_crds(crds::of_velero().await?).await?;
        reconciler.holds_lease().await?;
        assert_eq!(reconciler.terminate().await?, 0);
        Ok(())
    })
    .await
}

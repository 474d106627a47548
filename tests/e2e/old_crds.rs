//! A hub with the CRDs of January 2022: every command works, or refuses before anything is written.

use acmbackup_lab::{Fill, HubOptions, Lab, VeleroOptions, crds};
use anyhow::{Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::ListParams;

use crate::site::Site;

/// Fields of the spec and of the status that were known then. Spec: S-012, S-013, S-014, R-043, R-044
const SCHEDULE: (&[&str], &[&str]) = (
    &["veleroSchedule", "veleroTtl", "maxBackups"],
    &[
        "phase",
        "lastMessage",
        "veleroScheduleCredentials",
        "veleroScheduleManagedClusters",
        "veleroScheduleResources",
    ],
);
const RESTORE: (&[&str], &[&str]) = (
    &["veleroManagedClustersBackupName", "veleroCredentialsBackupName", "veleroResourcesBackupName"],
    &[
        "phase",
        "lastMessage",
        "veleroManagedClustersRestoreName",
        "veleroCredentialsRestoreName",
        "veleroResourcesRestoreName",
    ],
);

fn of_january_2022() -> Vec<CustomResourceDefinition> {
    let mut found = crds::own();
    for (crd, (spec, status)) in found.iter_mut().zip([SCHEDULE, RESTORE]) {
        for version in &mut crd.spec.versions {
            let root = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
            let parts = root.and_then(|root| {
                root.x_kubernetes_validations = None;
                root.properties.as_mut()
            });
            let parts = parts.into_iter().flatten();
            for (part, schema) in parts {
                let known = match part.as_str() {
                    "spec" => spec,
                    "status" => status,
                    _ => continue,
                };
                schema
                    .properties
                    .iter_mut()
                    .for_each(|fields| fields.retain(|name, _| known.contains(&name.as_str())));
                let required = |name: &&&str| part == "spec" && **name != "veleroTtl";
                schema.x_kubernetes_validations = None;
                schema.required =
                    Some(known.iter().filter(required).map(|name| (*name).to_owned()).collect::<Vec<_>>())
                        .filter(|names| !names.is_empty());
            }
        }
    }
    found
}

#[tokio::test]
async fn with_the_crds_of_2022_commands_work_or_refuse_before_anything_is_written() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let hub = lab.hub_with("old", HubOptions::default()).await?;
        let mut all = crds::of_hub()?;
        all.extend(crds::of_velero().await?.iter().cloned());
        all.extend(of_january_2022());
        hub.install_crds(&all).await?;
        hub.fill(&Fill::new(1, "old-id")).await?;
        let velero = hub.velero(&store, VeleroOptions::default()).await?;
        let old = Site { hub, velero };

        for arguments in [
            "status",
            "get",
            "get schedules",
            "get restores",
            "get backups",
            "version",
            "snapshot --out -",
            "prune",
        ] {
            old.run(arguments)?;
        }
        let (screen, _) = old.run_to(1, "doctor")?;
        ensure!(
            screen.contains("[crd-too-old]") && screen.contains("restores spec.cleanupBeforeRestore"),
            "{screen}"
        );

        let refused = |arguments: &str| -> Result<()> {
            let (_, stderr) = old.run_to(3, arguments)?;
            ensure!(stderr.contains("[crd-too-old]"), "{arguments}: {stderr}");
            Ok(())
        };
        refused("schedule")?;
        refused("schedule --max-backups 3 --paused")?;
        refused("schedule --max-backups 3 --managed-service-account")?;
        ensure!(old.schedules().list(&ListParams::default()).await?.items.is_empty());

        let _loop = old.start_loop().await?;
        old.run("schedule --cron @daily --max-backups 3 --wait --timeout 2m")?;
        old.completed_backups(5).await?;
        for arguments in
            ["latest", "describe schedule", "describe run", "get runs", "plan", "backup --wait --timeout 2m"]
        {
            old.run(arguments)?;
        }
        refused("pause")?;
        old.run("delete schedule --yes --wait --timeout 1m")?;
        for arguments in
            ["restore --yes", "restore --credentials latest --resources skip --yes", "restore --sync --yes"]
        {
            refused(arguments)?;
        }
        ensure!(old.restores().list(&ListParams::default()).await?.items.is_empty());
        Ok(())
    })
    .await
}

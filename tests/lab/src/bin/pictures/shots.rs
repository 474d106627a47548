//! The screens that are shown in the documentation, one after the other, on two hubs.

use std::path::Path;

use acmbackup_lab::{Fill, Lab, still};
use anyhow::Result;

use crate::hubs::Site;

/// Managed clusters of the hub that is backed up.
const CLUSTERS: usize = 12;
/// Hub ids, as OpenShift gives them.
const EAST_ID: &str = "1f30bfe5-7c11-4f0e-9a4b-0d8f7e3a5c21";
const WEST_ID: &str = "be97a9eb-60b8-4511-805c-298e7c0898b3";
/// Backups of one run.
const RUN: usize = 5;
/// Columns of a picture.
const COLUMNS: u16 = 118;

/// Columns of a picture with a table of long names.
const WITH_NAMES: u16 = 132;

/// Takes every picture.
pub(crate) async fn take(lab: &Lab, folder: &Path) -> Result<()> {
    let store = lab.store().await?;
    let (full, bare) = (Fill::new(CLUSTERS, EAST_ID), Fill::nothing(WEST_ID));
    let (east, west) = tokio::try_join!(
        Site::start(lab, &store, ("east", &full)),
        Site::start(lab, &store, ("west", &bare)),
    )?;
    let camera = Camera { folder, columns: COLUMNS };
    east.typed("schedule --cron @daily --ttl 72h --managed-service-account --wait", COLUMNS).await?;
    west.sees_backups(RUN).await?;
    west.typed("restore rehearsal --yes --wait", COLUMNS).await?;

    for (api_version, kind, namespace, name) in [
        ("v1", "Secret", "cluster-001", "cluster-001-cloud"),
        ("apps.open-cluster-management.io/v1", "Channel", "shop-001-channel", "shop-001"),
    ] {
        let objects = east.hub.objects(api_version, kind, Some(namespace));
        objects.delete(name, &Default::default()).await?;
    }
    east.typed("backup --wait", COLUMNS).await?;
    west.sees_backups(2 * RUN).await?;
    camera.takes("plan", &west, "plan --managed-clusters latest").await?;
    camera.takes("verify", &west, "verify").await?;

    camera
        .takes("wait", &west, "restore restore-acm-passive --sync --sync-interval 10m --yes --wait")
        .await?;
    camera.takes("status", &west, "status").await?;
    camera.takes("doctor", &west, "doctor").await?;
    let camera = Camera { columns: WITH_NAMES, ..camera };
    camera.takes("describe", &west, "describe restore/restore-acm-passive").await
}

struct Camera<'a> {
    folder: &'a Path,
    columns: u16,
}

impl Camera<'_> {
    /// Types a command and keeps what it shows.
    async fn takes(&self, name: &str, site: &Site, arguments: &str) -> Result<()> {
        let window = site.typed(arguments, self.columns).await?;
        std::fs::write(self.folder.join(format!("{name}.svg")), still(&window.recording())?)?;
        println!("{name}.svg");
        Ok(())
    }
}

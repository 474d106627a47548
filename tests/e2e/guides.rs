//! The guides in `docs/guides`, typed as they are written, through a real kubectl.
//!
//! A prompt such as `east$` says on which hub a command is run; every command ends with 0.

use std::path::Path;

use acmbackup_lab::Lab;
use anyhow::{Context, Result, ensure};
use kube::api::ListParams;

use crate::shell::Shell;
use crate::site::{Site, backed_up};

/// All of them; each is followed below.
pub(crate) const GUIDES: &[&str] =
    &["first-schedule.md", "rehearse-a-restore.md", "planned-move.md", "hub-is-gone.md"];

/// Types what a guide says, each command on the hub its prompt names.
///
/// After a run is taken a person reads on for a minute, and by then all hubs know the backups.
async fn follow(shell: &Shell, guide: &str, hubs: &[&Site]) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides").join(guide);
    let text = std::fs::read_to_string(path)?;
    let mut typed = 0;
    for line in text.lines() {
        let Some((prompt, command)) = line.split_once("$ ") else { continue };
        let hub = hubs.iter().find(|hub| hub.hub.name() == prompt);
        let hub = hub.with_context(|| format!("{guide}: there is no hub {prompt}"))?;
        shell.run(command, &hub.hub).with_context(|| format!("{guide}: {prompt}"))?;
        if command.contains(" backup ") {
            let there = hub.backups().list(&ListParams::default()).await?.items.len();
            for other in hubs {
                other.completed_backups(there).await?;
            }
        }
        typed += 1;
    }
    ensure!(typed > 4, "{guide} has only {typed} commands");
    Ok(())
}

#[tokio::test]
async fn the_guides_from_the_first_schedule_to_the_planned_move_do_what_they_say() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let (east, west) =
            tokio::try_join!(Site::start(lab, &store, "east", 2), Site::start(lab, &store, "west", 0))?;
        let (_east_loop, _west_loop) = (east.start_loop().await?, west.start_loop().await?);
        let shell = Shell::new().await?;
        let wanted = east.counts().await?;

        follow(&shell, "first-schedule.md", &[&east]).await?;
        west.completed_backups(east.completed_backups(10).await?.len()).await?;
        follow(&shell, "rehearse-a-restore.md", &[&east, &west]).await?;
        assert_ne!(west.counts().await?.get("ManagedCluster"), wanted.get("ManagedCluster"));
        follow(&shell, "planned-move.md", &[&east, &west]).await?;
        assert_eq!(west.counts().await?.get("ManagedCluster"), wanted.get("ManagedCluster"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_guide_for_a_hub_that_is_gone_does_what_it_says() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let wanted = east.counts().await?;
        drop(east);
        let _loop = west.start_loop().await?;
        follow(&Shell::new().await?, "hub-is-gone.md", &[&west]).await?;
        assert_eq!(west.counts().await?, wanted);
        Ok(())
    })
    .await
}

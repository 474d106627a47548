//! The binary in a real pseudo-terminal: Ctrl-C, redrawing, resizing, colour (cli.md, sections 5, 7, 8).

use std::process::Command;

use acmbackup::velero::BackupType;
use acmbackup_lab::{CTRL_C, HubOptions, Lab, Terminal, as_in_a_window};
use anyhow::{Result, ensure};
use kube::ResourceExt;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::site::{NAMESPACE, plugin_on};
use crate::stage::{Stage, set};

pub(crate) const WIDE: (u16, u16) = (160, 40);
const NARROW: (u16, u16) = (80, 40);
/// Longer than a narrow terminal is wide.
const LONG: &str =
    "restore-acm-with-a-name-that-is-much-longer-than-the-eighty-columns-of-a-terminal-of-the-usual-width";

/// A hub with one run of backups, and nothing at work.
pub(crate) async fn stage(lab: &Lab) -> Result<Stage> {
    let stage = Stage::start(lab, "west", HubOptions::default()).await?;
    for part in BackupType::DATA {
        let name = format!("{}-20260101000000", part.schedule_name());
        stage.hub.create(backup(&name)).await?;
    }
    Ok(stage)
}

fn backup(name: &str) -> Value {
    json!({
        "apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {
            "cluster.open-cluster-management.io/backup-cluster": "east-id",
        }},
        "spec": {"storageLocation": "default"},
        "status": {"phase": "Completed", "startTimestamp": "2026-01-01T00:00:00Z", "progress": {"itemsBackedUp": 3}},
    })
}

pub(crate) fn command(stage: &Stage, arguments: &str) -> Command {
    let mut command = plugin_on(&stage.hub, arguments);
    as_in_a_window(&mut command);
    command
}

/// The plugin in a window that is full of what other programs have written.
pub(crate) fn terminal(stage: &Stage, arguments: &str, size: (u16, u16)) -> Result<Terminal> {
    let plugin = command(stage, arguments);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "for line in $(seq 50); do echo above $line; done; exec \"$0\" \"$@\""]);
    shell.arg(plugin.get_program()).args(plugin.get_args());
    for (name, value) in plugin.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Terminal::start(shell, size)
}

/// What the plugin shows; what stood above it must have stayed.
pub(crate) fn shown(terminal: &Terminal) -> Result<Vec<String>> {
    let mut lines = terminal.history();
    let above: Vec<String> = (1..=50).map(|line| format!("above {line}")).collect();
    ensure!(lines.starts_with(&above), "what stood above is gone: {lines:#?}");
    Ok(lines.split_off(above.len()))
}

/// Lines of the plugin that contain a text.
fn count(terminal: &Terminal, text: &str) -> Result<usize> {
    Ok(shown(terminal)?.iter().filter(|line| line.contains(text)).count())
}

/// A Restore under way, one Velero Restore done and one at work.
async fn under_way(stage: &Stage) -> Result<()> {
    let spec = json!({"veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
        "veleroResourcesBackupName": "latest", "cleanupBeforeRestore": "CleanupRestored"});
    stage.ask("Restore", LONG, spec).await?;
    let status = json!({"status": {"phase": "Running", "lastMessage": "Velero restores are running"}});
    let restore = stand(stage, status).await?;
    let owner = json!({"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "name": LONG, "uid": restore.uid(), "controller": true});
    for (part, done) in [(BackupType::Credentials, 30), (BackupType::Resources, 7)] {
        let phase = if done == 30 { "Completed" } else { "InProgress" };
        stage
            .hub
            .create(json!({
                "apiVersion": "velero.io/v1", "kind": "Restore",
                "metadata": {"name": part.schedule_name(), "namespace": NAMESPACE, "ownerReferences": [owner]},
                "spec": {"backupName": format!("{}-20260101000000", part.schedule_name())},
                "status": {"phase": phase, "startTimestamp": "2026-01-01T00:00:00Z",
                    "progress": {"itemsRestored": done, "totalItems": 30}},
            }))
            .await?;
    }
    Ok(())
}

/// Gives the Restore a status, as the loop does.
async fn stand(stage: &Stage, status: Value) -> Result<DynamicObject> {
    let restores = stage.ours("Restore");
    Ok(restores.patch_status(LONG, &PatchParams::default(), &Patch::Merge(status)).await?)
}

async fn restored(stage: &Stage, items: u32) -> Result<()> {
    let progress = json!({"status": {"progress": {"itemsRestored": items}}});
    set(&stage.velero("Restore"), BackupType::Resources.schedule_name(), progress).await?;
    Ok(())
}

#[tokio::test]
async fn waiting_redraws_its_lines_in_place_and_ctrl_c_stops_only_the_waiting() -> Result<()> {
    Lab::run(async |lab| {
        let stage = stage(lab).await?;
        under_way(&stage).await?;
        let mut window = terminal(&stage, &format!("wait restore/{LONG}"), WIDE)?;
        window.shows("7/30").await?;
        window.shows("Running, ").await?;
        restored(&stage, 12).await?;
        window.shows("12/30").await?;
        ensure!(window.recording().text().contains("\u{1b}[32m✔\u{1b}"), "a good end is green");
        ensure!(count(&window, "resources")? == 1, "{:#?}", window.history());

        window.resize(NARROW)?;
        restored(&stage, 17).await?;
        window.until("17/30 on lines that fit", |lines| shows_once(lines, "17/30")).await?;
        ensure!(!window.has_wrapped(), "{:#?}", window.screen());
        ensure!(
            count(&window, "credentials")? == 1 && count(&window, "Ctrl-C")? == 1,
            "{:#?}",
            window.history()
        );

        let before = stage.ours("Restore").get(LONG).await?;
        window.types(CTRL_C)?;
        ensure!(window.end().await? == 130, "{:#?}", window.screen());
        ensure!(window.has_cursor() && count(&window, "17/30")? == 1, "{:#?}", window.history());
        let again = format!("kubectl acmbackup wait restore/{LONG}");
        let last_words = shown(&window)?.split_off(3);
        ensure!(
            last_words == ["Stopped waiting; the hub goes on. Take it up again with", &format!("  {again}")],
            "{last_words:#?}"
        );
        ensure!(stage.ours("Restore").get(LONG).await? == before, "waiting changed the hub");

        let mut window = terminal(&stage, &format!("wait restore/{LONG}"), NARROW)?;
        window.shows("17/30").await?;
        let done = json!({"status": {"phase": "Completed", "completionTimestamp": "2026-01-01T00:01:00Z"}});
        set(&stage.velero("Restore"), BackupType::Resources.schedule_name(), done).await?;
        window.shows("removing what the backups do not hold").await?;
        let message = "all Velero restores have run well; cleanup removed 3 objects";
        stand(&stage, json!({"status": {"phase": "Finished", "lastMessage": message}})).await?;
        ensure!(window.end().await? == 0, "{:#?}", window.screen());
        ensure!(
            shown(&window)?.len() == 4
                && count(&window, "3 removed")? == 1
                && count(&window, "Finished after")? == 1,
            "{:#?}",
            window.history()
        );
        Ok(())
    })
    .await
}

fn shows_once(lines: &[String], text: &str) -> bool {
    lines.iter().filter(|line| line.contains(text)).count() == 1
}

#[tokio::test]
async fn a_watched_status_is_one_screen_in_the_colours_the_terminal_wants() -> Result<()> {
    Lab::run(async |lab| {
        let stage = stage(lab).await?;
        let mut window = terminal(&stage, "status -w", WIDE)?;
        window.shows("Next").await?;
        ensure!(window.recording().text().contains("\u{1b}[32mAvailable"), "what is well is green");
        stage
            .ask("BackupSchedule", "nightly", json!({"veleroSchedule": "@daily", "veleroTtl": "72h"}))
            .await?;
        window.shows("nightly").await?;
        ensure!(count(&window, "Storage ")? == 1, "{:#?}", window.history());
        window.resize(NARROW)?;
        window.until("lines that fit", |lines| shows_once(lines, "Storage ")).await?;
        stage
            .ask(
                "Restore",
                "looked-at",
                json!({"veleroManagedClustersBackupName": "skip",
            "veleroCredentialsBackupName": "skip", "veleroResourcesBackupName": "latest",
            "cleanupBeforeRestore": "None"}),
            )
            .await?;
        window.shows("looked-at").await?;
        ensure!(count(&window, "Storage ")? == 1 && !window.has_wrapped(), "{:#?}", window.history());
        window.types(CTRL_C)?;
        ensure!(window.end().await? == 130 && window.has_cursor(), "{:#?}", window.screen());

        let mut plain = command(&stage, "status");
        plain.env("NO_COLOR", "1");
        let mut window = Terminal::start(plain, WIDE)?;
        ensure!(window.end().await? == 0, "{:#?}", window.screen());
        let written = window.recording().text();
        ensure!(!written.contains('\u{1b}') && written.contains('!'), "{written:?}");
        let piped = command(&stage, "status").output()?;
        let piped = String::from_utf8(piped.stdout)?;
        ensure!(piped.is_ascii() && !piped.contains('\u{1b}') && piped.contains("warn"), "{piped}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_watched_list_appends_what_is_new_and_repeats_nothing() -> Result<()> {
    Lab::run(async |lab| {
        let stage = stage(lab).await?;
        let mut window = terminal(&stage, "get backups -w", WIDE)?;
        let (old, new) =
            ("acm-credentials-schedule-20260101000000", "acm-credentials-schedule-20260102000000");
        window.shows(old).await?;
        stage.hub.create(backup(new)).await?;
        window.shows(new).await?;
        for once in ["NAME ", old, new] {
            ensure!(count(&window, once)? == 1, "{once}: {:#?}", window.history());
        }
        window.types(CTRL_C)?;
        ensure!(window.end().await? == 130 && window.has_cursor(), "{:#?}", window.screen());
        Ok(())
    })
    .await
}

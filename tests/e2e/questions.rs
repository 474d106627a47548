//! Questions in a real pseudo-terminal: what is shown first, and that nothing but the right answer changes the hub.

use acmbackup::cluster::clock;
use acmbackup::velero::BackupType;
use acmbackup::wire::Stamp;
use acmbackup_lab::{CTRL_C, CTRL_D, Lab, Terminal};
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::site::NAMESPACE;
use crate::stage::{Stage, backup, names, remove, set};
use crate::terminal::{WIDE, command, shown, stage, terminal};

const ORDINARY: &str = "Continue? [y/N]";
const SEVERE: &str = "Type the name of this context to go on (west):";
const OURS: [&str; 2] =
    ["backupschedules.cluster.open-cluster-management.io", "restores.cluster.open-cluster-management.io"];

#[tokio::test]
async fn only_a_clear_yes_or_the_name_of_the_context_goes_ahead() -> Result<()> {
    Lab::run(async |lab| {
        let stage = stage(lab).await?;
        what_removes_something_is_restored_after_a_yes(&stage).await?;
        managed_clusters_come_when_the_context_was_typed(&stage).await?;
        crds_go_when_the_context_was_typed(&stage).await
    })
    .await
}

/// Neither `-q` nor a form of output hides what the question is about.
#[tokio::test]
async fn whoever_is_asked_is_told_first_however_silent_the_command() -> Result<()> {
    Lab::run(async |lab| {
        let stage = stage(lab).await?;
        let started = clock::now() - SignedDuration::from_mins(10);
        let (stamp, started) = (Stamp::from(started).to_string(), started.to_string());
        for part in BackupType::DATA {
            stage.hub.create(backup((part.part(), &stamp), &started, "east-id")).await?;
        }
        let both = "This will make hub west-id (west) write, and throw hub east-id into BackupCollision";
        for silence in ["-q", "-o yaml"] {
            told(&stage, &format!("schedule {silence}"), (ORDINARY, both)).await?;
        }
        stage.ask("BackupSchedule", "s", json!({"veleroSchedule": "@daily", "veleroTtl": "72h"})).await?;
        stage.hub.create(following("passive")).await?;
        let anew = "This will delete s and create it again, make hub west-id (west) write, and throw hub east-id into";
        for silence in ["-q", "-o json", "-o name"] {
            for (arguments, question, what) in [
                ("schedule --recreate --skip-preflight", ORDINARY, anew),
                ("restore all --cleanup all --skip-preflight", SEVERE, "Restore all on west"),
                ("activate", SEVERE, "passive will move the managed clusters to west"),
                ("delete restore/passive", ORDINARY, "This will delete restore passive"),
                ("prune --keep-runs 1", SEVERE, "20260101000000"),
            ] {
                told(&stage, &format!("{arguments} {silence}"), (question, what)).await?;
            }
        }
        let narrowed = asked(&stage, "restore all --cleanup all --skip-preflight", SEVERE).await?;
        narrowed.resize((80, 40))?;
        answered(narrowed, "no\n", 5).await?;
        let written = command(&stage, "restore all --cleanup all --skip-preflight -o json --yes --confirm west");
        let output = { written }.output()?;
        ensure!(output.status.success(), "{output:?}");
        let stderr = String::from_utf8(output.stderr)?;
        ensure!(!stderr.contains("Restore all on west"), "nobody is asked, so data are all there is: {stderr}");
        Ok(())
    })
    .await
}

/// Whoever said yes meant the backups that were shown.
#[tokio::test]
async fn what_changed_while_a_question_was_open_is_not_done() -> Result<()> {
    Lab::run(async |lab| {
        let stage = stage(lab).await?;
        let some = "restore some --cleanup restored --include-namespaces team";
        for (minutes, arguments, question, answer) in
            [(9, some, ORDINARY, "y\n"), (8, "activate", SEVERE, "west\n")]
        {
            if arguments == "activate" {
                stage.hub.create(following("passive")).await?;
            }
            let restores = stage.ours("Restore");
            let before = restores.list(&ListParams::default()).await?.items;
            let window = asked(&stage, arguments, question).await?;
            let started = clock::now() - SignedDuration::from_mins(minutes);
            let stamp = Stamp::from(started).to_string();
            for part in BackupType::DATA {
                stage.hub.create(backup((part.part(), &stamp), &started.to_string(), "west-id")).await?;
            }
            let screen = answered(window, answer, 5).await?;
            let now = format!("credentials is now acm-credentials-schedule-{stamp}");
            ensure!(screen.contains("changed meanwhile") && screen.contains(&now), "{screen}");
            ensure!(restores.list(&ListParams::default()).await?.items == before, "{arguments} went on");
        }
        Ok(())
    })
    .await
}

/// What a question is about stands before it; whoever says no changes nothing.
async fn told(stage: &Stage, arguments: &str, (question, what): (&str, &str)) -> Result<()> {
    let window = asked(stage, arguments, question).await?;
    let screen = shown(&window)?.join("\n");
    let (before, _) = screen.split_once(question).context("no question")?;
    ensure!(before.contains(what), "{arguments} does not tell {what:?} before it asks:\n{screen}");
    answered(window, "no\n", 5).await.map(drop)
}

async fn what_removes_something_is_restored_after_a_yes(stage: &Stage) -> Result<()> {
    let restores = stage.ours("Restore");
    let (some, all) =
        ("restore some --cleanup restored --include-namespaces team", "restore all --cleanup all");
    let answers = [
        (some, ORDINARY, "\n", 5),
        (some, ORDINARY, "n\n", 5),
        (some, ORDINARY, CTRL_C, 5),
        (some, ORDINARY, CTRL_D, 5),
        (some, ORDINARY, "y\n", 0),
        (all, SEVERE, "y\n", 5),
        (all, SEVERE, "east\n", 5),
        (all, SEVERE, CTRL_C, 5),
        (all, SEVERE, "west\n", 0),
    ];
    for (arguments, question, keys, code) in answers {
        let window = asked(stage, arguments, question).await?;
        ensure!(names(&restores).await?.is_empty(), "{arguments} did not wait for the answer");
        answered(window, keys, code).await?;
        let made = names(&restores).await?;
        match code {
            0 => remove(&restores, made.first().context("nothing was made")?).await?,
            _ => ensure!(made.is_empty(), "{made:?}"),
        }
    }
    Ok(())
}

async fn managed_clusters_come_when_the_context_was_typed(stage: &Stage) -> Result<()> {
    stage.hub.create(following("passive")).await?;
    let before = stage.ours("Restore").get("passive").await?;
    for (keys, code) in [("y\n", 5), ("east\n", 5), (CTRL_C, 5), ("west\n", 0)] {
        let window = asked(stage, "activate", SEVERE).await?;
        let screen = shown(&window)?.join("\n");
        for told in
            ["passive will move the managed clusters to west", "acm-managed-clusters-schedule-20260101000000"]
        {
            ensure!(screen.contains(told), "{told} is not told before the question:\n{screen}");
        }
        let unchanged = stage.ours("Restore").get("passive").await? == before;
        ensure!(unchanged, "activate did not wait for the answer");
        let screen = answered(window, keys, code).await?;
        let after = stage.ours("Restore").get("passive").await?;
        let clusters = after.data.pointer("/spec/veleroManagedClustersBackupName");
        match code {
            0 => ensure!(
                clusters == Some(&json!("latest")) && screen.contains("wait restore/passive"),
                "{screen}"
            ),
            _ => ensure!(after == before, "{keys:?} changed it: {clusters:?}"),
        }
    }
    Ok(())
}

/// A Restore that follows another hub.
fn following(name: &str) -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest", "syncRestoreWithNewBackups": true, "cleanupBeforeRestore": "None"},
        "status": {"phase": "Enabled"},
    })
}

async fn crds_go_when_the_context_was_typed(stage: &Stage) -> Result<()> {
    let install = format!("install -n {NAMESPACE} --image registry.example/acmbackup:1");
    let installed = command(stage, &install).output()?;
    ensure!(installed.status.success(), "{installed:?}");
    let definitions = stage.hub.objects("apiextensions.k8s.io/v1", "CustomResourceDefinition", None);
    // Those of the lab are not the plugin's, which would leave them alone.
    let labels = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "kubectl-acmbackup"}}});
    for name in OURS {
        set(&definitions, name, labels.clone()).await?;
    }
    let deployments = stage.hub.objects("apps/v1", "Deployment", Some(NAMESPACE));
    for (keys, code) in [("y\n", 5), ("east\n", 5), (CTRL_C, 5), ("west\n", 0)] {
        let window = asked(stage, "uninstall --crds", SEVERE).await?;
        let screen = shown(&window)?.join("\n");
        ensure!(screen.contains("remove 2 CRDs with ") && screen.contains(" BackupSchedule"), "{screen}");
        ensure!(are_here(&definitions).await?, "uninstall did not wait for the answer");
        let screen = answered(window, keys, code).await?;
        if code == 0 {
            ensure!(OURS.iter().all(|name| screen.contains(&format!("{name} deleted"))), "{screen}");
            let left = names(&definitions).await?;
            ensure!(!left.iter().any(|name| OURS.contains(&name.as_str())), "{left:?}");
            ensure!(names(&deployments).await?.is_empty(), "the loop is still installed");
        } else {
            ensure!(are_here(&definitions).await?, "{keys:?} removed the CRDs");
            ensure!(names(&deployments).await?.len() == 1, "{keys:?} removed the loop");
            stage.ours("Restore").get("passive").await?;
        }
    }
    Ok(())
}

type Objects = kube::Api<kube::api::DynamicObject>;

/// Our CRDs are here, and nobody has asked for their end.
async fn are_here(definitions: &Objects) -> Result<bool> {
    let mut stay = true;
    for name in OURS {
        let found = definitions.get_opt(name).await?;
        stay &= found.is_some_and(|found| found.metadata.deletion_timestamp.is_none());
    }
    Ok(stay)
}

/// The plugin in a window, with its question on the screen.
async fn asked(stage: &Stage, arguments: &str, question: &str) -> Result<Terminal> {
    let window = terminal(stage, arguments, WIDE)?;
    window.shows(question).await?;
    Ok(window)
}

/// Types an answer and wants this exit code; tells all that was shown.
async fn answered(mut window: Terminal, keys: &str, code: i32) -> Result<String> {
    window.types(keys)?;
    let ended = window.end().await?;
    let screen = shown(&window)?.join("\n");
    ensure!(ended == code, "answered {keys:?}, it ended with {ended}:\n{screen}");
    ensure!(window.has_cursor(), "the cursor is gone");
    ensure!((code == 0) != screen.contains("nothing was changed"), "answered {keys:?}:\n{screen}");
    Ok(screen)
}

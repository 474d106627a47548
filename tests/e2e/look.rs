//! Commands that look: doctor, describe, snapshot.

use acmbackup::api::BackupSchedulePhase;
use acmbackup_lab::Lab;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::schemas::answers_are_as_their_schemas_say;
use crate::site::{NAMESPACE, Site, backed_up, expect_code, plugin_on};

/// A second Deployment of Velero, beside the one of the lab; nothing runs either.
fn second_velero() -> Value {
    let labels = json!({"deploy": "velero-two"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "velero-two", "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "velero", "image": "velero/velero:v1.18.2"}]},
        }},
    })
}

#[tokio::test]
async fn doctor_tells_what_is_missing_and_passes_once_it_is_there() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let (screen, _) = east.run_to(1, "doctor")?;
        for told in ["[loop-missing]", "nobody reports the pods of deployment velero", "all fields known"] {
            ensure!(screen.contains(told), "{told} is missing in\n{screen}");
        }
        let _loop = east.start_loop().await?;
        let (screen, _) = east.run_to(0, "doctor")?;
        ensure!(screen.contains("holds the lease, renewed"), "{screen}");

        east.hub.create(second_velero()).await?;
        let (screen, _) = east.run_to(1, "doctor")?;
        ensure!(screen.contains("2 Velero servers work in this namespace"), "{screen}");
        let (json, _) = east.run_to(1, "doctor -o json")?;
        let report: Value = serde_json::from_str(&json)?;
        ensure!(report["kind"] == "Doctor" && report["success"] == false, "{json}");
        let (status, _) = east.run_to(0, "status")?;
        ensure!(status.contains("[velero-twice]"), "{status}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_roles_doctor_prints_grant_what_was_missing() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let viewer = east.hub.kubeconfig_for("viewer")?;
        let _loop = east.start_loop().await?;
        let doctor = |code: i32| {
            let arguments = format!("doctor --for restore -n {NAMESPACE} -o json");
            let output = plugin_on(&east.hub, &arguments).env("KUBECONFIG", &viewer).output()?;
            Ok::<_, anyhow::Error>(serde_json::from_str::<Value>(&expect_code(&output, code, &arguments)?.0)?)
        };
        let report = doctor(1)?;
        let roles = report["roles"].as_array().context("no roles")?.clone();
        ensure!(roles.len() == 2, "{roles:?}");
        for role in roles {
            let (kind, metadata) = (role["kind"].clone(), role["metadata"].clone());
            let name = metadata["name"].clone();
            east.hub.create(role).await?;
            east.hub
                .create(json!({
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{}Binding", kind.as_str().unwrap_or_default()),
                    "metadata": metadata,
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
                    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "viewer"}],
                }))
                .await?;
        }
        // An authorizer may need a moment to see new roles.
        acmbackup_lab::until(crate::site::DEADLINE, "the roles to count", async || {
            Ok(doctor(0)?["roles"].is_null())
        })
        .await
    })
    .await
}

#[tokio::test]
async fn describe_shows_what_is_behind_an_object_and_why_it_is_there() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, west) = backed_up(lab).await?;
        let schedule = east.run("describe schedule")?;
        for told in
            ["Enabled  because", "acm-validation-policy-schedule", "Next run", "kubectl acmbackup backup"]
        {
            ensure!(schedule.contains(told), "{told} is missing in\n{schedule}");
        }
        let run = west.run("describe run")?;
        ensure!(run.contains("Complete  because all four parts are there and Completed"), "{run}");

        let _loop = west.start_loop().await?;
        west.run("restore passive --sync --cleanup none --yes --wait --timeout 2m")?;
        let restore = west.run("describe restore/passive")?;
        for told in
            ["Enabled  because", "looks for newer backups every", "kubectl acmbackup activate passive"]
        {
            ensure!(restore.contains(told), "{told} is missing in\n{restore}");
        }
        let json: Value = serde_json::from_str(&west.run("describe restore/passive -o json")?)?;
        ensure!(json["behind"].as_array().map(Vec::len) == Some(3), "{json}");
        ensure!(json["chosen"][0]["backup"].as_str().is_some_and(|name| name.starts_with("acm-credentials")));
        let name = json["chosen"][0]["backup"].as_str().unwrap_or_default().to_owned();
        let backup = west.run(&format!("describe backup/{name}"))?;
        ensure!(backup.contains("`latest` means it now, for credentials"), "{backup}");
        west.run_to(4, "describe restore/none")?;
        answers_are_as_their_schemas_say(&west)
    })
    .await
}

#[tokio::test]
async fn a_snapshot_answers_as_the_hub_does_and_holds_no_secret() -> Result<()> {
    Lab::run(async |lab| {
        let (_store, east, _west) = backed_up(lab).await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": NAMESPACE},
            "stringData": {"key": "marker-of-a-secret"},
        });
        east.hub.create(secret).await?;
        let file = lab.folder().join("snapshot.yaml");
        let file = file.to_str().context("a path of text")?;
        east.run(&format!("snapshot --out {file}"))?;
        let text = std::fs::read_to_string(file)?;
        ensure!(
            !text.contains("marker-of-a-secret") && !text.contains("bWFya2VyLW9mLWEt"),
            "a secret leaked"
        );
        east.run_to(5, &format!("snapshot --out {file}"))?;

        for arguments in ["latest -o name", "get runs -o name", "plan --managed-clusters latest -o json"] {
            let (live, _) = east.run_to(0, arguments)?;
            let (captured, _) = east.run_to(0, &format!("{arguments} --from {file}"))?;
            let steps = |text: &str| -> Value {
                let parsed: Value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                let steps = parsed.get("steps").cloned();
                let backups = steps
                    .as_ref()
                    .and_then(Value::as_array)
                    .map(|steps| steps.iter().map(|step| step["backup"].clone()).collect::<Vec<_>>());
                backups.map_or(parsed, |backups| json!(backups))
            };
            ensure!(steps(&live) == steps(&captured), "{arguments}:\n{live}\n{captured}");
        }
        let (status, _) = east.run_to(0, &format!("status --from {file}"))?;
        ensure!(status.contains("captured at") && status.contains("holds the lease"), "{status}");
        east.run(&format!("describe schedule --from {file}"))?;

        let (redacted, _) = east.run_to(0, "snapshot --redact-names --out -")?;
        let told: Vec<&str> = [NAMESPACE, "cluster-001", "shop-001"]
            .into_iter()
            .filter(|name| redacted.contains(name))
            .collect();
        ensure!(told.is_empty(), "{told:?} in {redacted}");
        let file = lab.folder().join("redacted.yaml").display().to_string();
        std::fs::write(&file, &redacted)?;
        let of = |file: &str| east.run(&format!("latest -o name --from {file}"));
        ensure!(of(&file)? == east.run("latest -o name")?, "a redacted snapshot answers as the hub does");
        east.run(&format!("plan --managed-clusters latest --from {file}"))?;
        east.run(&format!("describe schedule --from {file}"))?;
        let archive = lab.folder().join("report.tar.gz");
        east.run(&format!("snapshot --logs --out {}", archive.display()))?;
        let files = std::process::Command::new("tar").arg("-tzf").arg(&archive).output()?;
        let files = String::from_utf8_lossy(&files.stdout).into_owned();
        ensure!(files.contains("snapshot.yaml") && files.contains("events.yaml"), "{files}");
        Ok(())
    })
    .await
}

/// Starts a command whose output goes to a file.
fn in_background(site: &Site, arguments: &str) -> Result<(std::process::Child, std::path::PathBuf)> {
    let file = site.hub.folder().join(format!("{}.out", arguments.replace(' ', "_")));
    let child = site.plugin(arguments).stdout(std::fs::File::create(&file)?).spawn()?;
    Ok((child, file))
}

#[tokio::test]
async fn watching_says_each_change_in_a_line_of_its_own() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 1).await?;
        let _loop = east.start_loop().await?;
        let (mut listing, rows) = in_background(&east, "get schedules -w")?;
        let (mut status, lines) = in_background(&east, "status -w")?;
        let (mut data, documents) = in_background(&east, "get schedules -w -o json")?;
        let has = async |file: &std::path::Path, text: &str| {
            acmbackup_lab::until(
                crate::site::DEADLINE,
                &format!("{text} in {}", file.display()),
                async || Ok(std::fs::read_to_string(file)?.contains(text)),
            )
            .await
        };
        has(&lines, "Namespace").await?;
        east.run("schedule --cron @daily --paused")?;
        has(&rows, "Paused").await?;
        has(&lines, "Z Schedule").await?;
        has(&documents, "\"Paused\"").await?;
        let rows = std::fs::read_to_string(&rows)?;
        ensure!(rows.lines().filter(|line| line.starts_with("NAME ")).count() == 1, "{rows}");
        let lines = std::fs::read_to_string(&lines)?;
        ensure!(!lines.contains('\u{1b}'), "cursor movement in a pipe");
        for line in std::fs::read_to_string(&documents)?.lines() {
            serde_json::from_str::<Value>(line)?;
        }
        for child in [&mut listing, &mut status, &mut data] {
            child.kill()?;
            child.wait()?;
        }
        let (all, _) = east.run_to(0, "status -A")?;
        ensure!(all.contains(&format!("{NAMESPACE} (one of all)")), "{all}");
        Ok(())
    })
    .await
}

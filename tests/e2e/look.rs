//! Commands that look: doctor, describe, snapshot.

use acmbackup::api::BackupSchedulePhase;
use acmbackup::wire::yaml;
use acmbackup_lab::Lab;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::site::{NAMESPACE, Site, backed_up, expect_code, plugin_on};

/// A Deployment as OADP makes it; the lab runs Velero without one.
fn velero_deployment(name: &str) -> Value {
    let labels = json!({"deploy": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": NAMESPACE},
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
        for told in
            ["[loop-missing]", "no deployment of this namespace runs a Velero server", "all fields known"]
        {
            ensure!(screen.contains(told), "{told} is missing in\n{screen}");
        }
        let _loop = east.start_loop().await?;
        let (screen, _) = east.run_to(0, "doctor")?;
        ensure!(screen.contains("holds the lease, renewed"), "{screen}");

        east.hub.create(velero_deployment("velero")).await?;
        let (json, _) = east.run_to(1, "doctor -o json")?;
        let report: Value = serde_json::from_str(&json)?;
        ensure!(report["kind"] == "Doctor" && report["success"] == false, "{json}");
        ensure!(json.contains("velero-down"), "the Deployment has no pods in the lab: {json}");
        let (status, _) = east.run_to(0, "status")?;
        ensure!(status.contains("[velero-down]"), "{status}");
        east.hub.create(velero_deployment("velero-two")).await?;
        let (screen, _) = east.run_to(1, "doctor")?;
        ensure!(screen.contains("2 Velero servers work in this namespace"), "{screen}");
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
        // Nobody waits here: an authorizer may need a moment to see new roles.
        let granted = async || {
            let output = plugin_on(&east.hub, &format!("doctor --for restore -n {NAMESPACE}"))
                .env("KUBECONFIG", &viewer)
                .output()?;
            Ok(String::from_utf8_lossy(&output.stdout).contains("permissions for restore"))
        };
        acmbackup_lab::until(crate::site::DEADLINE, "the roles to count", async || {
            let report = doctor(1).map(|report| report["roles"].clone())?;
            Ok(report.is_null() && granted().await?)
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
        Ok(())
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
        ensure!(!redacted.contains(NAMESPACE), "the namespace is named");
        yaml::from_str::<Value>(&redacted)?;
        let archive = lab.folder().join("report.tar.gz");
        east.run(&format!("snapshot --logs --out {}", archive.display()))?;
        let files = std::process::Command::new("tar").arg("-tzf").arg(&archive).output()?;
        let files = String::from_utf8_lossy(&files.stdout).into_owned();
        ensure!(files.contains("snapshot.yaml") && files.contains("events.yaml"), "{files}");
        Ok(())
    })
    .await
}

//! Who has just the permissions `doctor` asks about for a job can do it.

use acmbackup::cluster::job::{Job, Verb, verbs};
use acmbackup_lab::{Hub, HubOptions, Lab, VeleroOptions};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::site::{NAMESPACE, Site};

const RBAC: &str = "rbac.authorization.k8s.io";

/// In this order, on one hub; `{run}` is the newest run.
const STORY: &[(Job, &[&str])] = &[
    (
        Job::Schedule,
        &[
            "schedule --cron @daily --ttl 72h --wait --timeout 2m",
            "pause --wait --timeout 1m",
            "resume --wait --timeout 1m",
            "backup --wait --timeout 2m",
            "schedule --recreate --yes --wait --timeout 2m",
            "wait schedule --timeout 1m",
            "status",
            "get",
            "latest",
            "wait backup/acm-validation-policy-schedule-{run} --timeout 1m",
        ],
    ),
    (Job::Look, &["describe schedule", "describe run/{run}", "logs run/{run}", "verify", "verify --deep"]),
    (
        Job::TidyUp,
        &["prune", "prune --keep-runs 1 --yes --confirm east", "delete schedule --yes --wait --timeout 1m"],
    ),
    (Job::Run, &["snapshot --out -"]),
    (Job::Restore, &["plan", "restore passive --sync --yes --wait --timeout 2m", "wait restore/passive"]),
    (Job::Activate, &["activate --yes --confirm east", "wait restore/passive --timeout 2m"]),
    (Job::Look, &["describe restore/passive", "logs restore/passive", "status"]),
    (
        Job::TidyUp,
        &[
            "prune --keep-restores 1 --orphans --yes",
            "delete restore/passive --yes --wait --timeout 1m",
            "delete run/{run} --yes --confirm east --wait --timeout 1m",
        ],
    ),
];

#[tokio::test]
async fn who_has_the_permissions_of_a_job_can_do_it() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let jobs = [Job::Schedule, Job::Restore, Job::Activate, Job::Look, Job::TidyUp, Job::Run];
        let users = jobs.map(|job| (job.as_str().to_owned(), vec![]));
        let options = HubOptions { users: users.to_vec(), ..HubOptions::default() };
        let east = Site::start_with(lab, &store, "east", (1, options, VeleroOptions::default())).await?;
        for job in jobs {
            grant(&east.hub, job).await?;
        }
        let _loop = east.start_loop().await?;
        let mut refused = Vec::new();
        for (job, lines) in STORY {
            let kubeconfig = east.hub.kubeconfig_for(job.as_str())?;
            for line in *lines {
                let newest = east.run("get runs --no-headers")?;
                let line = line.replace("{run}", newest.split_whitespace().next().unwrap_or_default());
                let output =
                    east.plugin(&line).env("KUBECONFIG", &kubeconfig).output().context("start the plugin")?;
                if !output.status.success() {
                    refused.push(format!(
                        "{}: {line}: {}",
                        job.as_str(),
                        String::from_utf8_lossy(&output.stderr)
                    ));
                }
            }
        }
        ensure!(refused.is_empty(), "{}", refused.join("\n"));
        Ok(())
    })
    .await
}

/// Exactly the verbs of a job, to the user of its name.
async fn grant(hub: &Hub, job: Job) -> Result<()> {
    for (kind, everywhere) in [("Role", false), ("ClusterRole", true)] {
        let rule = |verb: &Verb| json!({"apiGroups": [verb.group], "resources": [verb.resource], "verbs": [verb.verb]});
        let rules: Vec<Value> =
            verbs(&[job]).iter().filter(|verb| verb.everywhere == everywhere).map(rule).collect();
        let name = job.as_str();
        let metadata =
            if everywhere { json!({"name": name}) } else { json!({"name": name, "namespace": NAMESPACE}) };
        let api_version = format!("{RBAC}/v1");
        hub.create(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "rules": rules}))
            .await?;
        hub.create(json!({
            "apiVersion": api_version, "kind": format!("{kind}Binding"), "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": name}],
        }))
        .await?;
    }
    Ok(())
}

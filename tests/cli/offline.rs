//! What works without a server.

use acmbackup::wire::yaml;

use super::{SNAPSHOT, acmbackup, failure, output, text};

#[test]
fn the_crds_are_printed_as_yaml_kubectl_can_apply() {
    let output = output(&["install", "--crds-only", "--dry-run=client", "-o", "yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let documents = yaml::documents(&text(&output.stdout)).unwrap();
    let names: Vec<&str> = documents.iter().map(|crd| crd["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["backupschedules.cluster.open-cluster-management.io", "restores.cluster.open-cluster-management.io"]
    );
    for crd in &documents {
        assert_eq!(crd["kind"], "CustomResourceDefinition");
        assert_eq!(crd["metadata"]["labels"]["app.kubernetes.io/managed-by"], "kubectl-acmbackup");
    }
}

#[test]
fn the_loop_is_printed_with_all_it_needs_for_the_namespace_named() {
    let output = output(&["install", "-n", "velero", "--replicas", "1", "--dry-run=client", "-o", "yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let documents = yaml::documents(&text(&output.stdout)).unwrap();
    let kinds: Vec<&str> = documents.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "CustomResourceDefinition",
            "CustomResourceDefinition",
            "ServiceAccount",
            "ClusterRole",
            "ClusterRole",
            "ClusterRole",
            "ClusterRole",
            "ClusterRoleBinding",
            "ClusterRoleBinding",
            "RoleBinding",
            "RoleBinding",
            "PodDisruptionBudget",
            "Deployment"
        ]
    );
    let container = &documents[12]["spec"]["template"]["spec"]["containers"][0];
    let arguments: Vec<&str> =
        container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(arguments.contains(&"--namespace=velero"));
    let port = container["ports"].as_array().unwrap().iter().find(|port| port["name"] == "health").unwrap();
    assert!(arguments.contains(&format!("--health-bind-address=0.0.0.0:{}", port["containerPort"]).as_str()));
    for probe in ["livenessProbe", "readinessProbe"] {
        assert_eq!(
            container[probe]["httpGet"],
            serde_json::json!({"path": "/healthz", "port": "health"}),
            "{probe}"
        );
    }
    let (budget, deployment) = (&documents[11]["spec"], &documents[12]["spec"]);
    assert_eq!(budget["maxUnavailable"], 1);
    assert_eq!(budget["selector"], deployment["selector"], "it is about the pods of the loop");
    assert_eq!(deployment["selector"]["matchLabels"], deployment["template"]["metadata"]["labels"]);
    let program = acmbackup::cli::entry::command();
    let line = [&["kubectl-acmbackup"], arguments.as_slice()].concat();
    assert!(program.try_get_matches_from(line).is_ok(), "the loop must understand its arguments");
}

#[test]
fn the_clients_version_needs_no_server() {
    let shown = output(&["version", "--client"]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(text(&shown.stdout).contains(env!("CARGO_PKG_VERSION")));
    let json: serde_json::Value =
        serde_json::from_slice(&output(&["version", "--client", "-o", "json"]).stdout).unwrap();
    assert_eq!(json["client"]["version"], env!("CARGO_PKG_VERSION"));
    let frame = ["apiVersion", "kind", "namespace", "hub", "observedAt", "problems"];
    assert!(frame.iter().all(|key| json.get(key).is_some()), "{json}");
}

/// What is wrong is the answer of `doctor`, so it comes on standard output.
#[test]
fn doctor_without_a_kubeconfig_says_so_and_fails() {
    let shown = output(&["doctor"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(text(&shown.stdout).contains("no usable kubeconfig   [unreachable]"), "{}", text(&shown.stdout));
    let json: serde_json::Value = serde_json::from_slice(&output(&["doctor", "-o", "json"]).stdout).unwrap();
    assert_eq!((&json["kind"], &json["success"]), (&"Doctor".into(), &false.into()));
    assert_eq!(json["problems"][0]["name"], "unreachable");
}

fn from_snapshot(arguments: &[&str]) -> (String, String, i32) {
    from_state(SNAPSHOT, arguments)
}

fn from_state(state: &str, arguments: &[&str]) -> (String, String, i32) {
    let output = acmbackup(arguments).args(["--from", "-"]).write_stdin(state.to_owned()).output().unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

#[test]
fn latest_answers_for_a_captured_state() {
    let (names, _, code) = from_snapshot(&["latest", "-o", "name"]);
    assert_eq!(code, 0);
    assert_eq!(
        names,
        "backup.velero.io/acm-credentials-schedule-20261122120003\n\
         backup.velero.io/acm-resources-schedule-20261122120103\n\
         backup.velero.io/acm-resources-generic-schedule-20261122120003\n\
         backup.velero.io/acm-managed-clusters-schedule-20261122100004\n"
    );
}

#[test]
fn latest_says_that_a_part_is_older_and_which_backup_was_passed_over() {
    let (_, notes, code) = from_snapshot(&["latest", "--all"]);
    assert_eq!(code, 0);
    assert!(notes.contains("[older-run]"), "{notes}");
    assert!(
        notes.contains("Passed over\n  acm-managed-clusters-schedule-20261122120003  InProgress\n"),
        "{notes}"
    );
    assert!(notes.contains("kubectl acmbackup restore --run complete"), "{notes}");
}

/// Spec: R-155
#[test]
fn latest_is_doubted_where_the_storage_was_never_synced() {
    let unsynced = SNAPSHOT.replace(", lastSyncedTime: \"2026-11-22T12:30:00Z\"", "");
    let (_, notes, code) = from_state(&unsynced, &["latest", "credentials"]);
    assert_eq!(code, 0);
    assert!(notes.contains("default was never synced completely"), "{notes}");
    let (_, notes, _) = from_snapshot(&["latest", "credentials"]);
    assert!(!notes.contains("synced"), "{notes}");
}

#[test]
fn latest_of_the_past_may_have_no_answer() {
    let (_, error, code) = from_snapshot(&["latest", "--as-of", "2020-01-01T00:00:00Z"]);
    assert_eq!(code, 4);
    assert!(error.contains("[no-backup]"), "{error}");
}

#[test]
fn a_plan_shows_the_six_steps_of_a_full_restore() {
    let (screen, error, code) = from_snapshot(&["plan", "--managed-clusters", "latest"]);
    assert_eq!(code, 0, "{error}");
    let screen = screen.replace(screen.split_whitespace().nth(1).unwrap(), "NAME,");
    insta::assert_snapshot!("plan", screen);
}

#[test]
fn a_plan_of_one_run_uses_it_for_all_parts() {
    let (json, error, code) = from_snapshot(&["plan", "--run", "complete", "-o", "json"]);
    assert_eq!(code, 0, "{error}");
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["kind"], "Plan");
    let backups: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|s| s["backup"].as_str().unwrap()).collect();
    assert!(
        backups.iter().all(|name| name.contains("202611221000") || name.contains("202611221001")),
        "{backups:?}"
    );
    assert_eq!(plan["status"]["phase"], "Finished");
}

#[test]
fn only_a_restore_is_planned_from_a_file() {
    let arguments = ["plan", "-f", "-"];
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\n";
    let output = acmbackup(&arguments).write_stdin(map).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    let told = "error: standard input holds no valid Restore\n        apiVersion is v1, expected";
    assert!(error.starts_with(told), "{error}");
}

#[test]
fn a_plan_without_the_named_backup_is_not_found() {
    let (_, error, code) =
        from_snapshot(&["plan", "--credentials", "acm-credentials-schedule-20200101000000"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("acm-credentials-schedule-20200101000000"), "{error}");
}

#[test]
fn a_backup_of_another_part_is_refused() {
    let (_, error, code) = from_snapshot(&["plan", "--credentials", "acm-resources-schedule-20261122120103"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("is a resources backup"), "{error}");
}

#[test]
fn status_shows_a_captured_state() {
    let (screen, error, code) = from_snapshot(&["status"]);
    assert_eq!(code, 0, "{error}");
    for word in ["Namespace", "Storage", "Schedule", "Last run", "20261122120003", "InProgress"] {
        assert!(screen.contains(word), "{word} is missing in\n{screen}");
    }
}

#[test]
fn a_file_that_is_no_snapshot_is_wrong_usage() {
    let output = acmbackup(&["latest", "--from", "-"]).write_stdin("velero: 7").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(failure(&["latest", "--from", "/nonexistent"]).1, 2);
}

#[test]
fn get_and_describe_answer_for_a_captured_state() {
    let (runs, _, code) = from_snapshot(&["get", "runs", "-o", "name"]);
    assert_eq!((runs.as_str(), code), ("run/20261122120003\nrun/20261122100004\n", 0));
    let (yaml, _, code) =
        from_snapshot(&["get", "backups", "acm-resources-schedule-20261122120103", "-o", "yaml"]);
    assert_eq!(code, 0);
    assert!(yaml.contains("kind: Backup") && yaml.contains("apiVersion: velero.io/v1"), "{yaml}");
    let (screen, _, code) = from_snapshot(&["describe", "run/20261122100004"]);
    assert_eq!(code, 0);
    assert!(screen.contains("Complete  because all four parts are there and Completed"), "{screen}");
    let (_, error, code) = from_snapshot(&["describe", "restore/none"]);
    assert_eq!(code, 4, "{error}");
}

#[test]
fn a_run_id_of_a_part_is_looked_up_for_an_existing_restore_too() {
    let snapshot = SNAPSHOT.replace(
        "restores: []\nvelero:",
        "restores:\n- metadata: {name: r1, namespace: acm, uid: u}\n  spec: {veleroManagedClustersBackupName: skip, \
         veleroCredentialsBackupName: latest, veleroResourcesBackupName: latest}\nvelero:",
    );
    assert_ne!(snapshot, SNAPSHOT);
    let arguments =
        ["plan", "restore/r1", "--managed-clusters", "20261122100004", "-o", "json", "--from", "-"];
    let output = acmbackup(&arguments).write_stdin(snapshot.as_str()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("acm-managed-clusters-schedule-20261122100004"));
}

#[test]
fn status_sends_nobody_to_wait_for_a_restore_that_has_failed() {
    let next = |phase: &str| {
        let restore = format!(
            "restores: [{{metadata: {{name: r1, namespace: acm}}, status: {{phase: {phase}, lastMessage: m}}, \
             spec: {{veleroManagedClustersBackupName: skip, veleroCredentialsBackupName: latest, \
             veleroResourcesBackupName: latest, cleanupBeforeRestore: None}}}}]"
        );
        let (screen, error, code) = from_state(&SNAPSHOT.replace("restores: []", &restore), &["status"]);
        assert_eq!(code, 0, "{error}");
        screen.split_once("\nNext\n").map(|(_, next)| next.to_owned()).unwrap_or_default()
    };
    assert!(next("Running").contains("kubectl acmbackup wait restore/r1"));
    for failed in ["Error", "EnabledWithErrors", "FinishedWithErrors"] {
        let next = next(failed);
        assert!(!next.contains("acmbackup wait"), "{failed}: {next}");
        assert!(next.contains("kubectl acmbackup describe restore/r1 "), "{failed}: {next}");
        assert!(next.contains("kubectl acmbackup logs restore/r1 --level error"), "{failed}: {next}");
    }
}

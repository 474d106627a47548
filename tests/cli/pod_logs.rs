//! `logs` of what Velero still works on: from its pod, whatever becomes of that, until all is over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::errors::kubeconfig;
use super::escapes::{list_of, server_of};
use super::{acmbackup, text};

const STAMP: &str = "20261122100004";

/// A hub whose restore goes on each time the pod's log is read: the pod restarts before the credentials have ended, and
/// only then the resources begin.
#[derive(Default)]
struct Hub(AtomicUsize);

impl Hub {
    fn reads(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    #[allow(clippy::disallowed_methods, reason = "the pace of a watch, not a wait for anything")]
    fn answer(&self, path: &str) -> (u16, String) {
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        if place.ends_with("/log") {
            let read = self.0.fetch_add(1, Ordering::SeqCst);
            return (200, log_of(["credentials", "credentials", "resources"][read.min(2)], read));
        }
        let objects = self.objects(place.rsplit('/').next().unwrap(), place);
        if query.contains("watch=") {
            std::thread::sleep(Duration::from_millis(50));
            let event = |object| format!("{}\n", json!({"type": "MODIFIED", "object": object}));
            return (200, objects.into_iter().map(event).collect());
        }
        match place.ends_with("/deployments/velero") {
            true => (200, deployment().to_string()),
            false => (200, list_of(&objects).to_string()),
        }
    }

    fn objects(&self, plural: &str, place: &str) -> Vec<Value> {
        match (plural, place.contains("velero.io")) {
            ("restores", true) => self.velero_restores(),
            ("restores", false) => vec![self.restore()],
            ("backups", _) => ["credentials", "resources"].map(backup).to_vec(),
            ("pods", _) => vec![pod()],
            _ => vec![],
        }
    }

    fn restore(&self) -> Value {
        let phase = if self.reads() > 2 { "Finished" } else { "Running" };
        json!({"apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
            "metadata": {"name": "r", "namespace": "acm", "uid": "u", "resourceVersion": "1"},
            "spec": {"veleroManagedClustersBackupName": "skip"}, "status": {"phase": phase, "lastMessage": ""}})
    }

    fn velero_restores(&self) -> Vec<Value> {
        let credentials = velero_restore("credentials", self.reads() > 1);
        let resources = (self.reads() > 1).then(|| velero_restore("resources", self.reads() > 2));
        [credentials].into_iter().chain(resources).collect()
    }
}

fn log_of(part: &str, read: usize) -> String {
    format!(
        "time=\"2026-11-22T10:00:05Z\" level=info msg=\"read {read}\" restore=acm/r-acm-{part}-schedule-{STAMP}\n\
         time=\"2026-11-22T10:00:05Z\" level=info msg=\"of another\" restore=acm/other\n"
    )
}

fn velero_restore(part: &str, has_ended: bool) -> Value {
    let phase = if has_ended { "Completed" } else { "InProgress" };
    json!({"apiVersion": "velero.io/v1", "kind": "Restore",
        "metadata": {"name": format!("r-acm-{part}-schedule-{STAMP}"), "namespace": "acm", "resourceVersion": "1",
            "ownerReferences": [{"apiVersion": "x/v1", "kind": "Restore", "name": "r", "uid": "u", "controller": true}]},
        "spec": {"backupName": format!("acm-{part}-schedule-{STAMP}")}, "status": {"phase": phase}})
}

fn backup(part: &str) -> Value {
    json!({"apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {"name": format!("acm-{part}-schedule-{STAMP}"), "namespace": "acm", "resourceVersion": "1"},
        "spec": {"storageLocation": "default"}, "status": {"phase": "Completed"}})
}

fn deployment() -> Value {
    json!({"metadata": {"name": "velero", "namespace": "acm"},
        "spec": {"selector": {"matchLabels": {"app": "velero"}}, "template": {"spec": {"containers": []}}}})
}

fn pod() -> Value {
    json!({"metadata": {"name": "velero-x", "namespace": "acm"}, "status": {"phase": "Running"}})
}

/// Standard output and standard error of `logs` on such a hub.
fn logs(arguments: &[&str]) -> (String, String) {
    let hub = Hub::default();
    let config = kubeconfig(&server_of(move |path| hub.answer(path)));
    let mut command = acmbackup(&["logs", "restore/r", "-n", "acm"]);
    command.args(arguments).env("KUBECONFIG", config.path()).timeout(Duration::from_secs(60));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_has_not_ended_is_read_from_the_pod_and_a_note_says_so() {
    let (log, notes) = logs(&[]);
    assert_eq!(log.lines().count(), 1, "only what is about the restore: {log}");
    assert!(log.starts_with("credentials  time=") && log.contains("read 0"), "{log}");
    assert!(notes.contains("credentials: from the log of pod velero-x"), "{notes}");
}

#[test]
fn following_outlives_the_pod_and_takes_up_what_begins_later() {
    let (log, notes) = logs(&["-f"]);
    let told: Vec<&str> = log.lines().filter_map(|line| line.split("msg=").nth(1)).collect();
    assert_eq!(told.len(), 3, "{log}");
    assert!(log.lines().nth(2).unwrap().starts_with("resources "), "{log}");
    assert!(notes.contains("resources: from the log of pod velero-x"), "{notes}");
}

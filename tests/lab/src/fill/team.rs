//! What a team marked to be in backups.

use serde_json::{Value, json};

use super::{meta, namespace, secret};

const BACKUP: &str = "cluster.open-cluster-management.io/backup";
const TEAM: &str = "team-a";

/// One object for every hub that restores, one only for the hub that becomes active.
pub(super) fn objects() -> Vec<Value> {
    let settings = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"colour": "green"},
                          "metadata": meta(TEAM, "settings", json!({BACKUP: ""}))});
    let activation = meta(TEAM, "needed-on-activation", json!({BACKUP: "cluster-activation"}));
    vec![namespace(TEAM), settings, secret(activation, json!({"password": "secret"}))]
}

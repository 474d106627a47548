//! Managed clusters.

use acmbackup::api::keys;
use serde_json::{Value, json};

use super::{meta, namespace, object, secret};

const ADDON: (&str, &str) = ("addon.open-cluster-management.io/v1alpha1", "ManagedClusterAddOn");
const ADDON_CONFIG: (&str, &str) = ("agent.open-cluster-management.io/v1", "KlusterletAddonConfig");
const ACCOUNT: (&str, &str) = ("authentication.open-cluster-management.io/v1beta1", "ManagedServiceAccount");
const DEPLOYMENT: (&str, &str) = ("hive.openshift.io/v1", "ClusterDeployment");
const MACHINE_POOL: (&str, &str) = ("hive.openshift.io/v1", "MachinePool");
const WORK: (&str, &str) = ("work.open-cluster-management.io/v1", "ManifestWork");
const IS_ACCOUNT: &str = "authentication.open-cluster-management.io/is-managed-serviceaccount";
const SECRET_TYPE: &str = "hive.openshift.io/secret-type";
/// Name of the service account whose token imports a cluster on another hub.
const IMPORT_ACCOUNT: &str = "auto-import-account";
/// When tokens were made and when they end; far enough for any test.
const TOKEN_MADE: &str = "2026-11-01T00:00:00Z";
const TOKEN_ENDS: &str = "2036-11-01T00:00:00Z";

/// The managed cluster of that number; every third is made by Hive.
pub(super) fn numbered(number: usize) -> Vec<Value> {
    let name = format!("cluster-{number:03}");
    if number.is_multiple_of(3) { made_by_hive(&name) } else { imported(&name) }
}

/// What every managed cluster has, however it came.
fn common(name: &str) -> Vec<Value> {
    let cloud = json!({"cluster.open-cluster-management.io/type": "aws"});
    vec![
        namespace(name),
        managed_cluster(name, &json!({"cloud": "Amazon", "vendor": "OpenShift", "name": name})),
        object(ADDON_CONFIG, meta(name, name, json!({})), addon_config(name)),
        object(ADDON, meta(name, "application-manager", json!({})), json!({})),
        object(ADDON, meta(name, "work-manager", json!({})), json!({})),
        object(
            WORK,
            meta(name, &format!("{name}-klusterlet"), json!({})),
            json!({"workload": {"manifests": []}}),
        ),
        secret(
            meta(name, &format!("{name}-import"), json!({})),
            json!({"import.yaml": "klusterlet manifests"}),
        ),
        secret(meta(name, &format!("{name}-cloud"), cloud), json!({"aws_access_key_id": "id"})),
    ]
}

/// A ManagedCluster that has joined and is available.
pub(super) fn managed_cluster(name: &str, labels: &Value) -> Value {
    let conditions =
        ["HubAcceptedManagedCluster", "ManagedClusterJoined", "ManagedClusterConditionAvailable"];
    let conditions = conditions.map(|condition| {
        json!({"type": condition, "status": "True", "reason": "Lab", "message": "set by the lab",
               "lastTransitionTime": TOKEN_MADE})
    });
    let url = format!("https://api.{name}.example.com:6443");
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1",
        "kind": "ManagedCluster",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "hubAcceptsClient": true,
            "leaseDurationSeconds": 60,
            "managedClusterClientConfigs": [{"url": url}],
        },
        "status": {"conditions": conditions, "version": {"kubernetes": "v1.33.2"}},
    })
}

fn addon_config(name: &str) -> Value {
    let on = json!({"enabled": true});
    json!({"clusterName": name, "clusterNamespace": name, "applicationManager": on, "policyController": on,
           "searchCollector": on, "certPolicyController": on})
}

/// A managed cluster made by Hive.
fn made_by_hive(name: &str) -> Vec<Value> {
    let mut objects = common(name);
    let named = |suffix: &str| format!("{name}-{suffix}");
    let hive_secret = |suffix: &str, secret_type: &str, key: &str| {
        secret(meta(name, &named(suffix), json!({SECRET_TYPE: secret_type})), json!({key: "secret"}))
    };
    let spec = json!({
        "clusterName": name,
        "baseDomain": "example.com",
        "installed": true,
        "pullSecretRef": {"name": named("pull-secret")},
        "clusterMetadata": {
            "clusterID": format!("id-of-{name}"),
            "adminKubeconfigSecretRef": {"name": named("admin-kubeconfig")},
            "adminPasswordSecretRef": {"name": named("admin-password")},
        },
    });
    let workers = json!({"clusterDeploymentRef": {"name": name}, "name": "worker", "replicas": 3});
    objects.extend([
        object(DEPLOYMENT, meta(name, name, json!({"vendor": "OpenShift"})), spec),
        object(MACHINE_POOL, meta(name, &named("worker"), json!({})), workers),
        hive_secret("admin-kubeconfig", "kubeconfig", "kubeconfig"),
        hive_secret("admin-password", "kubeadmincreds", "password"),
        secret(meta(name, &named("pull-secret"), json!({})), json!({".dockerconfigjson": "{}"})),
    ]);
    objects
}

/// A managed cluster that was imported, with the account that lets another hub import it.
fn imported(name: &str) -> Vec<Value> {
    let mut objects = common(name);
    let rotation = json!({"rotation": {"enabled": true, "validity": "1440h0m0s"}});
    let labels = json!({IS_ACCOUNT: IMPORT_ACCOUNT});
    let mut account = object(ACCOUNT, meta(name, IMPORT_ACCOUNT, labels.clone()), rotation);
    let reference = json!({"name": IMPORT_ACCOUNT, "lastRefreshTimestamp": TOKEN_MADE});
    if let Some(account) = account.as_object_mut() {
        let status = json!({"expirationTimestamp": TOKEN_ENDS, "tokenSecretRef": reference});
        account.insert("status".to_owned(), status);
    }
    objects.extend([
        object(ADDON, meta(name, "managed-serviceaccount", labels), json!({})),
        account,
        // Marked for backup, as the preparation of a hub with managed service accounts leaves it.
        secret(
            meta(name, IMPORT_ACCOUNT, json!({IS_ACCOUNT: "true", keys::BACKUP: "msa"})),
            json!({"token": "t", "ca.crt": "c"}),
        ),
    ]);
    objects
}

//! What `verify --deep` looks for in the archives, object by object while they arrive.

use std::io::Read;
use std::ops::ControlFlow;

use jiff::Timestamp;
use serde_json::Value;

use crate::render::verify::Deep;
use crate::velero::contents::{Place, each};

const SECRETS: &str = "secrets";
const CLUSTERS: &str = "managedclusters.cluster.open-cluster-management.io";
const DEPLOYMENTS: &str = "clusterdeployments.hive.openshift.io";

/// Reads an archive; only what is looked for stays in memory, and no secret value does.
///
/// # Errors
///
/// The archive cannot be read.
pub(super) fn read(archive: impl Read) -> std::io::Result<Deep> {
    let mut deep = Deep::default();
    each(archive, Found::at, |found, object| {
        found.take_in(&object, &mut deep);
        ControlFlow::Continue(())
    })?;
    Ok(deep)
}

/// What an entry of the archive is, as far as it matters.
enum Found {
    Token { cluster: String },
    Cluster { name: String },
    Deployment { namespace: String },
}

impl Found {
    fn at(Place { resource, namespace, name }: Place<'_>) -> Option<Self> {
        match (resource, namespace) {
            (CLUSTERS, "") => Some(Self::Cluster { name: name.to_owned() }),
            (_, "") => None,
            (SECRETS, cluster) if name.starts_with("auto-import-account") => {
                Some(Self::Token { cluster: cluster.to_owned() })
            }
            (DEPLOYMENTS, namespace) => Some(Self::Deployment { namespace: namespace.to_owned() }),
            _ => None,
        }
    }

    fn take_in(self, object: &Value, deep: &mut Deep) {
        match self {
            Self::Token { cluster } => {
                let ends =
                    object.pointer("/metadata/annotations/expirationTimestamp").and_then(Value::as_str);
                let ends: Option<Timestamp> = ends.and_then(|text| text.parse().ok());
                let known = deep.tokens.entry(cluster).or_default();
                *known = (*known).max(ends);
            }
            Self::Cluster { name } => {
                let url = object.pointer("/spec/managedClusterClientConfigs/0/url").and_then(Value::as_str);
                if url.is_none_or(str::is_empty) {
                    deep.without_url.insert(name);
                }
            }
            Self::Deployment { namespace } => {
                let secret = object.pointer("/spec/clusterMetadata/adminKubeconfigSecretRef/name");
                deep.kubeconfigs
                    .extend(secret.and_then(Value::as_str).map(|secret| format!("{namespace}/{secret}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::velero::contents::packed;

    fn token(ends: &str) -> Value {
        json!({"metadata": {"annotations": {"expirationTimestamp": ends}}, "data": {"token": "c2VjcmV0"}})
    }

    #[test]
    fn tokens_urls_and_kubeconfigs_are_found_and_values_are_not_kept() {
        let clusters = "resources/managedclusters.cluster.open-cluster-management.io/cluster";
        let entries = [
            ("resources/secrets/namespaces/a/auto-import-account.json", token("2026-11-22T10:00:00Z")),
            ("resources/secrets/namespaces/a/auto-import-account-pair.json", token("2026-11-23T10:00:00Z")),
            ("resources/secrets/namespaces/b/other.json", token("2026-11-22T10:00:00Z")),
            (
                &format!("{clusters}/a.json"),
                json!({"spec": {"managedClusterClientConfigs": [{"url": "https://a"}]}}),
            ),
            (&format!("{clusters}/b.json"), json!({"spec": {}})),
            (
                "resources/clusterdeployments.hive.openshift.io/namespaces/h/h.json",
                json!({"spec": {"clusterMetadata": {"adminKubeconfigSecretRef": {"name": "h-kubeconfig"}}}}),
            ),
        ];
        let deep = read(packed(&entries).as_slice()).unwrap();
        assert_eq!(deep.tokens.len(), 1);
        assert_eq!(deep.tokens["a"].unwrap().to_string(), "2026-11-23T10:00:00Z");
        assert_eq!(deep.without_url.iter().collect::<Vec<_>>(), ["b"]);
        assert_eq!(deep.kubeconfigs.iter().collect::<Vec<_>>(), ["h/h-kubeconfig"]);
        assert!(!format!("{deep:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn a_broken_archive_is_an_error_and_a_broken_object_is_not() {
        assert!(read([7_u8; 700].as_slice()).is_err());
        let entries = [("resources/secrets/namespaces/a/auto-import-account.json", json!("text"))];
        assert_eq!(read(packed(&entries).as_slice()).unwrap().tokens.len(), 1);
    }
}

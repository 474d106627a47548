//! What `verify --deep` looks for in the archives, object by object while they arrive.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::render::verify::Deep;

const SECRETS: &str = "secrets";
const CLUSTERS: &str = "managedclusters.cluster.open-cluster-management.io";
const DEPLOYMENTS: &str = "clusterdeployments.hive.openshift.io";
/// An object is never larger; etcd takes 1.5 MiB.
const OBJECT_MAX: u64 = 8 * 1024 * 1024;

/// Reads an archive; only what is looked for stays in memory, and no secret value does.
///
/// # Errors
///
/// The archive cannot be read.
pub(super) fn read(archive: impl Read) -> std::io::Result<Deep> {
    let mut deep = Deep::default();
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Some(object) = Place::of(&path) else { continue };
        let text = std::io::read_to_string((&mut entry).take(OBJECT_MAX))?;
        // An object that is no JSON is Velero's to report.
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            object.take_in(&value, &mut deep);
        }
    }
    Ok(deep)
}

/// What an entry of the archive is, as far as it matters.
enum Place {
    Token { cluster: String },
    Cluster { name: String },
    Deployment { namespace: String },
}

impl Place {
    /// `resources/KIND/namespaces/NAMESPACE/NAME.json` or `resources/KIND/cluster/NAME.json`; other entries hold the
    /// same objects once more, by version.
    fn of(path: &Path) -> Option<Self> {
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        let name = parts.last()?.strip_suffix(".json")?;
        match parts.as_slice() {
            ["resources", SECRETS, "namespaces", namespace, _] if name.starts_with("auto-import-account") => {
                Some(Self::Token { cluster: (*namespace).to_owned() })
            }
            ["resources", CLUSTERS, "cluster", _] => Some(Self::Cluster { name: name.to_owned() }),
            ["resources", DEPLOYMENTS, "namespaces", namespace, _] => {
                Some(Self::Deployment { namespace: (*namespace).to_owned() })
            }
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

    fn archive(entries: &[(&str, Value)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, object) in entries {
            let text = object.to_string();
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

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
        let deep = read(archive(&entries).as_slice()).unwrap();
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
        assert_eq!(read(archive(&entries).as_slice()).unwrap().tokens.len(), 1);
    }
}

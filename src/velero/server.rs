//! The Velero server as Kubernetes runs it: a Deployment.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

/// Velero looks at the storage once a minute; after this long it does not look at all.
const UNCHECKED_SECONDS: i64 = 15 * 60;

/// A Velero server, known by the Deployment that runs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Name of the Deployment.
    pub name: String,
    /// A pod of it is ready; `None` while nobody reports its pods.
    pub available: Option<bool>,
    /// Its image; empty where none is named.
    pub image: String,
    /// Memory it may use, as written, such as `256Mi`; `None` = no limit.
    pub memory_limit: Option<String>,
    /// Labels of its pods.
    pub pod_labels: BTreeMap<String, String>,
}

/// The Velero servers among these Deployments, by name.
pub fn servers(deployments: &[Deployment]) -> Vec<Server> {
    let mut found: Vec<Server> = deployments.iter().filter_map(server).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn server(deployment: &Deployment) -> Option<Server> {
    let spec = &deployment.spec;
    let pod = spec.template.spec.as_ref()?;
    let container = pod.containers.iter().find(|container| runs_server(container))?;
    let limits = container.resources.as_ref().and_then(|resources| resources.limits.as_ref());
    let status = deployment.status.as_ref().filter(|status| status.observed_generation.is_some());
    Some(Server {
        name: deployment.metadata.name.clone().unwrap_or_default(),
        available: status.map(|status| status.available_replicas.unwrap_or(0) > 0),
        image: container.image.clone().unwrap_or_default(),
        memory_limit: limits.and_then(|limits| limits.get("memory")).map(|quantity| quantity.0.clone()),
        pod_labels: spec.selector.match_labels.clone().unwrap_or_default(),
    })
}

/// The container is called so by every installer, or its command says so.
fn runs_server(container: &Container) -> bool {
    let words: Vec<&str> =
        container.command.iter().chain(&container.args).flatten().map(String::as_str).collect();
    let is_velero = |word: &str| word == "velero" || word.ends_with("/velero");
    container.name == "velero" || matches!(words.as_slice(), [program, "server", ..] if is_velero(program))
}

/// Why what is asked of Velero does not go as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No server is at work.
    Down,
    /// These servers get in each other's way.
    Twice(Vec<String>),
}

impl Trouble {
    /// What is wrong with the servers of a namespace, where the storage was last looked at then; `None` if nothing is.
    pub fn of(servers: &[Server], checked: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        if servers.len() > 1 {
            return Some(Self::Twice(servers.iter().map(|server| server.name.clone()).collect()));
        }
        // A server that runs in another way shows by looking at the storage.
        let silent = checked.is_some_and(|at| now.as_second() - at.as_second() > UNCHECKED_SECONDS);
        let down = match servers {
            servers if servers.iter().all(|server| server.available.is_none()) => silent,
            servers => !servers.iter().any(|server| server.available == Some(true)),
        };
        down.then_some(Self::Down)
    }

    /// Stable name from the list of problem names.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Down => "velero-down",
            Self::Twice(_) => "velero-twice",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("Velero does not run: objects are accepted, and nothing moves"),
            Self::Twice(names) => {
                write!(f, "several Velero servers work in this namespace: {}", names.join(", "))
            }
        }
    }
}

/// Bytes of a quantity such as `256Mi` or `1G`; `None` if it is not a whole number with a usual unit.
pub fn bytes(quantity: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 6] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
    ];
    let unit = UNITS.into_iter().find_map(|(unit, size)| Some((quantity.strip_suffix(unit)?, size)));
    let (number, size) = unit.unwrap_or((quantity, 1));
    number.parse::<u64>().ok()?.checked_mul(size)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(name: &str, container: &serde_json::Value) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"spec": {"containers": [container]}},
            },
            "status": {"observedGeneration": 1, "availableReplicas": 1},
        }))
        .unwrap()
    }

    #[test]
    fn a_server_nobody_reports_on_is_neither_up_nor_down() {
        let mut one = deployment("velero", &json!({"name": "velero"}));
        assert_eq!(servers(std::slice::from_ref(&one))[0].available, Some(true));
        one.status.as_mut().unwrap().available_replicas = None;
        assert_eq!(servers(std::slice::from_ref(&one))[0].available, Some(false));
        one.status = None;
        assert_eq!(servers(&[one])[0].available, None);
    }

    #[test]
    fn a_server_is_known_by_its_container_whatever_the_deployment_is_called() {
        let all = [
            deployment("velero", &json!({"name": "velero", "image": "v:1"})),
            deployment("own", &json!({"name": "main", "command": ["/velero"], "args": ["server"]})),
            deployment("velero-ui", &json!({"name": "ui", "command": ["/velero-ui"]})),
        ];
        let names: Vec<String> = servers(&all).into_iter().map(|server| server.name).collect();
        assert_eq!(names, ["own", "velero"]);
    }

    #[test]
    fn memory_limits_are_compared_as_bytes() {
        assert_eq!(bytes("256Mi"), Some(256 << 20));
        assert_eq!(bytes("1Gi"), Some(1 << 30));
        assert_eq!(bytes("1G"), Some(1_000_000_000));
        assert_eq!((bytes("much"), bytes("99999999999Gi")), (None, None));
    }
}

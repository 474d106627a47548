//! The Deployment of the loop, and what keeps one of its pods alive.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, HTTPGetAction, PodSecurityContext, PodSpec, PodTemplateSpec,
    Probe, ResourceRequirements, SeccompProfile, SecurityContext, TopologySpreadConstraint,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ObjectMeta;

use super::objects::{NAME, Wanted, labels};

const HEALTH_PORT: i32 = 8081;
const METRICS_PORT: i32 = 8080;
/// The loop gives its lease back within 30 seconds.
const GRACE_SECONDS: i64 = 40;
/// The user of the image; restricted namespaces want a number that is not 0.
const USER: i64 = 65532;

/// The Deployment of the loop; all but one of its pods stand by.
pub(super) fn deployment(wanted: &Wanted) -> Deployment {
    let metadata = wanted.metadata(NAME);
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta { labels: Some(labels()), ..ObjectMeta::default() }),
        spec: Some(pod(wanted)),
    };
    let spec = DeploymentSpec {
        replicas: Some(wanted.replicas),
        selector: selector(),
        template,
        ..DeploymentSpec::default()
    };
    Deployment { metadata, spec, status: None }
}

/// At most one pod is away at a time, so that of two one always stands by.
pub(super) fn disruption_budget(wanted: &Wanted) -> PodDisruptionBudget {
    let spec = PodDisruptionBudgetSpec {
        max_unavailable: Some(IntOrString::Int(1)),
        selector: Some(selector()),
        ..PodDisruptionBudgetSpec::default()
    };
    PodDisruptionBudget { metadata: wanted.metadata(NAME), spec: Some(spec), status: None }
}

fn selector() -> LabelSelector {
    LabelSelector { match_labels: Some(labels()), match_expressions: None }
}

fn pod(wanted: &Wanted) -> PodSpec {
    PodSpec {
        service_account_name: Some(NAME.to_owned()),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: wanted.user.then_some(USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        topology_spread_constraints: Some(vec![TopologySpreadConstraint {
            max_skew: 1,
            topology_key: "kubernetes.io/hostname".to_owned(),
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            label_selector: Some(selector()),
            ..TopologySpreadConstraint::default()
        }]),
        containers: vec![container(wanted)],
        ..PodSpec::default()
    }
}

fn container(wanted: &Wanted) -> Container {
    let port = |name: &str, port| ContainerPort {
        name: Some(name.to_owned()),
        container_port: port,
        ..ContainerPort::default()
    };
    Container {
        name: "loop".to_owned(),
        image: Some(wanted.image.clone()),
        args: Some(arguments(wanted)),
        ports: Some(vec![port("health", HEALTH_PORT), port("metrics", METRICS_PORT)]),
        liveness_probe: Some(probe("/healthz")),
        // Not /readyz: that says no while another pod holds the lease, and standing by is what this one is for.
        readiness_probe: Some(probe("/healthz")),
        resources: Some(ResourceRequirements {
            requests: Some([amount("cpu", "50m"), amount("memory", "64Mi")].into()),
            limits: Some([amount("memory", "512Mi")].into()),
            claims: None,
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { add: None, drop: Some(vec!["ALL".to_owned()]) }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn arguments(wanted: &Wanted) -> Vec<String> {
    let words = ["run", "--wait-for-lease", "--log-format=json"].map(str::to_owned);
    let rest = [
        format!("--namespace={}", wanted.namespace),
        format!("--health-bind-address=0.0.0.0:{HEALTH_PORT}"),
        format!("--metrics-bind-address=0.0.0.0:{METRICS_PORT}"),
    ];
    [words, rest].concat()
}

fn probe(path: &str) -> Probe {
    let get = HTTPGetAction {
        path: Some(path.to_owned()),
        port: IntOrString::String("health".to_owned()),
        ..HTTPGetAction::default()
    };
    Probe { http_get: Some(get), period_seconds: Some(10), ..Probe::default() }
}

fn amount(resource: &str, quantity: &str) -> (String, Quantity) {
    (resource.to_owned(), Quantity(quantity.to_owned()))
}

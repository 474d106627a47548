//! Everything that is installed, in the order it is needed. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::Subject;
use kube::api::ObjectMeta;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde_json::Value;

use super::workload;
use crate::api::crd;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cluster::roles;
use crate::cluster::write::Place;

/// Name of all that is installed beside the CRDs, as far as it is not that of a role.
pub(super) const NAME: &str = "kubectl-acmbackup";
/// Says who manages an object.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const APP: &str = "app.kubernetes.io/name";

/// What the loop is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Where it runs and works.
    pub(super) namespace: String,
    /// Where its lease is.
    pub(super) lease_namespace: String,
    /// Its image.
    pub(super) image: String,
    /// Its pods; one works, the others stand by.
    pub(super) replicas: i32,
    /// Whether the pods name their user; OpenShift chooses one itself and refuses others.
    pub(super) user: bool,
}

impl Wanted {
    /// A name in the namespace of the loop.
    pub(super) fn metadata(&self, name: &str) -> ObjectMeta {
        let namespace = Some(self.namespace.clone());
        ObjectMeta { name: Some(name.to_owned()), namespace, ..ObjectMeta::default() }
    }
}

/// An object and where it goes.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// Where it goes.
    pub(super) place: Place,
    /// The object.
    pub(super) object: Value,
}

/// Labels of the pods.
pub(super) fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([(APP.to_owned(), NAME.to_owned())])
}

/// The two CRDs.
///
/// # Errors
///
/// Never in practice: our own types can be written.
pub(super) fn crds() -> Result<Vec<Planned>> {
    crd::all().into_iter().map(planned).collect()
}

/// What the loop needs, and the loop.
///
/// # Errors
///
/// Never in practice: our own types can be written.
pub(super) fn of_loop(wanted: &Wanted) -> Result<Vec<Planned>> {
    let account = ServiceAccount { metadata: wanted.metadata(NAME), ..ServiceAccount::default() };
    let who = || Subject {
        kind: ServiceAccount::kind(&()).into_owned(),
        name: NAME.to_owned(),
        namespace: Some(wanted.namespace.clone()),
        api_group: None,
    };
    let mut all = vec![planned(account)?];
    for role in roles::roles() {
        all.push(planned(role)?);
    }
    for role in [roles::EVERYWHERE, roles::FOR_CLEANUP] {
        all.push(planned(roles::bind_everywhere(role, who()))?);
    }
    all.push(planned(roles::bind_in(&wanted.namespace, roles::IN_NAMESPACE, who()))?);
    all.push(planned(roles::bind_in(&wanted.lease_namespace, roles::FOR_LEASE, who()))?);
    all.push(planned(workload::disruption_budget(wanted))?);
    all.push(planned(workload::deployment(wanted))?);
    Ok(all)
}

fn planned<K>(mut object: K) -> Result<Planned>
where
    K: Resource<DynamicType = ()> + Serialize,
{
    object.labels_mut().insert(MANAGED_BY.to_owned(), NAME.to_owned());
    object.labels_mut().extend(labels());
    let place = Place::of::<K>(&object.namespace().unwrap_or_default(), &object.name_any());
    Ok(Planned { place, object: to_value(&object)? })
}

/// Any object as JSON.
///
/// # Errors
///
/// Never in practice: our own types can be written.
pub(super) fn to_value(object: &impl Serialize) -> Result<Value> {
    serde_json::to_value(object)
        .map_err(|error| CliError::new(Exit::Defect, format!("cannot write an object: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            namespace: "acm".to_owned(),
            lease_namespace: "kube-system".to_owned(),
            image: "registry.example/acmbackup:1".to_owned(),
            replicas: 2,
            user: true,
        }
    }

    #[test]
    fn what_is_needed_comes_before_what_needs_it() {
        let kinds: Vec<String> =
            of_loop(&wanted()).unwrap().iter().map(|one| one.place.resource.kind.clone()).collect();
        let at = |kind: &str| kinds.iter().position(|known| known == kind).unwrap();
        assert!(at("ServiceAccount") < at("RoleBinding") && at("ClusterRole") < at("ClusterRoleBinding"));
        assert_eq!(kinds.last().unwrap(), "Deployment");
    }

    #[test]
    fn everything_says_who_manages_it() {
        for one in [crds().unwrap(), of_loop(&wanted()).unwrap()].concat() {
            assert_eq!(one.object["metadata"]["labels"][MANAGED_BY], NAME, "{}", one.place);
        }
    }

    #[test]
    fn the_lease_is_granted_where_it_is() {
        let all = of_loop(&wanted()).unwrap();
        let of_lease = |one: &&Planned| one.object["roleRef"]["name"] == roles::FOR_LEASE;
        assert_eq!(all.iter().find(of_lease).unwrap().place.namespace, "kube-system");
    }

    #[test]
    fn pods_are_fit_for_a_restricted_namespace() {
        let all = of_loop(&wanted()).unwrap();
        let pod = &all.last().unwrap().object["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        let container = &pod["containers"][0]["securityContext"];
        assert_eq!(container["allowPrivilegeEscalation"], false);
        assert_eq!(container["capabilities"]["drop"][0], "ALL");
    }
}

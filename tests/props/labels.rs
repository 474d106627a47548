//! Labels for the credentials backup, on hubs with any secrets.

use acmbackup::api::keys;
use acmbackup::plan::labels::{CredentialFacts, steps};
use acmbackup::plan::{Action, Step, Target};
use kube::core::DynamicObject;
use proptest::prelude::*;
use serde_json::{Value, json};

const KEYS: [&str; 3] = [keys::HIVE_SECRET_TYPE, keys::CREDENTIAL_TYPE, keys::BACKUP];
const VALUES: [&str; 4] = ["", "clusterpool", "mine", "kubeconfig"];
const NAMESPACES: [&str; 3] = ["c1", "c2", "local-cluster"];
const SECRETS: [&str; 6] = ["c1-pull", "c1-ssh", "c1-bootstrap-x", "pool-aws", "other", "c1"];

fn object(metadata: &Value, spec: &Value) -> DynamicObject {
    serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap()
}

/// Labels of which some are ours to respect and some select a secret.
fn labels(selectable: bool) -> impl Strategy<Value = Value> {
    let marks = prop::collection::btree_map(0..KEYS.len(), prop::sample::select(VALUES.to_vec()), 0..2);
    (marks, any::<bool>(), any::<bool>()).prop_map(move |(marks, watched, is_host)| {
        let mut labels = json!({});
        for (key, value) in marks {
            labels[KEYS[key]] = json!(value);
        }
        if selectable && watched {
            labels[keys::AGENT_INSTALL_WATCH] = json!("true");
        }
        if selectable && is_host {
            labels[keys::METAL3_ENVIRONMENT] = json!("baremetal");
        }
        labels
    })
}

/// Secrets, and an import secret of each namespace, of a random share of all places.
fn secrets() -> impl Strategy<Value = Vec<DynamicObject>> {
    let places = NAMESPACES.iter().flat_map(|namespace| {
        let import = std::iter::once((*namespace, format!("{namespace}-import"), false));
        SECRETS.iter().map(|name| (*namespace, (*name).to_owned(), true)).chain(import)
    });
    let each: Vec<_> = places
        .map(|(namespace, name, selectable)| {
            prop::option::weighted(0.7, labels(selectable)).prop_map(move |labels| {
                let uid = format!("{namespace}/{name}");
                labels.map(|labels| {
                    let metadata = json!({"namespace": namespace, "name": name, "uid": uid, "resourceVersion": "1",
                        "labels": labels});
                    object(&metadata, &json!({}))
                })
            })
        })
        .collect();
    each.prop_map(|all| all.into_iter().flatten().collect())
}

fn deployment() -> impl Strategy<Value = DynamicObject> {
    let name = || prop::sample::select(vec!["c1-pull", "c1-ssh", "other", "gone", ""]);
    let namespace = prop::sample::select(NAMESPACES.to_vec());
    (namespace, name(), name(), any::<bool>()).prop_map(|(namespace, pull, bundle, of_pool)| {
        let mut spec = json!({"pullSecretRef": {"name": pull},
            "certificateBundles": [{"certificateSecretRef": {"name": bundle}}],
            "provisioning": {"manifestsConfigMapRef": {"name": "manifests"}}});
        if of_pool {
            spec["clusterPoolRef"] = json!({"poolName": "pool"});
        }
        object(&json!({"namespace": namespace, "name": "c1", "uid": format!("{namespace}/c1")}), &spec)
    })
}

fn facts() -> impl Strategy<Value = CredentialFacts> {
    let deployments = prop::collection::vec(deployment(), 0..3);
    (secrets(), deployments, any::<bool>()).prop_map(|(secrets, mut cluster_deployments, has_pool)| {
        cluster_deployments.dedup_by_key(|one| one.metadata.namespace.clone());
        let pool = object(&json!({"namespace": "c2", "name": "pool"}), &json!({}));
        let config_map =
            |namespace| object(&json!({"namespace": namespace, "name": "manifests"}), &json!({}));
        CredentialFacts {
            cluster_deployments,
            cluster_pools: has_pool.then_some(pool).into_iter().collect(),
            secrets,
            config_maps: NAMESPACES.map(config_map).to_vec(),
        }
    })
}

fn patch_of(step: &Step) -> (&Target, &Value) {
    match &step.action {
        Action::Patch(target, patch) => (target, patch),
        other => panic!("{other} is no patch"),
    }
}

fn is(object: &DynamicObject, target: &Target) -> bool {
    object.metadata.name.as_ref() == Some(&target.name)
        && object.metadata.namespace.as_ref() == Some(&target.namespace)
}

fn list_of<'a>(facts: &'a mut CredentialFacts, target: &Target) -> &'a mut Vec<DynamicObject> {
    match target.kind.to_string().as_str() {
        "secret" => &mut facts.secrets,
        "configmap" => &mut facts.config_maps,
        "clusterdeployment" => &mut facts.cluster_deployments,
        other => panic!("{other} is not to be labelled"),
    }
}

/// As the API server would.
fn carry_out(facts: &mut CredentialFacts, step: &Step) {
    let (target, patch) = patch_of(step);
    for object in list_of(facts, target).iter_mut().filter(|object| is(object, target)) {
        let labels = object.metadata.labels.get_or_insert_default();
        for (key, value) in patch["metadata"]["labels"].as_object().unwrap() {
            match value.as_str() {
                Some(value) => drop(labels.insert(key.clone(), value.to_owned())),
                None => drop(labels.remove(key)),
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::config())]

    /// architecture.md, "Rules for the planner", 4. Spec: S-130
    #[test]
    fn what_is_labelled_is_not_labelled_again(mut facts in facts()) {
        for step in steps(&facts, Some("local-cluster")) {
            carry_out(&mut facts, &step);
        }
        prop_assert_eq!(steps(&facts, Some("local-cluster")), vec![]);
    }

    /// Spec: S-204, S-209
    #[test]
    fn a_present_key_is_never_touched_but_on_import_secrets(mut facts in facts()) {
        for step in steps(&facts, Some("local-cluster")) {
            let (target, patch) = patch_of(&step);
            let found = list_of(&mut facts, target).iter().find(|object| is(object, target)).unwrap();
            let labels = found.metadata.labels.clone().unwrap_or_default();
            let takes_off = patch["metadata"]["labels"][keys::BACKUP].is_null()
                && target.name == format!("{}-import", target.namespace)
                && labels.get(keys::BACKUP).is_some_and(|value| value == "clusterpool");
            let is_deployment = target.kind.to_string() == "clusterdeployment";
            let is_unmarked = KEYS.iter().all(|key| !labels.contains_key(*key));
            prop_assert!(is_deployment || is_unmarked || takes_off, "{}: {labels:?}", step.action);
        }
    }

    /// Nothing of a secret but one label is ever written. Spec: S-201, S-204, S-207, S-208
    #[test]
    fn only_one_label_of_an_observed_object_is_patched(facts in facts()) {
        for step in steps(&facts, Some("local-cluster")) {
            let (target, patch) = patch_of(&step);
            let labels = patch["metadata"]["labels"].as_object().unwrap().len();
            prop_assert_eq!((patch.as_object().unwrap().len(), patch["metadata"].as_object().unwrap().len()), (1, 1));
            prop_assert_eq!(labels, 1);
            prop_assert!(target.uid.is_some() || target.kind.to_string() == "configmap");
        }
    }

    /// The order in which objects are listed means nothing. Spec: S-206
    #[test]
    fn the_order_of_lists_means_nothing(mut facts in facts()) {
        let wanted = steps(&facts, Some("local-cluster"));
        facts.secrets.reverse();
        facts.cluster_deployments.reverse();
        facts.config_maps.reverse();
        prop_assert_eq!(wanted, steps(&facts, Some("local-cluster")));
    }

    /// Spec: S-200
    #[test]
    fn of_the_hub_itself_only_agent_and_host_secrets_are_labelled(facts in facts()) {
        for step in steps(&facts, Some("local-cluster")) {
            let (target, patch) = patch_of(&step);
            let value = patch["metadata"]["labels"][keys::BACKUP].as_str().unwrap_or_default().to_owned();
            prop_assert!(target.namespace != "local-cluster" || ["agent-install", "baremetal"].contains(&value.as_str()));
        }
    }
}

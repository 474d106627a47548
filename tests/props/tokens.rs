//! Random tokens of random clusters: what the planner does about them ends, and never touches what is not ours.

use acmbackup::api::keys;
use acmbackup::plan::tokens::TokenFacts;
use acmbackup::plan::{Action, Decision, HubSnapshot, NewObject, ServedApis, Step, Target, TargetKind, plan};
use acmbackup::velero::RestorePhase;
use kube::core::DynamicObject;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::hubs;
use crate::simulated_hub::SimulatedHub;

/// Delete a leftover, make everything, mark it, and one to see that nothing is left to do.
const ROUNDS_MAX: usize = 6;
const HUB: &str = "c0";

/// What may be in the namespace of a cluster.
fn cluster(name: &str) -> impl Strategy<Value = TokenFacts> + use<> {
    let name = name.to_owned();
    let account = || prop::option::of(prop::sample::select(vec!["240h0m0s", "1h", "soon", ""]));
    let mark = || {
        prop::sample::select(vec![
            json!({}),
            json!({keys::MSA: keys::TOKEN_ACCOUNT}),
            json!({keys::MSA: "true"}),
        ])
    };
    let work = prop::option::of(prop::sample::select(vec!["", "-pair", "-custom", "-custom-2", "-other"]));
    let flags = (any::<bool>(), any::<bool>(), prop::option::of(any::<bool>()));
    (account(), account(), mark(), mark(), work, flags).prop_map(
        move |(first, second, mark, other, work, flags)| {
            let (namespace, hive, addon) = flags;
            let of = |object: &str, labels: &Value| thing(&name, object, labels);
            let mut facts =
                TokenFacts { is_installed: true, accounts: Some(Vec::new()), ..TokenFacts::default() };
            let accounts = [(keys::TOKEN_ACCOUNT, first), (keys::TOKEN_ACCOUNT_PAIR, second)];
            for (account, validity) in accounts {
                let made = validity.map(|validity| {
                    let mut made = of(account, &mark);
                    made.data = json!({"spec": {"rotation": {"validity": validity}}});
                    made
                });
                facts.accounts.as_mut().unwrap().extend(made);
            }
            facts.addons.extend(addon.map(|custom| {
                let mut made = of(keys::TOKEN_ADDON, &other);
                made.data = if custom { json!({"status": {"namespace": "agents"}}) } else { json!({}) };
                made
            }));
            facts.works.extend(work.map(|suffix| {
                of(
                    &format!("addon-managed-serviceaccount-import{suffix}"),
                    &json!({keys::ADDON_NAME_WORK: keys::TOKEN_ADDON}),
                )
            }));
            facts
                .secrets
                .extend([of(keys::TOKEN_ACCOUNT, &other), of("users-own", &json!({keys::MSA: "true"}))]);
            facts.clusters.insert(name.clone());
            facts.namespaces.extend(namespace.then(|| name.clone()));
            facts.hive_namespaces.extend(hive.then(|| name.clone()));
            facts
        },
    )
}

fn clusters() -> impl Strategy<Value = TokenFacts> {
    let each = ["c0", "c1", "c2", "c3"].map(cluster);
    each.prop_map(|each| {
        each.into_iter()
            .reduce(|mut all, one| {
                all.accounts.as_mut().unwrap().extend(one.accounts.unwrap());
                all.addons.extend(one.addons);
                all.works.extend(one.works);
                all.secrets.extend(one.secrets);
                all.clusters.extend(one.clusters);
                all.namespaces.extend(one.namespaces);
                all.hive_namespaces.extend(one.hive_namespaces);
                all
            })
            .unwrap()
    })
}

fn thing(namespace: &str, name: &str, labels: &Value) -> DynamicObject {
    let uid = format!("{namespace}-{name}-uid");
    serde_json::from_value(
        json!({"metadata": {"namespace": namespace, "name": name, "uid": uid, "labels": labels}}),
    )
    .unwrap()
}

/// A hub at rest but for its tokens.
fn hub(facts: TokenFacts, wanted: bool) -> HubSnapshot {
    let spec = json!({"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"});
    let rested = SimulatedHub::new(hubs::scheduled_hub(&spec), hubs::noon());
    let mut snapshot = rested.come_to_rest(&RestorePhase::Completed).unwrap().snapshot;
    let served: ServedApis = serde_json::from_value(json!({"versions": [{
        "group": "authentication.open-cluster-management.io", "version": "v1beta1",
        "resources": [{"name": "managedserviceaccounts", "kind": "ManagedServiceAccount"}],
    }]}))
    .unwrap();
    snapshot.on_request.served = Some(served);
    snapshot.on_request.tokens = Some(facts);
    snapshot.on_request.credentials = Some(Default::default());
    snapshot.on_request.tokens_wanted = Some(false);
    snapshot.on_request.hub.as_mut().unwrap().local_cluster = Some(HUB.to_owned());
    snapshot.schedules[0].spec.use_managed_service_account = wanted;
    if wanted {
        snapshot.on_request.tokens.as_mut().unwrap().wanted_by.insert("acm/bs".to_owned());
    }
    snapshot
}

/// The steps about objects of other components.
fn steps(hub: &HubSnapshot) -> Vec<Step> {
    let Decision::Do(plan) = plan(hub, hubs::noon()) else { panic!("everything is known") };
    plan.steps.into_iter().filter(|step| list_of(&step.action).is_some()).collect()
}

fn list_of(action: &Action) -> Option<&'static str> {
    let kind = match action {
        Action::Create(object) => match object.as_ref() {
            NewObject::Other(other) => &other.kind,
            _ => return None,
        },
        Action::Patch(target, _)
        | Action::Delete(target)
        | Action::DeleteForeground(target)
        | Action::DetachAndDelete(target) => match &target.kind {
            TargetKind::Other(kind) => kind,
            _ => return None,
        },
        Action::Import(_) | Action::Emit(_) => return None,
    };
    Some(match kind.plural.as_str() {
        "managedclusteraddons" => "addons",
        "managedserviceaccounts" => "accounts",
        "manifestworks" => "works",
        "secrets" => "secrets",
        other => panic!("tokens have nothing to do with {other}"),
    })
}

fn removed(step: &Step) -> Option<&Target> {
    match &step.action {
        Action::Delete(target) | Action::DeleteForeground(target) | Action::DetachAndDelete(target) => {
            Some(target)
        }
        _ => None,
    }
}

/// Takes a step, as the API server would.
fn take(hub: &mut HubSnapshot, step: &Step) {
    let mut facts = serde_json::to_value(hub.on_request.tokens.take().unwrap()).unwrap();
    let list = list_of(&step.action).unwrap();
    if facts.get(list).is_none() {
        facts[list] = json!([]);
    }
    let objects = facts[list].as_array_mut().unwrap();
    let is = |object: &Value, target: &Target| {
        object["metadata"]["name"] == json!(target.name)
            && object["metadata"]["namespace"] == json!(target.namespace)
    };
    match (&step.action, removed(step)) {
        (_, Some(target)) => objects.retain(|object| !is(object, target)),
        (Action::Create(object), _) => objects.push(serde_json::to_value(object).unwrap()),
        (Action::Patch(target, patch), _) => {
            objects.iter_mut().filter(|object| is(object, target)).for_each(|object| merge(object, patch));
        }
        _ => {}
    }
    hub.on_request.tokens = Some(serde_json::from_value(facts).unwrap());
}

/// RFC 7396 without removals.
fn merge(base: &mut Value, patch: &Value) {
    match (&mut *base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            patch
                .iter()
                .for_each(|(key, value)| merge(base.entry(key.clone()).or_insert(Value::Null), value));
        }
        _ => *base = patch.clone(),
    }
}

proptest! {
    #![proptest_config(crate::config())]

    /// S-291, S-295: only differences are acted on, so that planning twice writes nothing the second time; a crash or
    /// a refusal anywhere is made good.
    #[test]
    fn tokens_come_to_rest(facts in clusters(), wanted in any::<bool>(), refused in 0..12_usize) {
        let mut hub = hub(facts, wanted);
        for (index, step) in steps(&hub).iter().enumerate() {
            if index != refused {
                take(&mut hub, step);
            }
        }
        for _ in 0..ROUNDS_MAX {
            steps(&hub).iter().for_each(|step| take(&mut hub, step));
        }
        prop_assert_eq!(steps(&hub), Vec::new());
    }

    /// S-190: what bears no mark of ours, or is the hub's own, is never removed, whatever the order of lists
    #[test]
    fn nothing_is_removed_that_is_not_ours(facts in clusters(), wanted in any::<bool>()) {
        let mut hub = hub(facts, wanted);
        let planned = steps(&hub);
        for (step, target) in planned.iter().filter_map(|step| Some((step, removed(step)?))) {
            let facts = hub.on_request.tokens.clone().unwrap();
            let list = match list_of(&step.action).unwrap() {
                "accounts" => facts.accounts.unwrap(),
                "addons" => facts.addons,
                "works" => facts.works,
                _ => facts.secrets,
            };
            let object = list.iter().find(|object| object.metadata.uid == target.uid).unwrap();
            let labels = object.metadata.labels.clone().unwrap_or_default();
            let is_token = labels.get(keys::MSA).is_some_and(|value| value == "true")
                && target.name.starts_with(keys::TOKEN_ACCOUNT);
            let is_ours = labels.get(keys::MSA).is_some_and(|value| value == keys::TOKEN_ACCOUNT);
            prop_assert!(is_token || is_ours || labels.contains_key(keys::ADDON_NAME_WORK), "{target}");
        }
        let facts = hub.on_request.tokens.as_mut().unwrap();
        facts.accounts.as_mut().unwrap().reverse();
        facts.works.reverse();
        let mut again: Vec<String> = steps(&hub).iter().map(|step| step.action.to_string()).collect();
        let mut planned: Vec<String> = planned.iter().map(|step| step.action.to_string()).collect();
        again.sort();
        planned.sort();
        prop_assert_eq!(again, planned);
    }
}

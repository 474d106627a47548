//! Carries out plans on a snapshot, round after round, as an API server with Velero would.

use acmbackup::api::{RestorePhase, RestoreStatus};
use acmbackup::plan::labels::CredentialFacts;
use acmbackup::plan::tokens::TokenFacts;
use acmbackup::plan::{
    Action, Decision, HubFacts, HubSnapshot, NextStatus, Outcome, Plan, Query, ServedApis, Step, Target,
    TargetKind, plan, settle,
};
use kube::core::DynamicObject;
use serde_json::{Value, json};

use crate::case::{Case, merge};

/// Delete, create, show what was made, and one to see that nothing is left to do.
pub(crate) const ROUNDS_MAX: usize = 5;

/// True if the planner has nothing left to write after a few rounds.
pub(crate) fn come_to_rest(case: Case) -> bool {
    let Case { mut snapshot, now } = case;
    for _ in 0..ROUNDS_MAX {
        match plan(&snapshot, now) {
            Decision::NeedMore(queries) => queries.iter().for_each(|query| answer(&mut snapshot, query)),
            Decision::Do(plan) if plan.steps.is_empty() && plan.status.is_none() => return true,
            Decision::Do(plan) => snapshot = carry_out(&snapshot, &plan, &now.to_string()),
        }
    }
    false
}

/// What follows at once on a plan that begins a cycle: its status names what the next pass makes. Spec: R-314
pub(crate) fn second_pass(case: &Case, first: &Decision) -> Option<Decision> {
    let Decision::Do(Plan { steps, status: Some(NextStatus::Restore(status)), .. }) = first else {
        return None;
    };
    let is_creation = |step: &Step| matches!(step.action, Action::Create(_));
    let mut snapshot = case.snapshot.clone();
    let name = Some(snapshot.subject.name.clone());
    let restore = snapshot.restores.iter_mut().find(|restore| restore.metadata.name == name)?;
    let begins = names(status) != names(&restore.status.clone().unwrap_or_default());
    if !begins || status.phase != RestorePhase::Started || steps.iter().any(is_creation) {
        return None;
    }
    restore.status = Some(*status.clone());
    Some(plan(&snapshot, case.now))
}

fn names(status: &RestoreStatus) -> [Option<&str>; 4] {
    [
        status.velero_credentials_restore_name.as_deref(),
        status.velero_resources_restore_name.as_deref(),
        status.velero_generic_resources_restore_name.as_deref(),
        status.velero_managed_clusters_restore_name.as_deref(),
    ]
}

fn answer(snapshot: &mut HubSnapshot, query: &Query) {
    match query {
        Query::Hub => snapshot.on_request.hub = Some(HubFacts::default()),
        Query::Tokens | Query::TokensLeft => snapshot.on_request.tokens = Some(TokenFacts::default()),
        Query::TokensWanted => snapshot.on_request.tokens_wanted = Some(false),
        Query::Served => snapshot.on_request.served = Some(ServedApis::default()),
        Query::Credentials => snapshot.on_request.credentials = Some(CredentialFacts::default()),
        other => unreachable!("a schedule does not ask for {other:?}"),
    }
}

fn carry_out(snapshot: &HubSnapshot, plan: &Plan, now: &str) -> HubSnapshot {
    let mut hub = serde_json::to_value(snapshot).unwrap();
    let outcomes: Vec<Outcome> = plan.steps.iter().map(|step| do_step(&mut hub, step, now)).collect();
    if let Some(NextStatus::BackupSchedule(status)) = settle(plan, &outcomes) {
        let subject = list(&mut hub, "/schedules").iter_mut();
        let name = json!(snapshot.subject.name);
        for schedule in subject.filter(|schedule| schedule["metadata"]["name"] == name) {
            schedule["status"] = serde_json::to_value(&status).unwrap();
        }
        if let Some(unreadable) = hub.pointer_mut("/unreadable/object") {
            unreadable["status"] = serde_json::to_value(&status).unwrap();
        }
    }
    list(&mut hub, "/velero/schedules").iter_mut().for_each(|schedule| velero_looks_at(schedule, now));
    serde_json::from_value(hub).unwrap()
}

fn do_step(hub: &mut Value, step: &Step, now: &str) -> Outcome {
    match &step.action {
        Action::Create(object) => {
            let mut object = serde_json::to_value(object).unwrap();
            object["metadata"]["uid"] = json!(format!("{}-uid", object["metadata"]["name"]));
            object["metadata"]["creationTimestamp"] = json!(now);
            let place = match object["kind"].as_str().unwrap() {
                "Schedule" => "/velero/schedules",
                "Backup" => "/velero/backups",
                "DeleteBackupRequest" => "/velero/deleteRequests",
                "ManagedClusterAddOn" => "/onRequest/tokens/addons",
                "ManagedServiceAccount" => "/onRequest/tokens/accounts",
                "ManifestWork" => "/onRequest/tokens/works",
                other => unreachable!("a schedule makes no {other}"),
            };
            list(hub, place).push(object.clone());
            Outcome::Done(Some(Box::new(serde_json::from_value::<DynamicObject>(object).unwrap())))
        }
        Action::Patch(target, patch) => {
            for place in places_of(target) {
                list(hub, place).iter_mut().filter(|one| is(one, target)).for_each(|one| {
                    merge(one, patch.clone());
                });
            }
            unreadable(hub).filter(|one| is(one, target)).for_each(|one| merge(one, patch.clone()));
            Outcome::Done(None)
        }
        Action::Delete(target) | Action::DeleteForeground(target) | Action::DetachAndDelete(target) => {
            places_of(target).iter().for_each(|place| list(hub, place).retain(|one| !is(one, target)));
            Outcome::Done(None)
        }
        Action::Import(_) => unreachable!("a schedule imports nothing"),
        Action::Emit(_) => Outcome::Done(None),
    }
}

/// Velero turns `skipImmediately` off once it has skipped, and judges the schedule. Spec: S-280
fn velero_looks_at(schedule: &mut Value, now: &str) {
    if schedule["spec"]["paused"] == json!(true) {
        return;
    }
    if schedule["spec"]["skipImmediately"] == json!(true) {
        schedule["status"]["lastSkipped"] = json!(now);
    }
    schedule["spec"]["skipImmediately"] = json!(false);
    schedule["status"]["phase"] = json!("Enabled");
}

fn places_of(target: &Target) -> &'static [&'static str] {
    match &target.kind {
        TargetKind::VeleroSchedule => &["/velero/schedules"],
        TargetKind::VeleroBackup => &["/velero/backups"],
        TargetKind::Other(kind) => match kind.plural.as_str() {
            "managedclusteraddons" => &["/onRequest/tokens/addons"],
            "managedserviceaccounts" => &["/onRequest/tokens/accounts"],
            "manifestworks" => &["/onRequest/tokens/works"],
            "secrets" => &["/onRequest/tokens/secrets", "/onRequest/credentials/secrets"],
            "configmaps" => &["/onRequest/credentials/configMaps"],
            "clusterdeployments" => &["/onRequest/credentials/clusterDeployments"],
            other => unreachable!("a schedule changes no {other}"),
        },
        other => unreachable!("a schedule changes no {other:?}"),
    }
}

/// Velero Schedules that do not decode.
fn unreadable(hub: &mut Value) -> impl Iterator<Item = &mut Value> {
    let all = hub.pointer_mut("/velero/unreadableSchedules").and_then(Value::as_array_mut);
    all.into_iter().flatten().filter_map(|one| one.get_mut("object"))
}

fn is(one: &Value, target: &Target) -> bool {
    one["metadata"]["name"] == json!(target.name) && one["metadata"]["namespace"] == json!(target.namespace)
}

fn list<'a>(hub: &'a mut Value, place: &str) -> &'a mut Vec<Value> {
    let list = place.split('/').skip(1).fold(hub, |value, key| &mut value[key]);
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut().unwrap()
}

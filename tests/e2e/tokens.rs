//! Tokens of imported clusters, from nothing to nothing.

use std::collections::BTreeSet;

use acmbackup::api::{BackupSchedulePhase, keys};
use acmbackup::cluster::clock;
use acmbackup_lab::{HubOptions, Lab, VeleroOptions, until};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::site::{DEADLINE, Site};

const ACCOUNT: (&str, &str) = ("authentication.open-cluster-management.io/v1beta1", "ManagedServiceAccount");
const ADDON: (&str, &str) = ("addon.open-cluster-management.io/v1alpha1", "ManagedClusterAddOn");
const WORK: (&str, &str) = ("work.open-cluster-management.io/v1", "ManifestWork");
const SECRET: (&str, &str) = ("v1", "Secret");
const IMPORT: &str = "addon-managed-serviceaccount-import";

/// S-156 to S-167, S-180, S-190, S-193: a plain cluster, one whose agent runs elsewhere, one whose second account is
/// due, one of Hive; then one more joins, the option goes off, and at last the BackupSchedule goes.
#[tokio::test]
async fn tokens_come_with_the_option_and_each_cluster_and_go_with_both() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let audited = HubOptions { audit: true, ..HubOptions::default() };
        let east = Site::start_with(lab, &store, "east", (0, audited, VeleroOptions::default())).await?;
        for name in ["plain", "elsewhere", "second", "hive"] {
            joins(&east, name).await?;
        }
        let elsewhere = labelled("elsewhere", keys::TOKEN_ADDON, &json!({}));
        east.hub.create(object(ADDON, &elsewhere, json!({"status": {"namespace": "agents"}}))).await?;
        let hive = labelled("hive", "made", &json!({keys::HIVE_SECRET_TYPE: "kubeconfig"}));
        east.hub.create(object(SECRET, &hive, json!({}))).await?;
        let _loop = east.start_loop().await?;
        east.run("schedule --cron @daily --ttl 120h --managed-service-account --wait --timeout 2m")?;

        all_are(
            &east,
            ACCOUNT,
            &["elsewhere/auto-import-account", "plain/auto-import-account", "second/auto-import-account"],
        )
        .await?;
        let addons = [
            "elsewhere/managed-serviceaccount",
            "plain/managed-serviceaccount",
            "second/managed-serviceaccount",
        ];
        all_are(&east, ADDON, &addons).await?;
        let custom = format!("elsewhere/{IMPORT}-custom-2");
        let works = ["elsewhere", "plain", "second"].map(|cluster| format!("{cluster}/{IMPORT}"));
        all_are(&east, WORK, &[&custom, &works[0], &works[1], &works[2]]).await?;

        let made = clock::now() - SignedDuration::from_hours(120) - SignedDuration::from_mins(5);
        has_token(&east, "second", made).await?;
        until(DEADLINE, "the token to be marked and dated", async || {
            let secret = objects(&east, SECRET, "second").get(keys::TOKEN_ACCOUNT).await?;
            Ok(secret.labels().get(keys::BACKUP).is_some_and(|value| value == keys::BACKUP_TOKEN)
                && secret.annotations().get(keys::TOKEN_LAST_REFRESH) == Some(&made.to_string()))
        })
        .await?;
        until(DEADLINE, "the second account", async || {
            let found = names(&east, ACCOUNT).await?;
            Ok(found.contains("second/auto-import-account-pair"))
        })
        .await?;
        until(DEADLINE, "its work", async || {
            Ok(names(&east, WORK).await?.contains(&format!("second/{IMPORT}-pair")))
        })
        .await?;

        let before = requests_of_the_loop(&east)?.len();
        joins(&east, "late").await?;
        until(DEADLINE, "an account for the cluster that joined", async || {
            Ok(names(&east, ACCOUNT).await?.contains("late/auto-import-account"))
        })
        .await?;
        let writes = requests_of_the_loop(&east)?.split_off(before);
        let wanted = [
            "create managedclusteraddons late",
            "create managedserviceaccounts late",
            "create manifestworks late",
        ];
        assert_eq!(BTreeSet::from_iter(writes.iter().map(String::as_str)), BTreeSet::from(wanted), "S-290");
        assert_eq!(writes.len(), wanted.len(), "{writes:?}");

        east.run("schedule --managed-service-account=false --wait --timeout 2m")?;
        nothing_is_left(&east).await?;
        east.run("schedule --managed-service-account --wait --timeout 2m")?;
        until(DEADLINE, "accounts again", async || Ok(names(&east, ACCOUNT).await?.len() == 4)).await?;

        let schedule = east.schedule_is(BackupSchedulePhase::Enabled).await?;
        east.schedules().delete(&schedule.name_any(), &DeleteParams::default()).await?;
        nothing_is_left(&east).await
    })
    .await
}

/// What the loop asked of the server, beside watches, the lease and discovery: verb, resource, namespace.
fn requests_of_the_loop(site: &Site) -> Result<Vec<String>> {
    let mut requests = site.hub.requests_of_plugin()?;
    requests.retain(|request| request.verb != "watch" && !request.resource.is_empty());
    Ok(requests.iter().map(|request| format!("{request} {}", request.namespace)).collect())
}

/// A cluster joins: its namespace comes a moment after it.
async fn joins(site: &Site, name: &str) -> Result<()> {
    let cluster = ("cluster.open-cluster-management.io/v1", "ManagedCluster");
    site.hub.create(object(cluster, &json!({"name": name}), json!({"spec": {}}))).await?;
    site.hub.create_namespace(name).await
}

/// What the addon's agent does: the secret first, then the dates in the account.
async fn has_token(site: &Site, cluster: &str, made: Timestamp) -> Result<()> {
    let metadata = labelled(cluster, keys::TOKEN_ACCOUNT, &json!({keys::MSA: "true"}));
    site.hub.create(object(SECRET, &metadata, json!({"stringData": {"token": "t"}}))).await?;
    let reference = json!({"name": keys::TOKEN_ACCOUNT, "lastRefreshTimestamp": made});
    let expires = made + SignedDuration::from_hours(240);
    let status = json!({"status": {"expirationTimestamp": expires, "tokenSecretRef": reference}});
    let accounts = objects(site, ACCOUNT, cluster);
    accounts.patch_status(keys::TOKEN_ACCOUNT, &PatchParams::default(), &Patch::Merge(status)).await?;
    Ok(())
}

async fn all_are(site: &Site, kind: (&str, &str), wanted: &[&str]) -> Result<()> {
    let wanted: BTreeSet<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    until(DEADLINE, &format!("{} to be {wanted:?}", kind.1), async || Ok(names(site, kind).await? == wanted))
        .await
}

/// The lab has no garbage collector, so this takes the finalizer of foreground deletion off.
async fn nothing_is_left(site: &Site) -> Result<()> {
    until(DEADLINE, "everything to be removed", async || {
        let accounts = site.hub.objects(ACCOUNT.0, ACCOUNT.1, None).list(&ListParams::default()).await?;
        for account in accounts.items.iter().filter(|account| account.metadata.deletion_timestamp.is_some()) {
            let api = objects(site, ACCOUNT, &account.namespace().unwrap_or_default());
            let off = Patch::Merge(json!({"metadata": {"finalizers": null}}));
            // It may be gone by now.
            let _ = api.patch(&account.name_any(), &PatchParams::default(), &off).await;
        }
        let secrets = names(site, SECRET).await?;
        let left = names(site, ACCOUNT).await?.len() + names(site, WORK).await?.len();
        // The addon that was there before is not ours.
        Ok(left == 0
            && names(site, ADDON).await?.iter().all(|addon| addon.starts_with("elsewhere/"))
            && secrets.iter().all(|secret| !secret.ends_with(keys::TOKEN_ACCOUNT)))
    })
    .await
}

async fn names(site: &Site, (api_version, kind): (&str, &str)) -> Result<BTreeSet<String>> {
    let found = site.hub.objects(api_version, kind, None).list(&ListParams::default()).await?;
    Ok(found
        .iter()
        .map(|one| format!("{}/{}", one.namespace().unwrap_or_default(), one.name_any()))
        .collect())
}

fn objects(site: &Site, (api_version, kind): (&str, &str), namespace: &str) -> Api<DynamicObject> {
    site.hub.objects(api_version, kind, Some(namespace))
}

fn labelled(namespace: &str, name: &str, labels: &Value) -> Value {
    json!({"namespace": namespace, "name": name, "labels": labels})
}

fn object((api_version, kind): (&str, &str), metadata: &Value, body: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
    if let (Some(object), Value::Object(body)) = (object.as_object_mut(), body) {
        object.extend(body);
    }
    object
}

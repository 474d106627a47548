//! The operators OLM installed on this hub, and where they work.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube::core::DynamicObject;
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::cluster::list::{Scope, list};
use crate::cluster::{Class, Error};
use crate::render::verify::Operator;

const PATH: &str = "/apis/operators.coreos.com/v1alpha1/clusterserviceversions";
/// OLM copies an operator into each namespace it works in.
const ORIGINALS: &str = "!olm.copiedFrom";
/// Where OLM says an operator works: namespaces with commas in between, none for all.
const TARGETS: &str = "olm.targetNamespaces";
const OWNED: &str = "/spec/customresourcedefinitions/owned";
/// What the hub itself is made of serves all namespaces, wherever its operator is.
const OF_HUB: [&str; 2] = [".open-cluster-management.io", "hive.openshift.io"];

/// All of them, as far as they own kinds; none where OLM is not at work.
///
/// # Errors
///
/// They cannot be read.
pub(super) async fn read(client: &Client) -> Result<Vec<Operator>, Error> {
    let scope = Scope {
        path: PATH.to_owned(),
        name: "clusterserviceversions.operators.coreos.com".to_owned(),
        metadata_only: false,
        labels: Some(ORIGINALS.to_owned()),
        fields: None,
        limit: None,
        // Each carries its icon, its description and examples.
        trim: Arc::new(only_owned),
    };
    match list(client, &scope).await {
        Ok(listed) => Ok(listed.items.iter().map(operator).filter(|one| !one.kinds.is_empty()).collect()),
        Err(error) if error.class() == Class::KindMissing => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn only_owned(mut object: DynamicObject) -> DynamicObject {
    let owned = object.data.pointer_mut(OWNED).map(Value::take).unwrap_or_default();
    object.data = json!({"spec": {"customresourcedefinitions": {"owned": owned}}});
    object
}

fn operator(object: &DynamicObject) -> Operator {
    let targets = object.annotations().get(TARGETS).map(String::as_str).unwrap_or_default();
    let namespaces: BTreeSet<String> =
        targets.split(',').filter(|target| !target.is_empty()).map(str::to_owned).collect();
    let owned = object.data.pointer(OWNED).and_then(Value::as_array);
    let kinds = owned.into_iter().flatten().filter_map(|kind| {
        let (_, group) = kind.get("name")?.as_str()?.split_once('.')?;
        let is_of_hub = OF_HUB.iter().any(|suffix| group.ends_with(suffix));
        (!is_of_hub).then(|| Some((group.to_owned(), kind.get("kind")?.as_str()?.to_owned())))?
    });
    Operator { name: object.name_any(), namespaces, kinds: kinds.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(targets: &str, crd: &str) -> DynamicObject {
        let owned = json!([{"name": crd, "kind": "ArgoCD", "version": "v1beta1"}]);
        serde_json::from_value(json!({
            "apiVersion": "operators.coreos.com/v1alpha1", "kind": "ClusterServiceVersion",
            "metadata": {"name": "argocd.v1", "namespace": "gitops", "annotations": {TARGETS: targets}},
            "spec": {"icon": [{"base64data": "AAAA"}], "customresourcedefinitions": {"owned": owned}},
        }))
        .unwrap()
    }

    #[test]
    fn an_operator_is_known_by_its_kinds_and_the_namespaces_olm_gives_it() {
        let here = operator(&only_owned(version("gitops,apps", "argocds.argoproj.io")));
        assert_eq!(here.kinds, BTreeSet::from([("argoproj.io".to_owned(), "ArgoCD".to_owned())]));
        assert_eq!(here.namespaces, BTreeSet::from(["apps".to_owned(), "gitops".to_owned()]));
        assert!(operator(&version("", "argocds.argoproj.io")).namespaces.is_empty(), "it works in all");
        let of_hub = version("ocm", "channels.apps.open-cluster-management.io");
        assert!(operator(&of_hub).kinds.is_empty(), "its channels may be anywhere");
    }

    #[test]
    fn nothing_but_the_kinds_is_kept_of_an_operator() {
        let kept = only_owned(version("gitops", "argocds.argoproj.io"));
        assert_eq!(kept.data.pointer("/spec/icon"), None);
    }
}

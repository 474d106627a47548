//! Secrets and configmaps of the namespaces Hive works in: one watch, of which everything else is dropped on arrival.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::Client;
use kube::core::DynamicObject;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::cluster::list::list;
use crate::cluster::presence::Presence;
use crate::cluster::selection::Selected;
use crate::cluster::watch::{News, follow};

/// Before everything is listed again because one namespace could not be.
const PAUSE: Duration = Duration::from_secs(3);

/// Follows objects in `namespaces`, which may change. A namespace that is added is listed alone.
pub(super) async fn follow_within(
    client: Client,
    selected: Selected,
    mut namespaces: watch::Receiver<BTreeSet<String>>,
    tell: impl Fn(News<DynamicObject>) -> bool,
) {
    loop {
        let here = namespaces.clone();
        let tell_within = |news| within(&here.borrow(), news).is_none_or(&tell);
        tokio::select! {
            () = follow(client.clone(), selected.scope(), Presence::Certain, tell_within) => return,
            () = add_new(&client, selected, &mut namespaces, &tell) => sleep(PAUSE).await,
        }
    }
}

/// Lists namespaces as they are added; returns when that does not work.
async fn add_new(
    client: &Client,
    selected: Selected,
    namespaces: &mut watch::Receiver<BTreeSet<String>>,
    tell: impl Fn(News<DynamicObject>) -> bool,
) {
    let mut known = namespaces.borrow_and_update().clone();
    while namespaces.changed().await.is_ok() {
        let wanted = namespaces.borrow_and_update().clone();
        for namespace in wanted.difference(&known) {
            match list(client, &selected.scope_in(Some(namespace))).await {
                Ok(listed) => listed.items.into_iter().for_each(|object| {
                    tell(News::Set(object));
                }),
                Err(error) => {
                    tell(News::Broken(error));
                    return;
                }
            }
        }
        known = wanted;
    }
    std::future::pending::<()>().await;
}

/// The news without objects of other namespaces; `None` if nothing is left. What goes is told wherever it was.
fn within(namespaces: &BTreeSet<String>, news: News<DynamicObject>) -> Option<News<DynamicObject>> {
    let is_here = |object: &DynamicObject| {
        object.metadata.namespace.as_ref().is_some_and(|namespace| namespaces.contains(namespace))
    };
    match news {
        News::All { mut objects, unreadable, version } => {
            objects.retain(is_here);
            Some(News::All { objects, unreadable, version })
        }
        News::Set(object) => is_here(&object).then_some(News::Set(object)),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(namespace: &str) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"namespace": namespace, "name": "s"}})).unwrap()
    }

    /// S-291: nothing keeps all secrets of a hub
    #[test]
    fn only_the_namespaces_of_hive_are_kept() {
        let namespaces = BTreeSet::from(["c1".to_owned()]);
        let all = News::All {
            objects: vec![secret("c1"), secret("other")],
            unreadable: Vec::new(),
            version: "7".into(),
        };
        let Some(News::All { objects, .. }) = within(&namespaces, all) else { panic!("the list is gone") };
        assert_eq!(objects, [secret("c1")]);
        assert!(within(&namespaces, News::Set(secret("other"))).is_none());
        assert!(within(&namespaces, News::Set(secret("c1"))).is_some());
    }

    /// A namespace may stop being one of Hive's before its secrets go.
    #[test]
    fn what_goes_is_told_wherever_it_was() {
        assert!(within(&BTreeSet::new(), News::Gone(secret("c1"))).is_some());
    }
}

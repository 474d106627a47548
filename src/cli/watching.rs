//! `-w`: looking again whenever the hub changes.

use std::time::Duration;

use kube::Client;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use crate::cluster::list::{Kind, Scope};
use crate::cluster::presence::Presence;
use crate::cluster::watch::{News, follow};
use crate::{api, velero};

/// Changes that come this close together are looked at once.
const TOGETHER: Duration = Duration::from_millis(500);

/// Tells when something on a hub has changed.
pub struct Changes(UnboundedReceiver<()>);

impl Changes {
    /// Begins to watch; `namespace` `None` = all. The first look counts as a change.
    pub fn start(client: &Client, namespace: Option<&str>) -> Self {
        let (send, receive) = unbounded_channel();
        let start = Start { client, namespace, send };
        start.watch::<api::BackupSchedule>();
        start.watch::<api::Restore>();
        start.watch::<velero::Schedule>();
        start.watch::<velero::Backup>();
        start.watch::<velero::Restore>();
        start.watch::<velero::BackupStorageLocation>();
        Self(receive)
    }

    /// Waits for a change; kinds that may not be watched never change.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // Nobody watches any more, so nothing will ever change.
            return std::future::pending().await;
        }
        sleep(TOGETHER).await;
        while self.0.try_recv().is_ok() {}
    }
}

struct Start<'a> {
    client: &'a Client,
    namespace: Option<&'a str>,
    send: UnboundedSender<()>,
}

impl Start<'_> {
    fn watch<K: Kind + Sync>(&self) {
        let (client, namespace) = (self.client.clone(), self.namespace.map(str::to_owned));
        let send = self.send.clone();
        tokio::spawn(async move {
            let tell = move |news: News<K>| match news {
                News::Broken(_) | News::Working => !send.is_closed(),
                _ => send.send(()).is_ok(),
            };
            follow(client, Scope::<K>::of(namespace.as_deref()), Presence::Certain, tell).await;
        });
    }
}

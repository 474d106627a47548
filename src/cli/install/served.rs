//! Whoever runs the next command finds the kinds that `install` brought.

use std::time::Duration;

use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::DynamicObject;

use crate::api::{BackupSchedule, Restore};
use crate::cli::error::{CliError, Result};
use crate::cli::exit::Exit;
use crate::cluster::write::Place;
use crate::cluster::{Class, Error};

/// How long a server may take from accepting a CRD to serving its kind; about a second is usual.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

/// Waits until the server answers for both kinds; just after a CRD was accepted it says there is no such page.
///
/// # Errors
///
/// They are not served within half a minute, or the server cannot be reached.
pub(super) async fn until_served(client: &Client) -> Result<()> {
    for place in [Place::of::<BackupSchedule>("", ""), Place::of::<Restore>("", "")] {
        let kind = &place.resource;
        let waited = tokio::time::timeout(PATIENCE, served(&place.api(client), &kind.plural)).await;
        waited.map_err(|_| {
            let crd = format!("{}.{}", kind.plural, kind.group);
            CliError::new(Exit::TimedOut, format!("crd {crd} is installed, and the server does not serve it"))
                .try_for(format!("kubectl describe crd {crd}"), "says what keeps it from being established")
        })??;
    }
    Ok(())
}

/// Whoever may not list them is told so by the next command, and needs not wait for it.
async fn served(api: &Api<DynamicObject>, kind: &str) -> std::result::Result<(), Error> {
    let mut ticks = tokio::time::interval(POLL);
    loop {
        ticks.tick().await;
        let listed =
            api.list_metadata(&ListParams::default().limit(1)).await.map_err(Error::on("list", kind));
        match listed.map_err(|error| (error.class(), error)) {
            Ok(_) | Err((Class::Forbidden, _)) => return Ok(()),
            // It builds the storage of a kind when first asked, and is busy meanwhile.
            Err((Class::KindMissing | Class::Busy, _)) => {}
            Err((_, error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::cluster::fake::{nothing, refusal, server};

    #[tokio::test]
    async fn a_kind_is_waited_for_until_the_server_has_it() {
        let left = Mutex::new(vec![404, 429, 404]);
        let client = server(move |_| left.lock().unwrap().pop().map_or_else(nothing, refusal));
        until_served(&client).await.unwrap();
    }

    #[tokio::test]
    async fn who_may_not_list_is_not_kept_waiting_and_a_broken_server_is_told() {
        until_served(&server(|_| refusal(403))).await.unwrap();
        until_served(&server(|_| refusal(500))).await.unwrap_err();
    }
}

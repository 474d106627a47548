//! The process that holds the lab of the background.

use anyhow::Result;
use futures::future::try_join_all;
use tokio::signal::unix::{SignalKind, signal};

use super::Wanted;
use super::state::{Running, State};
use crate::crds;
use crate::fill::Fill;
use crate::hub::Hub;
use crate::kubeconfig;
use crate::lab::Lab;
use crate::store::Store;
use crate::users::ADMIN;
use crate::velero::{Velero, VeleroOptions};

/// Starts what is wanted and holds it until it is asked to stop (SIGTERM).
///
/// # Errors
///
/// When something does not start, or another lab runs.
pub async fn serve(wanted: &Wanted) -> Result<()> {
    let state = State::new()?;
    // The lock is held, and the lab told about, as long as this process lives.
    let _lock = state.lock().await?;
    state.write(&Running { pid: std::process::id(), ..Running::default() })?;
    // Away from the terminal: closing that must not stop the hubs.
    let _ = rustix::process::setsid();
    let mut asked_to_stop = signal(SignalKind::terminate())?;
    let work = Lab::run(async |lab| hold(lab, wanted, &state).await);
    tokio::select! {
        result = work => result,
        _ = asked_to_stop.recv() => Ok(()),
    }
}

async fn hold(lab: &Lab, wanted: &Wanted, state: &State) -> Result<()> {
    let mut running =
        Running { pid: std::process::id(), folder: lab.folder().to_owned(), ..Running::default() };
    state.write(&running)?;
    let hubs = try_join_all((1..=wanted.hubs).map(|number| hub(lab, number, wanted))).await?;
    let store = if wanted.no_velero { None } else { Some(lab.store().await?) };
    let _veleros = match &store {
        Some(store) => veleros(&hubs, store).await?,
        None => Vec::new(),
    };
    let entries: Vec<_> = hubs.iter().map(|hub| hub.entry(ADMIN)).collect();
    running.kubeconfig = kubeconfig::write(&state.kubeconfig(), &entries)?;
    running.hubs = hubs.iter().map(|hub| hub.name().to_owned()).collect();
    running.store = store.as_ref().map(Store::url);
    running.ready = true;
    state.write(&running)?;
    std::future::pending().await
}

/// One hub with everything on it but Velero; the first one is filled.
async fn hub(lab: &Lab, number: usize, wanted: &Wanted) -> Result<Hub> {
    let hub = lab.hub(&format!("hub-{number}")).await?;
    hub.install_crds(&crds::all().await?).await?;
    let nothing = Fill::nothing(&format!("00000000-0000-4000-8000-{number:012}"));
    let Wanted { clusters, policies, applications, .. } = *wanted;
    let fill = if number == 1 { Fill { clusters, policies, applications, ..nothing } } else { nothing };
    hub.fill(&fill).await?;
    Ok(hub)
}

async fn veleros(hubs: &[Hub], store: &Store) -> Result<Vec<Velero>> {
    try_join_all(hubs.iter().map(|hub| hub.velero(store, VeleroOptions::default()))).await
}

//! From start to end: wait for the hub, take the lease, work, give it back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::feeds::{Feeds, Item, Reach};
use super::gate;
use super::health::{Endpoints, Health, serve};
use super::pass::Passes;
use super::worker::Worker;
use crate::api::{BackupSchedulePhase, RestorePhase};
use crate::cluster::facts::Reader;
use crate::cluster::lease::{Attempt, Claim, Holder, LeaseOptions};
use crate::cluster::{Class, Connection, Error, clock};
use crate::plan::LoopOptions;

/// What the user chose.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The namespace to work in; `None` = all.
    pub namespace: Option<String>,
    /// Stop as soon as nothing more can be done without waiting.
    pub once: bool,
    /// Log every step and take none.
    pub dry_run: bool,
    /// The lease to hold; `None` = none.
    pub lease: Option<LeaseChoice>,
    /// Where `/metrics` is served; `None` = nowhere.
    pub metrics_address: Option<String>,
    /// Where `/healthz` and `/readyz` are served; `None` = nowhere.
    pub health_address: Option<String>,
    /// Id to use for this hub; `None` = read it.
    pub hub_id: Option<String>,
    /// Choices the planner knows.
    pub planning: LoopOptions,
    /// How long the end may take.
    pub shutdown_grace: Duration,
}

/// Which lease, and what to do while somebody else holds it.
#[derive(Debug, Clone)]
pub struct LeaseChoice {
    /// Its name and times.
    pub options: LeaseOptions,
    /// Stand by instead of refusing.
    pub wait: bool,
}

/// How the loop ended when it ended as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// `--once`: everything is settled. Otherwise: stopped by a signal.
    Settled,
    /// `--once`: some object ended with errors in part.
    EndedInPart,
    /// `--once`: some object ended badly.
    EndedBadly,
}

/// Why the loop could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The server does not serve kinds the loop needs.
    #[error("the server does not know {}", .0.join(", "))]
    KindsMissing(Vec<String>),
    /// Verbs the loop needs are forbidden.
    #[error("not allowed: {}", .0.join(", "))]
    Forbidden(Vec<String>),
    /// Several Velero servers work in one namespace.
    #[error("several Velero servers work in {namespace}: {}", .servers.join(", "))]
    VeleroTwice {
        /// The namespace.
        namespace: String,
        /// Their names.
        servers: Vec<String>,
    },
    /// Somebody else holds the lease.
    #[error("the loop already runs on this hub: {0} holds the lease")]
    LeaseHeld(Holder),
    /// The lease was lost.
    #[error("lost the lease: {}", .0.cause())]
    LeaseLost(Error),
    /// An address cannot be bound.
    #[error("cannot listen on {0}: {1}")]
    Bind(String, std::io::Error),
    /// The server did not answer as it should.
    #[error(transparent)]
    Cluster(#[from] Error),
}

/// Runs the loop until `stop` says so, or with `once` until all is settled.
///
/// # Errors
///
/// It could not start, or lost its lease.
pub async fn run(
    connection: &Connection,
    options: RunOptions,
    mut stop: watch::Receiver<bool>,
) -> Result<End, Problem> {
    let health = Arc::new(Health::default());
    health.set("kinds", Some("not looked for yet".to_owned()));
    listen(&options, &health).await?;
    let (mut feeds, mut inbox) = Feeds::new(connection.client.clone());
    let reach = prepare(connection, &options, (&mut feeds, &mut inbox), (&health, &mut stop)).await?;
    let Some(reach) = reach else { return Ok(End::Settled) };
    let Some(mut held) = Held::take(connection, &options, &health, &mut stop).await? else {
        return Ok(End::Settled);
    };
    feeds.watch_all(&reach);
    let reader = Reader::new(connection.client.clone(), options.hub_id.clone());
    let passes = Passes::new(reader, options.planning.clone(), options.dry_run);
    let mut worker =
        Worker::new(passes, (feeds, inbox), Arc::clone(&health), options.metrics_address.is_some());
    let ended = tokio::select! {
        ended = work(&mut worker, options.once, &mut stop) => ended,
        lost = held.lost() => return Err(Problem::LeaseLost(lost)),
    };
    held.give_back(options.shutdown_grace).await;
    ended?;
    Ok(if options.once { worst(&worker) } else { End::Settled })
}

/// Trouble that a loop which is only waiting outlives.
fn is_passing(error: &Error) -> bool {
    matches!(error.class(), Class::Unreachable | Class::Busy | Class::Timeout)
}

async fn work(worker: &mut Worker, once: bool, stop: &mut watch::Receiver<bool>) -> Result<(), Problem> {
    if once {
        worker.run_once(stop).await?;
    } else {
        worker.run(stop).await;
    }
    Ok(())
}

async fn listen(options: &RunOptions, health: &Arc<Health>) -> Result<(), Problem> {
    let shared = options.metrics_address == options.health_address;
    let servers = [
        (&options.health_address, Endpoints { health: true, metrics: shared }),
        (&options.metrics_address, Endpoints { health: shared, metrics: true }),
    ];
    for (address, has) in servers.into_iter().take(if shared { 1 } else { 2 }) {
        if let Some(address) = address {
            let bound = serve(address, has, Arc::clone(health)).await;
            let bound = bound.map_err(|error| Problem::Bind(address.clone(), error))?;
            tracing::info!("listening on {bound}");
        }
    }
    Ok(())
}

/// Waits until the kinds are served and finds out how far the loop may look; `None` if told to stop.
async fn prepare(
    connection: &Connection,
    options: &RunOptions,
    (feeds, inbox): (&mut Feeds, &mut UnboundedReceiver<Item>),
    (health, stop): (&Health, &mut watch::Receiver<bool>),
) -> Result<Option<Reach>, Problem> {
    let client = &connection.client;
    if gate::may_watch_crds(client).await? {
        feeds.watch_crds();
    }
    let mut told = Vec::new();
    loop {
        let missing = match gate::missing_kinds(client).await {
            Ok(missing) => missing,
            Err(error) if !told.is_empty() && is_passing(&error) => told.clone(),
            Err(error) => return Err(error.into()),
        };
        if missing.is_empty() {
            break;
        }
        let problem = Problem::KindsMissing(missing.clone());
        if options.once {
            return Err(problem);
        }
        health.set("kinds", Some(problem.to_string()));
        if told != missing {
            tracing::warn!("waiting: {problem}");
            told = missing;
        }
        tokio::select! {
            _ = stop.changed() => return Ok(None),
            Some(_) = inbox.recv() => sleep(Duration::from_millis(100)).await,
            () = sleep(gate::LOOK_AGAIN) => {}
        }
        while inbox.try_recv().is_ok() {}
    }
    health.set("kinds", None);
    let crowded = gate::crowded(client, options.namespace.as_deref()).await?;
    if let Some((namespace, servers)) = crowded.filter(|_| !options.dry_run) {
        return Err(Problem::VeleroTwice { namespace, servers });
    }
    match gate::reach(client, options.namespace.clone(), !options.dry_run).await? {
        Ok(reach) => Ok(Some(reach)),
        Err(lacking) => Err(Problem::Forbidden(lacking)),
    }
}

/// The lease while it is ours, kept by a task of its own.
struct Held {
    keeper: Option<JoinHandle<Error>>,
    claim: Option<Claim>,
    health: Arc<Health>,
}

impl Held {
    /// Takes the lease; `None` if told to stop while standing by.
    async fn take(
        connection: &Connection,
        options: &RunOptions,
        health: &Arc<Health>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Self>, Problem> {
        let health = Arc::clone(health);
        let Some(choice) = options.lease.clone().filter(|_| !options.dry_run) else {
            return Ok(Some(Self { keeper: None, claim: None, health }));
        };
        let mut claim = Claim::new(connection.client.clone(), choice.options.clone());
        let mut told = None;
        loop {
            let holder = match claim.attempt().await {
                Ok(Attempt::Theirs(holder)) => holder,
                Ok(_) => break,
                Err(error) if told.is_some() && is_passing(&error) => {
                    tracing::warn!("standing by: {error}");
                    sleep(choice.options.retry_period).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            // A holder that is overdue by its own times has probably died; it is waited for, not refused.
            if !choice.wait && !holder.is_overdue(clock::now()) {
                return Err(Problem::LeaseHeld(holder));
            }
            health.set("lease", Some(format!("{holder} holds it")));
            if told.as_ref() != Some(&holder.identity) {
                tracing::info!("standing by: {holder} holds lease {}", claim.place());
                told = Some(holder.identity);
            }
            tokio::select! {
                _ = stop.changed() => return Ok(None),
                () = sleep(choice.options.retry_period) => {}
            }
        }
        tracing::info!("lease {} held by us", claim.place());
        health.set("lease", None);
        health.metrics.set_lease_held(true);
        let mut keeping = Claim::new(connection.client.clone(), claim.options().clone());
        let keeper = tokio::spawn(async move { keeping.keep().await });
        Ok(Some(Self { keeper: Some(keeper), claim: Some(claim), health }))
    }

    /// Returns once the lease is lost; never without a lease.
    async fn lost(&mut self) -> Error {
        match &mut self.keeper {
            Some(keeper) => {
                let lost = keeper.await;
                self.health.metrics.set_lease_held(false);
                lost.unwrap_or_else(|error| Error::unreadable("lease", error.to_string()))
            }
            None => std::future::pending().await,
        }
    }

    async fn give_back(&mut self, grace: Duration) {
        if let Some(keeper) = self.keeper.take() {
            keeper.abort();
        }
        let Some(claim) = &mut self.claim else { return };
        match timeout(grace, claim.release()).await {
            Ok(Ok(())) => tracing::info!("lease {} given back", claim.place()),
            Ok(Err(error)) => tracing::warn!("{error}"),
            Err(_) => tracing::warn!("lease {} not given back in time", claim.place()),
        }
    }
}

/// The worst end of any object, as `--once` reports it.
fn worst(worker: &Worker) -> End {
    let (schedules, restores) = worker.world.ours();
    let of_schedules = schedules.iter().map(|schedule| match schedule.phase() {
        BackupSchedulePhase::Failed
        | BackupSchedulePhase::FailedValidation
        | BackupSchedulePhase::BackupCollision => End::EndedBadly,
        _ => End::Settled,
    });
    let of_restores = restores.iter().map(|restore| match restore.phase() {
        RestorePhase::Error => End::EndedBadly,
        RestorePhase::FinishedWithErrors | RestorePhase::EnabledWithErrors => End::EndedInPart,
        _ => End::Settled,
    });
    of_schedules.chain(of_restores).max().unwrap_or(End::Settled)
}

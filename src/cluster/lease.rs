//! One active loop per hub: the Lease of upstream's operator, by client-go's rules.
//!
//! A lease counts as expired when it has not changed for its duration *by our own clock*, so clocks that
//! differ between machines do no harm. Writes carry the resourceVersion, so of two only one wins.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, ResourceExt};
use tokio::time::{Instant, sleep, timeout};

use super::clock;
use super::error::{Class, Error};
pub use super::identity::identity;
use super::identity::is_dead;
use super::namespace::DEFAULT_NAMESPACE;
use crate::api::keys::{FIELD_MANAGER, LEASE_NAME};

/// How often a renewal that failed is tried again.
const TROUBLED_PERIOD: Duration = Duration::from_secs(2);

/// Where the lease is on a hub without the operator's namespace: every hub has this one.
pub const WITHOUT_OPERATOR: &str = "kube-system";

/// Which lease, and how it is kept. The defaults are upstream's. Spec: S-020
#[derive(Debug, Clone)]
pub struct LeaseOptions {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The namespace to take where that one does not exist; `None` = that is an error.
    pub or_namespace: Option<&'static str>,
    /// How long others wait for a holder that does not renew.
    pub duration: Duration,
    /// How long the holder tries to renew before it gives up.
    pub renew_deadline: Duration,
    /// How often it is tried.
    pub retry_period: Duration,
    /// Who we are.
    pub identity: String,
}

impl LeaseOptions {
    /// Upstream's lease with upstream's times, where all loops of a hub meet, whatever namespaces they work in.
    pub fn upstream() -> Self {
        Self {
            name: LEASE_NAME.to_owned(),
            namespace: DEFAULT_NAMESPACE.to_owned(),
            or_namespace: Some(WITHOUT_OPERATOR),
            duration: Duration::from_secs(137),
            renew_deadline: Duration::from_secs(107),
            retry_period: Duration::from_secs(26),
            identity: identity(),
        }
    }
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The identity it gave.
    pub identity: String,
    /// When it renewed last, by its own clock.
    pub renewed: Option<Timestamp>,
    /// How long it may go without renewing.
    pub duration: Duration,
}

impl Holder {
    /// True if its own times say that it has not renewed for longer than it may.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.renewed.is_none_or(|renewed| now.duration_since(renewed).unsigned_abs() > self.duration)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identity)
    }
}

/// Who holds the lease of the hub; `None` if nobody does.
///
/// # Errors
///
/// The lease cannot be read.
pub async fn read(client: &Client) -> Result<Option<Holder>, Error> {
    match read_in(client, DEFAULT_NAMESPACE).await? {
        // Who may not look there does not work on such a hub either.
        None => read_in(client, WITHOUT_OPERATOR).await.or_else(|error| match error.class() {
            Class::Forbidden => Ok(None),
            _ => Err(error),
        }),
        held => Ok(held),
    }
}

async fn read_in(client: &Client, namespace: &str) -> Result<Option<Holder>, Error> {
    let api: Api<Lease> = Api::namespaced(client.clone(), namespace);
    let place = format!("lease {namespace}/{LEASE_NAME}");
    let lease = api.get_opt(LEASE_NAME).await.map_err(Error::on("get", place))?;
    Ok(lease.and_then(|lease| holder_of(lease.spec?)))
}

/// Our claim on a lease.
pub struct Claim {
    api: Api<Lease>,
    options: LeaseOptions,
    /// The spec as last seen, and since when it is unchanged.
    seen: Option<(LeaseSpec, Instant)>,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is ours.
    Ours,
    /// It is somebody else's.
    Theirs(Holder),
}

impl Claim {
    /// A claim that has not been tried yet.
    pub fn new(client: Client, options: LeaseOptions) -> Self {
        let api = Api::namespaced(client, &options.namespace);
        Self { api, options, seen: None }
    }

    /// Tries once to take or renew the lease.
    ///
    /// # Errors
    ///
    /// The lease cannot be read or written.
    pub async fn attempt(&mut self) -> Result<Attempt, Error> {
        let name = self.options.name.clone();
        let found = self.api.get_opt(&name).await.map_err(self.failed("get"))?;
        let Some(lease) = found else { return self.create().await };
        let spec = lease.spec.clone().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != spec) {
            self.seen = Some((spec.clone(), Instant::now()));
        }
        match holder_of(spec.clone()) {
            Some(holder) if self.must_respect(&holder) => Ok(Attempt::Theirs(holder)),
            _ => self.replace(lease, spec).await,
        }
    }

    /// Keeps the lease; returns once it is lost.
    pub async fn keep(&mut self) -> Error {
        let mut renewed = Instant::now();
        let mut told = false;
        loop {
            let pause = self.options.retry_period;
            sleep(if told { pause.min(TROUBLED_PERIOD) } else { pause }).await;
            let left = self.options.renew_deadline.saturating_sub(renewed.elapsed());
            let problem = match timeout(left.min(self.options.retry_period), self.attempt()).await {
                Ok(Ok(Attempt::Ours)) => None,
                Ok(Ok(Attempt::Theirs(holder))) => return self.lost(format!("{holder} holds it now")),
                Ok(Err(error)) => Some(error.cause()),
                Err(_) => Some("no answer in time".to_owned()),
            };
            match &problem {
                Some(problem) if renewed.elapsed() >= self.options.renew_deadline => {
                    return self.lost(problem.clone());
                }
                Some(problem) if !told => tracing::warn!("cannot renew lease {}: {problem}", self.place()),
                Some(_) => {}
                None => renewed = Instant::now(),
            }
            told = problem.is_some();
        }
    }

    /// Gives the lease back, so that the next holder need not wait. Does nothing if it is not ours.
    ///
    /// # Errors
    ///
    /// The lease cannot be read or written.
    pub async fn release(&mut self) -> Result<(), Error> {
        let name = self.options.name.clone();
        let Some(mut lease) = self.api.get_opt(&name).await.map_err(self.failed("get"))? else {
            return Ok(());
        };
        let spec = lease.spec.take().unwrap_or_default();
        if spec.holder_identity.as_deref() != Some(&self.options.identity) {
            return Ok(());
        }
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            renew_time: Some(MicroTime(clock::now())),
            ..spec
        });
        self.api.replace(&name, &post(), &lease).await.map_err(self.failed("release"))?;
        Ok(())
    }

    /// The lease, as messages name it.
    pub fn place(&self) -> String {
        format!("{}/{}", self.options.namespace, self.options.name)
    }

    /// The times and names it was made with.
    pub fn options(&self) -> &LeaseOptions {
        &self.options
    }

    async fn create(&mut self) -> Result<Attempt, Error> {
        let metadata = ObjectMeta {
            name: Some(self.options.name.clone()),
            namespace: Some(self.options.namespace.clone()),
            ..ObjectMeta::default()
        };
        let lease = Lease { metadata, spec: Some(self.spec(&LeaseSpec::default())) };
        match self.api.create(&post(), &lease).await.map_err(self.failed("create")) {
            Ok(lease) => Ok(self.taken(lease)),
            Err(error) if error.class() == Class::AlreadyExists => self.somebody().await,
            Err(error) if error.class() == Class::NotFound => match self.options.or_namespace.take() {
                Some(namespace) => {
                    self.api = Api::namespaced(self.api.clone().into_client(), namespace);
                    self.options.namespace = namespace.to_owned();
                    Box::pin(self.attempt()).await
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn replace(&mut self, lease: Lease, spec: LeaseSpec) -> Result<Attempt, Error> {
        let next = Lease { spec: Some(self.spec(&spec)), ..lease };
        match self.api.replace(&next.name_any(), &post(), &next).await.map_err(self.failed("update")) {
            Ok(lease) => Ok(self.taken(lease)),
            Err(error) if error.class() == Class::Conflict => self.somebody().await,
            Err(error) => Err(error),
        }
    }

    /// Somebody was faster: who.
    async fn somebody(&mut self) -> Result<Attempt, Error> {
        let lease = self.api.get(&self.options.name).await.map_err(self.failed("get"))?;
        let unknown = Holder { identity: "somebody".into(), renewed: None, duration: self.options.duration };
        let holder = lease.spec.and_then(holder_of).unwrap_or(unknown);
        Ok(if holder.identity == self.options.identity { Attempt::Ours } else { Attempt::Theirs(holder) })
    }

    fn taken(&mut self, lease: Lease) -> Attempt {
        self.seen = Some((lease.spec.unwrap_or_default(), Instant::now()));
        Attempt::Ours
    }

    fn must_respect(&self, holder: &Holder) -> bool {
        let is_expired = self.seen.as_ref().is_some_and(|(_, since)| since.elapsed() >= holder.duration);
        holder.identity != self.options.identity && !is_expired && !is_dead(&holder.identity)
    }

    fn spec(&self, before: &LeaseSpec) -> LeaseSpec {
        let now = Some(MicroTime(clock::now()));
        let is_ours = before.holder_identity.as_deref() == Some(&self.options.identity);
        let transitions = before.lease_transitions.unwrap_or(0);
        LeaseSpec {
            holder_identity: Some(self.options.identity.clone()),
            lease_duration_seconds: Some(i32::try_from(self.options.duration.as_secs()).unwrap_or(i32::MAX)),
            acquire_time: if is_ours { before.acquire_time.clone() } else { now.clone() },
            renew_time: now,
            lease_transitions: Some(if is_ours || before.holder_identity.is_none() {
                transitions
            } else {
                transitions + 1
            }),
            ..before.clone()
        }
    }

    fn lost(&self, why: String) -> Error {
        Error::unreadable(format!("lease {}", self.place()), why)
    }

    fn failed(&self, verb: &'static str) -> impl FnOnce(kube::Error) -> Error + use<> {
        Error::on(verb, format!("lease {}", self.place()))
    }
}

fn post() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

fn holder_of(spec: LeaseSpec) -> Option<Holder> {
    let seconds = spec.lease_duration_seconds.unwrap_or(0).max(1);
    Some(Holder {
        identity: spec.holder_identity.filter(|identity| !identity.is_empty())?,
        renewed: spec.renew_time.map(|time| time.0),
        duration: Duration::from_secs(u64::try_from(seconds).unwrap_or(1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-020: the two can never act on one hub together
    #[test]
    fn the_lease_and_its_times_are_the_operators() {
        let LeaseOptions { name, duration, renew_deadline, retry_period, .. } = LeaseOptions::upstream();
        assert_eq!(name, "58497677.cluster.management.io");
        assert_eq!([duration, renew_deadline, retry_period].map(|time| time.as_secs()), [137, 107, 26]);
    }

    #[test]
    fn a_released_lease_has_no_holder() {
        let spec = LeaseSpec { holder_identity: Some(String::new()), ..LeaseSpec::default() };
        assert_eq!(holder_of(spec), None);
    }

    #[test]
    fn a_holder_is_overdue_only_after_its_own_duration() {
        let renewed: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let duration = Duration::from_secs(137);
        let holder = Holder { identity: "a".into(), renewed: Some(renewed), duration };
        assert!(!holder.is_overdue("2026-11-22T10:02:17Z".parse().unwrap()));
        assert!(holder.is_overdue("2026-11-22T10:02:18Z".parse().unwrap()));
    }
}

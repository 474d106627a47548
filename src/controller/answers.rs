//! Answers the planner's questions from the watches, and from the server where no watch tells.

use std::time::Duration;

use tokio::time::Instant;

use super::others::Known;
use super::world::World;
use crate::cluster::facts::{Reader, credentials_of, tokens_of};
use crate::cluster::observe::MAX_QUESTIONS;
use crate::cluster::{Error, clock};
use crate::plan::{self, Decision, HubSnapshot, OnRequest, Plan, Query};

/// What the server serves is read again when it is older than this and asked for.
const SERVED_TTL: Duration = Duration::from_secs(60);
/// The same while discovery may lag behind: passes may follow each other closely.
const UNSETTLED_TTL: Duration = Duration::from_secs(1);
/// How long discovery may tell the old kinds after a CRD has changed.
const DISCOVERY_LAG: Duration = Duration::from_secs(5);

/// Answers questions, and remembers what the server serves.
pub(super) struct Answers {
    /// Reads what is not watched.
    pub(super) reader: Reader,
    served: Option<Served>,
    crds_changed: Option<Instant>,
}

/// What the server served.
struct Served {
    facts: OnRequest,
    read: Instant,
    /// Discovery could not lag behind any more.
    is_settled: bool,
}

impl Served {
    /// What was read while discovery could lag behind is of no use afterwards.
    fn is_good(&self, is_settled: bool) -> bool {
        let ttl = if self.is_settled { SERVED_TTL } else { UNSETTLED_TTL };
        self.is_settled == is_settled && self.read.elapsed() <= ttl
    }
}

impl Answers {
    /// Nothing known yet.
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, served: None, crds_changed: None }
    }

    /// What the server serves has changed.
    pub(super) fn forget_served(&mut self) {
        self.served = None;
        self.crds_changed = Some(Instant::now());
    }

    /// Time until discovery has certainly caught up with the last change of a CRD; `None` once it has.
    pub(super) fn settling(&self) -> Option<Duration> {
        let left = DISCOVERY_LAG.saturating_sub(self.crds_changed?.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// Plans for a snapshot; `None` while the first list of something it asks for is on its way.
    ///
    /// # Errors
    ///
    /// Any read that fails, or a planner that keeps asking.
    pub(super) async fn decide(
        &mut self,
        world: &World,
        mut hub: HubSnapshot,
    ) -> Result<Option<(HubSnapshot, Plan)>, Error> {
        let now = clock::now();
        for _ in 0..=MAX_QUESTIONS {
            let queries = match plan::plan(&hub, now) {
                Decision::Do(plan) => return Ok(Some((hub, plan))),
                Decision::NeedMore(queries) => queries,
            };
            for query in queries {
                let Some(facts) = self.answer(world, &hub.subject.namespace, &query).await? else {
                    return Ok(None);
                };
                hub.on_request.fill(facts);
            }
        }
        Err(Error::unreadable(hub.subject.to_string(), "the planner asked too often"))
    }

    async fn answer(
        &mut self,
        world: &World,
        namespace: &str,
        query: &Query,
    ) -> Result<Option<OnRequest>, Error> {
        if *query == Query::Served {
            return self.served(namespace).await.map(Some);
        }
        match (world.lists(query), query) {
            (Known::NotYet, _) => Ok(None),
            (Known::All(lists), Query::Hub) => self.reader.hub_of(lists).await.map(Some),
            (Known::All(lists), Query::Tokens | Query::TokensLeft) => {
                Ok(Some(tokens_of(lists, world.wanting_tokens())))
            }
            (Known::All(lists), Query::Credentials) => Ok(Some(credentials_of(lists))),
            _ => self.reader.answer_one(namespace, query).await.map(Some),
        }
    }

    /// Read again when it is too old.
    async fn served(&mut self, namespace: &str) -> Result<OnRequest, Error> {
        let is_settled = self.settling().is_none();
        if let Some(known) = self.served.as_ref().filter(|known| known.is_good(is_settled)) {
            return Ok(known.facts.clone());
        }
        let read = Instant::now();
        let facts = self.reader.answer_one(namespace, &Query::Served).await?;
        self.served = Some(Served { facts: facts.clone(), read, is_settled });
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(age: Duration, is_settled: bool) -> Served {
        Served { facts: OnRequest::default(), read: Instant::now() - age, is_settled }
    }

    /// S-079: a kind that came a moment ago is not missed for a minute
    #[tokio::test]
    async fn what_was_read_while_discovery_lagged_is_not_believed_afterwards() {
        let (moment, while_) = (Duration::from_millis(100), Duration::from_secs(2));
        assert!(read(moment, false).is_good(false) && !read(moment, false).is_good(true));
        assert!(!read(while_, false).is_good(false));
        assert!(read(while_, true).is_good(true));
        assert!(!read(while_, true).is_good(false), "a CRD has changed since");
        assert!(!read(Duration::from_secs(61), true).is_good(true));
    }
}

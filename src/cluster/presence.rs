//! Whether a kind that a hub may lack is there.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How often a kind is tried again whose CRD cannot be seen, or is there and yet not served. Spec: R-102
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Names of the CRDs that are there; `None` while they are not known.
pub type Crds = Option<BTreeSet<String>>;

/// Whether a kind is there, as far as the CRDs tell.
#[derive(Debug, Clone)]
pub enum Presence {
    /// The server always serves it; if it does not, that is a failure.
    Certain,
    /// It is there if its CRD is.
    Optional {
        /// `plural.group`, the name of its CRD.
        crd: String,
        /// The CRDs as a watch tells of them.
        crds: watch::Receiver<Crds>,
        /// How long to wait before the next try.
        pause: Duration,
    },
}

impl Presence {
    /// Of a kind that is there if `crd` is among `crds`.
    pub fn optional(crd: &str, crds: watch::Receiver<Crds>) -> Self {
        Self::Optional { crd: crd.to_owned(), crds, pause: FIRST_PAUSE }
    }

    /// True if the absence of the kind is a failure.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self, Self::Certain)
    }

    /// Returns once the CRD is known not to be there.
    pub(super) async fn ended(&mut self) {
        let Self::Optional { crd, crds, .. } = self else { return std::future::pending().await };
        let is_gone = |crds: &Crds| crds.as_ref().is_some_and(|crds| !crds.contains(crd));
        if crds.wait_for(is_gone).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns once it is worth a try: the CRD came, or time has passed where CRDs do not tell.
    pub(super) async fn worth_a_try(&mut self) {
        let Self::Optional { crd, crds, pause } = self else { return };
        let is_gone = |crds: &Crds| crds.as_ref().is_some_and(|crds| !crds.contains(crd));
        if is_gone(&crds.borrow()) {
            *pause = FIRST_PAUSE;
            if crds.wait_for(|crds| !is_gone(crds)).await.is_err() {
                std::future::pending::<()>().await;
            }
            return;
        }
        // Discovery lags behind a new CRD for a moment; a CRD may also lack the version that is asked for.
        sleep(*pause).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn known(names: &[&str]) -> Crds {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// S-132: a kind that is not there is waited for without asking, and its end is noticed
    #[tokio::test]
    async fn an_optional_kind_comes_and_goes_with_its_crd() {
        let (crds, receiver) = watch::channel(known(&[]));
        let mut presence = Presence::optional("channels.apps", receiver);
        assert!(presence.worth_a_try().now_or_never().is_none());
        assert!(presence.ended().now_or_never().is_some());
        crds.send_replace(known(&["channels.apps"]));
        assert!(presence.worth_a_try().now_or_never().is_none(), "served a moment after the CRD is there");
        assert!(presence.ended().now_or_never().is_none());
        crds.send_replace(known(&["another"]));
        assert!(presence.ended().now_or_never().is_some());
    }

    /// S-132: without leave to see CRDs the kind is tried anyway
    #[test]
    fn unknown_crds_end_nothing() {
        let (_crds, receiver) = watch::channel(None);
        assert!(Presence::optional("channels.apps", receiver).ended().now_or_never().is_none());
        assert!(Presence::Certain.ended().now_or_never().is_none());
    }
}

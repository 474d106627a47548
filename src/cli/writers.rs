//! Which hub wrote the backups, and whether it still seems to be at work.

use jiff::Timestamp;

use super::session::Hub;
use crate::api::keys::HUB_ID_UNKNOWN;
use crate::cluster::facts::id_of_hub;
use crate::plan::latest::Candidates;
use crate::plan::runs::Runs;
use crate::plan::writers::Writer;
use crate::render::hub_id::ShortIds;
use crate::render::{Style, age};

/// Another hub that wrote a run not long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherHub {
    /// Its id, shortened if that tells it from ours.
    pub hub: String,
    /// The newest run it wrote.
    pub run: String,
    /// When.
    pub started: Timestamp,
}

impl OtherHub {
    /// What a person should know about it.
    pub fn sentence(&self, style: &Style) -> String {
        let (hub, run) = (&self.hub, &self.run);
        format!("hub {hub} wrote run {run} {} ago and may still be alive", age::age(self.started, style.now))
    }
}

/// The other hubs that seem to be alive, of `chosen` and the one that wrote the newest run.
///
/// Hubs without an id cannot be told apart.
pub fn at_work(candidates: &Candidates<'_>, chosen: &[&str], our_id: &str, now: Timestamp) -> Vec<OtherHub> {
    let writers = Writer::all(candidates, &Runs::of(candidates)).into_iter().enumerate();
    let asked_about = writers.filter(|(i, writer)| *i == 0 || chosen.contains(&writer.hub.as_str()));
    let others = asked_about
        .map(|(_, writer)| writer)
        .filter(|writer| writer.hub != our_id && writer.hub != HUB_ID_UNKNOWN && writer.seems_alive(now));
    others
        .map(|writer| OtherHub {
            hub: ShortIds::of([writer.hub.as_str(), our_id]).show(&writer.hub),
            run: writer.newest.id,
            started: writer.newest.started,
        })
        .collect()
}

/// This hub's id; `None` where it cannot be read, which must not keep anybody from restoring.
pub async fn id_of(hub: &Hub) -> Option<String> {
    let id = id_of_hub(hub.client(), None).await;
    id.inspect_err(|error| tracing::info!("the hub's id is not known: {error}")).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::keys;
    use crate::velero::Backup;

    fn backup(name: &str, hub: &str, ttl: &str) -> Backup {
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "acm", "labels": {keys::BACKUP_CLUSTER: hub}},
            "spec": {"ttl": ttl}, "status": {"phase": "Completed"},
        }))
        .unwrap()
    }

    fn found(backups: &[Backup], chosen: &[&str], now: &str) -> Vec<String> {
        let candidates = Candidates::in_namespace(backups, "acm");
        let others = at_work(&candidates, chosen, "west", now.parse().unwrap());
        others.into_iter().map(|other| format!("{} {}", other.hub, other.run)).collect()
    }

    #[test]
    fn a_run_by_hand_does_not_hide_a_hub_that_is_alive() {
        let backups = [
            backup("acm-validation-policy-schedule-20261122100004", "east", "2h5m0s"),
            backup("acm-resources-schedule-20261122100004", "east", "120h0m0s"),
            backup("acm-resources-schedule-20261122100504", "east", "120h0m0s"),
        ];
        assert_eq!(found(&backups, &[], "2026-11-22T11:00:00Z"), ["east 20261122100504"]);
        assert_eq!(found(&backups, &[], "2026-11-22T14:10:00Z"), [""; 0]);
    }

    #[test]
    fn the_writer_of_what_is_restored_matters_besides_that_of_the_newest_run() {
        let backups = [
            backup("acm-resources-schedule-20261122100004", "east", ""),
            backup("acm-resources-schedule-20261122100504", "west", ""),
        ];
        assert_eq!(found(&backups, &[], "2026-11-22T11:00:00Z"), [""; 0], "the newest run is ours");
        assert_eq!(found(&backups, &["east"], "2026-11-22T11:00:00Z"), ["east 20261122100004"]);
        let nameless = [backup("acm-resources-schedule-20261122100004", HUB_ID_UNKNOWN, "")];
        assert_eq!(found(&nameless, &[], "2026-11-22T11:00:00Z"), [""; 0]);
    }
}

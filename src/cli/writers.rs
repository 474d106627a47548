//! Which hub wrote the backups, and whether it still seems to be at work.

use jiff::Timestamp;

use super::error::Result;
use super::session::Hub;
use crate::api::keys::HUB_ID_UNKNOWN;
use crate::cluster::facts::id_of_hub;
use crate::cluster::list::items;
use crate::cluster::observe::backups_only;
use crate::plan::latest::Candidates;
use crate::plan::runs::{Run, Runs};
use crate::render::hub_id::ShortIds;
use crate::render::{Style, age};
use crate::velero;
use crate::wire::{Cron, GoDuration};

/// Silence after which a hub counts as gone, if its schedule is not known here.
const DEFAULT_PERIOD_SECONDS: i64 = 2 * 3600;

/// Another hub that wrote the newest run not long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherHub {
    /// Its id, shortened if that tells it from ours.
    pub hub: String,
    /// The run it wrote.
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

/// The other hub that wrote the newest run within two periods; `None` without one, or if our own id cannot be read.
///
/// # Errors
///
/// The backups cannot be read.
pub async fn other_hub_at_work(hub: &Hub, now: Timestamp) -> Result<Option<OtherHub>> {
    let backups = backups_only(hub.client(), hub.namespace()).await?;
    let schedules: Vec<velero::Schedule> = items(hub.client(), Some(hub.namespace())).await?;
    let Some(id) = id_of(hub).await else { return Ok(None) };
    let runs = Runs::of(&Candidates::in_namespace(&backups, hub.namespace()));
    let period = period_of(schedules.first().map(|schedule| schedule.spec.schedule.as_str()), &runs, now);
    Ok(at_work(runs.iter().next(), &id, now, period))
}

/// Whether `newest` tells of another hub that is at work. Hubs without an id cannot be told apart.
pub fn at_work(newest: Option<&Run>, our_id: &str, now: Timestamp, period: i64) -> Option<OtherHub> {
    let run = newest?;
    let hub = run.hub.clone().filter(|hub| hub != our_id && hub != HUB_ID_UNKNOWN)?;
    let short = ShortIds::of([hub.as_str(), our_id]).show(&hub);
    let silent = now.as_second() - run.started.as_second();
    (silent <= 2 * period).then(|| OtherHub { hub: short, run: run.id.clone(), started: run.started })
}

/// Seconds between runs: by the schedule if one is known, else as the last two runs lie apart.
pub fn period_of(cron: Option<&str>, runs: &Runs, now: Timestamp) -> i64 {
    let by_cron = cron.and_then(|text| Cron::parse(text).ok()).and_then(|cron| cron.period(now));
    let mut starts = runs.iter().map(|run| run.started.as_second());
    let by_runs = match (starts.next(), starts.next()) {
        (Some(newest), Some(before)) => Some(newest - before).filter(|seconds| *seconds > 0),
        _ => None,
    };
    by_cron.map(GoDuration::as_secs).or(by_runs).unwrap_or(DEFAULT_PERIOD_SECONDS)
}

/// This hub's id; `None` where it cannot be read, which must not keep anybody from restoring.
pub async fn id_of(hub: &Hub) -> Option<String> {
    let id = id_of_hub(hub.client(), None).await;
    id.inspect_err(|error| tracing::info!("the hub's id is not known: {error}")).ok()
}

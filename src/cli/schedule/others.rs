//! What a person has to know of other hubs before this one makes backups.

use crate::api;
use crate::cli::error::Result;
use crate::cli::question::Severity;
use crate::cli::session::{Hub, Session};
use crate::cli::writers;
use crate::cli::writing::Matter;
use crate::cluster::list::{items, items_everywhere};
use crate::plan::latest::Candidates;
use crate::plan::{HubSnapshot, VeleroState, collision, schedule};
use crate::render::Mark;
use crate::render::collision::sentence;
use crate::render::hub_id::ShortIds;

/// The hub as far as the rules about collisions look at it.
pub(super) struct Others<'a> {
    session: &'a Session,
    hub: &'a Hub,
    snapshot: HubSnapshot,
}

impl<'a> Others<'a> {
    /// Reads who wrote and who restored; `old` is the schedule that is there.
    ///
    /// # Errors
    ///
    /// The backups or Velero's schedules cannot be read.
    pub(super) async fn read(
        (hub, session): (&'a Hub, &'a Session),
        old: Option<&api::BackupSchedule>,
    ) -> Result<Self> {
        let (client, namespace) = (hub.client(), hub.namespace());
        let (schedules, backups, id) = tokio::join!(
            items(client, Some(namespace)),
            items_everywhere(client, namespace),
            writers::id_of(hub),
        );
        let velero = VeleroState { schedules: schedules?, backups: backups?, ..VeleroState::default() };
        let snapshot = HubSnapshot::of_writers(namespace, old, velero, id);
        Ok(Self { session, hub, snapshot })
    }

    fn id(&self) -> &str {
        self.snapshot.on_request.hub.as_ref().map(|hub| hub.hub_id.as_str()).unwrap_or_default()
    }

    /// This hub in a sentence beside `other`.
    fn named_beside(&self, other: &str) -> String {
        let id = ShortIds::of([self.id(), other]).show(self.id());
        format!("hub {id} ({})", self.hub.connection.context)
    }

    /// The question before the schedule goes on; `None` if no other hub keeps it from that. A hub whose id is not known
    /// is asked nothing.
    pub(super) fn on_resuming(&self) -> Option<Matter> {
        let collision = schedule::collision(&self.snapshot, self.session.now()).ok().flatten()?;
        let other = match &collision {
            collision::Collision::ForeignBackup { theirs, .. } => theirs,
            collision::Collision::Restored { by, .. } => by,
        };
        let (name, here) = (&self.snapshot.subject.name, self.named_beside(other));
        let consequence = format!("end {name} of {here} in BackupCollision, for good");
        let noted = self.session.marked(Mark::Attention, &sentence(&collision, self.id()));
        let way_out = self.session.command("schedule --recreate --paused=false");
        let summary = format!(
            "{noted}This will {consequence}.\nIf this hub must write the backups from now on: {way_out}\n"
        );
        Some(Matter { severity: Severity::Ordinary, consequence, summary })
    }

    /// What a person has to know before new schedules are made, and what comes of them; `None` if no other hub minds.
    pub(super) fn on_making(&self) -> Option<(String, String)> {
        let taken = collision::taken(&self.snapshot);
        let candidates = Candidates::in_namespace(&self.snapshot.velero.backups, self.hub.namespace());
        let writer = (!self.id().is_empty())
            .then(|| writers::at_work(&candidates, &[], self.id(), self.session.now()).pop())
            .flatten();
        let told = taken.iter().map(|taken| sentence(taken, self.id()));
        let told = told.chain(writer.iter().map(|writer| writer.sentence(&self.session.err())));
        let noted = told.map(|text| self.session.marked(Mark::Attention, &text)).collect();
        let consequence = match (writer, taken) {
            (Some(writer), _) => {
                let (here, there) = (self.named_beside(&writer.hub), &writer.hub);
                format!("make {here} write, and throw hub {there} into BackupCollision")
            }
            (None, Some(collision::Collision::Restored { by, .. })) => {
                let there = ShortIds::of([self.id(), &by]).show(&by);
                format!("make {} write, while hub {there} has the managed clusters", self.named_beside(&by))
            }
            (None, _) => return None,
        };
        Some((noted, consequence))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;
    use crate::api::keys;
    use crate::cluster::namespace::{Found, Reason};
    use crate::cluster::{Connection, fake};

    const OWNER: &str = "cluster.open-cluster-management.io/v1beta1";

    /// East's schedule of ten o'clock; west took the clusters at eleven.
    fn server(with_record: bool) -> kube::Client {
        let list = |items: Vec<Value>| (200, json!({"metadata": {}, "items": items}).to_string());
        let velero = json!({
            "metadata": {
                "name": "acm-resources-schedule", "namespace": "acm", "creationTimestamp": "2026-11-22T10:00:00Z",
                "labels": {keys::BACKUP_CLUSTER: "east", "cluster.open-cluster-management.io/backup-schedule-name": "s"},
                "ownerReferences": [
                    {"apiVersion": OWNER, "kind": "BackupSchedule", "name": "s", "uid": "u", "controller": true}],
            },
            "spec": {"schedule": "0 */2 * * *"},
        });
        let record = json!({
            "metadata": {
                "name": "acm-restore-clusters-20261122110000", "namespace": "acm",
                "labels": {keys::RESTORE_CLUSTER: "west"}},
            "spec": {}, "status": {"phase": "Completed"},
        });
        fake::server(move |request| match request.uri().path() {
            path if path.ends_with("/schedules") => list(vec![velero.clone()]),
            path if path.ends_with("/backups") => {
                list(with_record.then(|| record.clone()).into_iter().collect())
            }
            path if path.ends_with("/clusterversions") => {
                list(vec![json!({"metadata": {"name": "version"}, "spec": {"clusterID": "east"}})])
            }
            _ => fake::nothing(),
        })
    }

    async fn asked(with_record: bool) -> (Option<Matter>, Option<(String, String)>) {
        let found = Found { namespace: "acm".to_owned(), reason: Reason::InUse };
        let connection = Connection {
            client: server(with_record),
            context: "hub-east".to_owned(),
            server: String::new(),
            context_namespace: None,
        };
        let hub = Hub { connection, found };
        let cli = crate::cli::Cli::try_parse_from(["kubectl-acmbackup", "resume"]).unwrap();
        let session = Session::new(cli.globals).at("2026-11-22T12:00:00Z".parse().ok());
        let old = json!({
            "metadata": {"name": "s", "uid": "u"}, "spec": {"paused": true}, "status": {"phase": "Paused"}});
        let old = serde_json::from_value(old).unwrap();
        let others = Others::read((&hub, &session), Some(&old)).await.unwrap();
        (others.on_resuming(), others.on_making())
    }

    /// S-115
    #[tokio::test]
    async fn the_hub_that_took_the_clusters_is_named_before_this_one_writes_again() {
        let (resuming, making) = asked(true).await;
        let resuming = resuming.unwrap();
        let activated =
            "hub west activated the managed clusters, as acm-restore-clusters-20261122110000 says";
        assert!(resuming.summary.contains(activated), "{}", resuming.summary);
        assert_eq!(resuming.consequence, "end s of hub east (hub-east) in BackupCollision, for good");
        let (noted, consequence) = making.unwrap();
        assert!(noted.contains(activated), "{noted}");
        assert_eq!(consequence, "make hub east (hub-east) write, while hub west has the managed clusters");
        let nobody = asked(false).await;
        assert!(nobody.0.is_none() && nobody.1.is_none(), "{nobody:?}");
    }
}

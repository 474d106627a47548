//! What `doctor` reads: everything at once, each part for itself, so that one failure hides no other.

use std::collections::BTreeSet;

use tokio::time::Instant;

use crate::cli::session::Session;
use crate::cluster::job::{self, Job};
use crate::cluster::list::items;
use crate::cluster::{self, Class, Connection, facts, inventory, lease, namespace};
use crate::render::doctor::{
    Crd, Fact, InstalledHub, Lease, MissingVerb, Observed, PermissionAnswer, Reach, Restarts, Unknown,
    VeleroFacts,
};
use crate::velero::BackupStorageLocation;

type Read<T> = Result<T, cluster::Error>;

/// Reads everything; never fails, because what cannot be read is an answer too.
pub(super) async fn observe(session: &Session, jobs: &[Job]) -> Observed {
    let nothing = nothing_read();
    let connection = match session.connect().await {
        Ok(connection) => connection,
        Err(error) => {
            let why = Unknown::Failed(error.message);
            return Observed { reach: Fact { known: Err(why), seconds: 0.0 }, ..nothing };
        }
    };
    let reach = timed(inventory::reach(&connection.client)).await;
    let known = reach.known.map(|(version, ahead)| Reach { version, ahead });
    let reach = Fact { known, seconds: reach.seconds };
    let reached = reach.known.is_ok();
    let start =
        Observed { context: connection.context.clone(), server: connection.server.clone(), reach, ..nothing };
    if reached { Reader { session, connection: &connection }.hub(start, jobs).await } else { start }
}

/// Nobody tried to read anything yet.
fn nothing_read() -> Observed {
    Observed {
        context: String::new(),
        server: String::new(),
        reach: Fact::not_tried(),
        namespace: Err(("", String::new())),
        exists: Fact::not_tried(),
        permissions: Fact::not_tried(),
        hub_id: Fact::not_tried(),
        installed: Fact::not_tried(),
        crds: Fact::not_tried(),
        velero: VeleroFacts {
            servers: Fact::not_tried(),
            restarts: Fact::not_tried(),
            oadp: Fact::not_tried(),
            clusters: Fact::not_tried(),
            kinds: Fact::not_tried(),
        },
        locations: Fact::not_tried(),
        secrets: Fact::not_tried(),
        lease: Fact::not_tried(),
        schedules: Fact::not_tried(),
        restores: Fact::not_tried(),
        velero_schedules: Fact::not_tried(),
        backups: Fact::not_tried(),
    }
}

struct Reader<'a> {
    session: &'a Session,
    connection: &'a Connection,
}

impl Reader<'_> {
    async fn hub(&self, start: Observed, jobs: &[Job]) -> Observed {
        let client = &self.connection.client;
        let namespace = self.namespace().await;
        let (hub_id, installed, crds, kinds, oadp, clusters) = tokio::join!(
            timed(facts::id_of_hub(client, None)),
            timed(self.installed()),
            timed(inventory::crds(client)),
            timed(inventory::kinds_of(client, "velero.io/v1")),
            timed(inventory::oadp_versions(client)),
            timed(inventory::managed_clusters(client)),
        );
        let velero = VeleroFacts { oadp, clusters, kinds, ..start.velero };
        let observed = Observed { hub_id, installed, crds: converted(crds), velero, namespace, ..start };
        match observed.namespace.as_ref().map(|(name, _)| name.clone()) {
            Ok(name) => self.namespaced(observed, &name, jobs).await,
            Err(_) => observed,
        }
    }

    async fn namespace(&self) -> Result<(String, String), (&'static str, String)> {
        let explicit = self.session.globals.namespace.as_deref().filter(|name| !name.is_empty());
        match namespace::find(self.connection, explicit).await {
            Ok(found) => Ok((found.namespace, found.reason.to_string())),
            Err(namespace::NamespaceProblem::None | namespace::NamespaceProblem::NoVelero) => {
                let found = namespace::default_for_nothing();
                Ok((found.namespace, found.reason.to_string()))
            }
            Err(problem) => {
                let error = self.session.no_namespace(problem);
                Err((error.problem.unwrap_or("namespace-not-found"), error.message))
            }
        }
    }

    async fn namespaced(&self, start: Observed, name: &str, jobs: &[Job]) -> Observed {
        let (client, here) = (&self.connection.client, Some(name));
        let (exists, permissions, servers, locations, lease, schedules, restores, velero_schedules, backups) = tokio::join!(
            timed(namespace::exists(client, name)),
            timed(self.permissions(jobs, name)),
            timed(inventory::velero_servers(client, name)),
            timed(items::<BackupStorageLocation>(client, here)),
            timed(self.lease(name)),
            timed(items(client, here)),
            timed(items(client, here)),
            timed(items(client, here)),
            timed(items(client, here)),
        );
        let (restarts, secrets) = tokio::join!(
            timed(self.restarts(name, &servers)),
            timed(inventory::secrets_exist(client, name, secret_names(&locations))),
        );
        let velero = VeleroFacts { servers, restarts, ..start.velero };
        Observed {
            exists,
            permissions,
            velero,
            locations,
            secrets,
            lease,
            schedules,
            restores,
            velero_schedules,
            backups,
            ..start
        }
    }

    async fn installed(&self) -> Read<InstalledHub> {
        let client = &self.connection.client;
        let hub = ["operator.open-cluster-management.io", "v1", "MultiClusterHub"];
        let engine = ["multicluster.openshift.io", "v1", "MultiClusterEngine"];
        let (cluster_backup, service_account) = futures::try_join!(
            inventory::component(client, hub, &["cluster-backup"]),
            inventory::component(client, engine, &["managedserviceaccount", "managedserviceaccount-preview"]),
        )?;
        Ok(InstalledHub { cluster_backup, service_account })
    }

    async fn permissions(&self, jobs: &[Job], namespace: &str) -> Read<PermissionAnswer> {
        let verbs = job::verbs(jobs);
        let missing = job::missing(&self.connection.client, &verbs, namespace).await?;
        let missing = missing.into_iter().map(|verb| MissingVerb {
            group: verb.group.to_owned(),
            resource: verb.resource.to_owned(),
            verb: verb.verb.to_owned(),
            everywhere: verb.everywhere,
        });
        Ok(PermissionAnswer { asked: verbs.len(), jobs: enumerate(jobs), missing: missing.collect() })
    }

    async fn lease(&self, namespace: &str) -> Read<Option<Lease>> {
        let client = &self.connection.client;
        let Some(held) = lease::read(client).await? else { return Ok(None) };
        Ok(Some(Lease {
            overdue: held.is_overdue(self.session.now()),
            renewed: held.renewed,
            image: inventory::image_of_holder(client, namespace, &held.identity).await,
            holder: held.identity,
        }))
    }

    async fn restarts(
        &self,
        namespace: &str,
        servers: &Fact<Vec<crate::velero::server::Server>>,
    ) -> Read<Restarts> {
        let servers = servers.known.as_deref().unwrap_or_default();
        let (count, out_of_memory) = inventory::restarts(&self.connection.client, namespace, servers).await?;
        Ok(Restarts { count, out_of_memory })
    }
}

/// Names of the secrets with credentials.
fn secret_names(locations: &Fact<Vec<BackupStorageLocation>>) -> BTreeSet<String> {
    let locations = locations.known.as_deref().unwrap_or_default();
    let name = |location: &BackupStorageLocation| {
        Some(location.spec.other.get("credential")?.get("name")?.as_str()?.to_owned())
    };
    locations.iter().filter_map(name).collect()
}

fn converted(crds: Fact<Vec<inventory::InstalledCrd>>) -> Fact<Vec<Crd>> {
    let convert = |crd: inventory::InstalledCrd| Crd {
        name: crd.name,
        versions: crd.versions,
        difference: crd.difference,
    };
    let known = crds.known.map(|crds| crds.into_iter().map(convert).collect());
    Fact { known, seconds: crds.seconds }
}

/// `schedule, restore and activate`.
fn enumerate(jobs: &[Job]) -> String {
    let words: Vec<&str> = jobs.iter().map(|job| job.as_str()).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

async fn timed<T>(read: impl Future<Output = Read<T>>) -> Fact<T> {
    let start = Instant::now();
    let known = read.await.map_err(|error| match error.class() {
        Class::Forbidden => Unknown::Forbidden,
        Class::KindMissing => Unknown::NotServed,
        _ => Unknown::Failed(error.to_string()),
    });
    // Milliseconds are enough, and do not fill a screen.
    Fact { known, seconds: (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0 }
}

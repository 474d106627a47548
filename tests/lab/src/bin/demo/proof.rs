//! What the demo proves: both hubs hold the same, and how long it took.

use std::collections::BTreeMap;
use std::time::Duration;

use acmbackup::velero;
use acmbackup_lab::Hub;
use anyhow::Result;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

/// Number of objects by kind.
pub(crate) type Counts = BTreeMap<String, usize>;

/// Prints both counts side by side; true if they are equal.
pub(crate) fn show(east: &Counts, west: &Counts) -> bool {
    println!("\n{:<28}{:>6}{:>8}", "KIND", "EAST", "WEST");
    let kinds: std::collections::BTreeSet<&String> = east.keys().chain(west.keys()).collect();
    for kind in kinds {
        let (lost, arrived) = (number(east, kind), number(west, kind));
        println!("{kind:<28}{lost:>6}{arrived:>8}  {}", if lost == arrived { "✔" } else { "✘" });
    }
    println!();
    east == west && !east.is_empty()
}

fn number(counts: &Counts, kind: &str) -> usize {
    counts.get(kind).copied().unwrap_or(0)
}

/// Prints how long the takeover took, and how much of it Velero worked on what only an activation restores.
pub(crate) async fn figures(hub: &Hub, namespace: &str, takeover: Duration) -> Result<()> {
    let restores: Api<velero::Restore> = Api::namespaced(hub.client(), namespace);
    let list = restores.list(&ListParams::default()).await?;
    let of_activation = |restore: &&velero::Restore| {
        let name = restore.name_any();
        name.ends_with("-active") || name.contains(velero::BackupType::ManagedClusters.schedule_name())
    };
    let worked: i64 = list.items.iter().filter(of_activation).filter_map(seconds_of_work).sum();
    println!("{} Velero restores were made on {} in all", list.items.len(), hub.name());
    println!(
        "from `latest` to Finished: {:.1} s, of which Velero restored {worked} s (it counts whole seconds)",
        takeover.as_secs_f64()
    );
    Ok(())
}

fn seconds_of_work(restore: &velero::Restore) -> Option<i64> {
    let status = restore.status.as_ref()?;
    let (start, end) = (status.start_timestamp.as_ref()?.0, status.completion_timestamp.as_ref()?.0);
    Some(end.as_second() - start.as_second())
}

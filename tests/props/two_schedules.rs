//! Two BackupSchedules of one namespace: the names of the Velero Schedules are there once only.

use acmbackup::api::{BackupSchedule, BackupSchedulePhase};
use acmbackup::velero::RestorePhase;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::hubs;
use crate::simulated_hub::{SimulatedHub, Trouble};

/// Long enough for every turn; a pair that takes longer never rests.
const TURNS: usize = 60;
/// Five schedules with a first backup each.
const STEPS: usize = 10;
/// A set that was made in part is given 5 s, a pass takes one. Spec: S-101
const GRACE_TURNS: usize = 6;

/// What a user may write; the two need not agree.
fn spec() -> impl Strategy<Value = Value> {
    let cron = prop::sample::select(vec!["@daily", "0 */2 * * *", "no cron"]);
    (cron, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(cron, paused, no_start, skip)| {
        json!({"veleroSchedule": cron, "paused": paused, "noBackupOnStart": no_start, "skipImmediately": skip})
    })
}

/// A hub with `bs` and `second`, which nobody has looked at.
fn hub(first: &Value, second: &Value) -> SimulatedHub {
    let mut snapshot = hubs::scheduled_hub(first);
    let schedule = json!({
        "metadata": {"name": "second", "namespace": hubs::NAMESPACE, "uid": "second-uid",
            "creationTimestamp": hubs::noon()},
        "spec": second,
    });
    snapshot.schedules.push(serde_json::from_value(schedule).unwrap());
    SimulatedHub::new(snapshot, hubs::noon())
}

fn pass_of(hub: &mut SimulatedHub, name: &str, trouble: Trouble) -> bool {
    hub.snapshot.subject.name = name.to_owned();
    let wrote = hub.pass(trouble);
    // Facts are asked for again: they may differ from one object to the next.
    hub.snapshot.on_request = Default::default();
    wrote
}

/// Passes of the one and the other and Velero's work in turn; false if that never ends.
fn rests(hub: &mut SimulatedHub, names: &[&str]) -> bool {
    let mut quiet = 0;
    (0..TURNS).any(|_| {
        let wrote = names.iter().filter(|name| pass_of(hub, name, Trouble::None)).count() > 0;
        let moved = hub.velero_moves(&RestorePhase::Completed);
        quiet = if wrote || moved { 0 } else { quiet + 1 };
        quiet > GRACE_TURNS
    })
}

fn schedule<'a>(hub: &'a SimulatedHub, name: &str) -> &'a BackupSchedule {
    hub.snapshot.schedules.iter().find(|one| one.metadata.name.as_deref() == Some(name)).unwrap()
}

fn phase(hub: &SimulatedHub, name: &str) -> BackupSchedulePhase {
    schedule(hub, name).status.as_ref().map(|status| status.phase.clone()).unwrap_or_default()
}

/// Names of the owners of all Velero Schedules.
fn owners(hub: &SimulatedHub) -> Vec<String> {
    let schedules = hub.snapshot.velero.schedules.iter();
    schedules.map(|one| one.metadata.owner_references.as_ref().unwrap()[0].name.clone()).collect()
}

/// True if it gets a set where the names are free.
fn makes(spec: &Value) -> bool {
    spec["veleroSchedule"] != "no cron" && spec["paused"] != true
}

proptest! {
    #![proptest_config(crate::config())]

    /// Whoever is first keeps the names, and nothing is made or removed in a quarrel. Spec: S-019, S-095, S-096
    #[test]
    fn two_backup_schedules_of_a_namespace_come_to_rest(
        first in spec(), second in spec(), crash in 0..12_usize, is_second_first in any::<bool>(),
    ) {
        let mut hub = hub(&first, &second);
        let mut names = ["bs", "second"];
        if is_second_first {
            names.reverse();
        }
        pass_of(&mut hub, names[0], Trouble::CrashBefore(crash));
        prop_assert!(rests(&mut hub, &names), "still writing: {} {}", phase(&hub, "bs"), phase(&hub, "second"));
        let owners = owners(&hub);
        prop_assert!(owners.is_empty() || owners.len() == 5, "{owners:?}");
        prop_assert!(owners.windows(2).all(|two| two[0] == two[1]), "a mixed set: {owners:?}");
        // A set cut off in the middle is made anew once; a quarrel would make it again and again.
        prop_assert!(hub.created.values().all(|times| *times <= 2), "{:?}", hub.created);
        let keeps = if is_second_first { makes(&second) } else { makes(&first) };
        if crash >= STEPS && keeps {
            prop_assert_eq!(owners, [names[0]; 5]);
        }
    }

    /// The second takes over when the first is deleted, and not before. Spec: S-062, S-095
    #[test]
    fn the_second_takes_over_when_the_first_is_gone(second in spec()) {
        let valid = json!({"veleroSchedule": "@daily"});
        let mut hub = hub(&valid, &second);
        pass_of(&mut hub, "bs", Trouble::None);
        prop_assert_eq!(phase(&hub, "bs"), BackupSchedulePhase::New);
        prop_assert!(rests(&mut hub, &["bs", "second"]), "still writing");
        prop_assert_eq!(owners(&hub), ["bs"; 5]);
        prop_assert_eq!(phase(&hub, "bs"), BackupSchedulePhase::Enabled);
        prop_assert_ne!(phase(&hub, "second"), BackupSchedulePhase::Enabled);

        hub.snapshot.schedules.retain(|one| one.metadata.name.as_deref() != Some("bs"));
        hub.snapshot.velero.schedules.clear();
        prop_assert!(rests(&mut hub, &["second"]), "still writing");
        prop_assert_eq!(owners(&hub), vec!["second"; if makes(&second) { 5 } else { 0 }]);
    }
}

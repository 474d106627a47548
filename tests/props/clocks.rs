//! The clock of the hub that makes the backups differs from ours; what is restored only gets newer all the same.

use acmbackup::api::RestorePhase;
use acmbackup::velero::{Backup, BackupType, RestorePhase as VeleroPhase};
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use proptest::prelude::*;
use serde_json::json;

use crate::hubs;
use crate::simulated_hub::{SimulatedHub, Trouble};

/// A run that comes here now, from a hub whose clock is `ahead` minutes ahead of ours; that of a higher number is newer.
fn arrives(hub: &mut SimulatedHub, number: i64, ahead: i64) {
    // Stored times are whole seconds: of two things in one second nobody can say which came first.
    let arrived = Time(hub.now + SignedDuration::from_secs(1));
    let made = |backup_type| {
        let mut backup: Backup = hubs::backup(backup_type, 300 - 60 * number - ahead, "Completed");
        backup.metadata.creation_timestamp = Some(arrived.clone());
        let status = backup.status.as_mut().unwrap();
        let started = status.start_timestamp.clone().unwrap().0;
        status.completion_timestamp = Some(Time(started + SignedDuration::from_mins(1)));
        backup
    };
    hub.snapshot.velero.backups.extend(BackupType::DATA.map(made));
}

/// The stamps of the backups behind the Velero restores the status names; none for a part that was never restored.
fn restored(hub: &SimulatedHub) -> [Option<String>; 4] {
    let status = hub.restore().status.clone().unwrap_or_default();
    let names = [
        status.velero_credentials_restore_name,
        status.velero_resources_restore_name,
        status.velero_generic_resources_restore_name,
        status.velero_managed_clusters_restore_name,
    ];
    names.map(|name| Some(name?.rsplit_once('-')?.1.to_owned()))
}

proptest! {
    #![proptest_config(crate::config())]

    /// An activation takes the newest run that was here when it began, for every part. Spec: R-310, R-313, R-314
    #[test]
    fn an_activation_never_goes_back_whatever_the_clock_of_the_other_hub_says(
        ahead in -400..400_i64, passes in 0..4_usize, trouble in crate::troubles(), later in 0..12_usize,
    ) {
        let mut spec = hubs::spec_of(["skip", "latest", "latest"]);
        spec["syncRestoreWithNewBackups"] = json!(true);
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, Vec::new()), hubs::noon());
        arrives(&mut hub, 0, ahead);
        let mut hub = hub.come_to_rest(&VeleroPhase::Completed).unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Enabled);
        arrives(&mut hub, 1, ahead);
        let newest = hub.snapshot.velero.backups.last().unwrap().metadata.name.clone().unwrap();
        for _ in 0..passes {
            hub.pass(Trouble::None);
            hub.velero_moves(&VeleroPhase::Completed);
        }
        hub.snapshot.restores[0].spec.velero_managed_clusters_backup_name = Some("latest".to_owned());
        hub.pass(trouble);
        let mut last = restored(&hub);
        for pass in 0..later {
            hub.pass(Trouble::None);
            hub.velero_moves(&VeleroPhase::Completed);
            let now = restored(&hub);
            prop_assert!(last.iter().zip(&now).all(|(last, now)| last <= now), "{last:?} then {now:?}");
            last = now;
            if pass == 0 {
                arrives(&mut hub, 2, ahead);
            }
        }
        let hub = hub.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Finished);
        let stamp = newest.rsplit_once('-').map(|(_, stamp)| stamp.to_owned());
        prop_assert_eq!(restored(&hub), [stamp.clone(), stamp.clone(), stamp.clone(), stamp]);
    }
}

//! The clock of the hub that makes the backups differs from ours; what is restored only gets newer all the same.

use acmbackup::api::RestorePhase;
use acmbackup::velero::{BackupType, RestorePhase as VeleroPhase};
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use proptest::prelude::*;
use serde_json::json;

use crate::hubs;
use crate::simulated_hub::{SimulatedHub, Trouble};

/// A run that comes here now, from a hub whose clock is `ahead` minutes ahead of ours; that of a higher number is newer.
fn arrives(hub: &mut SimulatedHub, number: i64, ahead: i64) {
    for backup_type in BackupType::DATA {
        let mut backup = hubs::backup(backup_type, 300 - 60 * number - ahead, "Completed");
        let status = backup.status.as_mut().unwrap();
        let started = status.start_timestamp.clone().unwrap().0;
        status.completion_timestamp = Some(Time(started + SignedDuration::from_mins(1)));
        hub.arrives(backup);
    }
}

/// The stamps of the backups behind the Velero restores the status names; none for a part that is not restored.
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
        next in 0..6_usize, again in crate::troubles(), at in 0..12_usize,
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
        // Once the set is written the next run may come at any moment.
        while restored(&hub)[3].is_none() {
            hub.pass(Trouble::None);
        }
        let mut last = restored(&hub);
        for pass in 0..later {
            if pass == next {
                arrives(&mut hub, 2, ahead);
            }
            hub.pass(if pass == at { again } else { Trouble::None });
            hub.velero_moves(&VeleroPhase::Completed);
            let now = restored(&hub);
            prop_assert!(last.iter().zip(&now).all(|(last, now)| last <= now), "{last:?} then {now:?}");
            last = now;
        }
        let hub = hub.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(hub.is_some(), "still writing");
        let hub = hub.unwrap();
        prop_assert_eq!(hub.restore().phase(), RestorePhase::Finished);
        let stamp = newest.rsplit_once('-').map(|(_, stamp)| stamp.to_owned());
        prop_assert_eq!(restored(&hub), [stamp.clone(), stamp.clone(), stamp.clone(), stamp]);
    }

    /// The set of a cycle is the one written when it began, whatever goes wrong and whatever comes afterwards: the server
    /// refuses or the process dies at any step, twice, and newer runs come in between. Spec: R-314
    #[test]
    fn all_parts_of_a_cycle_come_from_the_set_fixed_at_its_begin(
        clusters in prop::sample::select(vec!["skip", "latest"]), sync in any::<bool>(),
        first in crate::troubles(), between in 0..14_usize, second in crate::troubles(),
        arrivals in prop::collection::vec(0..16_usize, 0..4),
    ) {
        let mut spec = hubs::spec_of([clusters, "latest", "latest"]);
        spec["syncRestoreWithNewBackups"] = json!(sync);
        let mut hub = SimulatedHub::new(hubs::hub("r", &spec, hubs::one_run(300)), hubs::noon());
        while restored(&hub)[0].is_none() {
            hub.pass(Trouble::None);
        }
        let run = restored(&hub)[0].clone().unwrap();
        prop_assert!(hub.snapshot.velero.restores.is_empty(), "made before the set was written");
        for pass in 0..20 {
            if arrivals.contains(&pass) {
                arrives(&mut hub, i64::try_from(pass).unwrap() + 1, 0);
            }
            let trouble = if pass == 0 { first } else if pass == between + 1 { second } else { Trouble::None };
            hub.pass(trouble);
            if hub.restore().phase() == RestorePhase::Enabled {
                break;
            }
            prop_assert!(hub.made_from().iter().all(|backup| backup.ends_with(&run)), "{:?}", hub.made_from());
            hub.velero_moves(&VeleroPhase::Completed);
        }
        let ended = hub.come_to_rest(&VeleroPhase::Completed);
        prop_assert!(ended.is_some(), "still writing");
        let phase = ended.unwrap().restore().phase();
        let is_followed = sync && clusters == "skip";
        prop_assert_eq!(phase, if is_followed { RestorePhase::Enabled } else { RestorePhase::Finished });
    }
}

//! One active loop per hub.

use std::process::Command;

use acmbackup::api::BackupSchedulePhase;
use acmbackup_lab::{Door, Fault, Hub, Lab, Loop, Mishap, crds, until};
use anyhow::Result;

use crate::site::{DEADLINE, NAMESPACE, Site, expect_code, plugin_on, the_plugin};

#[tokio::test]
async fn a_second_loop_is_refused_until_the_first_gives_the_lease_back() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 0).await?;
        let first = east.start_loop().await?;
        let (_, stderr) = east.run_to(5, "run")?;
        assert!(stderr.contains("[lease-held]"), "{stderr}");
        assert!(stderr.contains("--wait-for-lease"), "{stderr}");
        assert_eq!(first.terminate().await?, 0);
        let second = east.start_loop().await?;
        assert_eq!(second.terminate().await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn loops_of_one_hub_exclude_each_other_whatever_namespaces_they_work_in() -> Result<()> {
    Lab::run(async |lab| {
        let with_operator = bare(lab, "with", &[NAMESPACE, "one"]).await?;
        let without_operator = bare(lab, "without", &["one", "two"]).await?;
        for hub in [with_operator, without_operator] {
            for (first, second) in [("-n one", "-A"), ("-A", "-n one"), ("-n one", "-n two")] {
                let reconciler = the_plugin().start_loop(&hub, first)?;
                reconciler.holds_lease().await?;
                let (_, stderr) =
                    expect_code(&plugin_on(&hub, &format!("run {second}")).output()?, 5, second)?;
                assert!(stderr.contains("[lease-held]"), "{first}, then {second}: {stderr}");
                assert_eq!(reconciler.terminate().await?, 0);
            }
        }
        Ok(())
    })
    .await
}

/// Without it others would wait 137 s.
#[tokio::test]
async fn a_loop_whose_terminal_goes_away_gives_the_lease_back_unless_it_is_to_outlive_it() -> Result<()> {
    Lab::run(async |lab| {
        let hub = bare(lab, "east", &[NAMESPACE]).await?;
        let first = the_plugin().start_loop(&hub, &format!("-n {NAMESPACE}"))?;
        first.holds_lease().await?;
        assert_eq!(first.end_by(&["HUP"]).await?, 0);

        let mut nohup = Command::new("nohup");
        nohup.arg(the_plugin().program()).args(["run", "--log-format", "text", "-n", NAMESPACE]);
        nohup.env("KUBECONFIG", hub.kubeconfig());
        let second = Loop::start(&hub, nohup)?;
        second.holds_lease().await?;
        assert_eq!(second.end_by(&["HUP", "TERM"]).await?, 0, "a second signal would end it at once");
        Ok(())
    })
    .await
}

/// A hub with the kinds the loop needs and no Velero at work.
async fn bare(lab: &Lab, name: &str, namespaces: &[&str]) -> Result<Hub> {
    let hub = lab.hub(name).await?;
    hub.install_crds(&crds::all().await?).await?;
    for namespace in namespaces {
        hub.create_namespace(namespace).await?;
    }
    Ok(hub)
}

/// The end is waited for, but not for ever: exit 143, and what was at work is taken up by the next loop.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_does_not_end_is_left_at_the_second_signal_or_when_the_grace_is_over() -> Result<()> {
    Lab::run(async |lab| {
        let store = lab.store().await?;
        let east = Site::start(lab, &store, "east", 0).await?;
        let door = Door::to(&east.hub).await?;
        east.run("schedule --cron @daily")?;
        let stuck = async |flags: &str| {
            door.add(Fault::on("POST", "/schedules", Mishap::Delay(2 * DEADLINE)));
            let flags = format!("--leader-elect=false {flags} --kubeconfig {}", door.kubeconfig().display());
            let reconciler = the_plugin().start_loop(&east.hub, &flags)?;
            until(DEADLINE, "a pass that hangs", async || Ok(door.left() == 0)).await?;
            anyhow::Ok(reconciler)
        };
        let reconciler = stuck("--shutdown-grace 1h").await?;
        reconciler.signal("TERM")?;
        until(DEADLINE, "it to wait for the pass", async || Ok(reconciler.log().contains("once more")))
            .await?;
        assert_eq!(reconciler.terminate().await?, 143);
        assert_eq!(stuck("--shutdown-grace 100ms").await?.terminate().await?, 143);
        let _next = east.start_loop().await?;
        east.schedule_is(BackupSchedulePhase::Enabled).await?;
        Ok(())
    })
    .await
}

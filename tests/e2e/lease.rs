//! One active loop per hub.

use std::process::Command;

use acmbackup_lab::{Hub, Lab, Loop, crds};
use anyhow::Result;

use crate::site::{NAMESPACE, Site, expect_code, plugin_on, the_plugin};

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

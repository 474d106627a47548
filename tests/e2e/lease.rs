//! One active loop per hub.

use acmbackup_lab::Lab;
use anyhow::Result;

use crate::site::Site;

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

//! Waiting for a condition with a deadline.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, sleep};

/// Pause between two looks at a condition.
const POLL: Duration = Duration::from_millis(50);

/// Repeats `check` until it returns a value, at most for `deadline`.
///
/// `Ok(None)` and errors both mean "not yet"; the last error is part of the message when time is up.
///
/// ```
/// # use std::time::Duration;
/// # async fn example() -> anyhow::Result<()> {
/// let text = acmbackup_lab::eventually(Duration::from_secs(5), "the file to be written", async || {
///     let text = std::fs::read_to_string("/some/file")?;
///     Ok((!text.is_empty()).then_some(text))
/// })
/// .await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// When the deadline passes first.
pub async fn eventually<T>(
    deadline: Duration,
    what: &str,
    mut check: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + deadline;
    let mut last = None;
    loop {
        match tokio::time::timeout_at(end, check()).await {
            Ok(Ok(Some(value))) => return Ok(value),
            Ok(Ok(None)) => last = None,
            Ok(Err(error)) => last = Some(error),
            Err(_) => {}
        }
        if Instant::now() + POLL >= end {
            let message = format!("waited {} s for {what}", deadline.as_secs_f32());
            return Err(match last {
                Some(error) => error.context(message),
                None => anyhow!("{message}"),
            });
        }
        sleep(POLL).await;
    }
}

/// Repeats `check` until it returns `true`, at most for `deadline`.
///
/// # Errors
///
/// When the deadline passes first.
pub async fn until(
    deadline: Duration,
    what: &str,
    mut check: impl AsyncFnMut() -> Result<bool>,
) -> Result<()> {
    eventually(deadline, what, async || Ok(check().await?.then_some(()))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_error_is_told_when_time_is_up() {
        let wait = until(Duration::from_millis(120), "a hub", async || Err(anyhow!("connection refused")));
        let message = format!("{:#}", wait.await.unwrap_err());
        assert_eq!(message, "waited 0.12 s for a hub: connection refused");
    }

    #[tokio::test]
    async fn a_check_that_hangs_is_cut_at_the_deadline() {
        let hang = until(Duration::from_millis(120), "ever", async || std::future::pending().await);
        assert!(hang.await.is_err());
    }
}

//! How often the loop has looked, as its own metrics tell.

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ports::free_port;

/// The counter, once per kind and result.
const PASSES: &str = "acmbackup_reconcile_total{";

/// The metrics of a loop that is started with [`Passes::flag`].
#[derive(Clone, Copy, Debug)]
pub struct Passes {
    port: u16,
}

impl Passes {
    /// Those of a loop still to be started.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub fn new() -> Result<Self> {
        Ok(Self { port: free_port()? })
    }

    /// What `run` has to be given.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--metrics-bind-address 127.0.0.1:{}", self.port)
    }

    /// Number of passes so far, of all kinds and results.
    ///
    /// # Errors
    ///
    /// When the loop does not answer.
    pub async fn so_far(&self) -> Result<u64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        // Of this version the server closes after its answer.
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.context("read the metrics of the loop")?;
        Ok(sum(&text))
    }
}

fn sum(text: &str) -> u64 {
    let counters = text.lines().filter(|line| line.starts_with(PASSES));
    counters.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_of_all_kinds_and_results_are_added_up() {
        let text = "# TYPE acmbackup_reconcile counter\n\
            acmbackup_reconcile_total{kind=\"Restore\",result=\"settled\"} 3\n\
            acmbackup_reconcile_total{kind=\"Restore\",result=\"failed\"} 1\n\
            acmbackup_reconcile_seconds_count{kind=\"Restore\"} 4\n";
        assert_eq!(sum(text), 4);
    }
}

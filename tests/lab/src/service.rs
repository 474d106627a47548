//! A component that can be stopped and started again.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

use crate::process::{Process, Spec};
use crate::wait::eventually;

/// What to run and, while it runs, its process.
#[derive(Debug)]
pub(crate) struct Service {
    spec: Spec,
    process: Mutex<Option<Process>>,
}

impl Service {
    /// A component that does not run yet.
    pub(crate) fn new(spec: Spec) -> Self {
        Self { spec, process: Mutex::new(None) }
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> PathBuf {
        self.spec.log()
    }

    /// Starts it unless it runs.
    pub(crate) fn start(&self) -> Result<()> {
        let mut process = self.process();
        if process.as_mut().is_none_or(|process| process.check().is_err()) {
            *process = Some(self.spec.start()?);
        }
        Ok(())
    }

    /// Kills it, if it runs, with everything it started.
    pub(crate) fn kill(&self) -> Result<()> {
        self.process().take().map(Process::kill).transpose().map(drop)
    }

    /// Asks it to stop, and kills it after `grace`.
    pub(crate) async fn stop(&self, grace: Duration) -> Result<()> {
        let process = self.process().take();
        match process {
            Some(process) => process.stop(grace).await.map(drop),
            None => Ok(()),
        }
    }

    /// What it wrote since it was started.
    pub(crate) fn output(&self) -> Result<String> {
        self.process().as_ref().map_or_else(|| Ok(String::new()), Process::output)
    }

    /// Waits for `check`, but no longer than the component runs.
    ///
    /// # Errors
    ///
    /// When it stops, or the deadline passes; with the last lines of its log.
    pub(crate) async fn wait(
        &self,
        deadline: Duration,
        what: &str,
        mut check: impl AsyncFnMut() -> Result<bool>,
    ) -> Result<()> {
        let wait = eventually(deadline, what, async || {
            if let Some(Err(stopped)) = self.process().as_mut().map(Process::check) {
                return Ok(Some(Err(stopped)));
            }
            Ok(check().await?.then_some(Ok(())))
        });
        match wait.await {
            Ok(result) => result,
            Err(error) => Err(match self.process().as_ref() {
                Some(process) => process.failure(&format!("{error:#}")),
                None => error,
            }),
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

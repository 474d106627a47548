//! Child processes that cannot outlive this one.
//!
//! Each runs in a process group of its own, which is killed as a whole. The group also holds a watcher, a shell
//! that reads a pipe only this process has the other end of: when this process ends, however it ends, the
//! read ends too and the watcher kills the group.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpgid};

use crate::wait::until;

/// Starts the watcher, then becomes the component itself.
const WATCHED: &str = r#"exec 3<&0; (read -r _ <&3; kill -9 0) & exec 3<&-; exec "$0" "$@" </dev/null"#;
/// Go's garbage collector waits until the heap is five times what is in use: a fifth less CPU for a hub that lives for
/// seconds, at twice the memory.
const LAZY_GC: &str = "400";
/// Lines of a log shown when its component fails.
const TAIL_LINES: usize = 15;
/// Characters shown of each of them.
const TAIL_WIDTH: usize = 400;

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    name: String,
    program: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    folder: PathBuf,
}

impl Spec {
    /// Describes a component called `name` that works and logs in `folder`.
    pub(crate) fn new(name: &str, program: &Path, folder: &Path) -> Self {
        let (name, program, folder) = (name.to_owned(), program.to_owned(), folder.to_owned());
        Self { name, program, args: Vec::new(), env: Vec::new(), folder }
    }

    /// Adds arguments.
    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds one environment variable; of ours the component sees only `PATH`.
    pub(crate) fn env(mut self, key: &str, value: impl Into<String>) -> Self {
        self.env.push((key.to_owned(), value.into()));
        self
    }

    /// Where its output goes: `<folder>/<name>.log`.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    /// Starts it; output is added to the log.
    ///
    /// # Errors
    ///
    /// When the log cannot be opened or the program cannot be started.
    pub(crate) fn start(&self) -> Result<Process> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| self.name.clone())?;
        let log_start = log.metadata()?.len();
        adopt_orphans();
        let child = Command::new("/bin/sh")
            .args(["-c", WATCHED])
            .arg(&self.program)
            .args(&self.args)
            .env_clear()
            .envs(std::env::vars_os().filter(|(key, _)| key == "PATH"))
            .env("GOGC", LAZY_GC)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {}", self.name))?;
        Ok(Process { name: self.name.clone(), log: self.log(), log_start, child })
    }
}

/// A running component; dropped, it is killed with everything it started.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    log: PathBuf,
    log_start: u64,
    /// Its standard input is the pipe the watcher reads: it stays open as long as this value lives.
    child: Child,
}

impl Process {
    /// Everything it wrote since this start.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub(crate) fn output(&self) -> Result<String> {
        read_from(&self.log, self.log_start)
    }

    /// Fails when it has stopped, with the last lines of its log.
    ///
    /// # Errors
    ///
    /// When it has stopped.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(self.failure(&status.to_string())),
        }
    }

    /// An error that says `what` about the component and shows the last lines of its log.
    pub(crate) fn failure(&self, what: &str) -> anyhow::Error {
        let tail = self.output().map_or_else(|error| format!("{error:#}"), |text| last_lines(&text));
        anyhow!("{}: {what}; the end of {}:\n{tail}", self.name, self.log.display())
    }

    /// Asks it to stop (SIGTERM) and kills it when it has not after `grace`.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub(crate) async fn stop(mut self, grace: Duration) -> Result<ExitStatus> {
        if let Some(pid) = pid(&self.child) {
            // Already gone is as good as stopped.
            let _ = kill_process(pid, Signal::TERM);
        }
        let child = &mut self.child;
        let _ = until(grace, "it to stop", async || Ok(child.try_wait()?.is_some())).await;
        self.kill()
    }

    /// Kills it (SIGKILL) with everything it started.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub(crate) fn kill(mut self) -> Result<ExitStatus> {
        self.kill_group()
    }

    fn kill_group(&mut self) -> Result<ExitStatus> {
        let group = pid(&self.child);
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        let status = self.child.wait()?;
        // What it started is ours now, see `adopt_orphans`; all of it is dead, so this does not wait for long.
        while group.is_some_and(|group| matches!(waitpgid(group, WaitOptions::empty()), Ok(Some(_)))) {}
        Ok(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill_group();
    }
}

/// Makes this process the parent of what its components leave behind.
///
/// Otherwise process 1 is, and that of many containers does not remove the entries of dead processes.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn read_from(log: &Path, start: u64) -> Result<String> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The end of a log, lines cut to a width a screen can show.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let shown = lines.iter().skip(lines.len().saturating_sub(TAIL_LINES));
    let cut = shown.map(|line| format!("  {}", line.chars().take(TAIL_WIDTH).collect::<String>()));
    cut.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failed_component_shows_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let script = "for i in $(seq 30); do echo line $i; done; exit 3";
        let spec = Spec::new("broken", Path::new("/bin/sh"), folder.path()).args(["-c", script]);
        let mut process = spec.start().unwrap();
        let stopped = until(Duration::from_secs(5), "it to fail", async || Ok(process.check().is_err()));
        stopped.await.unwrap();
        let message = process.check().unwrap_err().to_string();
        assert!(message.contains("exit status: 3") && message.ends_with("  line 30"), "{message}");
        assert!(message.contains("line 16\n") && !message.contains("line 15\n"), "{message}");
    }

    #[tokio::test]
    async fn killing_a_component_kills_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec::new("parent", Path::new("/bin/sh"), folder.path()).args(["-c", "sleep 600 & wait"]);
        let process = spec.start().unwrap();
        let group = pid(&process.child).unwrap();
        drop(process);
        let gone = async || Ok(rustix::process::test_kill_process_group(group).is_err());
        until(Duration::from_secs(5), "the group to be gone", gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_component_ends_when_nobody_holds_its_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec::new("orphan", Path::new("/bin/sleep"), folder.path()).args(["600"]);
        let mut process = spec.start().unwrap();
        // What the kernel does with our end of the pipe when this process is killed.
        drop(process.child.stdin.take());
        let stopped = until(Duration::from_secs(5), "it to stop", async || Ok(process.check().is_err()));
        stopped.await.unwrap();
    }
}

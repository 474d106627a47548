//! What a program costs, as the kernel counts it.
//!
//! The kernel counts the memory of a process from its birth, when it still is its parent's. So the parent has to be
//! small: this program calls itself for each measurement, see [`answer`].

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// The first argument of such a call.
const MEASURE: &str = "measure-for-the-lab";

/// What one run of a program took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of work, on all cores together.
    pub cpu: f64,
    /// Most memory it held, in MiB.
    pub mib: f64,
    /// Its exit code; `None` if a signal ended it.
    code: Option<i32>,
}

impl Cost {
    /// Runs a command, whose output is thrown away, and wants this exit code.
    ///
    /// The calling program's `main` has to begin with [`answer`].
    ///
    /// # Errors
    ///
    /// When it cannot be run or ends otherwise; with what it wrote to stderr.
    pub fn of(command: &Command, code: i32) -> Result<Self> {
        let mut measured = Command::new(std::env::current_exe()?);
        measured.arg(MEASURE).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => measured.env(key, value),
                None => measured.env_remove(key),
            };
        }
        let output = measured.output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let cost: Self =
            serde_json::from_slice(&output.stdout).with_context(|| stderr.clone().into_owned())?;
        ensure!(
            cost.code == Some(code),
            "{command:?} ended with {:?} instead of {code}: {stderr}",
            cost.code
        );
        Ok(cost)
    }

    /// For each figure the median of several runs.
    #[must_use]
    pub fn median(runs: &[Self]) -> Self {
        let middle = |figure: fn(&Self) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        Self { wall: middle(|c| c.wall), cpu: middle(|c| c.cpu), mib: middle(|c| c.mib), code: None }
    }
}

/// Measures, if that is what this process was called for by [`Cost::of`]; `main` then has to end with this code.
#[must_use]
pub fn answer() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != MEASURE {
        return None;
    }
    let mut command = Command::new(words.next()?);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
    let told = measure(&mut command).and_then(|cost| Ok(serde_json::to_string(&cost)?));
    Some(match told {
        Ok(cost) => {
            println!("{cost}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

/// The only child of this process.
fn measure(command: &mut Command) -> Result<Cost> {
    let begin = Instant::now();
    let status = command.status().with_context(|| format!("start {command:?}"))?;
    let wall = begin.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    // Apple counts bytes, the others KiB.
    let per_mib = if cfg!(target_vendor = "apple") { 1024.0 * 1024.0 } else { 1024.0 };
    Ok(Cost { wall, cpu, mib: usage.max_rss() as f64 / per_mib, code: status.code() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_work_and_memory_of_a_program_are_seen() {
        // A variable of eight megabytes, doubled into place.
        let script = "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do x=$x$x; done; exit 3";
        let cost = measure(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(cost.code, Some(3));
        assert!(cost.wall > 0.0 && cost.cpu > 0.0 && cost.mib > 8.0, "{cost:?}");
    }

    #[test]
    fn the_median_is_taken_of_each_figure_by_itself() {
        let run = |wall, mib| Cost { wall, mib, ..Cost::default() };
        let median = Cost::median(&[run(1.0, 30.0), run(3.0, 10.0), run(2.0, 20.0)]);
        assert_eq!((median.wall, median.mib), (2.0, 20.0));
    }
}

//! The checks of `verify`: what was read, and whether a hub could be rebuilt from it.

mod backups;
mod contents;
mod facts;
mod here;
mod operators;
#[cfg(test)]
mod tests;

pub use contents::KEPT_KINDS;
pub use facts::{Contents, Deep, Facts, Operator};
pub use operators::limited_kinds;

use super::checks::Checks;

/// Judges what was read; without `here` what concerns this hub is left out.
pub fn judge(facts: &Facts, here: bool) -> Checks {
    let mut groups = vec![backups::group(facts), contents::group(facts)];
    groups.extend(here.then(|| here::group(facts)));
    Checks::of(groups)
}

/// The answer in one sentence.
pub fn conclusion(checks: &Checks) -> String {
    let summary = checks.summary();
    match checks.success {
        true => format!("A hub could be rebuilt from this run: {summary}."),
        false => format!("A hub could not be rebuilt completely: {summary}."),
    }
}

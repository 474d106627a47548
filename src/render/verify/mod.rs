//! The checks of `verify`: what was read, and whether a hub could be rebuilt from it.

mod backups;
mod contents;
mod facts;
mod here;
mod operators;
#[cfg(test)]
mod tests;

pub use facts::{Deep, Facts, Operator};
pub use operators::limited_kinds;

use super::checks::Checks;

/// Judges what was read; without `here` what concerns this hub is left out.
pub fn judge(facts: &Facts, here: bool) -> Checks {
    let mut groups = vec![backups::group(facts), contents::group(facts)];
    groups.extend(here.then(|| here::group(facts)));
    Checks::of(groups)
}

/// The answer in one sentence, which says no more than what was looked at.
pub fn conclusion(checks: &Checks) -> String {
    let summary = match checks.skipped() {
        0 => checks.summary(),
        skipped => format!("{}, {skipped} skipped", checks.summary()),
    };
    match (checks.success, checks.skipped()) {
        (false, _) => format!("A hub could not be rebuilt completely: {summary}."),
        (true, 0) => format!("A hub could be rebuilt from this run: {summary}."),
        (true, _) => format!(
            "Nothing was found that keeps a hub from being rebuilt, but not all was checked: {summary}."
        ),
    }
}

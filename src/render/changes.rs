//! What is new on a screen that is shown again and again.

use std::collections::BTreeSet;

/// Lines of `now` that `before` had not, in order; empty ones never count.
///
/// Both are shown for one moment, so that an age alone is no change.
pub fn new_lines<'a>(before: &str, now: &'a str) -> Vec<&'a str> {
    let known: BTreeSet<&str> = before.lines().map(str::trim).collect();
    now.lines().map(str::trim).filter(|line| !line.is_empty() && !known.contains(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_lines_are_changes() {
        let before = "Hub  east\n\nSchedule  s  New\nRestore  <none>\n";
        let now = "Hub  east\n\nSchedule  s  Enabled\nRestore   <none>\n";
        assert_eq!(new_lines(before, before), [] as [&str; 0]);
        assert_eq!(new_lines(before, now), ["Schedule  s  Enabled", "Restore   <none>"]);
    }
}

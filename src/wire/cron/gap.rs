//! The time between runs.

use jiff::Timestamp;

use super::parse::{Cron, Rule};
use crate::wire::duration::GoDuration;

/// How many gaps are looked at: every minute for a week.
const GAPS_MAX: usize = 7 * 24 * 60;

impl Cron {
    /// The gap between the next two runs; `None` when there are not two.
    ///
    /// Spec: S-091, the value upstream takes.
    pub fn period(&self, after: Timestamp) -> Option<GoDuration> {
        let first = self.next(after)?;
        Some(gap(first, self.next(first)?))
    }

    /// The longest gap that starts within the horizon, and never less than [`Cron::period`].
    ///
    /// `None` when there are not two runs ahead. Looks at no more than 10,080 gaps, which is every
    /// minute for a week; a longer horizon with denser runs is cut there. Spec: S-091.
    pub fn longest_gap(&self, after: Timestamp, horizon: GoDuration) -> Option<GoDuration> {
        let longest = self.period(after)?;
        if matches!(self.rule, Rule::Every { .. }) {
            // All gaps are the same.
            return Some(longest);
        }
        let until = after.saturating_add(jiff::SignedDuration::from(horizon)).unwrap_or(Timestamp::MAX);
        let mut start = self.next(after)?;
        let mut longest = longest;
        for _ in 0..GAPS_MAX {
            let Some(end) = self.next(start).filter(|_| start <= until) else { break };
            longest = longest.max(gap(start, end));
            start = end;
        }
        Some(longest)
    }
}

fn gap(start: Timestamp, end: Timestamp) -> GoDuration {
    start.duration_until(end).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-08-21T10:00:00Z";
    const WEEK: GoDuration = GoDuration::from_secs(7 * 86_400);

    fn period(expression: &str) -> Option<String> {
        Cron::parse(expression).unwrap().period(NOW.parse().unwrap()).map(|gap| gap.to_string())
    }

    fn longest(expression: &str) -> Option<String> {
        Cron::parse(expression).unwrap().longest_gap(NOW.parse().unwrap(), WEEK).map(|gap| gap.to_string())
    }

    #[test]
    fn a_period_is_the_gap_after_the_next_run() {
        assert_eq!(period("0 */2 * * *").unwrap(), "2h0m0s");
        assert_eq!(period("0 11,12 * * *").unwrap(), "1h0m0s");
        assert_eq!(period("@every 90s").unwrap(), "1m30s");
        assert_eq!(period("0 0 30 2 *"), None);
    }

    #[test]
    fn the_longest_gap_sees_the_weekend() {
        assert_eq!(longest("0 11,12 * * *").unwrap(), "23h0m0s");
        assert_eq!(longest("0 8-18 * * 1-5").unwrap(), "62h0m0s");
        assert_eq!(longest("@every 90s").unwrap(), "1m30s");
    }

    #[test]
    fn the_longest_gap_is_at_least_the_period() {
        assert_eq!(longest("@monthly").unwrap(), "720h0m0s");
        assert_eq!(period("@monthly").unwrap(), "720h0m0s");
        assert_eq!(longest("0 0 30 2 *"), None);
    }

    #[test]
    fn dense_schedules_end_soon() {
        assert_eq!(longest("* * * * *").unwrap(), "1m0s");
        let cron = Cron::parse("* * * * *").unwrap();
        let gap = cron.longest_gap(NOW.parse().unwrap(), GoDuration::MAX);
        assert_eq!(gap, Some(GoDuration::from_secs(60)));
    }
}

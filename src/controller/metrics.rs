//! Figures of the loop, in Prometheus' text format.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::figures::Figures;
use crate::plan::{Action, Outcome, Subject, SubjectKind};

type Labels = Vec<(&'static str, String)>;

/// All figures; cheap to update, encoded when asked.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    reconciles: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    actions: Family<Labels, Counter>,
    lease_held: Gauge,
    schedule_phase: Family<Labels, Gauge>,
    restore_phase: Family<Labels, Gauge>,
    last_complete_run: Gauge,
    last_run_parts: Family<Labels, Gauge>,
    collision: Gauge,
    storage_available: Family<Labels, Gauge>,
    restore_lag: Family<Labels, Gauge>,
    figures: Mutex<Figures>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("acmbackup"),
            reconciles: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 8))),
            actions: Family::default(),
            lease_held: Gauge::default(),
            schedule_phase: Family::default(),
            restore_phase: Family::default(),
            last_complete_run: Gauge::default(),
            last_run_parts: Family::default(),
            collision: Gauge::default(),
            storage_available: Family::default(),
            restore_lag: Family::default(),
            figures: Mutex::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("reconcile", "Passes by kind and result", self.reconciles.clone());
        registry.register("reconcile_seconds", "Duration of passes", self.seconds.clone());
        registry.register("actions", "Steps by kind of object, verb and result", self.actions.clone());
        registry.register("lease_held", "1 while this process holds the lease", self.lease_held.clone());
        registry.register(
            "schedule_phase",
            "1 for the phase a BackupSchedule is in",
            self.schedule_phase.clone(),
        );
        registry.register("restore_phase", "1 for the phase a Restore is in", self.restore_phase.clone());
        let help = "Start of the newest complete run";
        registry.register("last_complete_run_timestamp_seconds", help, self.last_complete_run.clone());
        registry.register(
            "last_run_parts",
            "Backups of the newest run by phase",
            self.last_run_parts.clone(),
        );
        registry.register(
            "backup_collision",
            "1 if a BackupSchedule is in collision",
            self.collision.clone(),
        );
        registry.register(
            "storage_available",
            "1 if the location is Available",
            self.storage_available.clone(),
        );
        let help = "Age of the newest run a following Restore has not taken yet";
        registry.register("restore_lag_seconds", help, self.restore_lag.clone());
    }

    /// Counts a pass.
    pub(super) fn count_pass(&self, subject: &Subject, result: &str, took: Duration) {
        let kind = ("kind", kind_of(subject).to_owned());
        self.reconciles.get_or_create(&vec![kind.clone(), ("result", result.to_owned())]).inc();
        self.seconds.get_or_create(&vec![kind]).observe(took.as_secs_f64());
    }

    /// Counts a step.
    pub(super) fn count_action(&self, subject: &Subject, action: &Action, outcome: &Outcome) {
        let verb = match action {
            Action::Create(_) | Action::Import(_) => "create",
            Action::Patch(..) => "update",
            Action::Delete(_) | Action::DeleteForeground(_) | Action::DetachAndDelete(_) => "delete",
            Action::Emit(_) => "event",
        };
        let result = match outcome {
            Outcome::Done(_) => "done",
            Outcome::AlreadyThere(_) => "already-there",
            Outcome::Gone => "gone",
            Outcome::Conflict => "conflict",
            Outcome::Failed(_) => "failed",
            Outcome::Skipped => "skipped",
        };
        let labels = vec![
            ("kind", kind_of(subject).to_owned()),
            ("action", verb.to_owned()),
            ("result", result.to_owned()),
        ];
        self.actions.get_or_create(&labels).inc();
    }

    /// The lease was taken or lost.
    pub(super) fn set_lease_held(&self, held: bool) {
        self.lease_held.set(held.into());
    }

    /// Takes the figures of what the loop sees.
    pub(super) fn set_figures(&self, figures: Figures) {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = figures;
    }

    /// All figures as text.
    pub(super) fn text(&self, now: Timestamp) -> String {
        self.show(&self.figures.lock().unwrap_or_else(PoisonError::into_inner), now);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn show(&self, figures: &Figures, now: Timestamp) {
        for family in [&self.schedule_phase, &self.restore_phase, &self.last_run_parts] {
            family.clear();
        }
        self.storage_available.clear();
        self.restore_lag.clear();
        for (family, phases) in
            [(&self.schedule_phase, &figures.schedule_phases), (&self.restore_phase, &figures.restore_phases)]
        {
            for (name, phase) in phases {
                family.get_or_create(&vec![("name", name.clone()), ("phase", phase.clone())]).set(1);
            }
        }
        for (phase, count) in &figures.last_run_parts {
            self.last_run_parts.get_or_create(&vec![("phase", phase.clone())]).set(*count);
        }
        for (location, available) in &figures.storage {
            let labels = vec![("location", location.clone())];
            self.storage_available.get_or_create(&labels).set((*available).into());
        }
        for (name, newest) in &figures.not_taken {
            let lag = newest.map_or(0, |newest| now.duration_since(newest).as_secs().max(0));
            self.restore_lag.get_or_create(&vec![("name", name.clone())]).set(lag);
        }
        self.last_complete_run.set(figures.last_complete_run.map_or(0, Timestamp::as_second));
        self.collision.set(figures.collision.into());
    }
}

fn kind_of(subject: &Subject) -> &'static str {
    match subject.kind {
        SubjectKind::BackupSchedule => "BackupSchedule",
        SubjectKind::Restore => "Restore",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Event;

    /// Every figure with all its labels, as dashboards and alerts name them.
    #[test]
    fn metrics_carry_the_documented_names_and_labels() {
        let metrics = Metrics::default();
        let subject = Subject { kind: SubjectKind::Restore, ..Subject::default() };
        metrics.count_pass(&subject, "settled", Duration::from_millis(3));
        let event =
            Event { warning: false, reason: String::new(), action: String::new(), note: String::new() };
        metrics.count_action(&subject, &Action::Emit(event), &Outcome::Skipped);
        metrics.set_lease_held(true);
        let text = |name: &str| name.to_owned();
        metrics.set_figures(Figures {
            schedule_phases: [(text("schedule-acm"), text("Enabled"))].into(),
            restore_phases: [(text("r1"), text("Started"))].into(),
            last_complete_run: Some(Timestamp::UNIX_EPOCH),
            last_run_parts: [(text("Completed"), 4)].into(),
            collision: true,
            storage: [(text("default"), true)].into(),
            not_taken: [(text("r1"), Some(Timestamp::UNIX_EPOCH))].into(),
        });
        let told = metrics.text(Timestamp::from_second(60).unwrap());
        let samples: Vec<&str> =
            told.lines().filter(|line| !line.starts_with('#') && !line.contains("_bucket")).collect();
        insta::assert_snapshot!(samples.join("\n"));
    }
}
